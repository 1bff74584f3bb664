"""What every route shares: parameters, bodies, headers, and the two dialects of errors."""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from rolecall import deadline, errors, telemetry
from rolecall.auth.principals import PrincipalType
from rolecall.auth.roles import PlatformRole, Role
from rolecall.errors import FieldError, RolecallError, ValidationFailed
from rolecall.http import routes
from rolecall.http.guards import require_master_token, require_superadmin, require_tenant_role
from rolecall.http.models import Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, to_json
from rolecall.http.routes import Handler, route
from tests import gateway

#: The contract's table of the tenant dialect, and what the platform dialect adds.
CODES = {
    400: {"VALIDATION_ERROR"},
    401: {"UNAUTHORIZED"},
    403: {
        *("FORBIDDEN", "ROLE_TRANSITION_DENIED", "SELF_CHANGE_DENIED", "MASTER_TOKEN_REQUIRED"),
        *("WRONG_PASSWORD", "PASSWORD_CHANGE_REQUIRED"),
    },
    404: {"USER_NOT_FOUND", "TENANT_NOT_FOUND", "WEBHOOK_NOT_FOUND", "NOT_FOUND"},
    409: {
        "TENANT_EXISTS",
        "EMAIL_TAKEN",
        "USERNAME_TAKEN",
        "LAST_ADMIN",
        "CONCURRENT_CHANGE",
        "CONFIRMATION_MISMATCH",
        "TENANT_PROTECTED",
        "DELETION_STARTED",
        "WEBHOOK_LIMIT",
    },
    412: {"PRECONDITION_FAILED"},
    413: {"PAYLOAD_TOO_LARGE"},
    415: {"UNSUPPORTED_MEDIA_TYPE"},
    422: {"IDEMPOTENCY_KEY_REUSED", "LAST_SUPERADMIN"},
    429: {"RATE_LIMITED"},
    500: {"INTERNAL_ERROR"},
    503: {"SERVICE_UNAVAILABLE"},
}


class Note(Body):
    text: str


def _ask(handler: Handler, **event: Any) -> gateway.Response:
    """Ask a route that takes no credential, with the parts of the event that matter."""
    sample = gateway.event_of("promote_user")
    sample["requestContext"].pop("authorizer")
    answer = handler({**sample, "body": None, **event}, gateway.Context())
    return gateway.Response(answer["statusCode"], answer["headers"], answer["body"])


def _raising(error: Exception, family: Family = Family.TENANT) -> Handler:
    @route(family, may_call=None)
    def handler(_request: Request[None]) -> Response:
        raise error

    return handler


@route(Family.TENANT, may_call=None, body=Note)
def _echo(request: Request[Note]) -> Response:
    return Response(200, {"text": request.body.text})


def _everything_under(error: type[RolecallError]) -> Iterator[type[RolecallError]]:
    yield error
    for below in error.__subclasses__():
        yield from _everything_under(below)


# --- The two dialects ------------------------------------------------------------------------------


@pytest.mark.parametrize("error", list(_everything_under(RolecallError)))
def test_every_error_has_a_status_and_code_of_the_contract(error: type[RolecallError]) -> None:
    # The one is never raised itself, the other is no route's.
    if error is not errors.RuleViolation and not issubclass(error, errors.OperatorRequestRefused):
        assert error.code in CODES[error.status]


@pytest.mark.parametrize("error", [errors.LastAdmin(), errors.UserNotFound(), errors.Forbidden("not you")])
def test_the_tenant_dialect(error: RolecallError) -> None:
    answer = _ask(_raising(error))

    assert answer.status == error.status
    assert answer.body.keys() == {"success", "error", "error_code", "timestamp"}
    assert (answer.body["success"], answer.body["error"], answer.code) == (False, error.message, error.code)
    assert datetime.strptime(answer.body["timestamp"], "%Y-%m-%dT%H:%M:%S%z").tzname() == "UTC"


