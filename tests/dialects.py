"""The two dialects of errors as JSON schemas, written from the contract, and a check of a body against them."""

from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
_CODE = {"type": "string", "pattern": "^[A-Z]+(_[A-Z]+)*$"}
_TEXT = {"type": "string", "minLength": 1}

TENANT = {
    "type": "object",
    "required": ["success", "error", "error_code", "timestamp"],
    "properties": {
        "success": {"const": False},
        "error": _TEXT,
        "error_code": _CODE,
        "timestamp": _TIME,
        "validation": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": _TEXT, "message": _TEXT, "value": {}},
                "additionalProperties": False,
            },
        },
    },
}
PLATFORM = {
    "type": "object",
    "required": ["status", "error", "message", "timestamp", "path"],
    "properties": {
        "status": {"enum": [400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 500, 503]},
        "error": _TEXT,
        "message": _TEXT,
        "timestamp": _TIME,
        "path": {"type": "string", "pattern": "^/"},
        "code": _CODE,
        "fieldErrors": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": _TEXT, "message": _TEXT},
                "additionalProperties": False,
            },
        },
    },
}


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema for what the functions answer, which has no field of the other family's."""
    return schema | {"additionalProperties": False}


def made_by_the_gateway(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with any text as the time: API Gateway knows no RFC 3339 but what the authorizer hands it."""
    return schema | {"properties": schema["properties"] | {"timestamp": _TEXT}}


def assert_valid(body: Any, schema: dict[str, Any]) -> None:
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(body)
