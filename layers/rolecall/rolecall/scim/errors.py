"""Errors of the protocol SCIM, and the body of an error response (RFC 7644, section 3.12)."""

from typing import Any, ClassVar

from rolecall.errors import EmailTaken, RolecallError, ValidationFailed

_ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"

#: The names of a user's fields in the tenants room, and the names of the same fields in SCIM.
_SCIM_NAMES = {
    "external_id": "externalId",
    "given_name": "name.givenName",
    "family_name": "name.familyName",
    "formatted_name": "name.formatted",
    "display_name": "displayName",
    "nick_name": "nickName",
    "user_type": "userType",
    "preferred_language": "preferredLanguage",
}


class ScimRequestInvalid(ValidationFailed):
    """The request does not follow SCIM. `scim_type` tells a program why (RFC 7644, table 9)."""

    scim_type: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message=message)


class InvalidFilter(ScimRequestInvalid):
    """The filter is malformed, or uses an attribute or operator that is not supported."""

    scim_type = "invalidFilter"


class InvalidSyntax(ScimRequestInvalid):
    """The body has another structure than the request needs."""

    scim_type = "invalidSyntax"


class InvalidPath(ScimRequestInvalid):
    """The path of a PATCH operation is malformed, or names no attribute of a user."""

    scim_type = "invalidPath"


class NoTarget(ScimRequestInvalid):
    """The path of a PATCH operation selects nothing that could be changed."""

    scim_type = "noTarget"


class InvalidValue(ScimRequestInvalid):
    """A value is missing, or the attribute can't have it."""

    scim_type = "invalidValue"


class Mutability(ScimRequestInvalid):
    """The attribute can't be changed or removed."""

    scim_type = "mutability"


class InvalidCursor(ScimRequestInvalid):
    """The cursor is none that this list has returned (RFC 9865, section 2.1)."""

    scim_type = "invalidCursor"


class TooMany(ScimRequestInvalid):
    """The tenant has more users than can be counted in the time of one request."""

    scim_type = "tooMany"


class MethodNotAllowed(RolecallError):
    """The path exists, but not with this method."""

    status = 405
    code = "METHOD_NOT_ALLOWED"
    message = "this path does not have this method: the header Allow lists those that it has"

    def __init__(self, allowed_methods: str) -> None:
        super().__init__()
        self.allowed_methods = allowed_methods


def error_body(error: RolecallError) -> dict[str, Any]:
    """Returns the SCIM body of an error. `detail` names the attributes that are wrong."""
    body: dict[str, Any] = {"schemas": [_ERROR_SCHEMA], "status": str(error.status), "detail": _detail(error)}
    scim_type = _scim_type(error)
    return body if scim_type is None else {**body, "scimType": scim_type}


def _detail(error: RolecallError) -> str:
    if isinstance(error, ValidationFailed) and error.fields:
        return "; ".join(f"{_SCIM_NAMES.get(one.field, one.field)} {one.message}" for one in error.fields)
    return error.message


def _scim_type(error: RolecallError) -> str | None:
    match error:
        case ScimRequestInvalid():
            return error.scim_type
        case ValidationFailed():
            # An error with fields is about values. One without is about the body as a whole.
            return InvalidValue.scim_type if error.fields else InvalidSyntax.scim_type
        case EmailTaken():
            return "uniqueness"
        case _:
            return None
