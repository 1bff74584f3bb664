"""A stand-in for API Gateway that calls the functions in this process, with real events and the real authorizer.

It finds the route in `template.yaml`, calls the authorizer, passes its context on to the function, and answers 401 if
the authorizer denies.
"""

import base64
import importlib
import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from uuid import uuid4

from local import ROOT
from local.deployment.sources import event_file
from openapi.template import Route, functions, route_of, routes, template
from tests import contract

__all__ = ["ROOT", "Route", "event_file", "functions", "routes", "template"]

#: The folder of the function that is running. The fixtures check its permissions.
running: ContextVar[str | None] = ContextVar("running", default=None)


def event_of(folder: str) -> dict[str, Any]:
    """A new copy of a function's sample event, which the caller may change."""
    return cast("dict[str, Any]", json.loads(_event_text(folder)))


@cache
def _event_text(folder: str) -> str:
    return event_file(folder).read_text()


def invoke(folder: str, event: Any, seconds: float = 20.0) -> Any:
    """Call a function's handler as Lambda does, `seconds` before its timeout."""
    token = running.set(folder)
    try:
        return importlib.import_module(f"functions.{folder}.app").handler(event, Context(seconds))
    finally:
        running.reset(token)


class Context:
    """The context object that Lambda passes to a function."""

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

    def must(self, status: int) -> Any:
        """The body of an answer that must have this status."""
        assert self.status == status, self.text
        return self.body

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
    """Send a request through the authorizer to its function, and check the answer against the API's document.

    `body` is sent as JSON, a string as it is, and bytes in base64, as API Gateway passes binary data. With `principal`,
    the authorizer is skipped: for an actor whose role or state changes after the authorizer has accepted it. `seconds`
    is the time until the function's timeout, `user_agent` the header `User-Agent`.
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


def scim_request(  # noqa: PLR0913 (as above)
    method: str,
    path: str,
    credential: str | None = None,
    body: Any = None,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    principal: dict[str, str] | None = None,
    seconds: float = 20.0,
) -> Response:
    """Send a request to SCIM; `path` is the path below `/scim/v2`. The answer is checked by `contract.check_scim`.

    The parts are those of `request`, but the parameters are given as they are, not encoded.
    """
    resource, parameters, public = _scim_route_of(path)
    context = principal
    if context is None and not public:
        context = authorize(credential) if credential else None
        if context is None:
            return Response(401, {}, '{"error_code": "UNAUTHORIZED"}')
    event = event_of("serve_scim")
    event |= {"resource": resource, "path": f"/scim/v2{path}", "httpMethod": method, "pathParameters": parameters}
    event["queryStringParameters"] = dict(query) if query else None
    event["multiValueQueryStringParameters"] = {name: [text] for name, text in query.items()} if query else None
    event["headers"] = {
        **event["headers"],
        **({"Content-Type": "application/scim+json"} if body else {}),
        **(headers or {}),
    }
    event["body"] = _text_of(body)
    event["isBase64Encoded"] = isinstance(body, bytes)
    event["requestContext"] |= {"requestId": str(uuid4()), "path": f"/live/scim/v2{path}", "authorizer": context}
    answer = invoke("serve_scim", event, seconds)
    contract.check_scim(answer["statusCode"], answer["headers"], answer["body"])
    return Response(answer["statusCode"], answer["headers"], answer["body"])


def _scim_route_of(path: str) -> tuple[str, dict[str, str] | None, bool]:
    """The resource in the template that a path below `/scim/v2` reaches, its parameters, and whether it is public."""
    greedy = "/scim/v2/{proxy+}"
    for source in functions()["serve_scim"]["Events"].values():
        resource = source["Properties"]["Path"]
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", resource), f"/scim/v2{path}")
        if resource != greedy and found:
            return resource, found.groupdict() or None, True
    return greedy, {"proxy": path.removeprefix("/")}, False


def _text_of(body: Any) -> str | None:
    if isinstance(body, bytes):
        return base64.b64encode(body).decode()
    return body if isinstance(body, str) or body is None else json.dumps(body)
