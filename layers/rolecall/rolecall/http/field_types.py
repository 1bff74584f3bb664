"""The types of fields that several request bodies share: how a value is checked, and what it is turned into.

A validator raises a `ValueError` whose text completes a sentence about the field, such as "must not be blank".
"""

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from rolecall import clock, text_rules
from rolecall.auth import passwords
from rolecall.auth.roles import PlatformRole, Role
from rolecall.config import config
from rolecall.email_addresses import parse_address_to_ascii
from rolecall.storage import keys

_DATE = re.compile(r"\d{4}-\d\d-\d\d")

#: A part of a host name between two dots (RFC 1123, section 2.1).
_HOST_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

#: The form of an https URL (RFC 3986) with a host name or an IPv4 address, in ASCII and without spaces.
_HTTPS_URL = (
    rf"^https://{_HOST_LABEL}(\.{_HOST_LABEL})*"
    r"(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
    r"([/?]([A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?$"
)

#: The most characters of a host name (RFC 1035, section 2.3.4, without the root).
_MAX_HOST_LENGTH = 253

#: The invisible characters that a text may not have. They are only for the pattern that the API's document shows.
#: `text_rules` checks the texts, and refuses some more characters.
_INVISIBLE = (
    r"\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
)

_INVISIBLE_IN_LINE, _INVISIBLE_IN_LINES = rf"\x00-\x1f{_INVISIBLE}", rf"\x00-\x08\x0b\x0c\x0e-\x1f{_INVISIBLE}"

#: The pattern of a text of one line, and the pattern of a text of several lines. Both require a visible character.
_ONE_LINE = rf"^[^{_INVISIBLE_IN_LINE}]*[^\s{_INVISIBLE_IN_LINE}][^{_INVISIBLE_IN_LINE}]*$"

_LINES = rf"^[^{_INVISIBLE_IN_LINES}]*[^\s{_INVISIBLE_IN_LINES}][^{_INVISIBLE_IN_LINES}]*$"

#: The earliest date that is accepted as a birth date.
_FIRST_BIRTH_DATE = date(1900, 1, 1)

_MAX_NAME_LENGTH = 100

_MIN_PASSWORD_LENGTH, _MAX_PASSWORD_LENGTH = 8, 128


def _check_https_url(url: str) -> str:
    """Returns the URL unchanged. Raises `ValueError` if it is no https URL, or has credentials or a fragment.

    A URL whose host name is too long to exist is refused too. The local stack accepts http URLs.
    """
    is_local = url.startswith("http://") and config().allow_local_webhooks
    if not re.fullmatch(_HTTPS_URL, url.replace("http://", "https://", 1) if is_local else url):
        raise ValueError("must be an https URL without credentials and fragment")
    if len(urlsplit(url).hostname or "") > _MAX_HOST_LENGTH:
        raise ValueError(f"must have a host name of at most {_MAX_HOST_LENGTH} characters")
    return url


def _normalize_line_of_name_length(text: str) -> str:
    """Returns the text as it is stored. Raises `InvalidText` if it is too long, blank or has a forbidden character."""
    return text_rules.refuse_if_longer(_MAX_NAME_LENGTH, text_rules.check_and_normalize_line(text))


def _normalize_unique_name(text: str) -> str:
    """Returns the name as it is stored. Raises `InvalidText` also if its comparable form does not fit into a key."""
    found = _normalize_line_of_name_length(text)
    text_rules.comparable_name(found)
    return found


def _complete_role_prefix_and_case(role: Any) -> Any:
    """Turns `admin`, `Role_Admin` and the like into `ROLE_ADMIN`. Whether there is such a role is not checked."""
    if isinstance(role, str) and role.isascii():
        role = role.strip().upper()
        role = role if role.startswith("ROLE_") else f"ROLE_{role}"
    return role


@cache
def _common_passwords() -> frozenset[str]:
    return frozenset((Path(__file__).parents[1] / "auth/common_passwords.txt").read_text().split())


def _check_and_normalize_new_password(password: str, info: ValidationInfo) -> str:
    """Returns the password in its normalized form. Raises `ValueError` for one that is not allowed.

    Not allowed are a password that is too short, too long or common, one with a forbidden character, and the email, if
    the model has a field `email` before this one.
    """
    form = text_rules.refuse_if_longer(_MAX_PASSWORD_LENGTH, text_rules.check_and_normalize_password(password))
    if len(form) < _MIN_PASSWORD_LENGTH:
        raise ValueError(f"must have at least {_MIN_PASSWORD_LENGTH} characters")
    if form.casefold() in _common_passwords():
        raise ValueError("is among the most common passwords: choose another")
    if passwords.is_email(form, str(info.data.get("email", ""))):
        raise ValueError("must not be the email")
    return form


