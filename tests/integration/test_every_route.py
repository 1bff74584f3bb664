"""Checks of every route: its sample event is answered, and errors have the format of its family."""

from typing import Any

import pytest

from tests import gateway
from tests.gateway import Response, Route
from tests.integration.conftest import unchanged

pytestmark = [
    pytest.mark.usefixtures("aws"),
    pytest.mark.parametrize("route", gateway.routes(), ids=lambda route: route.function),
]
PAGE = "text/html; charset=utf-8"
#: The functions that take a body.
WITH_BODY = {route.function for route in gateway.routes() if gateway.event_of(route.function)["body"]}


def _ask(route: Route, *, query: str = "", principal: bool = True, **changed: Any) -> Response:
    """Send the route's sample event with one change; the caller is authorized already."""
    event = gateway.event_of(route.function)
    caller = event["requestContext"].get("authorizer") if principal else {}
    changed.setdefault("body", event["body"])
    return gateway.request(route.method, event["path"] + query, principal=caller, **changed)


def _assert_refused(route: Route, answer: Response, status: int, code: str) -> None:
    """Assert that the error has the format of the route's family, and the headers of every answer."""
    assert (answer.status, answer.code) == (status, code)
    if route.path.startswith("/v1/api/"):
        assert answer.body.keys() - {"fieldErrors"} == {"status", "error", "message", "timestamp", "path", "code"}
        assert answer.body["status"] == status
    else:
        assert answer.body.keys() - {"validation"} == {"success", "error", "error_code", "timestamp"}
        assert answer.body["success"] is False
    _assert_headers(answer)


def _assert_headers(answer: Response) -> None:
    assert answer.headers["Cache-Control"] == "no-store"
    # `gateway.request` has compared the body with the API's document.
    assert answer.headers.get("Content-Type") in {None if answer.status == 204 else "application/json", PAGE}
    assert len(answer.headers["X-Request-Id"]) == 36


def test_the_sample_event_is_answered(route: Route) -> None:
    answer = _ask(route)
    assert answer.status in {200, 201, 204, 401, 404}  # the table has no item that the event names
    _assert_headers(answer)


def test_a_caller_without_a_credential_is_told_so_even_if_the_gateway_let_it_in(route: Route) -> None:
    if not route.public:
        with unchanged():
            _assert_refused(route, _ask(route, principal=False), 401, "UNAUTHORIZED")


def test_a_body_over_16_kib_is_too_large_or_64_for_many_changes(route: Route) -> None:
    too_many = (64 if route.function == "promote_users" else 16) * 1024 + 1
    with unchanged():
        for body in ("x" * too_many, b"x" * too_many):
            _assert_refused(route, _ask(route, body=body), 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_body_must_be_declared_as_json(route: Route, content_type: str) -> None:
    if route.function in WITH_BODY:
        with unchanged():
            answer = _ask(route, headers={"Content-Type": content_type})
        _assert_refused(route, answer, 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("body", ["", "null", "[]", "[{}]", '"text"', "7", "{", b"", b"\xff\xfe", "[" * 9000])
def test_a_body_must_be_a_json_object(route: Route, body: str | bytes) -> None:
    if route.function in WITH_BODY:
        with unchanged():
            _assert_refused(route, _ask(route, body=body), 400, "VALIDATION_ERROR")


def test_an_unknown_field_is_refused_whatever_its_name(route: Route) -> None:
    if route.function in WITH_BODY:
        with unchanged():
            answer = _ask(route, body={"is_admin": True, "": True})
        _assert_refused(route, answer, 400, "VALIDATION_ERROR")
        errors = answer.body.get("validation") or answer.body["fieldErrors"]
        for name in ("is_admin", ""):
            assert {"field": name, "message": "is not a known field"} in errors


def test_a_body_in_base64_is_the_same_body(route: Route) -> None:
    if route.function in WITH_BODY:
        with unchanged():
            refused = _ask(route, body=b'{"is_admin": true}')
        assert '"is_admin"' in refused.text
        _assert_refused(route, refused, 400, "VALIDATION_ERROR")


def test_an_unknown_parameter_is_refused_whatever_its_name(route: Route) -> None:
    with unchanged():
        _assert_refused(route, _ask(route, query="?verbose=1&=1"), 400, "VALIDATION_ERROR")
