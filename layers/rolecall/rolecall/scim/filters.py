"""Filters and paths (RFC 7644, sections 3.4.2.2 and 3.5.2): the texts that select users, attributes or values.

Only comparisons with `eq`, joined by `and`, are supported. Any other filter is refused.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from rolecall.scim.errors import InvalidFilter, InvalidPath
from rolecall.scim.schemas import USER_SCHEMA

_TOKEN = re.compile(r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<mark>[()\[\]])|(?P<word>[^\s()\[\]"]+))')

_NAME = re.compile(r"[A-Za-z$][A-Za-z0-9_$-]*")

_CORE_PREFIX = f"{USER_SCHEMA}:".lower()

_LITERALS = {"true": True, "false": False, "null": None}


class Comparison(NamedTuple):
    """An attribute that must equal a value."""

    path: "Path"
    value: Any


class Path(NamedTuple):
    """What a path names: an attribute, some of its values if `conditions` are there, or a sub-attribute of it.

    The names are in lower case. `is_of_extension` is true for an attribute of another schema than the core schema of
    users; `name` is then empty.
    """

    name: str
    sub_attribute: str | None = None
    conditions: tuple[Comparison, ...] = ()
    is_of_extension: bool = False

    def selects(self, value: Mapping[str, Any]) -> bool:
        """Return whether one value of a multi-valued attribute fulfils all conditions. Texts are compared without case.

        A value is given by its sub-attributes. `"True"` equals `true`, because Entra ID sends booleans as texts.
        """
        return all(
            _comparable(value.get(condition.path.name)) == _comparable(condition.value) for condition in self.conditions
        )


def _comparable(value: Any) -> str:
    return str(value).casefold()


def parse_filter(text: str) -> tuple[Comparison, ...]:
    """Return the comparisons that must all hold; raise `InvalidFilter` for a filter that is not supported."""
    try:
        tokens = _Tokens(text)
        comparisons = tokens.take_comparisons()
        tokens.expect_end()
    except _Unsupported as error:
        raise InvalidFilter(
            f"the filter is not supported: {error}. Use eq, and join comparisons by and, as in"
            ' userName eq "ada@example.com"'
        ) from None
    return comparisons


def parse_path(text: str) -> Path:
    """Return what the text names; raise `InvalidPath` for a malformed one. Unknown names are not refused here."""
    try:
        tokens = _Tokens(text)
        path = tokens.take_path()
        tokens.expect_end()
    except _Unsupported as error:
        raise InvalidPath(f"the path is not supported: {error}") from None
    return path


class _Unsupported(Exception):
    """The text is malformed or uses something that is not supported. The message says what."""


class _Tokens:
    """The tokens of a text, taken one after the other."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        position, text = 0, text.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None or found.lastgroup is None:
                raise _Unsupported("a quotation mark is not closed")
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            position = found.end()
        self._tokens.reverse()

    def expect_end(self) -> None:
        if self._tokens:
            raise _Unsupported(f"{self._tokens[-1][1]} is not expected there")

    def take_comparisons(self, *, may_have_brackets: bool = True) -> tuple[Comparison, ...]:
        comparisons = [self._take_comparison(may_have_brackets)]
        while self._next_is("word", "and"):
            self._tokens.pop()
            comparisons.append(self._take_comparison(may_have_brackets))
        return tuple(comparisons)

    def take_path(self, *, may_have_brackets: bool = True) -> Path:
        path = _path_of_word(self._take("word"))
        if not may_have_brackets or not self._next_is("mark", "["):
            return path
        self._tokens.pop()
        path = path._replace(conditions=self.take_comparisons(may_have_brackets=False))
        if self._take("mark") != "]":
            raise _Unsupported("a bracket is not closed")
        if self._tokens and self._tokens[-1][0] == "word" and self._tokens[-1][1].startswith("."):
            path = path._replace(sub_attribute=_name_of(self._take("word")[1:]))
        return path

    def _take_comparison(self, may_have_brackets: bool) -> Comparison:
        path = self.take_path(may_have_brackets=may_have_brackets)
        operator = self._take("word")
        if operator.lower() != "eq":
            raise _Unsupported(f"{operator} is no supported operator")
        return Comparison(path, self._take_value())

    def _take_value(self) -> Any:
        kind, text = self._tokens.pop() if self._tokens else ("", "")
        try:
            if kind == "string":
                return json.loads(text)
            if kind == "word":
                return _LITERALS[text.lower()]
        except (KeyError, ValueError):
            pass
        raise _Unsupported(f"{text or 'the end'} is no value: write a text in quotation marks, true or false")

    def _take(self, kind: str) -> str:
        if not self._tokens or self._tokens[-1][0] != kind:
            raise _Unsupported(f"{self._tokens[-1][1] if self._tokens else 'the end'} is not expected there")
        return self._tokens.pop()[1]

    def _next_is(self, kind: str, lower_case_text: str) -> bool:
        return bool(self._tokens) and (self._tokens[-1][0], self._tokens[-1][1].lower()) == (kind, lower_case_text)


def _path_of_word(word: str) -> Path:
    if word.lower().startswith(_CORE_PREFIX):
        word = word[len(_CORE_PREFIX) :]
    elif word.lower().startswith("urn:"):
        return Path("", is_of_extension=True)
    name, dot, sub_attribute = word.partition(".")
    return Path(_name_of(name), _name_of(sub_attribute) if dot else None)


def _name_of(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise _Unsupported(f"{text or 'an empty text'} is no name of an attribute")
    return text.lower()
