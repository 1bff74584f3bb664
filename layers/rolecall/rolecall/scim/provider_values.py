"""Single values of attributes, read from the forms in which providers send them.

The functions raise `InvalidValue` for a value that the attribute can't have, in words for the caller.
"""

from collections.abc import Mapping
from typing import Any

from rolecall.auth.roles import Role
from rolecall.email_addresses import parse_address_to_ascii
from rolecall.errors import ValidationFailed
from rolecall.http.json_text import parse_object_without_duplicate_names
from rolecall.scim.errors import InvalidSyntax, InvalidValue
from rolecall.scim.schemas import EMAIL_TYPE
from rolecall.text_rules import InvalidText


def by_lower_case_name(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields by their names in lower case; raise `InvalidSyntax` for two that differ in case only."""
    found = {name.lower(): value for name, value in fields.items()}
    if len(found) < len(fields):
        raise InvalidSyntax("an attribute is given twice: upper and lower case do not differ in names of attributes")
    return found


def is_unassigned(value: Any) -> bool:
    """Return whether a value stands for an attribute without a value. Providers send an empty text for it, too."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def parse_text(attribute: str, value: Any) -> str | None:
    """Return a text, or None for a value that stands for none."""
    if is_unassigned(value):
        return None
    if not isinstance(value, str):
        raise InvalidValue(f"{attribute} must be a text")
    return value


def parse_boolean(value: Any) -> bool:
    """Return a boolean. Entra ID sends it as a text, such as `"False"`, unless a tenant asks it not to."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    raise InvalidValue("active must be true or false")


def parse_address(attribute: str, value: Any) -> str:
    """Return an email address in the form in which it is stored."""
    if not isinstance(value, str):
        raise InvalidValue(f"{attribute} must be an email address")
    try:
        return parse_address_to_ascii(value.strip())
    except InvalidText as error:
        raise InvalidValue(f"{attribute} {error.message}") from None


def parse_email(value: Any) -> str:
    """Return the address of the primary email, else of the one for work, else of the first.

    Raise `InvalidValue` if several addresses are primary.
    """
    emails = [_as_object(one) for one in (value if isinstance(value, list) else [value])]
    primary = [parse_address("emails.value", one.get("value")) for one in emails if one.get("primary") is True]
    if len({address.lower() for address in primary}) > 1:
        raise InvalidValue("emails must have one primary value")
    for wanted in ({"primary": True}, {"type": EMAIL_TYPE}, {}):
        for email in emails:
            if wanted.items() <= email.items():
                return parse_address("emails.value", email.get("value"))
    raise InvalidValue("emails needs a value")


def parse_role(value: Any) -> Role:
    """Return the one role; raise `InvalidValue` for several, of which none is the primary one, and for unknown ones."""
    given = [_as_object(one) for one in (value if isinstance(value, list) else [value])]
    primary = [one for one in given if one.get("primary") is True]
    names = {_role_name(one.get("value")) for one in (primary if len(primary) == 1 else given)}
    if len(names) != 1:
        raise InvalidValue("roles must have one value: a user has one role")
    (name,) = names
    if name not in Role:
        raise InvalidValue(f"roles.value must be one of {', '.join(Role)}")
    return Role(name)


def _role_name(value: Any) -> str:
    """Return the name of a role in lower case. Entra ID sends an object as a text, if its mapping says so."""
    if not isinstance(value, str):
        raise InvalidValue("roles.value must be a text")
    if value.lstrip().startswith("{"):
        return _role_name(_as_object(_parse_object_in_text(value)).get("value"))
    return value.strip().lower()


def _parse_object_in_text(text: str) -> dict[str, Any]:
    """Return the JSON object that a text contains. The rules are those of a whole body: no name occurs twice."""
    try:
        return parse_object_without_duplicate_names(text.encode())
    except ValidationFailed:
        raise InvalidValue("roles.value must be the name of a role, or an object that has it once") from None


def _as_object(value: Any) -> dict[str, Any]:
    """Return one value of a multi-valued attribute by its sub-attributes. A text is the sub-attribute `value`."""
    if isinstance(value, str):
        return {"value": value}
    if isinstance(value, Mapping):
        return by_lower_case_name(value)
    raise InvalidValue("a value of emails or roles must be an object or a text")