@pytest.mark.parametrize(
    ("error", "phrase", "message"),
    [
        (errors.LastSuperadmin("stay"), "Unprocessable Content", "Stay"),
        (errors.AccountNotFound(), "Not Found", "User not found"),
        (errors.ServiceUnavailable(), "Service Unavailable", "The service is busy: try again in a moment"),
    ],
)
def test_the_platform_dialect(error: RolecallError, phrase: str, message: str) -> None:
    answer = _ask(_raising(error, Family.PLATFORM), path="/v1/api/superadmin/users/7/role")

    assert answer.status == error.status
    assert answer.body == {
        "status": error.status,
        "error": phrase,
        "message": message,
        "timestamp": answer.body["timestamp"],
        "path": "/v1/api/superadmin/users/7/role",
        "code": error.code,
    }
    assert datetime.strptime(answer.body["timestamp"], "%Y-%m-%dT%H:%M:%S%z").tzname() == "UTC"


def test_field_errors_in_both_dialects() -> None:
    error = ValidationFailed(FieldError("new_role", "must be one of a, b", "c"), FieldError("password", "is required"))

    tenant, platform = (_ask(_raising(error, family)) for family in Family)

    assert tenant.body["validation"] == [
        {"field": "new_role", "message": "must be one of a, b", "value": "c"},
        {"field": "password", "message": "is required"},
    ]
    assert platform.body["fieldErrors"] == [
        {"field": "new_role", "message": "must be one of a, b"},
        {"field": "password", "message": "is required"},
    ]


@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize(
    "error",
    [
        KeyError("TENANT#1a2b"),
        RuntimeError("the table rolecall-Table-1X2Y"),
        errors.ConfigurationError("the environment variable TABLE_NAME is not set"),
    ],
)
def test_an_unexpected_failure_is_answered_without_details(
    error: Exception, family: Family, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    answer = _ask(_raising(error, family))

    assert '"RequestsFailed":[1.0]' in capsys.readouterr().out.replace(" ", "")
    assert (answer.status, answer.code) == (500, "INTERNAL_ERROR")
    for detail in ("TENANT#", "rolecall-Table", "TABLE_NAME", type(error).__name__, "Traceback"):
        assert detail not in answer.text


def test_an_unavailable_service_says_when_to_try_again() -> None:
    assert _ask(_raising(errors.ServiceUnavailable())).headers["Retry-After"] == "1"


# --- Headers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "handler", [_echo, _raising(errors.UserNotFound()), _raising(errors.AccountNotFound(), Family.PLATFORM)]
)
@pytest.mark.parametrize("body", ['{"text": "hello"}', "[]"])
def test_every_answer_names_its_request_and_is_kept_by_no_cache(handler: Handler, body: str) -> None:
    answer = _ask(handler, body=body)
    assert answer.headers["X-Request-Id"] == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json"


GATEWAYS = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


@pytest.mark.parametrize("handler", [_echo, _raising(errors.UserNotFound()), _raising(KeyError("x"))])
@pytest.mark.parametrize("name", ["X-Request-Id", "x-request-id"])
@pytest.mark.parametrize("sent", ["a", "checkout-7f3a_0.1", "x" * 128])
def test_a_callers_own_request_id_comes_back_and_stands_in_the_log(handler: Handler, name: str, sent: str) -> None:
    answer = _ask(handler, headers={name: sent})

    logged = telemetry.logger.get_current_keys()
    assert answer.headers["X-Request-Id"] == logged["request_id"] == sent
    assert logged["gateway_request_id"] == GATEWAYS


@pytest.mark.parametrize("sent", ["", " ", "x" * 129, "a b", "a\nb", "a\n", "é", '"', "{}", "<b>"])
def test_a_malformed_request_id_is_ignored(sent: str) -> None:
    assert _ask(_echo, headers={"X-Request-Id": sent}).headers["X-Request-Id"] == GATEWAYS


# --- Bodies ----------------------------------------------------------------------------------------


def _note(size: int) -> str:
    """A valid body of `size` bytes."""
    frame = len(json.dumps({"text": ""}))
    return json.dumps({"text": "x" * (size - frame)})


def test_a_body_of_16_kib_is_taken_and_one_byte_more_is_too_large() -> None:
    assert _ask(_echo, body=_note(16 * 1024)).status == 200
    refused = _ask(_echo, body=_note(16 * 1024 + 1))
    assert (refused.status, refused.code) == (413, "PAYLOAD_TOO_LARGE")


def test_the_size_counts_in_bytes_after_base64() -> None:
    assert _ask(_echo, body='{"text": "' + "é" * 8192 + '"}').status == 413
    assert _ask(_echo, body=gateway._text_of(_note(16 * 1024).encode()), isBase64Encoded=True).status == 200
    assert _ask(_echo, body=gateway._text_of(_note(16 * 1024 + 1).encode()), isBase64Encoded=True).status == 413


