"""Responses: the headers and JSON bodies that functions return, and the error bodies of the two API families."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from rolecall import clock
from rolecall.errors import (
    RolecallError,
    ValidationFailed,
)
from rolecall.http.requests import replace_lone_surrogates


class Family(Enum):
    """The two API families. Each has its own form of error bodies."""

    TENANT = "tenant"
    PLATFORM = "platform"


class Response(NamedTuple):
    """A response of a function.

    A `body` that is a mapping or a list is sent as JSON, a string as it is (`headers` then holds its `Content-Type`),
    and None as an empty body.
    """

    status: int
    body: Mapping[str, Any] | list[Any] | str | None
    headers: Mapping[str, str] = MappingProxyType({})


def etag_header(version: int) -> dict[str, str]:
    """Returns the `ETag` header with the version of the item in the response."""
    return {"ETag": f'"{version}"'}


def next_page_link_header(limit: int, cursor: str | None) -> dict[str, str]:
    """Returns the `Link` header to the next page (RFC 8288), or no header if `cursor` is None.

    The link is relative to the address of the request.
    """
    return {"Link": f'<?limit={limit}&cursor={cursor}>; rel="next"'} if cursor else {}


def tenant_error_body(error: RolecallError) -> dict[str, Any]:
    """Returns the body of an error in the tenant API."""
    body: dict[str, Any] = {
        "success": False,
        "error": error.message,
        "error_code": error.code,
        "timestamp": clock.rfc3339(clock.now()),
    }
    if isinstance(error, ValidationFailed) and error.fields:
        body["validation"] = [
            {"field": one.field, "message": one.message} | ({} if one.value is None else {"value": one.value})
            for one in error.fields
        ]
    return body


def platform_error_body(event: Mapping[str, Any], error: RolecallError) -> dict[str, Any]:
    """Returns the body of an error in the platform API."""
    body: dict[str, Any] = {
        "status": error.status,
        "error": HTTPStatus(error.status).phrase,
        "message": error.message[:1].upper() + error.message[1:],
        "timestamp": clock.rfc3339(clock.now()),
        "path": replace_lone_surrogates(event.get("path")),
        "code": error.code,
    }
    if isinstance(error, ValidationFailed) and error.fields:
        body["fieldErrors"] = [{"field": one.field, "message": one.message} for one in error.fields]
    return body


def to_gateway_response(response: Response, request_id: str) -> dict[str, Any]:
    """Returns a response in the form that API Gateway expects from a function."""
    headers = {"Cache-Control": "no-store", "X-Request-Id": request_id, **response.headers}
    if response.body is None:
        return {"statusCode": response.status, "headers": headers, "body": ""}
    if isinstance(response.body, str):
        return {"statusCode": response.status, "headers": headers, "body": response.body}
    headers["Content-Type"] = "application/json"
    return {"statusCode": response.status, "headers": headers, "body": to_json(response.body)}


def to_json(body: Any) -> str:
    """Returns JSON text. A `Decimal` becomes a number that is written without an exponent."""
    return orjson.dumps(body, default=_decimal_to_json).decode()


def _decimal_to_json(value: Any) -> Any:
    """Returns a `Decimal` as a JSON number. Raises `TypeError` for a value of any other type."""
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value.normalize():f}")
    raise TypeError(f"{type(value).__name__} has no JSON form")
