"""Request bodies: what a route expects, and what a caller is told of each field that is something else.

A body is a class with annotated fields, as with pydantic. Its annotations say how each value is checked; the API's
description is made of the same ones.
"""

import re
from collections.abc import Callable, Mapping
from copy import replace
from datetime import date
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, NamedTuple, Self, TypeAliasType, Union, get_args, get_origin

from rolecall.auth.roles import PlatformRole
from rolecall.errors import FieldError, ValidationFailed
from rolecall.http import json_text

#: Fields whose value is never echoed in an error.
_SECRET_FIELDS = frozenset({"password", "token", "refreshToken"})

_DATE = re.compile(r"\d{4}-\d\d-\d\d")

#: A URI of RFC 3986 with a host by name or IPv4 address, so without space and all that is not ASCII.
_HTTPS = (
    r"^https://([A-Za-z0-9._~!$&'()*+,;=:%-]+@)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?"
    r"(:([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
    r"([/?#][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*)?$"
)

#: Control characters, and others that hide what is there or turn it round. Joiners and soft hyphens are part of words.
_UNSEEN = r"\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"

_IN_LINE, _IN_LINES = rf"\x00-\x1f{_UNSEEN}", rf"\x00-\x08\x0b\x0c\x0e-\x1f{_UNSEEN}"

#: Of at least one character that can be seen, in one line and in any number of lines.
_LINE = rf"^[^{_IN_LINE}]*[^\s\xad\u200c\u200d{_IN_LINE}][^{_IN_LINE}]*$"

_LINES = rf"^[^{_IN_LINES}]*[^\s\xad\u200c\u200d{_IN_LINES}][^{_IN_LINES}]*$"

#: Gets a value as JSON has it, and the fields before it; returns what the body will hold, or raises `Unfit`.
type Check = Callable[[Any, Mapping[str, Any]], Any]


class Unfit(Exception):
    """What a value must be and is not, in the contract's words."""


