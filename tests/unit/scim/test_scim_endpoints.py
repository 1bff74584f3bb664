"""How a request finds its endpoint, which address the endpoint gets, and which headers an answer has."""

import json
from typing import Any

import pytest

from rolecall.errors import RateLimited
from rolecall.http.responses import Response
from rolecall.scim.endpoints import Endpoint, Endpoints, ScimRequest, scim_handler, scim_response
from tests import gateway


def _tell(request: ScimRequest) -> Response:
    """Answers with what the endpoint has got."""
    told = {"base": request.base_url, "id": request.item_id, "body": request.body, "ip": request.context.ip}
    return scim_response(201, told, {"X-Told": "yes"})


def _wait(_: ScimRequest) -> Response:
    raise RateLimited(7)


ENDPOINTS: Endpoints = {
    "/Things": {
        "GET": Endpoint(_tell, is_public=True, query=frozenset({"filter"})),
        "POST": Endpoint(_tell, has_body=True, is_public=True),
    },
    "/Things/{id}": {"GET": Endpoint(_tell, is_public=True)},
    "/Waits": {"GET": Endpoint(_wait, is_public=True)},
    "/Mixed": {"GET": Endpoint(_tell, is_public=True), "PUT": Endpoint(_tell)},
}


def _call(path: str, method: str = "GET", /, **more: Any) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Return status, headers and body of the answer. `more` are parts of the event, or of its request context."""
    event = gateway.event_of("serve_scim")
    event |= {"httpMethod": method, "pathParameters": {"proxy": path.removeprefix("/")}, "path": f"/scim/v2{path}"}
    event |= {"queryStringParameters": None, "multiValueQueryStringParameters": None}
    context = event["requestContext"] | {"path": f"/live/scim/v2{path}", "authorizer": None}
    event["requestContext"] = context | {name: more.pop(name) for name in ("domainName", "path") if name in more}
    event |= more
    answer = scim_handler(ENDPOINTS)(event, gateway.Context())
    return answer["statusCode"], answer["headers"], json.loads(answer["body"])


@pytest.mark.parametrize(
    ("path", "item_id"),
    [("/Things", ""), ("/Things/", ""), ("/Things/7", "7"), ("/Things/7/", "7"), ("/Things/a%20b%3Ac", "a b:c")],
)
def test_an_endpoint_gets_the_request(path: str, item_id: str) -> None:
    status, headers, told = _call(path)
    assert status == 201
    assert (headers["Content-Type"], headers["X-Told"]) == ("application/scim+json", "yes")
    assert told == {"base": "https://api.example.com/live/scim/v2", "id": item_id, "body": {}, "ip": "198.51.100.7"}


@pytest.mark.parametrize(
    ("more", "base"),
    [
        ({"path": "/scim/v2/Things"}, "https://api.example.com/scim/v2"),
        ({"path": "/base/scim/v2/Things"}, "https://api.example.com/base/scim/v2"),
        ({"headers": {"x-Forwarded-PROTO": "http"}}, "http://api.example.com/live/scim/v2"),
        ({"headers": None}, "https://api.example.com/live/scim/v2"),
        ({"domainName": None, "headers": {"HOST": "127.0.0.1:3091"}}, "http://127.0.0.1:3091/scim/v2"),
        ({"domainName": None, "headers": {}}, "http://localhost/scim/v2"),
    ],
)
def test_the_address_is_the_one_that_the_caller_sees(more: dict[str, Any], base: str) -> None:
    assert _call("/Things", **more)[2]["base"] == base


def test_a_path_without_a_variable_part_is_found() -> None:
    more = {"resource": "/scim/v2/Things", "pathParameters": None}
    assert _call("/Things", **more)[0] == 201


def test_a_body_is_read_if_the_endpoint_has_one() -> None:
    body = {"body": '{"a": 1}', "headers": {"Content-Type": "application/scim+json"}}
    assert _call("/Things", "POST", **body)[2]["body"] == {"a": 1}
    assert _call("/Things", **body)[2]["body"] == {}
    assert _call("/Things", "POST", body="{}", headers={"Content-Type": "text/plain"})[0] == 415


@pytest.mark.parametrize(
    ("method", "path", "status", "header", "detail"),
    [
        ("PATCH", "/Things", 405, ("Allow", "GET, POST"), "this path does not have this method"),
        ("GET", "/Waits", 429, ("Retry-After", "7"), "too many"),
        ("PUT", "/Mixed", 401, ("Content-Type", "application/scim+json"), "a valid credential is required"),
        ("GET", "/Mixed", 401, ("Content-Type", "application/scim+json"), "a valid credential is required"),
        ("GET", "/Nothing", 401, ("Content-Type", "application/scim+json"), "a valid credential is required"),
    ],
)
def test_an_error_has_the_headers_of_its_status(
    method: str, path: str, status: int, header: tuple[str, str], detail: str
) -> None:
    answered, headers, body = _call(path, method)
    assert (answered, headers[header[0]]) == (status, header[1])
    assert detail in body["detail"]


def test_a_parameter_must_be_known_and_may_be_long_if_it_is_a_filter() -> None:
    def status(**query: str) -> int:
        many = {name: [text] for name, text in query.items()}
        return _call("/Things", queryStringParameters=query, multiValueQueryStringParameters=many)[0]

    assert status(filter="x" * 3000) == 201
    assert status(aadOptscim062020="") == 201
    assert status(aadOptscim062020="x" * 3000) == 400
    assert status(filer="x") == 400


def test_an_answer_without_a_body_has_no_media_type() -> None:
    assert scim_response(304, None, {"ETag": '"1"'}) == Response(304, None, {"ETag": '"1"'})
    assert scim_response(204, None) == Response(204, None, {})
