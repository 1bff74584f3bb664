"""The types of fields that several request bodies share: how a value is checked, and what it is turned into.

A validator raises a `ValueError` whose text completes a sentence about the field, such as "must not be blank".
"""

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from rolecall.auth.roles import PlatformRole, Role

_DATE = re.compile(r"\d{4}-\d\d-\d\d")

#: A URI of RFC 3986 with a host name or an IPv4 address. It holds ASCII only and no spaces.
_HTTPS_URL = (
    r"^https://([A-Za-z0-9._~!$&'()*+,;=:%-]+@)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?"
    r"(:([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
    r"([/?#][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*)?$"
)

#: Control characters, and characters that are invisible or change the direction of the text. Joiners and soft hyphens
#: are not among them, because they are parts of words.
_INVISIBLE = r"\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"

_INVISIBLE_IN_LINE, _INVISIBLE_IN_LINES = rf"\x00-\x1f{_INVISIBLE}", rf"\x00-\x08\x0b\x0c\x0e-\x1f{_INVISIBLE}"

#: One line, and any number of lines, with at least one visible character.
_ONE_LINE = rf"^[^{_INVISIBLE_IN_LINE}]*[^\s\xad\u200c\u200d{_INVISIBLE_IN_LINE}][^{_INVISIBLE_IN_LINE}]*$"

_LINES = rf"^[^{_INVISIBLE_IN_LINES}]*[^\s\xad\u200c\u200d{_INVISIBLE_IN_LINES}][^{_INVISIBLE_IN_LINES}]*$"


def _normalize_email(text: str) -> str:
    """Returns the address as email-validator normalizes it, in ASCII. Equal addresses then differ in case only.

    No name server is asked whether the domain receives mail.
    """
    # Most routes take no address, and this import is a tenth of a cold start.
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415

    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise ValueError("must be a valid email address") from None
    return found.ascii_email or found.normalized


def _check_https_url(url: str) -> str:
    if not re.fullmatch(_HTTPS_URL, url):
        raise ValueError("must be an https URL")
    return url


def _normalize_line(text: str) -> str:
    return _normalize_text(text, _ONE_LINE)


def _normalize_lines(text: str) -> str:
    return _normalize_text(text, _LINES)


def _normalize_text(text: str, pattern: str) -> str:
    """Returns the text in NFC, so that equal-looking texts are equal, and without the spaces around it."""
    from unicodedata import normalize  # noqa: PLC0415 (few routes take a name)

    found = normalize("NFC", text).strip()
    if not found:
        raise ValueError("must not be blank")
    if not re.fullmatch(pattern, found):
        raise ValueError("must have no characters that cannot be seen")
    return found


def _canonical_platform_role(role: Any) -> Any:
    """Turns `admin`, `Role_Admin` and the like into `ROLE_ADMIN`."""
    if isinstance(role, str) and role.isascii():
        role = role.strip().upper()
        role = role if role.startswith("ROLE_") else f"ROLE_{role}"
    return role


@cache
def _common_passwords() -> frozenset[str]:
    return frozenset((Path(__file__).parents[1] / "auth/common_passwords.txt").read_text().split())


def _check_password(password: str, info: ValidationInfo) -> str:
    """Refuses a common password, and the email if the model has a field `email` before this one."""
    folded = password.casefold()
    if folded in _common_passwords():
        raise ValueError("is among the most common passwords: choose another")
    if folded == str(info.data.get("email", "")).casefold():
        raise ValueError("must not be the email")
    return password


def _parse_date(value: Any) -> date:
    try:
        return date.fromisoformat(value if isinstance(value, str) and _DATE.fullmatch(value) else "")
    except ValueError:
        raise ValueError("must be a date such as 1990-12-31") from None


type Email = Annotated[
    str,
    Field(max_length=254, examples=["ada@example.com"], json_schema_extra={"format": "email"}),
    AfterValidator(_normalize_email),
]

#: Text of one line or more.
type Reason = Annotated[
    str, Field(max_length=500, json_schema_extra={"pattern": _LINES}), AfterValidator(_normalize_lines)
]

type Name = Annotated[
    str, Field(max_length=100, json_schema_extra={"pattern": _ONE_LINE}), AfterValidator(_normalize_line)
]

type Password = Annotated[
    str,
    Field(
        min_length=8,
        max_length=128,
        description="Neither among the most common ones nor the email.",
        json_schema_extra={"format": "password"},
    ),
    AfterValidator(_check_password),
]

type WebhookUrl = Annotated[
    str,
    Field(max_length=2000, json_schema_extra={"format": "uri", "pattern": _HTTPS_URL}),
    AfterValidator(_check_https_url),
]

type PlatformRoleName = Annotated[
    PlatformRole,
    Field(strict=False, description="Also without `ROLE_`, and in any case."),
    BeforeValidator(_canonical_platform_role),
]

# JSON has neither enumerations nor dates: these two are made of strings.

RoleName = Annotated[Role, Field(strict=False)]

Date = Annotated[date, BeforeValidator(_parse_date)]
