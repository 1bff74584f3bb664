"""What API Gateway answers by itself, and what it adds to and takes from the functions' answers."""

import secrets
from collections.abc import Mapping
from contextlib import closing, suppress
from html.parser import HTMLParser
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urljoin, urlsplit

from openapi.template import gateway_responses
from verify.check import check
from verify.results import Unknown, Wrong
from verify.walk import Heard, Walk

_KINDS = {"Headers": "header", "Paths": "path", "QueryStrings": "querystring"}
#: What an error that the gateway makes has in its body, so that it satisfies both dialects.
_BOTH_DIALECTS = {"success", "status", "error", "error_code", "code", "message", "timestamp", "path"}
_TENANT_DIALECT = {"success", "error", "error_code", "timestamp"}
_PLATFORM_DIALECT = {"status", "error", "message", "timestamp", "path", "code"}
#: Above what a function takes, and above what API Gateway takes.
_TOO_LARGE, _FAR_TOO_LARGE = 17 * 1024, 10 * 1024 * 1024 + 1024
#: The route that is throttled for a moment: nobody's work depends on it.
_THROTTLED_ROUTE = "GET /docs"
_THROTTLE_SECONDS = 60
_ABSENT = "/no/such/route"


@check("Every answer that the gateway makes by itself is the template's.")
def compare_gateway_responses(walk: Walk) -> None:
    found = walk.stack.client("apigateway").get_gateway_responses(restApiId=walk.stack.outputs["ApiId"], limit=100)
    deployed = {one["responseType"]: one for one in found["items"] if not one.get("defaultResponse")}
    wrong = [kind for kind, wanted in gateway_responses().items() if not _is_same(deployed.get(kind, {}), wanted)]
    if wrong:
        raise Wrong(f"Not as in the template: {', '.join(sorted(wrong))}.")


