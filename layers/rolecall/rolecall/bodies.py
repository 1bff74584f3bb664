"""Request bodies: pydantic models whose complaints speak the contract's words."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from rolecall.errors import FieldError, ValidationFailed
from rolecall.roles import PlatformRole

#: Fields whose value is never echoed in an error.
_SECRET_FIELDS = frozenset({"password", "token", "refreshToken"})

_MESSAGES = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_type": "must be a string",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "bool_type": "must be true or false",
}


class Body(BaseModel):
    """A JSON object as a route expects it. Unknown fields are refused, so that a typo never passes silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Raises `ValidationFailed` with one message a field."""
        try:
            return cls.model_validate_json(raw)
        except ValidationError as error:
            raise ValidationFailed(*_field_errors(error)) from None


def _field_errors(error: ValidationError) -> list[FieldError]:
    found: dict[str, FieldError] = {}
    for details in error.errors(include_url=False):
        name = ".".join(str(part) for part in details["loc"])
        if not details["loc"]:
            # The body as a whole: no JSON, or no object.
            raise ValidationFailed(message="the body must be a JSON object") from None
        found.setdefault(name, FieldError(name, _message(details), _value(name, details)))
    return list(found.values())


def _message(details: ErrorDetails) -> str:
    context: dict[str, Any] = details.get("ctx", {})
    if details["type"] == "enum":
        return f"must be one of {context['expected'].replace("'", '').replace(' or ', ', ')}"
    if details["type"] == "value_error":
        return str(context["error"])
    return _MESSAGES.get(details["type"], "is not valid").format(**context)


def _value(name: str, details: ErrorDetails) -> Any:
    # An unknown field may be a secret under a mistyped name.
    if details["type"] in {"missing", "extra_forbidden"} or name in _SECRET_FIELDS:
        return None
    value = details["input"]
    if isinstance(value, int | float):
        # What is no number of 64 bits (NaN compares with nothing) could not be written in the answer.
        return value if -(2**63) <= value < 2**63 else None
    return value if isinstance(value, str) else None


def _address(text: str) -> str:
    """Normalized as email-validator does it; nobody is asked whether mail can be delivered there."""
    # Most routes take no address, and this is a tenth of a cold start.
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415

    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        raise ValueError("must be a valid email address") from None


def _https(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("must be an https URL")
    return url


def _any_spelling(role: object) -> object:
    """`admin`, `Role_Admin` and `ROLE_ADMIN` are the same."""
    if not isinstance(role, str):
        return role
    name = role.strip().upper()
    return name if name.startswith("ROLE_") else f"ROLE_{name}"


def _no_surrounding_space(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text.strip()


@cache
def _common_passwords() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("common_passwords.txt").read_text().split())


def _hard_to_guess(password: str, others: ValidationInfo) -> str:
    """A body that names its `email` before its password has the two compared."""
    known = password.casefold()
    if known in _common_passwords():
        raise ValueError("is among the most common passwords: choose another")
    if known == str(others.data.get("email", "")).casefold():
        raise ValueError("must not be the email")
    return password


def _described(**schema: Any) -> FieldInfo:
    """What the API's description says of a type beyond what its constraints do."""
    described: FieldInfo = Field(json_schema_extra=schema)
    return described


type Email = Annotated[
    str, AfterValidator(_address), _described(format="email", maxLength=254, examples=["ada@example.com"])
]
type Reason = Annotated[
    str, StringConstraints(max_length=500), AfterValidator(_no_surrounding_space), _described(pattern=r"\S")
]
type Password = Annotated[
    str,
    StringConstraints(min_length=8, max_length=128),
    AfterValidator(_hard_to_guess),
    _described(format="password", description="Neither among the most common ones nor the email."),
]
type WebhookUrl = Annotated[
    str, StringConstraints(max_length=2000), AfterValidator(_https), _described(format="uri", pattern="^https://")
]
type PlatformRoleName = Annotated[
    PlatformRole,
    BeforeValidator(_any_spelling),
    _described(description="Also without `ROLE_`, and in any case."),
]
type Name = Annotated[
    str, StringConstraints(max_length=100), AfterValidator(_no_surrounding_space), _described(pattern=r"\S")
]