def test_a_route_takes_as_long_a_body_as_its_model_says() -> None:
    class LongNote(Note):
        max_bytes = 64 * 1024

    @route(Family.TENANT, may_call=None, body=LongNote)
    def handler(_request: Request[LongNote]) -> Response:
        return Response(200, {})

    assert _ask(handler, body=_note(64 * 1024)).status == 200
    assert _ask(handler, body=_note(64 * 1024 + 1)).status == 413


def test_a_body_is_too_large_for_a_route_without_one_too() -> None:
    @route(Family.TENANT, may_call=None)
    def handler(_request: Request[None]) -> Response:
        return Response(200, {})

    assert _ask(handler, body="x" * (16 * 1024 + 1)).status == 413


@pytest.mark.parametrize("body", ['{"dry_run": true}', "anything", "[]", "null"])
def test_a_route_without_a_body_takes_none(body: str) -> None:
    @route(Family.TENANT, may_call=None)
    def handler(_request: Request[None]) -> Response:
        return Response(200, {})

    for nothing in ("", "{}", " {}\n"):
        assert _ask(handler, body=nothing).status == 200
    refused = _ask(handler, body=body)
    assert (refused.status, refused.code, refused.body["error"]) == (
        400,
        "VALIDATION_ERROR",
        "this route takes no body",
    )


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=UTF-8", None]
)
def test_json_may_be_declared_in_any_spelling(content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}
    assert _ask(_echo, body='{"text": "hello"}', headers=headers).body == {"text": "hello"}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/xml", ""]
)
def test_any_other_media_type_is_refused(content_type: str) -> None:
    answer = _ask(_echo, body='{"text": "hello"}', headers={"Content-Type": content_type})
    assert (answer.status, answer.code) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("body", ["not base64!", "eyJ0ZXh0"[:-1], "////"])
def test_a_spoilt_encoding_is_a_bad_body(body: str) -> None:
    assert _ask(_echo, body=body, isBase64Encoded=True).code == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    "body",
    [
        '{"text": 1' + "0" * 400 + "}",
        '{"text": NaN}',
        '{"text": 1e999}',
        '{"text": true, "\\ud800": 1}',
        '{"text": "' + "\ud800" + '"}',
        '{"' + "x" * 16000 + '": 1}',
    ],
)
def test_the_strangest_body_is_a_bad_body_with_an_answer_in_json(body: str) -> None:
    answer = _ask(_echo, body=body)
    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")


# --- Parameters ------------------------------------------------------------------------------------


@route(Family.TENANT, may_call=None, query=frozenset({"limit", "cursor"}))
def _page(request: Request[None]) -> Response:
    return Response(200, {"limit": request.limit(default=50, maximum=1000)})


@pytest.mark.parametrize(("text", "limit"), [("1", 1), ("1000", 1000), (None, 50)])
def test_a_limit_within_its_bounds(text: str | None, limit: int) -> None:
    assert _ask(_page, queryStringParameters={"limit": text} if text else None).body == {"limit": limit}


@pytest.mark.parametrize("text", ["0", "-1", "1001", "1e3", "ten", "", " 5", "5.0", "\u0665", "9" * 5000])
def test_a_limit_beyond_its_bounds_is_refused(text: str) -> None:
    answer = _ask(_page, queryStringParameters={"limit": text})
    assert answer.status == 400
    assert answer.body["validation"][0]["message"] == "must be a whole number from 1 to 1000"


def test_unknown_parameters_are_all_named() -> None:
    answer = _ask(_page, queryStringParameters={"limit": "5", "offset": "1", "Cursor": "x"})
    assert [one["field"] for one in answer.body["validation"]] == ["Cursor", "offset"]


def test_a_parameter_is_given_once() -> None:
    once = {"limit": ["5"], "cursor": None}
    assert _ask(_page, queryStringParameters={"limit": "5"}, multiValueQueryStringParameters=once).status == 200
    answer = _ask(
        _page, queryStringParameters={"limit": "5"}, multiValueQueryStringParameters={"limit": ["1", "5"], "x": ["1"]}
    )
    assert (answer.status, answer.body["validation"]) == (400, [{"field": "limit", "message": "must be given once"}])