class Checked(NamedTuple):
    """In an annotation: how a value is checked, and what the API's description says of it beyond its type."""

    check: Check
    described: Mapping[str, Any]

    def __get_pydantic_json_schema__(self, schema: Any, described: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """Found by pydantic, a tool of the developers', where it describes a model that has such a field."""
        return {**described(schema), **self.described}


class Field(NamedTuple):
    """What a body says of one of its fields. Its name in JSON is `alias`; it is required where the default is `...`."""

    alias: str
    default: Any
    annotation: Any = None


def field(*, alias: str, default: Any = ...) -> Any:
    """A field whose name in JSON is another than in Python."""
    return Field(alias, default)


class Body:
    """A JSON object as a route expects it. Unknown fields are refused, so that a typo never passes silently.

    With `at_least_one`, an object without any field is refused, in these words.
    """

    fields: ClassVar[Mapping[str, Field]]
    at_least_one: ClassVar[str | None]
    _checks: ClassVar[Mapping[str, Check]]

    def __init_subclass__(cls, at_least_one: str | None = None) -> None:
        cls.fields = {name: _field_of(cls, name) for name in cls.__annotations__}
        cls.at_least_one = at_least_one
        cls._checks = {name: _check_of(one.annotation) for name, one in cls.fields.items()}

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Raises `ValidationFailed` with one message a field."""
        given = json_text.parse_object(raw)
        if cls.at_least_one and not given:
            raise ValidationFailed(message=cls.at_least_one)
        values: dict[str, Any] = {}
        wrong: list[FieldError] = []
        for name, one in cls.fields.items():
            if one.alias in given:
                value = given.pop(one.alias)
                try:
                    values[name] = cls._checks[name](value, values)
                except Unfit as error:
                    wrong.append(FieldError(one.alias, str(error), _echoed(one.alias, value)))
            elif one.default is ...:
                wrong.append(FieldError(one.alias, "is required"))
            else:
                values[name] = one.default
        # The value of an unknown field is not echoed: it may be a secret under a mistyped name.
        wrong += [FieldError(name, "is not a known field") for name in given]
        if wrong:
            raise ValidationFailed(*wrong)
        body = cls()
        vars(body).update(values)
        return body

    def given(self) -> dict[str, Any]:
        """The fields by their names in Python, without those that are None."""
        return {name: value for name, value in vars(self).items() if value is not None}


def _echoed(name: str, value: Any) -> Any:
    """A text, a number or a flag goes back to the caller, unless it is a secret."""
    if name in _SECRET_FIELDS:
        return None
    if isinstance(value, int | float):
        # What is no number of 64 bits could not be written in the answer.
        return value if -(2**63) <= value < 2**63 else None
    return value if isinstance(value, str) else None


def _field_of(body: type[Body], name: str) -> Field:
    said = vars(body).get(name, ...)
    return replace(said if isinstance(said, Field) else Field(name, said), annotation=body.__annotations__[name])


def _check_of(annotation: Any) -> Check:
    if isinstance(annotation, TypeAliasType):
        return _check_of(annotation.__value__)
    if get_origin(annotation) is Annotated:
        checked: Checked = annotation.__metadata__[0]
        return checked.check
    if get_origin(annotation) in {Union, UnionType}:
        [check] = (_check_of(one) for one in get_args(annotation) if one is not NoneType)
        return lambda value, before: None if value is None else check(value, before)
    return _one_of(annotation) if issubclass(annotation, Enum) else _PLAIN[annotation]


def _text(value: Any, _before: Mapping[str, Any]) -> str:
    if not isinstance(value, str):
        raise Unfit("must be a string")
    return value


def _flag(value: Any, _before: Mapping[str, Any]) -> bool:
    if not isinstance(value, bool):
        raise Unfit("must be true or false")
    return value


def _date(value: Any, _before: Mapping[str, Any]) -> date:
    try:
        return date.fromisoformat(value if isinstance(value, str) and _DATE.fullmatch(value) else "")
    except ValueError:
        raise Unfit("must be a date such as 1990-12-31") from None


def _one_of(choices: type[Enum]) -> Check:
    def check(value: Any, _before: Mapping[str, Any]) -> Enum:
        try:
            return choices(value)
        except ValueError:
            raise Unfit(f"must be one of {', '.join(one.value for one in choices)}") from None

    return check


_PLAIN: dict[type, Check] = {str: _text, bool: _flag, date: _date}


def text(
    check: Callable[[str], str] | None = None, *, min_length: int = 0, max_length: int | None = None, **described: Any
) -> Checked:
    """A text, its length in characters; `check` raises `Unfit` or returns what it comes to.

    `described` is what the API's description says of it, in the words of JSON Schema.
    """

    def of_that_length(value: Any, before: Mapping[str, Any]) -> str:
        found = _text(value, before)
        if len(found) < min_length:
            raise Unfit(f"must have at least {min_length} characters")
        if max_length is not None and len(found) > max_length:
            raise Unfit(f"must have at most {max_length} characters")
        return check(found) if check else found

    lengths = {"minLength": min_length or None, "maxLength": max_length}
    return Checked(of_that_length, {name: length for name, length in lengths.items() if length} | described)


def _address(text: str) -> str:
    """As email-validator normalizes it, in ASCII, so that case is all in which two may differ and be the same.

    Nobody is asked whether mail can be delivered there.
    """
    # Most routes take no address, and this is a tenth of a cold start.
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415

    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise Unfit("must be a valid email address") from None
    return found.ascii_email or found.normalized


def _https(url: str) -> str:
    if not re.fullmatch(_HTTPS, url):
        raise Unfit("must be an https URL")
    return url


def _shown(pattern: str) -> Callable[[str], str]:
    """Without surrounding space, in NFC: what looks the same is the same."""

    def check(text: str) -> str:
        from unicodedata import normalize  # noqa: PLC0415 (few routes take a name)

        found = normalize("NFC", text).strip()
        if not found:
            raise Unfit("must not be blank")
        if not re.fullmatch(pattern, found):
            raise Unfit("must have no characters that cannot be seen")
        return found

    return check


_platform_role = _one_of(PlatformRole)


def _any_spelling(role: Any, before: Mapping[str, Any]) -> Any:
    """`admin`, `Role_Admin` and `ROLE_ADMIN` are the same."""
    if isinstance(role, str) and role.isascii():
        role = role.strip().upper()
        role = role if role.startswith("ROLE_") else f"ROLE_{role}"
    return _platform_role(role, before)


@cache
def _common_passwords() -> frozenset[str]:
    return frozenset((Path(__file__).parents[1] / "auth/common_passwords.txt").read_text().split())


_long_enough = text(min_length=8, max_length=128)


def _hard_to_guess(value: Any, before: Mapping[str, Any]) -> str:
    """A body that names its `email` before its password has the two compared."""
    password: str = _long_enough.check(value, before)
    known = password.casefold()
    if known in _common_passwords():
        raise Unfit("is among the most common passwords: choose another")
    if known == str(before.get("email", "")).casefold():
        raise Unfit("must not be the email")
    return password


type Email = Annotated[str, text(_address, format="email", maxLength=254, examples=["ada@example.com"])]

type Reason = Annotated[str, text(_shown(_LINES), max_length=500, pattern=_LINES)]

type Password = Annotated[
    str,
    Checked(
        _hard_to_guess,
        {
            **_long_enough.described,
            "format": "password",
            "description": "Neither among the most common ones nor the email.",
        },
    ),
]

type WebhookUrl = Annotated[str, text(_https, max_length=2000, format="uri", pattern=_HTTPS)]

type PlatformRoleName = Annotated[
    PlatformRole, Checked(_any_spelling, {"description": "Also without `ROLE_`, and in any case."})
]

type Name = Annotated[str, text(_shown(_LINE), max_length=100, pattern=_LINE)]