def _parse_date(value: Any) -> date:
    """Returns the date. Raises `ValueError` for a value of another form than `1990-12-31`."""
    try:
        return date.fromisoformat(value if isinstance(value, str) and _DATE.fullmatch(value) else "")
    except ValueError:
        raise ValueError("must be a date such as 1990-12-31") from None


def _check_birth_date(day: date) -> date:
    """Returns the date unchanged. Raises `ValueError` if it is before 1900 or in the future."""
    if not _FIRST_BIRTH_DATE <= day <= clock.now().date():
        raise ValueError(f"must be from {_FIRST_BIRTH_DATE} to today")
    return day


def _to_canonical_uuid(text: str) -> str:
    """Returns the UUID in lower case. Raises `ValueError` for a text that is no UUID with hyphens."""
    canonical = keys.canonical_uuid(text)
    if canonical is None:
        raise ValueError("must be a UUID")
    return canonical


def _to_whole_second(value: Any) -> str:
    """Returns a time as `clock.rfc3339` writes it. Raises `ValueError` for a value that is no time of RFC 3339."""
    at = clock.parse_rfc3339(value) if isinstance(value, str) else None
    if at is None:
        raise ValueError("must be a time such as 2026-06-15T12:00:00Z")
    return clock.rfc3339(at)


type Email = Annotated[
    str,
    Field(max_length=254, examples=["ada@example.com"], json_schema_extra={"format": "email"}),
    AfterValidator(parse_address_to_ascii),
]

type Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid"}), AfterValidator(_to_canonical_uuid)]

#: A text of one or several lines, such as the reason for a change.
type Reason = Annotated[
    str,
    Field(
        max_length=text_rules.MAX_REASON_LENGTH,
        examples=["stands in for Ana in July"],
        json_schema_extra={"pattern": _LINES},
    ),
    AfterValidator(text_rules.check_and_normalize_reason),
]

#: A text of one line, such as a name or another field of a profile.
type Name = Annotated[
    str,
    Field(max_length=_MAX_NAME_LENGTH, json_schema_extra={"pattern": _ONE_LINE}),
    AfterValidator(_normalize_line_of_name_length),
]

#: A name that only one item may have, compared without case.
type UniqueName = Annotated[
    str,
    Field(max_length=_MAX_NAME_LENGTH, json_schema_extra={"pattern": _ONE_LINE}),
    AfterValidator(_normalize_unique_name),
]

type Password = Annotated[
    str,
    Field(
        description=(
            "Neither among the most common ones nor the email. Compared as OpaqueString (RFC 8265), "
            "and of that many characters in that form."
        ),
        # pydantic does not check the length, because the form of a password may be longer or shorter than what is sent.
        json_schema_extra={
            "format": "password",
            "minLength": _MIN_PASSWORD_LENGTH,
            "maxLength": _MAX_PASSWORD_LENGTH,
        },
    ),
    AfterValidator(_check_and_normalize_new_password),
]

type WebhookUrl = Annotated[
    str,
    Field(max_length=2000, json_schema_extra={"format": "uri", "pattern": _HTTPS_URL}),
    AfterValidator(_check_https_url),
]

type PlatformRoleName = Annotated[
    PlatformRole,
    Field(strict=False, description="Also without `ROLE_`, and in any case."),
    BeforeValidator(_complete_role_prefix_and_case),
]

# JSON has no type for enumerations or dates. So the roles and dates in a body are strings, which the next two types
# convert.

RoleName = Annotated[Role, Field(strict=False)]

Date = Annotated[date, BeforeValidator(_parse_date)]

BirthDate = Annotated[Date, Field(description="From 1900-01-01 to today, in UTC."), AfterValidator(_check_birth_date)]

#: The end of a temporary role, as `clock.rfc3339` writes it. A fraction of a second is cut off.
Until = Annotated[
    str,
    Field(
        description=(
            "Makes the role a temporary one: from this second on, the lasting role is in force again. At least a "
            "minute ahead, and at most as many days as the deployment allows (90 by default)."
        ),
        json_schema_extra={"format": "date-time", "examples": ["2026-06-15T12:00:00Z"]},
    ),
    BeforeValidator(_to_whole_second),
]
