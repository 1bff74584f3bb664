"""The functions behind their routes, in this process: the template's routes, real events, the real authorizer.

What API Gateway does between a request and a function, as far as a test needs it: it finds the route
in `template.yaml`, asks the authorizer, hands its context on, and answers 401 for a denial.
"""

import base64
import importlib
import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from local import ROOT
from local.deployment.sources import event_file
from openapi.template import Route, functions, route_of, routes, template
from tests import contract

__all__ = ["ROOT", "Route", "event_file", "functions", "routes", "template"]

#: The folder of the function that runs right now, which is whose permissions count.
running: ContextVar[str | None] = ContextVar("running", default=None)


def event_of(folder: str) -> dict[str, Any]:
    """The sample event of a function, fresh to be changed."""
    return cast("dict[str, Any]", json.loads(event_file(folder).read_text()))


def invoke(folder: str, event: Any, seconds: float = 20.0) -> Any:
    """What Lambda does: call the handler, with `seconds` left until it would be stopped."""
    token = running.set(folder)
    try:
        return importlib.import_module(f"functions.{folder}.app").handler(event, Context(seconds))
    finally:
        running.reset(token)


class Context:
    """What Lambda hands to a function beside its event."""

    function_name = "test"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:test"

    def __init__(self, seconds: float = 20.0) -> None:
        self.aws_request_id = str(uuid4())
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds * 1000)


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The machine-readable error code, of either family."""
        return cast("str", self.body.get("error_code") or self.body.get("code"))


def ask_authorizer(authorization: str | None) -> dict[str, Any]:
    """The authorizer's answer to a request with this `Authorization` header, or with none."""
    event = event_of("authorize_request")
    event["headers"]["Authorization"] = authorization
    if authorization is None:
        del event["headers"]["Authorization"]
    return cast("dict[str, Any]", invoke("authorize_request", event))


def authorize(credential: str | None) -> dict[str, str] | None:
    """The authorizer's context for a credential; None if it denies."""
    answer = ask_authorizer(f"Bearer {credential}")
    (statement,) = answer["policyDocument"]["Statement"]
    return cast("dict[str, str]", answer["context"]) if statement["Effect"] == "Allow" else None


def request(  # noqa: PLR0913 (a request has that many parts)
    method: str,
    path: str,
    credential: str | None = None,
    body: Any = None,
    *,
    headers: Mapping[str, str] | None = None,
    principal: dict[str, str] | None = None,
    seconds: float = 20.0,
    user_agent: str | None = None,
) -> Response:
    """Send a request through the authorizer to its function. The answer must be one that the document has.

    `body` goes out as JSON; a string as it is, and bytes in base64, as the gateway sends what is no text.
    `principal` skips the authorizer, for an actor whose role or state changed after it was authorized.
    `seconds` is the time that the function has left, `user_agent` what the client says of itself.
    """
    path, _, query = path.partition("?")
    found = route_of(method, path)
    if found is None:
        raise LookupError(f"no route {method} {path} in template.yaml")
    route, parameters = found
    context = principal
    if context is None and not route.public:
        context = authorize(credential) if credential else None
        if context is None:
            return Response(401, {}, '{"error_code": "UNAUTHORIZED"}')
    event = event_of(route.function)
    event["path"] = path
    event["pathParameters"] = parameters or None
    event["queryStringParameters"] = dict(pair.split("=", 1) for pair in query.split("&")) if query else None
    event["headers"] = {**event["headers"], **(headers or {})}
    event["body"] = _text_of(body)
    event["isBase64Encoded"] = isinstance(body, bytes)
    event["requestContext"]["requestId"] = str(uuid4())
    event["requestContext"]["authorizer"] = context
    if user_agent is not None:
        event["requestContext"]["identity"]["userAgent"] = user_agent
    answer = invoke(route.function, event, seconds)
    contract.check(route, answer["statusCode"], answer["headers"], answer["body"])
    return Response(answer["statusCode"], answer["headers"], answer["body"])


def _text_of(body: Any) -> str | None:
    if isinstance(body, bytes):
        return base64.b64encode(body).decode()
    return body if isinstance(body, str) or body is None else json.dumps(body)
