"""`Idempotency-Key` on POST /users and POST /register."""

import hmac
import json
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from rolecall import clock
from rolecall.storage import dynamodb, keys, reads, writes
from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import MASTER_TOKEN, PASSWORD, Tenant, table, table_without_audit, unchanged

ADA = {"email": "ada@example.com", "password": PASSWORD, "role": "user", "webhook_url": "https://example.com/hook"}
ACME = {"tenant_name": "Acme", "email": "owner@acme.example.com", "password": PASSWORD}
KEY = {"Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}


def _create(tenant: Tenant, body: dict[str, str] = ADA, headers: dict[str, str] = KEY, **more: Any) -> Response:
    return tenant.admin.request("POST", "/users", body, headers=headers, **more)


def _register(body: dict[str, str] = ACME) -> Response:
    return gateway.request("POST", "/register", MASTER_TOKEN, body, headers=KEY)


def _records() -> list[dict[str, Any]]:
    return [item for item in table() if "request_hash" in item]


def test_a_user_is_made_once_and_its_token_answered_again(acme: Tenant) -> None:
    first = _create(acme)
    with unchanged():
        second = _create(acme)

    assert (first.status, second.status) == (201, 201)
    assert second.text == first.text
    assert second.headers["ETag"] == first.headers["ETag"]
    assert gateway.authorize(second.body["user"]["token"])


def test_a_tenant_is_made_once_and_its_token_answered_again(aws: None) -> None:
    first = _register()
    with unchanged():
        second = _register()

    assert (first.status, second.status, second.text) == (201, 201, first.text)
    assert gateway.authorize(second.body["token"])


def test_the_webhook_of_a_registration_is_made_once_and_its_secret_answered_again(aws: None) -> None:
    body = {**ACME, "webhook_url": "https://example.com/hook"}
    first = _register(body)
    webhook = [item for item in table() if item["sk"].startswith("WEBHOOK#")]
    gateway.request("POST", f"/webhooks/{webhook[0]['id']}/secret", first.body["token"]).must(200)
    with unchanged():
        second = _register(body)

    assert (first.status, second.status, second.text) == (201, 201, first.text)
    assert len(webhook) == 1
    assert first.body["webhook_secret"] not in json.dumps(table(), default=str)


def test_a_record_of_an_earlier_version_has_no_webhook(acme: Tenant) -> None:
    first = _create(acme)
    [record] = _records()
    answer = {"user": json.loads(record["answer"])["user"], "webhook_url": ADA["webhook_url"]}
    _set_on_the_record(answer=json.dumps(answer))
    second = _create(acme)
    assert (second.status, second.body["user"]) == (201, first.body["user"])
    assert (second.body["webhook_configured"], second.body["webhook_url"]) == (False, None)


@pytest.mark.parametrize("field", ["email", "password", "role", "webhook_url"])
def test_another_body_is_refused(acme: Tenant, field: str) -> None:
    other = {"email": "bob@example.com", "password": "battery staple", "role": "admin", "webhook_url": "https://b.org/"}
    _create(acme)
    with unchanged():
        answer = _create(acme, {**ADA, field: other[field]})
    assert (answer.status, answer.code) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_another_registration_is_refused(aws: None) -> None:
    _register()
    with unchanged():
        assert _register({**ACME, "tenant_name": "Globex"}).code == "IDEMPOTENCY_KEY_REUSED"


def test_two_registrations_with_different_keys_make_two_tenants(aws: None) -> None:
    globex = {**ACME, "tenant_name": "Globex", "email": "owner@globex.com"}
    answers = [
        gateway.request("POST", "/register", MASTER_TOKEN, body, headers={"Idempotency-Key": key})
        for key, body in (("first", ACME), ("second", globex))
    ]
    assert [answer.status for answer in answers] == [201, 201]


def test_a_key_is_the_callers_own(acme: Tenant, globex: Tenant) -> None:
    second_admin = acme.add("admin")
    answers = [
        _create(acme),
        _create(globex, {**ADA, "email": "bob@example.com"}),
        second_admin.request("POST", "/users", {**ADA, "email": "cy@example.com"}, headers=KEY),
    ]
    assert [answer.status for answer in answers] == [201, 201, 201]
    assert len({answer.body["user"]["token"] for answer in answers}) == 3


def test_a_key_is_found_again_by_a_later_version(acme: Tenant) -> None:
    """The record's key is computed only from operation, caller and idempotency key, in the same way in each version."""
    _create(acme)
    initech = _register({**ACME, "tenant_name": "Initech"}).body["tenant"]
    asked = [("create_user", acme.id, acme.admin.id), ("register_tenant", "", "master")]
    digests = [hmac.digest(b"I" * 64, json.dumps([*one, *KEY.values()]).encode(), "sha256").hex() for one in asked]
    found = {(record["pk"], record["sk"]) for record in _records()}
    assert found == {(f"TENANT#{acme.id}", f"REQUEST#{digests[0]}"), (f"REQUEST#{digests[1]}", "META")}
    assert {record["tenant_id"] for record in _records()} == {acme.id, initech["id"]}
    assert {record["request_hash"][:8] for record in _records()} == {"836269f6", "f2c6a9fc"}, "and is the same request"


def test_a_refused_request_frees_its_key(acme: Tenant) -> None:
    before = table_without_audit()
    assert _create(acme, {**ADA, "email": acme.admin.email}).code == "EMAIL_TAKEN"
    assert table_without_audit() == before
    assert _create(acme).status == 201


@pytest.mark.parametrize("key", ["", " ", "a" * 256, "é", "a b"])
def test_a_key_is_visible_ascii(acme: Tenant, key: str) -> None:
    with unchanged():
        assert _create(acme, headers={"Idempotency-Key": key}).code == "VALIDATION_ERROR"


def _set_on_the_record(**values: Any) -> None:
    [record] = _records()
    writes.write(writes.Update(keys.Key(record["pk"], record["sk"]), set=values, when=writes.MUST_EXIST))


def test_while_the_first_request_runs_the_second_one_gets_retry_after(acme: Tenant) -> None:
    _create(acme)
    _set_on_the_record(status="INPROGRESS")
    with unchanged():
        answer = _create(acme)
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (409, "CONCURRENT_CHANGE", "1")


@pytest.mark.parametrize(("seconds_ahead", "code"), [(60, "CONCURRENT_CHANGE"), (3600, "EMAIL_TAKEN")])
def test_a_claim_whose_time_is_too_far_ahead_is_taken_over(acme: Tenant, seconds_ahead: int, code: str) -> None:
    _create(acme)
    until = int((clock.now().timestamp() + seconds_ahead) * 1000)
    _set_on_the_record(status="INPROGRESS", in_progress_until=until)
    assert _create(acme).code == code


def test_an_abandoned_claim_is_taken_over(acme: Tenant) -> None:
    _create(acme)
    _set_on_the_record(status="INPROGRESS", in_progress_until=1)
    # The user was created already, so this request is refused, and the idempotency key is free again.
    assert _create(acme).code == "EMAIL_TAKEN"
    assert _records() == []


def test_an_answer_is_kept_for_24_hours_to_the_second(acme: Tenant) -> None:
    answer = _create(acme)
    [record] = _records()
    created = reads.get(keys.user(acme.id, answer.body["user"]["id"]))
    assert created
    _set_on_the_record(expires_at=1)  # which DynamoDB has not removed yet
    assert _create(acme).code == "EMAIL_TAKEN"
    made = datetime.fromisoformat(created["created_at"]).timestamp()
    assert 0 <= int(record["expires_at"]) - made - 24 * 3600 <= 2


def test_a_claim_that_is_sent_again_after_a_lost_answer_still_belongs_to_the_attempt(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As botocore does it when the connection breaks."""
    call = dynamodb.call
    sent: list[Any] = []

    def send_twice(operation: str, **parameters: Any) -> Any:
        if operation == "put_item" and not sent:
            sent.append(call(operation, **parameters))
        return call(operation, **parameters)

    monkeypatch.setattr(dynamodb, "call", send_twice)
    assert _register().status == 201
    assert sent


@pytest.mark.parametrize("lost", range(1, 4))
def test_a_repeated_request_returns_the_lost_answer(acme: Tenant, lost: int) -> None:
    """From the n-th call on, the storage executes each call, but its answer gets lost."""
    principal = acme.admin.principal
    answered = 0

    def lose(**_: Any) -> None:
        nonlocal answered
        answered += 1
        if answered >= lost:
            raise EndpointConnectionError(endpoint_url="dynamodb")

    events = dynamodb.client().meta.events
    events.register("after-call.dynamodb", lose)
    try:
        first = _create(acme, principal=principal, seconds=0.7)
    finally:
        events.unregister("after-call.dynamodb", lose)

    assert first.status == (503 if answered >= lost else 201)
    if any(record["status"] == "INPROGRESS" for record in _records()):
        _set_on_the_record(in_progress_until=1)
    second = _create(acme)
    assert second.status == 201
    assert gateway.authorize(second.body["user"]["token"])
    assert len([item for item in table() if item["pk"] == "EMAIL#ada@example.com"]) == 1


def test_a_record_holds_no_secret_and_goes_with_its_tenant(acme: Tenant) -> None:
    registered = _register({**ACME, "tenant_name": "Initech"})
    created = _create(acme)
    for secret in (registered.body["token"], created.body["user"]["token"], PASSWORD, *KEY.values()):
        assert secret not in str(table())

    for tenant_id in (acme.id, registered.body["tenant"]["id"]):
        assert gateway.request("DELETE", f"/global/tenants/{tenant_id}", MASTER_TOKEN).status == 200
    # The remaining record of the registration does not mention the tenant.
    [record] = _records()
    assert record["status"] == "DELETED"
    for fact in (registered.body["tenant"]["id"], registered.body["user"]["id"], "Initech", ACME["email"]):
        assert fact not in str(record)


def test_a_registration_repeated_after_the_tenants_deletion_makes_no_second_tenant(aws: None) -> None:
    tenant_id = _register(ACME).body["tenant"]["id"]
    assert gateway.request("DELETE", f"/global/tenants/{tenant_id}", MASTER_TOKEN).status == 200

    with unchanged():
        answer = _register(ACME)
        assert (answer.status, answer.code) == (409, "DELETION_STARTED")
        assert _register({**ACME, "tenant_name": "Other"}).code == "IDEMPOTENCY_KEY_REUSED"


def test_a_deleted_users_email_is_in_no_kept_answer_and_its_creation_is_not_repeated(acme: Tenant) -> None:
    created = _create(acme).body["user"]
    assert created["email"] in str(_records())

    assert acme.admin.request("DELETE", f"/users/{created['id']}").status == 200

    assert created["email"] not in str(_records())
    with unchanged():
        answer = _create(acme)
        assert (answer.status, answer.code) == (409, "DELETION_STARTED")


def test_a_deactivated_tenant_gets_no_record(acme: Tenant) -> None:
    principal = acme.admin.principal
    gateway.request("DELETE", f"/global/tenants/{acme.id}", MASTER_TOKEN)
    with unchanged():
        assert _create(acme, principal=principal).status == 401