def _is_same(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    headers = {
        f"gatewayresponse.{_KINDS[kind]}.{name}": value
        for kind, values in wanted.get("ResponseParameters", {}).items()
        for name, value in values.items()
    }
    return (
        ("StatusCode" not in wanted or str(found.get("statusCode")) == str(wanted["StatusCode"]))
        and found.get("responseParameters", {}) == headers
        and _one_line(found.get("responseTemplates", {})) == _one_line(wanted["ResponseTemplates"])
    )


def _one_line(templates: Mapping[str, str]) -> dict[str, str]:
    return {kind: " ".join(text.split()) for kind, text in templates.items()}


@check("The stage takes as many requests as the parameters say.")
def compare_throttle(walk: Walk) -> str:
    stage = walk.stack.client("apigateway").get_stage(restApiId=walk.stack.outputs["ApiId"], stageName="live")
    all_methods = stage.get("methodSettings", {}).get("*/*", {})
    found = all_methods.get("throttlingRateLimit"), all_methods.get("throttlingBurstLimit")
    wanted = walk.stack.parameters.get("RateLimit"), walk.stack.parameters.get("BurstLimit")
    if None in wanted:
        raise Unknown("CloudFormation does not tell the values of RateLimit and BurstLimit.")
    if tuple(map(float, map(str, wanted))) != tuple(float(one or -1) for one in found):
        raise Wrong(f"The stage has the rate {found[0]} and the burst {found[1]}, not {wanted[0]} and {wanted[1]}.")
    return f"{wanted[0]} a second, {wanted[1]} at once."


@check("An unknown route is a 404 in both dialects, with and without a credential.", uses=["AnswerUnknownRoute"])
def ask_unknown_route(walk: Walk) -> None:
    for path in ("/", _ABSENT):
        for credential in (None, walk.master_token, "no credential at all"):
            _must_be_both(walk.ask("GET", path, credential), HTTPStatus.NOT_FOUND, "NOT_FOUND")


@check("HEAD and OPTIONS are a 404, on a known and on an unknown route.", uses=["AnswerUnknownRoute"])
def ask_other_methods(walk: Walk) -> None:
    for path in ("/users", _ABSENT):
        for credential in (None, walk.master_token):
            _must_be_both(walk.ask("OPTIONS", path, credential), HTTPStatus.NOT_FOUND, "NOT_FOUND")
            walk.ask("HEAD", path, credential).must(HTTPStatus.NOT_FOUND)


@check("Without a valid credential every family gets the same 401.", uses=["AuthorizeRequest"])
def ask_without_credential(walk: Walk) -> None:
    for path in ("/users", "/v1/api/superadmin/users"):
        for credential in (None, "not-one", secrets.token_urlsafe(32), "a.b.c"):
            _must_be_both(walk.ask("GET", path, credential), HTTPStatus.UNAUTHORIZED, "UNAUTHORIZED")


@check("A body over 16 KiB is a 413 in the dialect of its family.")
def send_too_large_bodies(walk: Walk) -> None:
    large = "x" * _TOO_LARGE
    of_tenant = walk.as_master("POST", "/register", {"tenant_name": large})
    _must_have(of_tenant, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "PAYLOAD_TOO_LARGE", _TENANT_DIALECT)
    of_platform = walk.ask("POST", "/v1/api/auth/login", None, {"email": large})
    _must_have(of_platform, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "PAYLOAD_TOO_LARGE", _PLATFORM_DIALECT)


@check("A body over the gateway's own limit is a 413 too.")
def send_far_too_large_body(walk: Walk) -> None:
    # Not one of ours: the gateway answers in plain text, without our headers, and before it has read the body.
    status = _status_of_large_body(walk, b'{"tenant_name": "' + b"x" * _FAR_TOO_LARGE + b'"}')
    if status is None:
        raise Unknown("The gateway ended the connection while the body was being sent.")
    if status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        raise Wrong(f"POST /register with 10 MiB answered {status}, not 413.")


def _status_of_large_body(walk: Walk, body: bytes) -> int | None:
    """The status of `POST /register`, also if it comes while the body is being sent; None if none comes."""
    address = urlsplit(walk.stack.api)
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    connection = kind(address.netloc, timeout=60)
    headers = {"Authorization": f"Bearer {walk.master_token}", "Content-Type": "application/json"}
    with closing(connection), suppress(OSError, HTTPException):
        with suppress(ConnectionError):
            connection.request("POST", f"{address.path}/register", body, headers)
        return connection.getresponse().status
    return None


@check("A throttled request is a 429 with Retry-After.")
def throttle_a_route(walk: Walk) -> None:
    method, path = _THROTTLED_ROUTE.split()
    stage = f"/{path.replace('/', '~1')}/{method}"
    gateway, api_id = walk.stack.client("apigateway"), walk.stack.outputs["ApiId"]

    def patch(*operations: dict[str, str]) -> None:
        gateway.update_stage(restApiId=api_id, stageName="live", patchOperations=list(operations))

    def lift() -> None:
        if f"{path.removeprefix('/')}/{method}" in _method_settings(walk):
            patch({"op": "remove", "path": stage})

    walk.afterwards(f"The throttle of {_THROTTLED_ROUTE}", lift)
    limits = ("rateLimit", "burstLimit")
    patch(*({"op": "replace", "path": f"{stage}/throttling/{limit}", "value": "0"} for limit in limits))
    try:
        heard = _throttled_answer(walk)
        _must_be_both(heard, HTTPStatus.TOO_MANY_REQUESTS, "RATE_LIMITED")
        if not heard.answer.headers.get("retry-after", "").isdecimal():
            raise Wrong("The 429 has no Retry-After.")
    finally:
        lift()
    after = f"{_THROTTLED_ROUTE} is still throttled {_THROTTLE_SECONDS} s after the limit was lifted."
    walk.wait_until(lambda: _answered(walk, HTTPStatus.OK), _THROTTLE_SECONDS, after)


def _throttled_answer(walk: Walk) -> Heard:
    late = f"No request was throttled within {_THROTTLE_SECONDS} s."
    try:
        return walk.wait_until(lambda: _answered(walk, HTTPStatus.TOO_MANY_REQUESTS), _THROTTLE_SECONDS, late)
    except Wrong as wrong:
        raise Unknown(str(wrong)) from wrong


def _method_settings(walk: Walk) -> set[str]:
    stage = walk.stack.client("apigateway").get_stage(restApiId=walk.stack.outputs["ApiId"], stageName="live")
    return {name.removeprefix("/").replace("~1", "/").removeprefix("/") for name in stage.get("methodSettings", {})}


def _answered(walk: Walk, status: HTTPStatus) -> Heard | None:
    method, path = _THROTTLED_ROUTE.split()
    heard = walk.ask(method, path)
    return heard if heard.answer.status == status else None


@check("The reference page and all that it loads come from under the stage's path.", uses=["ShowDocs", "GetDocsAsset"])
def open_docs(walk: Walk) -> str:
    page = walk.ask("GET", "/docs")
    page.must_be_found()
    loaded = _load_all(walk, page)
    walk.ask("GET", "/docs/openapi.json").must(HTTPStatus.OK)
    return f"{loaded} files."


def _load_all(walk: Walk, page: Heard) -> int:
    """Asks for every file that a page loads, and returns how many files these are.

    Raises `Wrong` if the page loads nothing, or if a file is missing or not under the stage's path.
    """
    loaded = _Links.of(page.answer.text)
    elsewhere = [address for address in loaded if urlsplit(address).netloc or address.startswith("/")]
    if elsewhere or not loaded:
        raise Wrong(f"{page.path} loads {elsewhere or 'nothing'}, which is not under the stage's path.")
    for address in loaded:
        # The pages are at the root of the API, so the addresses are relative to the root. They may begin with `./`.
        walk.ask("GET", urljoin("/", address)).must_be_found()
    return len(loaded)


@check("The console and all that it loads come from under the stage's path.", uses=["ShowConsole", "GetConsoleAsset"])
def open_console(walk: Walk) -> str:
    page = walk.ask("GET", "/console")
    if walk.stack.parameters.get("Console") == "false":
        page.must(HTTPStatus.NOT_FOUND)
        return "The stack has no console."
    page.must_be_found()
    return f"{_load_all(walk, page)} files."


class _Links(HTMLParser):
    """What a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    @classmethod
    def of(cls, page: str) -> list[str]:
        parser = cls()
        parser.feed(page)
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if tag in {"link", "script"} and name in {"href", "src"} and value and not value.startswith("data:"):
                self.found.append(value)


def _must_be_both(heard: Heard, status: HTTPStatus, code: str) -> None:
    _must_have(heard, status, code, _BOTH_DIALECTS)


def _must_have(heard: Heard, status: HTTPStatus, code: str, fields: set[str]) -> None:
    body = heard.must(status, code)
    if missing := sorted(fields - set(body)):
        raise Wrong(f"The {status} of {heard.what} has no {', '.join(missing)}.")
    if "status" in body and body["status"] != status:
        raise Wrong(f"The {status} of {heard.what} says {body['status']} in its body.")