@pytest.mark.parametrize(
    "event",
    [
        {"queryStringParameters": {"limit": "\ud800"}},
        {"queryStringParameters": {"\ud800": "1"}},
        {"multiValueQueryStringParameters": {"\udfff": ["1", "2"]}},
        {"pathParameters": {"id": "\ud800"}},
        {"path": "/\ud800", "queryStringParameters": {"limit": "x"}},
        {"headers": {"If-Match": "\ud800"}, "queryStringParameters": {"limit": "x"}},
    ],
)
def test_half_a_character_is_a_bad_request(event: dict[str, Any]) -> None:
    @route(Family.PLATFORM, may_call=None, query=frozenset({"limit"}))
    def handler(request: Request[None]) -> Response:
        request.limit(default=1, maximum=5)
        return Response(200, {"id": request.path_positive_int32("id")})

    assert _ask(handler, **event).status == 400


def test_an_id_is_looked_for_in_the_form_of_keys_and_an_empty_text_is_none() -> None:
    @route(Family.TENANT, may_call=None, query=frozenset({"actor", "action"}))
    def handler(request: Request[None]) -> Response:
        return Response(200, {"actor": request.query_id("actor"), "action": request.query_action("action")})

    known = "1A2B3C4D-5E6F-4A7B-8C9D-0E1F2A3B4C5D"
    found = _ask(handler, queryStringParameters={"actor": known, "action": "x"})
    assert found.body == {"actor": known.lower(), "action": "x"}
    for sent, looked_for in (("7", "7"), ("007", "7"), ("master", "master"), ("role_ends", "role_ends")):
        assert _ask(handler, queryStringParameters={"actor": sent}).body == {"actor": looked_for, "action": None}
    for name in ("actor", "action"):
        refused = _ask(handler, queryStringParameters={name: ""})
        assert refused.body["validation"] == [
            {"field": name, "message": "must not be empty: leave it out", "value": ""}
        ]


@pytest.mark.parametrize(
    "text",
    [
        *("ada@example.com", "Ada Byron", "MASTER", "1A2B" * 8, "9" * 11, "-7", "7.0"),
        *("{1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d}", "\u0661", "7\n", " master", "#", "a" * 101),
    ],
)
def test_what_nothing_has_as_its_id_or_action_is_refused_in_words(text: str) -> None:
    @route(Family.TENANT, may_call=None, query=frozenset({"actor", "action"}))
    def handler(request: Request[None]) -> Response:
        return Response(200, {"actor": request.query_id("actor"), "action": request.query_action("action")})

    for name, message in (
        ("actor", "must be an id, and no email or name"),
        ("action", "must be an action such as promote_user"),
    ):
        refused = _ask(handler, queryStringParameters={name: text})
        assert refused.body["validation"] == [{"field": name, "message": message, "value": text}]


@pytest.mark.parametrize("text", ["0", "-1", "2147483648", "9" * 30, "abc", "1.0", "", "\u0661"])
def test_an_account_id_is_a_positive_int32(text: str) -> None:
    @route(Family.PLATFORM, may_call=None)
    def handler(request: Request[None]) -> Response:
        return Response(200, {"id": request.path_positive_int32("id")})

    assert _ask(handler, pathParameters={"id": "2147483647"}).body == {"id": 2147483647}
    refused = _ask(handler, pathParameters={"id": text})
    assert refused.body["fieldErrors"] == [{"field": "id", "message": "must be a positive 32-bit integer"}]


@pytest.mark.parametrize(
    ("header", "versions"),
    [
        (None, None),
        ("*", None),
        (' "3" ', [3]),
        ('"3", "5"', [3, 5]),
        ('W/"3"', []),
        ("3", []),
        ('"03"', []),
        ('"\u0663"', []),
        ('"x", "7"', [7]),
        ("", []),
        ('"' + "9" * 5000 + '"', []),
    ],
)
def test_if_match_names_the_versions_that_will_do(header: str | None, versions: list[int] | None) -> None:
    @route(Family.TENANT, may_call=None)
    def handler(request: Request[None]) -> Response:
        return Response(200, {"versions": None if request.if_match is None else sorted(request.if_match)})

    headers = {} if header is None else {"IF-MATCH": header}
    assert _ask(handler, headers=headers).body == {"versions": versions}


# --- Who may call ----------------------------------------------------------------------------------

