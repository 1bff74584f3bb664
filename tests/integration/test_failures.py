"""Failures of DynamoDB: the answer to the caller, and that no change is done in part.

The failures are injected into the HTTP responses that the layer's client gets.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from moto.core.botocore_stubber import MockRawResponse

from rolecall.auth.roles import PlatformRole
from rolecall.config import config
from rolecall.errors import ServiceUnavailable
from rolecall.storage import dynamodb
from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import (
    MASTER_TOKEN,
    NO_TIME_TO_SWEEP,
    PASSWORD,
    Holder,
    Tenant,
    audit_of,
    delete_tenant,
    make_account,
    table,
    unchanged,
    waiting_messages,
    work,
)
from tests.integration.deletion.deletions import progress, to_the_end

#: The address of a request that fails, so that moto does not execute it.
_NOWHERE = "https://nowhere.invalid/"
_NO_CALL_FAILED = "no call failed: the time or the attempts ran out"
type Failure = Callable[[AWSPreparedRequest], AWSResponse]


def _error(request: AWSPreparedRequest, code: str, status: int = 400, **more: Any) -> AWSResponse:
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "secret details", **more})
    request.url = _NOWHERE
    return AWSResponse(request.url, status, {}, MockRawResponse(body))  # type: ignore[arg-type]


def _partly(answer: Callable[[Any], dict[str, Any]]) -> Failure:
    """An answer that says that no item of the request was processed."""

    def fail(request: AWSPreparedRequest) -> AWSResponse:
        assert isinstance(request.body, bytes)
        body = json.dumps(answer(json.loads(request.body)["RequestItems"]))
        request.url = _NOWHERE
        return AWSResponse(request.url, 200, {}, MockRawResponse(body))  # type: ignore[arg-type]

    return fail


def throttled(request: AWSPreparedRequest) -> AWSResponse:
    return _error(request, "ProvisionedThroughputExceededException")


def down(request: AWSPreparedRequest) -> AWSResponse:
    return _error(request, "InternalServerError", 500)


def answering(status: int, body: str) -> Failure:
    """An answer of a proxy or load balancer in front of DynamoDB, without DynamoDB's error format."""

    def fail(request: AWSPreparedRequest) -> AWSResponse:
        request.url = _NOWHERE
        return AWSResponse(request.url, status, {}, MockRawResponse(body))  # type: ignore[arg-type]

    return fail


nameless = [
    answering(status, body)
    for status in (500, 502, 503, 504, 429)
    for body in ("", "<html>secret</html>", "{}", '{"message": "secret"}')
]


def contended(request: AWSPreparedRequest) -> AWSResponse:
    return _error(request, "TransactionConflictException")


def forbidden(request: AWSPreparedRequest) -> AWSResponse:
    return _error(request, "AccessDeniedException")


def out_of_reach(request: AWSPreparedRequest) -> AWSResponse:
    raise EndpointConnectionError(endpoint_url=_NOWHERE)


def silent(request: AWSPreparedRequest) -> AWSResponse:
    raise ReadTimeoutError(endpoint_url=_NOWHERE)


def _cancelled(reason: str) -> Failure:
    def fail(request: AWSPreparedRequest) -> AWSResponse:
        assert isinstance(request.body, bytes)
        parts = json.loads(request.body)["TransactItems"]
        reasons = [{"Code": reason}, *({"Code": "None"} for _ in parts[1:])]
        return _error(request, "TransactionCanceledException", CancellationReasons=reasons)

    return fail


conflicting, throttled_within = _cancelled("TransactionConflict"), _cancelled("ThrottlingError")
refused_within = _cancelled("ValidationError")
unread = _partly(lambda items: {"Responses": {}, "UnprocessedKeys": items})
unwritten = _partly(lambda items: {"UnprocessedItems": items})


