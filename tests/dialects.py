"""Checks of error bodies against the two error formats of the API's document."""

from typing import Any

from tests import contract

TENANT, PLATFORM, GATEWAY = "TenantError", "PlatformError", "GatewayError"


def assert_valid(body: Any, dialect: str) -> None:
    """Raises `jsonschema_rs.ValidationError` unless the body has exactly the fields of the format."""
    contract.validator(contract.schema(dialect)).validate(body)


def assert_readable(body: Any, dialect: str) -> None:
    """Raises `jsonschema_rs.ValidationError` unless the body has all fields of the format. Other fields are allowed.

    The time is not checked, because errors of the gateway itself have no time in RFC 3339.
    """
    about = contract.schema(dialect)
    own = about["components"]["schemas"][dialect]
    contract.validator(
        about["components"]["schemas"][dialect]
        | {"additionalProperties": True, "components": about["components"]}
        | {"properties": {name: one for name, one in own["properties"].items() if name != "timestamp"}}
    ).validate(body)
