"""The bodies of SCIM's errors."""

from typing import Any

import pytest

from rolecall.errors import EmailTaken, FieldError, RolecallError, UserNotFound, ValidationFailed
from rolecall.scim import errors

SCHEMAS = ["urn:ietf:params:scim:api:messages:2.0:Error"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UserNotFound("nobody"), {"status": "404", "detail": "nobody"}),
        (EmailTaken("taken"), {"status": "409", "detail": "taken", "scimType": "uniqueness"}),
        (errors.NoTarget("none"), {"status": "400", "detail": "none", "scimType": "noTarget"}),
        (errors.Mutability("fixed"), {"status": "400", "detail": "fixed", "scimType": "mutability"}),
        (ValidationFailed(message="broken"), {"status": "400", "detail": "broken", "scimType": "invalidSyntax"}),
        (
            ValidationFailed(FieldError("given_name", "is too long"), FieldError("title", "is blank")),
            {"status": "400", "detail": "name.givenName is too long; title is blank", "scimType": "invalidValue"},
        ),
        (
            errors.MethodNotAllowed("GET"),
            {
                "status": "405",
                "detail": "this path does not have this method: the header Allow lists those that it has",
            },
        ),
    ],
)
def test_an_error_has_the_body_that_rfc_7644_asks_for(error: RolecallError, expected: dict[str, Any]) -> None:
    assert errors.error_body(error) == {"schemas": SCHEMAS, **expected}


def test_an_error_of_a_method_names_those_that_are_allowed() -> None:
    assert errors.MethodNotAllowed("GET, POST").allowed_methods == "GET, POST"