@contextmanager
def failing_dynamodb(failure: Failure, operation: str, *, after: int = 0, times: int = 10_000) -> Iterator[None]:
    """Make DynamoDB fail at an operation, `times` times, after the first `after` requests."""
    seen = 0

    def respond(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        nonlocal seen
        seen += 1
        return failure(request) if after < seen <= after + times else None

    events, name = dynamodb.client().meta.events, f"before-send.dynamodb.{operation}"
    events.register_first(name, respond)
    try:
        yield
    finally:
        events.unregister(name, respond)
    assert seen > after, f"{operation} was not called"


# --- Every change, and every way in which its transaction can fail ---------------------------------


def _promote(acme: Tenant, _: Holder) -> Response:
    return acme.admin.promote(acme.members[0], "manager", principal=acme.admin.principal)


def _create_user(acme: Tenant, _: Holder) -> Response:
    return acme.admin.request("POST", "/users", {"email": "a@example.com", "password": PASSWORD, "role": "user"})


def _register(_: Tenant, __: Holder) -> Response:
    body = {"tenant_name": "Initech", "email": "a@example.com", "password": PASSWORD}
    return gateway.request("POST", "/register", MASTER_TOKEN, body)


def _delete(acme: Tenant, _: Holder) -> Response:
    return delete_tenant(acme.id)


def _log_in(_: Tenant, superadmin: Holder) -> Response:
    return gateway.request("POST", "/v1/api/auth/login", body={"email": superadmin.email, "password": PASSWORD})


def _change_account_role(_: Tenant, superadmin: Holder) -> Response:
    return superadmin.request("PUT", f"/v1/api/superadmin/users/{superadmin.id + 1}/role", {"newRole": "ADMIN"})


CHANGES = [_promote, _create_user, _register, _delete, _log_in, _change_account_role]
OUTCOMES: list[tuple[Failure, int, str]] = [
    (throttled, 503, "SERVICE_UNAVAILABLE"),
    (throttled_within, 503, "SERVICE_UNAVAILABLE"),
    (down, 503, "SERVICE_UNAVAILABLE"),
    (out_of_reach, 503, "SERVICE_UNAVAILABLE"),
    (silent, 503, "SERVICE_UNAVAILABLE"),
    *((failure, 503, "SERVICE_UNAVAILABLE") for failure in nameless),
    (conflicting, 409, "CONCURRENT_CHANGE"),
    (forbidden, 500, "INTERNAL_ERROR"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_cannot_be_written_is_refused_whole(
    acme: Tenant, superadmin: Holder, change: Callable[[Tenant, Holder], Response]
) -> None:
    acme.add("user")
    make_account()
    before = _but_counts()

    for failure, status, code in OUTCOMES:
        with failing_dynamodb(failure, "TransactWriteItems"):
            answer = change(acme, superadmin)

        assert (answer.status, answer.code) == (status, code)
        assert answer.headers.get("Retry-After") == ("1" if status == 503 else None)
        assert "secret" not in answer.text
        assert _but_counts() == before  # the audit trail included

    assert change(acme, superadmin).status in {200, 201}


def _schedule(acme: Tenant, _: Holder) -> Response:
    return delete_tenant(acme.id, query="?grace_days=7")


def _restore(acme: Tenant, _: Holder) -> Response:
    return gateway.request("POST", f"/global/tenants/{acme.id}/restore", MASTER_TOKEN)


def _delete_account(_: Tenant, superadmin: Holder) -> Response:
    gateway.invoke("run_operation", {"operation": "delete_account", "email": superadmin.email})
    return Response(200, {}, "")


@pytest.mark.parametrize(
    ("change", "operation", "changed"),
    [
        (_schedule, "UpdateItem", "tenant deletion"),
        (_restore, "Query", "tenant restoration"),
        (_restore, "DeleteItem", "tenant restoration"),
        (_delete_account, "Query", "account deletion"),
        (_delete_account, "BatchWriteItem", "account deletion"),
    ],
)
@pytest.mark.parametrize("failure", [forbidden, throttled])
def test_a_failure_of_dynamodb_after_the_commit_does_not_fail_the_request(
    acme: Tenant,
    superadmin: Holder,
    caplog: pytest.LogCaptureFixture,
    change: Callable[[Tenant, Holder], Response],
    operation: str,
    changed: str,
    failure: Failure,
) -> None:
    make_account(PlatformRole.SUPERADMIN)
    if change is _restore:
        _schedule(acme, superadmin).must(202)

    with failing_dynamodb(failure, operation):
        answer = change(acme, superadmin)

    assert answer.status == (202 if change is _schedule else 200)
    message = f"{changed} {'failed' if failure is forbidden else 'interrupted'}"
    [line] = [vars(one) for one in caplog.records if one.message == message]
    if change is _delete_account:
        assert line["account_id"] == superadmin.id
    else:
        assert line["tenant_id"] == acme.id
    if change is not _delete_account:
        expected = {"_schedule": 401, "_restore": 200}[change.__name__]
        assert acme.admin.request("GET", "/users").status == expected


def test_a_refusal_keeps_its_reason_when_the_key_of_the_request_cannot_be_freed(acme: Tenant) -> None:
    body = {"email": acme.admin.email, "password": PASSWORD, "role": "user"}
    with failing_dynamodb(forbidden, "DeleteItem"):
        answer = acme.admin.request("POST", "/users", body, headers={"Idempotency-Key": "one"})
    assert (answer.status, answer.code) == (409, "EMAIL_TAKEN")


def test_a_test_of_a_webhook_that_was_not_queued_says_so_even_if_it_cannot_be_forgotten(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook_id = acme.admin.add_webhook()
    monkeypatch.setenv("WEBHOOK_DELIVERIES_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/123456789012/gone")
    config.cache_clear()
    with failing_dynamodb(forbidden, "UpdateItem"):
        answer = acme.admin.request("POST", f"/webhooks/{webhook_id}/test")
    assert (answer.status, answer.code) == (503, "SERVICE_UNAVAILABLE")


def _but_counts() -> list[dict[str, Any]]:
    """All items except the counts of logins, which are written before the failing request."""
    return [item for item in table() if not item["pk"].startswith("ATTEMPTS#")]


@pytest.mark.parametrize("failure", [throttled, throttled_within, conflicting, down, out_of_reach])
def test_a_short_failure_is_hidden_by_a_retry(acme: Tenant, failure: Failure) -> None:
    target = acme.add("user")
    entries = len(audit_of(acme.id))

    with failing_dynamodb(failure, "TransactWriteItems", times=2):
        answer = acme.admin.promote(target, "manager")

    assert answer.body["data"]["new_role"] == "manager"
    assert len(audit_of(acme.id)) == entries + 1


# --- Reads -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [throttled, down, out_of_reach, *nameless])
def test_a_list_that_cannot_be_read_is_unavailable(acme: Tenant, failure: Failure) -> None:
    with failing_dynamodb(failure, "Query"):
        answer = acme.admin.request("GET", "/users")
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "SERVICE_UNAVAILABLE", "1")


@pytest.mark.parametrize("operation", ["GetItem", "BatchGetItem"])
def test_the_authorizer_fails_rather_than_denies_when_it_cannot_read(acme: Tenant, operation: str) -> None:
    # API Gateway answers 503. With a 401, a client would discard a valid token.
    with failing_dynamodb(throttled, operation), pytest.raises(ServiceUnavailable):
        gateway.authorize(acme.admin.token)


def test_keys_that_dynamodb_left_unread_are_asked_for_again(acme: Tenant) -> None:
    with failing_dynamodb(unread, "BatchGetItem", times=2):
        assert gateway.authorize(acme.admin.token)
    with failing_dynamodb(unread, "BatchGetItem"), pytest.raises(ServiceUnavailable):
        gateway.authorize(acme.admin.token)


# --- Log lines --------------------------------------------------------------------------------------


def _causes(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The fields of the log lines about an unavailable service."""
    assert "secret" not in caplog.text + str([vars(record) for record in caplog.records])
    names = ("cause", "operation", "code", "reasons", "http_status", "endpoint")
    found = [vars(record) for record in caplog.records if record.getMessage() == "service unavailable"]
    caplog.clear()
    return [{name: fields[name] for name in names if name in fields} for fields in found]


_SAID: list[tuple[Failure, dict[str, Any]]] = [
    (
        throttled,
        {
            "cause": "ProvisionedThroughputExceededException",
            "operation": "TransactWriteItems",
            "code": "ProvisionedThroughputExceededException",
            "http_status": 400,
        },
    ),
    (
        throttled_within,
        {
            "cause": "TransactionCanceledException",
            "operation": "TransactWriteItems",
            "code": "TransactionCanceledException",
            "reasons": ["ThrottlingError"],
            "http_status": 400,
        },
    ),
    (out_of_reach, {"cause": "EndpointConnectionError", "endpoint": _NOWHERE}),
    (silent, {"cause": "ReadTimeoutError", "endpoint": _NOWHERE}),
]


@pytest.mark.parametrize(("failure", "said"), _SAID)
@pytest.mark.parametrize("change", [_promote, _change_account_role])
def test_the_log_says_once_which_call_failed_when_a_route_answers_503(
    acme: Tenant,
    superadmin: Holder,
    change: Callable[[Tenant, Holder], Response],
    failure: Failure,
    said: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    acme.add("user")
    make_account()

    with failing_dynamodb(failure, "TransactWriteItems"):
        assert change(acme, superadmin).status == 503

    assert _causes(caplog) == [said]


@pytest.mark.parametrize(
    ("failure", "said"),
    [(out_of_reach, {"cause": "EndpointConnectionError", "endpoint": _NOWHERE}), (unread, {"cause": _NO_CALL_FAILED})],
)
def test_the_log_says_which_call_failed_when_the_authorizer_or_maintenance_ends_without_an_answer(
    acme: Tenant, failure: Failure, said: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with failing_dynamodb(failure, "BatchGetItem"), pytest.raises(ServiceUnavailable):
        gateway.authorize(acme.admin.token)
    assert _causes(caplog) == [said]

    with failing_dynamodb(out_of_reach, "Scan"), pytest.raises(ServiceUnavailable):
        gateway.invoke("run_maintenance", {})
    assert _causes(caplog) == [{"cause": "EndpointConnectionError", "endpoint": _NOWHERE}]


def test_an_interrupted_deletion_says_which_call_failed(acme: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    user = acme.add("user")
    with failing_dynamodb(throttled, "BatchWriteItem"):
        assert acme.admin.request("DELETE", f"/users/{user.id}").status == 200
        assert delete_tenant(acme.id).status == 202

    told = [vars(one) for one in caplog.records if one.getMessage().endswith("deletion interrupted")]
    assert [one["msg"] for one in told] == ["user deletion interrupted", "tenant deletion interrupted"]
    assert {(one["cause"], one["operation"]) for one in told} == {
        ("ProvisionedThroughputExceededException", "BatchWriteItem")
    }


# --- Lost answers of successful calls ----------------------------------------------------------------


@contextmanager
def _first_answer_lost(operation: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lose the first answer of an operation, so that the client sends the request again.

    DynamoDB recognizes a repeated transaction by its token and answers as before. moto does not, so this function does
    it.
    """
    endpoint = dynamodb.client()._endpoint
    respond = endpoint._do_get_response
    lost: dict[str, Any] = {}

    def lose(request: Any, model: Any, context: Any) -> Any:
        if model.name != operation:
            return respond(request, model, context)
        token = json.loads(request.body).get("ClientRequestToken")
        if lost:
            return lost[token] if token in lost and token else respond(request, model, context)
        lost[token] = respond(request, model, context)
        return None, ReadTimeoutError(endpoint_url=_NOWHERE)

    with monkeypatch.context() as patch:
        patch.setattr(endpoint, "_do_get_response", lose)
        yield
    assert lost, f"{operation} was not called"


def test_a_refusal_that_was_recorded_is_one_also_if_its_record_was_sent_twice(
    superadmin: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_account()
    path = f"/v1/api/superadmin/users/{superadmin.id}/role"
    entries = len(audit_of("PLATFORM"))
    with _first_answer_lost("TransactWriteItems", monkeypatch):
        answer = client.request("PUT", path, {"newRole": "CLIENT"})

    assert (answer.status, answer.code) == (403, "FORBIDDEN")
    assert len(audit_of("PLATFORM")) == entries + 1


@pytest.mark.parametrize("operation", ["PutItem", "TransactWriteItems"])
def test_a_registration_that_was_claimed_is_made_also_if_its_claim_was_sent_twice(
    aws: None, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"tenant_name": "Initech", "email": "a@example.com", "password": PASSWORD}
    with _first_answer_lost(operation, monkeypatch):
        answer = gateway.request("POST", "/register", MASTER_TOKEN, body, headers={"Idempotency-Key": "once"})

    assert answer.status == 201
    assert gateway.authorize(answer.body["token"])


# --- A refusal that cannot be recorded -------------------------------------------------------------


def test_a_refusal_that_cannot_be_audited_is_unavailable(acme: Tenant) -> None:
    user = acme.add("user")
    with unchanged(), failing_dynamodb(throttled, "TransactWriteItems"):
        answer = user.promote(acme.admin, "user")
    assert (answer.status, answer.code) == (503, "SERVICE_UNAVAILABLE")


# --- A deletion that was accepted ------------------------------------------------------------------


def _left_of(acme: Tenant) -> list[str]:
    return [item["pk"] for item in table() if item["pk"].startswith(f"TENANT#{acme.id}")]


@pytest.mark.parametrize("failure", [throttled, down, out_of_reach, contended, nameless[1]])
@pytest.mark.parametrize(
    ("operation", "after"),
    [
        ("PutItem", 0),  # the first write of a slice
        ("PutItem", 1),  # the write of a slice's counts
        ("Query", 0),
        ("Query", 2),
        ("BatchWriteItem", 0),
        ("BatchWriteItem", 2),
        ("TransactWriteItems", 1),  # the receipt
    ],
)
def test_a_deletion_that_was_accepted_stays_accepted_and_is_finished_later(
    acme: Tenant, operation: str, after: int, failure: Failure
) -> None:
    acme.add_device_and_session(acme.add("user"))

    with failing_dynamodb(failure, operation, after=after):
        answer = delete_tenant(acme.id)

    assert (answer.status, answer.body.get("data", {}).get("status")) == (202, "deleting")
    assert acme.admin.request("GET", "/users").status == 401
    to_the_end(acme)
    assert progress(acme)["status"] == "deleted"
    assert _left_of(acme) == []


@pytest.mark.parametrize("after", [0, 1, 2])
def test_items_that_dynamodb_left_unwritten_are_deleted_in_the_end_and_counted_once(acme: Tenant, after: int) -> None:
    # The batches in their order: the user's items, the owned keys, the user.
    acme.add_device_and_session(acme.admin)

    with failing_dynamodb(unwritten, "BatchWriteItem", after=after, times=3):
        assert delete_tenant(acme.id).status == 200

    assert {item["pk"].partition("#")[0] for item in table()} == {"AUDIT", "DELETION"}
    kinds = ("users", "tokens", "emails", "credentials", "devices", "sessions", "names", "tenants")
    assert progress(acme)["deleted"] == dict.fromkeys(kinds, 1)


def test_a_failed_deletion_does_not_stop_the_others(acme: Tenant, globex: Tenant) -> None:
    for tenant in (acme, globex):
        delete_tenant(tenant.id, seconds=NO_TIME_TO_SWEEP)

    def fail_for_acme(request: AWSPreparedRequest) -> AWSResponse | None:
        assert isinstance(request.body, bytes)
        return throttled(request) if acme.id.encode() in request.body else None

    with failing_dynamodb(fail_for_acme, "BatchWriteItem"):  # type: ignore[arg-type]
        bodies = waiting_messages()
        while bodies:
            failed = {int(one["itemIdentifier"]) for one in work(bodies)}
            assert all(acme.id in bodies[number] for number in failed)
            bodies = waiting_messages()
        assert progress(globex)["status"] == "deleted"
        assert progress(acme)["status"] == "deleting"
    to_the_end(acme)
    assert progress(acme)["status"] == "deleted"


# --- Time ------------------------------------------------------------------------------------------


def test_retries_end_in_time_for_an_answer(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    target, principal = acme.add("user"), acme.admin.principal
    monkeypatch.undo()  # real waiting
    began = time.monotonic()

    with failing_dynamodb(conflicting, "TransactWriteItems"):
        answer = acme.admin.promote(target, "manager", principal=principal, seconds=2.0)

    assert answer.code == "CONCURRENT_CHANGE"
    assert (
        time.monotonic() - began < 3.0
    )  # with one second for a slow machine; without a limit, it would take much longer
