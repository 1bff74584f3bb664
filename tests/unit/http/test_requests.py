"""Reading a request: what each parameter and header becomes, and how a wrong one is refused."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any

import pytest

from rolecall import clock
from rolecall.auth.principals import ANONYMOUS, Principal, PrincipalType, RequestContext
from rolecall.email_addresses import ANY_ADDRESS, AddressPrefix
from rolecall.errors import FieldError, PayloadTooLarge, ValidationFailed
from rolecall.http import requests
from rolecall.http.models import Body
from rolecall.http.requests import Request

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
GATEWAYS_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


def _request(query: dict[str, str] | None = None, **event: Any) -> Request[None]:
    gateway_event = {"requestContext": {"requestId": GATEWAYS_ID}, "queryStringParameters": query, **event}
    return requests.build_request(gateway_event, requests.request_context_of(gateway_event), None)


def _complaints(read: Callable[[], object]) -> list[tuple[str, str, Any]]:
    """What `read` complains about: field, message and value."""
    with pytest.raises(ValidationFailed) as raised:
        read()
    return [tuple(one) for one in raised.value.fields]


# --- Parameters of the query -----------------------------------------------------------------------


def test_a_choice_is_one_of_its_members() -> None:
    assert _request().query_choice("color", Color) is None
    assert _request({"color": "blue"}).query_choice("color", Color) is Color.BLUE
    for text in ("", "green", "BLUE", "Color.BLUE"):
        found = _complaints(lambda text=text: _request({"color": text}).query_choice("color", Color))  # type: ignore[misc]
        assert found == [("color", "must be one of red, blue", text)]


def test_a_flag_is_true_or_false() -> None:
    assert _request().query_flag("dry_run") is None
    assert _request({"dry_run": "true"}).query_flag("dry_run") is True
    assert _request({"dry_run": "false"}).query_flag("dry_run") is False
    for text in ("", "yes", "True", "1"):
        found = _complaints(lambda text=text: _request({"dry_run": text}).query_flag("dry_run"))  # type: ignore[misc]
        assert found == [("dry_run", "must be true or false", text)]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-06-15T12:00:00Z", NOW),
        ("2026-06-15t12:00:00z", NOW),
        ("2026-06-15T14:00:00+02:00", NOW),
        ("2026-06-15T12:00:00.25Z", NOW.replace(microsecond=250_000)),
        ("1970-12-31T23:59:59Z", datetime(1971, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", datetime(1971, 1, 1, tzinfo=UTC)),
        ("1971-01-01T00:00:01Z", datetime(1971, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("9998-12-30T23:59:59Z", datetime(9998, 12, 30, 23, 59, 59, tzinfo=UTC)),
        ("9999-12-31T23:59:59-14:00", datetime(9998, 12, 31, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_utc_and_within_the_bounds(text: str, at: datetime) -> None:
    found = _request({"from": text}).query_time("from")
    assert found == at
    assert found.tzinfo is UTC


def test_a_time_may_be_left_out() -> None:
    assert _request().query_time("from") is None


@pytest.mark.parametrize("text", ["", "yesterday", "2026-06-15", "2026-06-15T12:00:00", "2026-13-15T12:00:00Z"])
def test_a_text_that_is_no_time_is_refused(text: str) -> None:
    found = _complaints(lambda: _request({"from": text}).query_time("from"))
    assert found == [("from", "must be a time such as 2026-06-15T12:00:00Z", text)]


def test_a_number_is_within_its_bounds() -> None:
    assert _request().query_number("days", maximum=90) is None
    assert _request().limit(default=50, maximum=90) == 50
    for number in (1, 90):
        assert _request({"days": str(number)}).query_number("days", maximum=90) == number
        assert _request({"limit": str(number)}).limit(default=50, maximum=90) == number
    for text in ("0", "91", "x", "1234567890"):
        found = _complaints(lambda text=text: _request({"days": text}).query_number("days", maximum=90))  # type: ignore[misc]
        assert found == [("days", "must be a whole number from 1 to 90", text)]


def test_the_beginning_of_an_address_is_read_or_refused_in_words() -> None:
    assert _request().query_email_prefix("email") == ANY_ADDRESS
    assert _request({"email": "Ada@Ex"}).query_email_prefix("email") == AddressPrefix("ada@", "ex")
    found = _complaints(lambda: _request({"email": "a x"}).query_email_prefix("email"))
    assert found == [
        ("email", "must have no space: an email has none, and + is written as %2B in a query", "a x"),
    ]


def test_an_id_in_the_path_is_canonical_or_refused_with_the_routes_own_words() -> None:
    known = "1A2B3C4D-5E6F-4A7B-8C9D-0E1F2A3B4C5D"
    assert _request(pathParameters={"id": known}).path_uuid("id", message="no id") == known.lower()
    for parameters in ({"id": "7"}, {}, None):
        with pytest.raises(ValidationFailed) as raised:
            _request(pathParameters=parameters).path_uuid("id", message="no id")
        assert (raised.value.message, raised.value.fields) == ("no id", ())


def test_a_reason_obeys_the_rules_of_a_reason_in_a_body() -> None:
    assert _request().query_reason() is None
    assert _request({"reason": " spam\r\n"}).query_reason() == "spam"
    found = _complaints(lambda: _request({"reason": " "}).query_reason())
    assert found == [("reason", "must not be blank", " ")]


def test_an_account_id_in_the_path_is_a_number_or_refused_with_its_text() -> None:
    assert _request(pathParameters={"id": "7"}).path_positive_int32("id") == 7
    found = _complaints(lambda: _request(pathParameters={"id": "x"}).path_positive_int32("id"))
    assert found == [("id", "must be a positive 32-bit integer", "x")]


# --- Which parameters are accepted -----------------------------------------------------------------


def _check(**event: Any) -> list[tuple[str, str, Any]]:
    return _complaints(lambda: requests.check_query_parameters(event, frozenset({"a", "b", "cursor", "limit"})))


def test_known_parameters_that_are_sent_once_are_accepted() -> None:
    known = frozenset({"a", "cursor", "limit"})
    for event in (
        {},
        {"queryStringParameters": None, "multiValueQueryStringParameters": None},
        {"queryStringParameters": {"a": "x" * 254, "cursor": "x" * 5000, "limit": "9" * 5000}},
        {"queryStringParameters": {"a": None}, "multiValueQueryStringParameters": {"a": None}},
    ):
        requests.check_query_parameters(event, known)


def test_parameters_are_refused_by_name() -> None:
    twice = {"b": ["1", "2"], "a": ["1", "1"], "limit": ["1"]}
    assert _check(queryStringParameters={"x": "1", "c": "1", "a": "1"}) == [
        ("c", "is not a known parameter", None),
        ("x", "is not a known parameter", None),
    ]
    assert _check(queryStringParameters={"b": "\ufffd", "a": "\ud800"}) == [
        ("a", "must be UTF-8", None),
        ("b", "must be UTF-8", None),
    ]
    assert _check(multiValueQueryStringParameters=twice) == [
        ("a", "must be given once", None),
        ("b", "must be given once", None),
    ]
    assert _check(queryStringParameters={"b": "x" * 255, "a": "é" * 127 + "x"}) == [
        ("a", "must have at most 254 bytes in UTF-8", None),
        ("b", "must have at most 254 bytes in UTF-8", None),
    ]


# --- Headers, caller and body ----------------------------------------------------------------------


def test_the_idempotency_key_is_visible_ascii() -> None:
    assert _request().idempotency_key is None
    for key in ("a", "x" * 255, "!~"):
        assert _request(headers={"Idempotency-KEY": key}).idempotency_key == key
    for key in ("", "x" * 256, "a b", "é"):
        found = _complaints(lambda key=key: _request(headers={"Idempotency-Key": key}).idempotency_key)  # type: ignore[misc]
        assert found == [("Idempotency-Key", "must be 1 to 255 visible ASCII characters", None)]


def test_the_context_has_who_calls_when_and_from_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    caller = Principal(PrincipalType.MASTER, "master")
    event = {
        "requestContext": {
            "requestId": GATEWAYS_ID,
            "authorizer": caller.to_authorizer_context(),
            "identity": {"sourceIp": "198.51.100.7", "userAgent": "curl/8\ud800"},
        },
        "headers": {"X-Request-Id": "checkout-7"},
    }
    assert requests.request_context_of(event) == RequestContext(caller, NOW, "checkout-7", "198.51.100.7", "curl/8?")
    bare = {"requestContext": {"requestId": GATEWAYS_ID, "authorizer": None, "identity": None}, "headers": None}
    assert requests.request_context_of(bare) == RequestContext(ANONYMOUS, NOW, GATEWAYS_ID)


def test_a_request_has_its_parts_with_question_marks_for_half_characters() -> None:
    request = _request(
        {"a\ud800": "\ud800b"}, pathParameters={"id": "\udfff7"}, headers={"If-Match": '"3"', "X": None, "Y": "\ud800"}
    )
    assert request.query == {"a?": "?b"}
    assert request.path["id"] == "?7"
    assert request.path["other"] == ""
    assert request.headers == {"if-match": '"3"', "y": "?"}
    assert request.if_match == frozenset({3})
    assert request.body is None


@pytest.mark.parametrize(
    ("repeated", "versions"),
    [
        ({"If-Match": ['"1"', '"2"']}, {1, 2}),
        ({"if-match": ['"1"'], "If-Match": ['"2", W/"3"']}, {1, 2}),
        ({"If-Match": ['"2"']}, {2}),
        ({"If-Match": None}, {2}),
        (None, {2}),
    ],
)
def test_several_headers_with_versions_are_one_list(repeated: dict[str, Any] | None, versions: set[int]) -> None:
    request = _request(headers={"If-Match": '"2"'}, multiValueHeaders=repeated)
    assert request.if_match == frozenset(versions)


@pytest.mark.parametrize("name", ["Idempotency-Key", "X-Confirm-Tenant-Name"])
def test_a_header_that_decides_what_happens_is_sent_once(name: str) -> None:
    def check(repeated: dict[str, Any] | None) -> None:
        requests.check_headers_given_once({"headers": {name: "b"}, "multiValueHeaders": repeated})

    for repeated in ({name: ["a", "b"]}, {name: ["b", "b"]}, {name: ["a"], name.lower(): ["b"]}):
        assert _complaints(partial(check, repeated)) == [(name, "must be given once", None)]
    for once in ({name: ["b"]}, {name: None}, {"X-Other": ["a", "b"]}, None):
        check(once)


class _Note(Body):
    text: str


def test_a_body_is_read_by_its_model() -> None:
    headers = {"Content-Type": "application/json"}
    assert requests.parse_body({"body": '{"text": "x"}', "headers": headers}, _Note) == _Note(text="x")
    assert requests.parse_body({"body": None}, None) is None
    with pytest.raises(PayloadTooLarge, match="16 KiB"):
        requests.parse_body({"body": "x" * (requests.MAX_BODY_BYTES + 1)}, None)
    with pytest.raises(ValidationFailed) as raised:
        requests.parse_body({"body": "{}", "headers": headers}, _Note)
    assert raised.value.fields == (FieldError("text", "is required"),)
    with pytest.raises(ValidationFailed, match=r"^this route takes no body$"):
        requests.parse_body({"body": "[]"}, None)
