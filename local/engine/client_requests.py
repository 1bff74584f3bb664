"""Requests of the API's clients: how the engine tells them from calls of AWS's SDKs, and where they come from.

MiniStack serves the API at the host of its custom domain alone. A request to another name of this machine goes to
its S3, which answers in XML. And it takes the caller's address from `X-Forwarded-For`, which every caller can set;
API Gateway takes it from the connection. It also takes `/login` and `/logout` of every host for pages of Cognito, which
this stack does not use; here they are routes of the API.
"""

# ruff: noqa: SLF001 (MiniStack has no public way to change this)

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextvars import ContextVar
from typing import Any

from ministack import app as engine
from ministack.services import apigateway_v1 as gateway

from local.engine.engine import API_HOST

#: Ends of host names by which AWS's own services are addressed.
_AWS_HOSTS = (".localhost", ".amazonaws.com", ".on.aws")
_FORWARDED_FOR = b"x-forwarded-for"

type Headers = Iterable[tuple[bytes, bytes]]
type Message = MutableMapping[str, Any]

_is_aws_call: ContextVar[bool] = ContextVar("is_aws_call")


def install() -> None:
    """The engine serves the API at every name of this machine, and sees where a request really comes from."""
    serve, resolve = engine.app, engine._resolve_custom_domain_request

    async def serve_with_true_address(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if scope["type"] == "http":
            _is_aws_call.set(is_aws_call(scope["headers"], scope["query_string"]))
            scope = {**scope, "headers": with_true_address(scope["headers"], (scope.get("client") or [API_HOST])[0])}
        await serve(scope, receive, send)

    def resolve_other_names(host: str, path: str) -> Any:
        found = resolve(host, path)
        if found is not None or _is_aws_call.get(True) or _is_aws_host(host):
            return found
        return gateway.resolve_base_path_mapping(API_HOST, path)

    async def leave_to_api(*_request: Any) -> None:
        """The engine answers these paths itself if it gets an answer here, and goes on if it gets None."""

    engine._handle_cognito_get_request = engine._handle_cognito_body_request = leave_to_api
    engine.app = serve_with_true_address
    engine._resolve_custom_domain_request = resolve_other_names


def is_aws_call(headers: Headers, query: bytes) -> bool:
    """Whether a request is signed as AWS's SDKs sign theirs, in its headers or, if it is presigned, in its query."""
    return b"X-Amz-Signature=" in query or any(
        name.lower() == b"authorization" and value.startswith(b"AWS4-") for name, value in headers
    )


def with_true_address(headers: Headers, address: str) -> list[tuple[bytes, bytes]]:
    """Returns the headers with the address of the connection as the only one of `X-Forwarded-For`."""
    kept = [(name, value) for name, value in headers if name.lower() != _FORWARDED_FOR]
    return [*kept, (_FORWARDED_FOR, address.encode())]


def _is_aws_host(host: str) -> bool:
    return host.partition(":")[0].lower().endswith(_AWS_HOSTS)
