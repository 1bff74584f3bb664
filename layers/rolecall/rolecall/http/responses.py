"""What every function behind the API shares: who calls, the parsed request, the answer, the two error dialects."""

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
from rolecall.http.requests import replace_surrogates


class Family(Enum):
    """The two API families, which differ in how they say an error."""

    TENANT = "tenant"
    PLATFORM = "platform"


class Response(NamedTuple):
    """An answer; `body` is turned into JSON, None into no body. A text goes out as it is, with its `Content-Type`."""

    status: int
    body: Mapping[str, Any] | list[Any] | str | None
    headers: Mapping[str, str] = MappingProxyType({})


def etag(version: int) -> dict[str, str]:
    """The header that names the version of what was answered."""
    return {"ETag": f'"{version}"'}


def link_next(limit: int, cursor: str | None) -> dict[str, str]:
    """The header that names the next page (RFC 8288), relative to the request's own address; none without one."""
    return {"Link": f'<?limit={limit}&cursor={cursor}>; rel="next"'} if cursor else {}


def tenant_error(error: RolecallError) -> dict[str, Any]:
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


def platform_error(event: Mapping[str, Any], error: RolecallError) -> dict[str, Any]:
    body: dict[str, Any] = {
        "status": error.status,
        "error": HTTPStatus(error.status).phrase,
        "message": error.message[:1].upper() + error.message[1:],
        "timestamp": clock.rfc3339(clock.now()),
        "path": replace_surrogates(event.get("path")),
        "code": error.code,
    }
    if isinstance(error, ValidationFailed) and error.fields:
        body["fieldErrors"] = [{"field": one.field, "message": one.message} for one in error.fields]
    return body


def to_gateway(response: Response, request_id: str) -> dict[str, Any]:
    headers = {"Cache-Control": "no-store", "X-Request-Id": request_id, **response.headers}
    if response.body is None:
        return {"statusCode": response.status, "headers": headers, "body": ""}
    if isinstance(response.body, str):
        return {"statusCode": response.status, "headers": headers, "body": response.body}
    headers["Content-Type"] = "application/json"
    return {"statusCode": response.status, "headers": headers, "body": to_json(response.body)}


def to_json(body: Any) -> str:
    """JSON text; a `Decimal` becomes a number without binary rounding."""
    return orjson.dumps(body, default=_exact).decode()


def _exact(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value.normalize():f}")
    raise TypeError(f"{type(value).__name__} has no JSON form")
