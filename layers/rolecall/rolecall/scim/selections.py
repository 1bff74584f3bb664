"""The parameters `attributes` and `excludedAttributes` (RFC 7644, section 3.9): which attributes an answer has."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

from rolecall.scim.errors import InvalidValue
from rolecall.scim.schemas import USER_SCHEMA

#: The most names in one parameter. A user has fewer than 30 attributes and sub-attributes.
MOST_NAMES = 100

#: The attributes that every representation has (RFC 7643, sections 3 and 7).
_ALWAYS_RETURNED = frozenset({"schemas", "id"})

_CORE_PREFIX = f"{USER_SCHEMA}:".lower()

#: The names in one parameter: the sub-attributes by attribute, in lower case. An empty text stands for the whole
#: attribute.
type _Names = Mapping[str, frozenset[str]]


class Selection(NamedTuple):
    """The attributes to return, and those to leave out. None stands for a parameter that was not sent.

    Names of sub-attributes, as in `name.givenName`, select a part of an attribute. Names are compared without case, and
    unknown ones have no effect.
    """

    included: _Names | None
    excluded: _Names | None

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """Return the selection of a request; raise `InvalidValue` for both parameters, or for too many names."""
        if "attributes" in query and "excludedAttributes" in query:
            raise InvalidValue("attributes and excludedAttributes must not be sent together")
        return cls(_parse_names(query, "attributes"), _parse_names(query, "excludedAttributes"))

    def apply(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """Return the resource with the included attributes only, or without the excluded ones."""
        parts = ((name, self._part_of(name, value)) for name, value in resource.items())
        return {name: value for name, value in parts if value is not None}

    def _part_of(self, name: str, value: Any) -> Any:
        """Return what the answer has of an attribute; None for nothing."""
        if name in _ALWAYS_RETURNED:
            return value
        if self.included is not None:
            wanted = self.included.get(name.lower(), frozenset())
            return value if "" in wanted else _filter_sub_attributes(value, lambda sub: sub in wanted)
        unwanted = (self.excluded or {}).get(name.lower(), frozenset())
        if not unwanted:
            return value
        return None if "" in unwanted else _filter_sub_attributes(value, lambda sub: sub not in unwanted)


def _parse_names(query: Mapping[str, str], parameter: str) -> _Names | None:
    """Return the names in a parameter, None for one that is empty or was not sent; raise `InvalidValue`."""
    text = query.get(parameter)
    if not text:
        return None
    names = text.split(",")
    if len(names) > MOST_NAMES:
        raise InvalidValue(
            f"{parameter} has more than {MOST_NAMES} names: send fewer names, or leave the parameter out to get all"
            " attributes"
        )
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        attribute, _, sub_attribute = name.strip().lower().removeprefix(_CORE_PREFIX).partition(".")
        found[attribute].add(sub_attribute)
    return {attribute: frozenset(sub_attributes) for attribute, sub_attributes in found.items()}


def _filter_sub_attributes(value: Any, keeps: Callable[[str], bool]) -> Any:
    """Return a complex value, or each of several, with the sub-attributes that `keeps` accepts; None without any."""
    if isinstance(value, list):
        return [part for one in value if (part := _filter_sub_attributes(one, keeps))] or None
    if not isinstance(value, dict):
        return None
    return {sub: text for sub, text in value.items() if keeps(sub.lower())} or None
