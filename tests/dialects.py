"""The two dialects of errors, from the API's document, and a check of a body against them."""

from typing import Any

from tests import contract

TENANT, PLATFORM, GATEWAY = "TenantError", "PlatformError", "GatewayError"


def assert_valid(body: Any, dialect: str) -> None:
    """Raises `jsonschema_rs.ValidationError` for anything else than the fields of the dialect, and for one too many."""
    contract.validator(contract.schema(dialect)).validate(body)


def assert_readable(body: Any, dialect: str) -> None:
    """For who reads that dialect: all of its fields are there as they should be, whatever else there is.

    But the time: what the gateway answers by itself has none in RFC 3339.
    """
    about = contract.schema(dialect)
    own = about["components"]["schemas"][dialect]
    contract.validator(
        about["components"]["schemas"][dialect]
        | {"additionalProperties": True, "components": about["components"]}
        | {"properties": {name: one for name, one in own["properties"].items() if name != "timestamp"}}
    ).validate(body)