GUARDS = {
    "admins": require_tenant_role(Role.ADMIN),
    "admins and managers": require_tenant_role(Role.ADMIN, Role.MANAGER),
    "operators": require_master_token,
    "superadmins": require_superadmin,
}
CALLERS = [
    *((PrincipalType.USER, role.value) for role in Role),
    *((PrincipalType.ACCOUNT, role.value) for role in PlatformRole),
    (PrincipalType.MASTER, ""),
]
MAY_CALL = {
    "admins": {"admin"},
    "admins and managers": {"admin", "manager"},
    "operators": {""},
    "superadmins": {"ROLE_SUPERADMIN"},
}


@pytest.mark.parametrize(("kind", "role"), CALLERS)
@pytest.mark.parametrize("guarded", GUARDS)
def test_a_route_is_for_those_it_is_for(guarded: str, kind: PrincipalType, role: str) -> None:
    @route(Family.TENANT, may_call=GUARDS[guarded])
    def handler(_request: Request[None]) -> Response:
        return Response(200, {})

    tenant_id = "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d" if kind is PrincipalType.USER else ""
    context = {"principal_type": kind.value, "id": "7", "email": "a@example.com", "role": role, "tenant_id": tenant_id}
    answer = _ask(handler, requestContext={"requestId": "r", "authorizer": context})

    if role in MAY_CALL[guarded]:
        assert answer.status == 200
    else:
        assert (answer.status, answer.code) == (403, "MASTER_TOKEN_REQUIRED" if guarded == "operators" else "FORBIDDEN")


@pytest.mark.parametrize("guarded", GUARDS)
@pytest.mark.parametrize(
    "context",
    [
        None,
        {},
        {"principal_type": "anonymous"},
        {"role": "admin"},
        {"principal_type": "user", "id": "7", "role": "admin", "tenant_id": ""},  # nobody's is not everybody's
        {"principal_type": "user", "id": "7", "role": "admin", "tenant_id": None},
        {"principal_type": "user", "id": "", "role": "admin", "tenant_id": "1a2b3c4d"},
        {"principal_type": "user", "id": "7", "role": "boss", "tenant_id": "1a2b3c4d"},
        {"principal_type": "account", "id": "x", "role": "ROLE_SUPERADMIN"},
        {"principal_type": "account", "id": "7", "role": None},
    ],
)
def test_a_route_that_lost_its_authorizer_lets_nobody_in(guarded: str, context: dict[str, str | None] | None) -> None:
    @route(Family.TENANT, may_call=GUARDS[guarded])
    def handler(_request: Request[None]) -> Response:
        return Response(200, {})

    answer = _ask(handler, requestContext={"requestId": "r", "authorizer": context})
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")


def test_amounts_are_written_without_binary_rounding() -> None:
    amounts = [Decimal(text) for text in ("0", "0.30", "100", "1E+3", "99999999999999.99", "-0.01")]
    assert to_json(amounts) == "[0,0.3,100,1000,99999999999999.99,-0.01]"


# --- Time, and what a refusal is recorded of -------------------------------------------------------


def test_a_route_has_half_a_second_less_than_its_function() -> None:
    left = []

    @route(Family.TENANT, may_call=None)
    def handler(_request: Request[None]) -> Response:
        left.append(deadline.time_left())
        return Response(200, {})

    sample = gateway.event_of("promote_user") | {"body": None}
    handler(sample, gateway.Context(10_000))
    assert 9_999 < left[0] <= 9_999.5


@pytest.mark.parametrize(
    ("target_type", "text", "recorded"),
    [
        ("user", "1A2B3C4D-5E6F-4A7B-8C9D-0E1F2A3B4C5D", "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"),
        ("user", "ada@example.com", "unknown"),
        ("user", "7", "unknown"),
        ("account", "7", "7"),
        ("account", "007", "7"),
        ("account", "2147483647", "2147483647"),
        ("account", "12345678901", "unknown"),
        ("account", "ada@example.com", "unknown"),
        ("account", "\u0667", "unknown"),
        ("account", "-7", "unknown"),
        ("account", "", "unknown"),
    ],
)
def test_a_refusal_is_recorded_with_an_id_and_never_with_another_text(
    target_type: str, text: str, recorded: str
) -> None:
    assert routes._canonical_id_or_unknown(target_type, text) == recorded
