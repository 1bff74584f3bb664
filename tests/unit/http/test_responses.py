"""A response in the form in which API Gateway takes it."""

from decimal import Decimal
from typing import Any

import pytest

from rolecall import clock
from rolecall.errors import FieldError, Forbidden, LastSuperadmin, ValidationFailed
from rolecall.http import responses
from rolecall.http.responses import Response

HEADERS = {"Cache-Control": "no-store", "X-Request-Id": "r"}


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (Response(204, None), {"statusCode": 204, "headers": HEADERS, "body": ""}),
        (
            Response(200, "<p>", {"Content-Type": "text/html"}),
            {"statusCode": 200, "headers": {**HEADERS, "Content-Type": "text/html"}, "body": "<p>"},
        ),
        (
            Response(201, {"a": Decimal("1.50")}, {"ETag": '"3"'}),
            {
                "statusCode": 201,
                "headers": {**HEADERS, "ETag": '"3"', "Content-Type": "application/json"},
                "body": '{"a":1.5}',
            },
        ),
        (
            Response(200, [], {"Cache-Control": "max-age=5"}),
            {
                "statusCode": 200,
                "headers": {"Cache-Control": "max-age=5", "X-Request-Id": "r", "Content-Type": "application/json"},
                "body": "[]",
            },
        ),
    ],
    ids=["nothing", "text", "object", "own cache"],
)
def test_a_response_is_what_the_gateway_expects(response: Response, expected: dict[str, Any]) -> None:
    assert responses.to_gateway_response(response, "r") == expected


def test_headers_of_versions_and_pages() -> None:
    assert responses.etag_header(3) == {"ETag": '"3"'}
    assert responses.next_page_link_header(25, "abc") == {"Link": '<?limit=25&cursor=abc>; rel="next"'}
    assert responses.next_page_link_header(25, None) == {}


def test_what_has_no_json_form_is_an_error_of_ours() -> None:
    with pytest.raises(TypeError):
        responses.to_json({"a": {1, 2}})


def test_the_bodies_of_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "rfc3339", lambda _at: "2026-06-15T12:00:00Z")
    invalid = ValidationFailed(FieldError("a", "must be x", 5), FieldError("b", "is required"))
    assert responses.tenant_error_body(invalid) == {
        "success": False,
        "error": invalid.message,
        "error_code": "VALIDATION_ERROR",
        "timestamp": "2026-06-15T12:00:00Z",
        "validation": [{"field": "a", "message": "must be x", "value": 5}, {"field": "b", "message": "is required"}],
    }
    assert "validation" not in responses.tenant_error_body(ValidationFailed(message="not JSON"))
    assert responses.tenant_error_body(Forbidden("not you"))["error"] == "not you"
    assert responses.platform_error_body({"path": "/v1/\ud800"}, invalid) == {
        "status": 400,
        "error": "Bad Request",
        "message": invalid.message[0].upper() + invalid.message[1:],
        "timestamp": "2026-06-15T12:00:00Z",
        "path": "/v1/?",
        "code": "VALIDATION_ERROR",
        "fieldErrors": [{"field": "a", "message": "must be x"}, {"field": "b", "message": "is required"}],
    }
    refused = responses.platform_error_body({}, LastSuperadmin("stay"))
    assert (refused["status"], refused["error"], refused["path"]) == (422, "Unprocessable Content", "")
    assert "fieldErrors" not in refused
