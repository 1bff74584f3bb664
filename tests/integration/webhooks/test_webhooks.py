"""Webhooks over the API: making, listing, deleting and testing them, and rotating their secrets."""

import hmac
import json
import re
from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from rolecall import clock, config
from rolecall.aws import queues
from rolecall.clock import rfc3339
from rolecall.storage import cursors, dynamodb, keys, writes
from rolecall.storage.expressions import Attr
from rolecall.webhooks import signing_secrets, webhook_counts
from rolecall.webhooks.webhooks import (
    Webhook,
    find_webhooks_for_user_event,
    read_item_of_webhook,
    read_webhook_or_last_copy,
)
from tests import faults
from tests.gateway import Response
from tests.integration.clock import MovedClock
from tests.integration.conftest import Member, Tenant, register, table, unchanged
from tests.integration.deletion.deletions import call_before_request

URL = "https://example.com/hooks/rolecall?key=nobody-may-see-this"
_SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


def _create(admin: Member, **more: Any) -> Response:
    return admin.request("POST", "/webhooks", {"url": URL, **more})


def _list(admin: Member, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = admin.request("GET", f"/webhooks{query}").must(200)["webhooks"]
    return found


def _item(tenant: Tenant, webhook_id: str, user_id: str | None = None) -> dict[str, Any]:
    key = keys.webhook(tenant.id, webhook_id, user_id)
    [item] = [one for one in table() if (one["pk"], one["sk"]) == key]
    return item


def _set_state(tenant: Tenant, webhook_id: str, **attributes: str) -> None:
    """Write the state of deliveries, as the delivery does."""
    writes.write(writes.Update(keys.webhook(tenant.id, webhook_id), set=attributes, when=writes.MUST_EXIST))


def _audit_of(tenant: Tenant, webhook_id: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = tenant.admin.request("GET", f"/audit?target={webhook_id}").must(200)["entries"]
    return entries


# --- Making ----------------------------------------------------------------------------------------


def test_a_webhook_of_the_tenant_is_made_with_its_secret(acme: Tenant) -> None:
    answer = _create(acme.admin)

    assert answer.status == 201
    webhook = answer.body["webhook"]
    assert webhook.keys() == {"id", "url", "user_id", "status", "created_at", "last_delivered_at", "last_failure"}
    assert (webhook["url"], webhook["user_id"], webhook["status"]) == (URL, None, "active")
    assert (webhook["last_delivered_at"], webhook["last_failure"]) == (None, None)
    assert _SECRET.fullmatch(answer.body["webhook_secret"])
    assert len(b64decode(answer.body["webhook_secret"].removeprefix("whsec_"))) == 32
    assert _list(acme.admin) == [webhook]
    assert {one.id for one in find_webhooks_for_user_event(acme.id, acme.admin.id)} == {webhook["id"]}


def test_the_audit_names_the_host_and_the_user_of_a_webhook(acme: Tenant) -> None:
    user = acme.add("user")
    for webhook, facts in ((acme.admin.add_webhook(), {}), (acme.admin.add_webhook(user.id), {"user_id": user.id})):
        acme.admin.request("DELETE", f"/webhooks/{webhook}").must(200)
        deleted, made = _audit_of(acme, webhook)
        assert made["after"] == deleted["before"] == {"host": "example.com", **facts}


def test_a_webhook_of_a_user_gets_only_the_events_of_that_user(acme: Tenant) -> None:
    user, other = acme.add("user"), acme.add("user")
    made = _create(acme.admin, user_id=user.id.upper()).must(201)["webhook"]

    assert made["user_id"] == user.id
    assert _list(acme.admin) == [made]
    assert [one.id for one in find_webhooks_for_user_event(acme.id, user.id)] == [made["id"]]
    assert find_webhooks_for_user_event(acme.id, other.id) == []


def test_no_secret_is_in_the_table_and_no_secret_and_no_path_of_the_url_in_the_audit(acme: Tenant) -> None:
    made = _create(acme.admin).must(201)
    acme.admin.request("POST", f"/webhooks/{made['webhook']['id']}/secret").must(200)
    acme.admin.request("DELETE", f"/webhooks/{made['webhook']['id']}").must(200)

    assert "whsec" not in str(table())
    entries = _audit_of(acme, made["webhook"]["id"])
    assert [one["action"] for one in entries] == ["delete_webhook", "rotate_webhook_secret", "create_webhook"]
    assert "nobody-may-see-this" not in json.dumps(entries)
    assert entries[2]["after"] == {"host": "example.com"}
    assert {json.dumps(one["target"]) for one in entries} == {
        json.dumps({"type": "webhook", "id": made["webhook"]["id"]})
    }
    assert [one["before"] for one in entries] == [
        {"host": "example.com"},
        {"secret_generation": 1, "status": "active"},
        None,
    ]


@pytest.mark.parametrize("user_id", ["nobody", "00c8a4ee-a63b-4452-960b-8157893a026b", "", "#"])
def test_a_webhook_of_an_unknown_user_is_refused(acme: Tenant, user_id: str) -> None:
    with unchanged():
        answer = _create(acme.admin, user_id=user_id)
    assert (answer.status, answer.code) == (404, "USER_NOT_FOUND")


def test_a_deleted_user_gets_no_webhook(acme: Tenant) -> None:
    user = acme.add("user")
    acme.admin.request("DELETE", f"/users/{user.id}").must(200)
    with unchanged():
        assert _create(acme.admin, user_id=user.id).code == "USER_NOT_FOUND"


def test_a_user_whose_deletion_has_stopped_gets_no_webhook_and_loses_none_by_the_api(acme: Tenant) -> None:
    user = acme.add("user")
    webhook = acme.admin.add_webhook(user.id)
    marked = {"deleted_at": "2026-06-15T12:00:00Z"}
    writes.write(writes.Update(keys.user(acme.id, user.id), set=marked, when=writes.MUST_EXIST))
    with unchanged():
        assert _create(acme.admin, user_id=user.id).code == "USER_NOT_FOUND"
        assert acme.admin.request("DELETE", f"/webhooks/{webhook}").code == "WEBHOOK_NOT_FOUND"


def test_an_admin_can_have_a_webhook_of_their_own(acme: Tenant) -> None:
    mine = _create(acme.admin, user_id=acme.admin.id).must(201)["webhook"]
    acme.admin.request("DELETE", f"/webhooks/{mine['id']}").must(200)
    assert _list(acme.admin) == []
    assert _item_of_user(acme, acme.admin)["webhook_count"] == 0


def _item_of_user(tenant: Tenant, user: Member) -> dict[str, Any]:
    [item] = [one for one in table() if (one["pk"], one["sk"]) == keys.user(tenant.id, user.id)]
    return item


def test_a_tenant_has_ten_webhooks_at_most_and_each_user_five(acme: Tenant) -> None:
    user = acme.add("user")
    for owner, most in ((None, 10), (user.id, 5), (acme.admin.id, 5)):
        of = {"user_id": owner} if owner else {}
        made = [_create(acme.admin, **of).must(201)["webhook"]["id"] for _ in range(most)]
        with unchanged():
            answer = _create(acme.admin, **of)
        assert (answer.status, answer.code) == (409, "WEBHOOK_LIMIT")
        acme.admin.request("DELETE", f"/webhooks/{made[0]}").must(200)
        assert _create(acme.admin, **of).status == 201
    assert len(_list(acme.admin)) == 20


def test_the_webhook_of_a_tenant_is_found_without_an_index_which_may_be_late(acme: Tenant) -> None:
    webhook = acme.admin.add_webhook()
    with faults.crash_at(2, after=False):
        assert read_item_of_webhook(acme.id, webhook)["id"] == webhook


@pytest.mark.parametrize("own", [False, True], ids=["tenant", "oneself"])
@pytest.mark.parametrize(
    ("change", "status"),
    [({"role": "user"}, 403), ({"active": False}, 401)],
    ids=["demoted", "deactivated"],
)
def test_an_admin_who_loses_the_role_during_the_request_creates_tests_and_deletes_no_webhook(
    acme: Tenant, change: dict[str, Any], status: int, own: bool
) -> None:
    other = acme.add("admin")
    of = {"user_id": other.id} if own else {}
    webhook = _create(other, **of).must(201)["webhook"]["id"]
    principal = other.principal
    acme.admin.request("PUT", f"/users/{other.id}", change).must(200)
    with unchanged():
        for method, path, body in (
            ("POST", "/webhooks", {"url": URL, **of}),
            ("POST", f"/webhooks/{webhook}/secret", None),
            ("POST", f"/webhooks/{webhook}/test", None),
            ("DELETE", f"/webhooks/{webhook}", None),
        ):
            assert other.request(method, path, body, principal=principal).status == status


@pytest.mark.parametrize(("change", "status"), [({"role": "user"}, 403), ({"active": False}, 401)])
def test_an_admin_who_loses_the_role_during_the_request_creates_no_first_webhook(
    acme: Tenant, change: dict[str, Any], status: int
) -> None:
    other = acme.add("admin")
    principal = other.principal
    acme.admin.request("PUT", f"/users/{other.id}", change).must(200)
    with unchanged():
        answer = other.request("POST", "/webhooks", {"url": URL, "user_id": other.id}, principal=principal)
    assert answer.status == status


def test_a_temporary_admins_own_webhook_is_not_deleted_after_the_end(time: MovedClock, acme: Tenant) -> None:
    """A write that DynamoDB throttles until the role has ended is not sent again."""
    agent, until = acme.add("user"), time.ahead(3600)
    webhook = acme.admin.add_webhook(agent.id)
    acme.admin.request("POST", f"/users/{agent.id}/promote", {"new_role": "admin", "until": until}).must(200)
    principal = agent.principal
    time.to_second_before(until)

    with unchanged(), faults.throttle_first_transaction(lambda: time.to(until)) as sent:
        answer = agent.request("DELETE", f"/webhooks/{webhook}", principal=principal)
    assert (answer.status, sent.number) == (503, 1)


def test_a_closed_tenant_gets_no_webhook(acme: Tenant) -> None:
    user, principal = acme.add("user"), acme.admin.principal
    webhook = _create(acme.admin).must(201)["webhook"]["id"]
    writes.write(writes.Update(keys.tenant(acme.id), set={"status": "scheduled"}, when=Attr("status").eq("active")))
    with unchanged():
        for method, path, body in (
            ("POST", "/webhooks", {"url": URL}),
            ("POST", "/webhooks", {"url": URL, "user_id": user.id}),
            ("POST", f"/webhooks/{webhook}/secret", None),
            ("POST", f"/webhooks/{webhook}/test", None),
            ("DELETE", f"/webhooks/{webhook}", None),
        ):
            assert acme.admin.request(method, path, body, principal=principal).status == 401


# --- Listing ---------------------------------------------------------------------------------------


def test_webhooks_are_listed_page_by_page_the_oldest_first(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    user = acme.add("user")
    now = MovedClock()
    monkeypatch.setattr(clock, "now", now.now)
    made = []
    for number in range(5):
        made.append(_create(acme.admin, **({"user_id": user.id} if number % 2 else {})).must(201)["webhook"])
        now.forward(1)

    found, query = [], "?limit=2"
    while query:
        page = acme.admin.request("GET", f"/webhooks{query}").must(200)
        assert len(page["webhooks"]) <= 2
        found += page["webhooks"]
        query = f"?limit=2&cursor={page['next_cursor']}" if "next_cursor" in page else ""
    assert found == made == _list(acme.admin)
    # A later version must accept the cursor too.
    first = acme.admin.request("GET", "/webhooks?limit=1").must(200)
    assert first["next_cursor"] == cursors.encode(made[0]["id"], "list_webhooks", acme.id)
    assert "next_cursor" not in acme.admin.request("GET", "/webhooks?limit=5").must(200), "nothing follows a full page"


def test_the_state_of_deliveries_is_shown(acme: Tenant) -> None:
    webhook = _create(acme.admin).must(201)["webhook"]["id"]
    state = {"status": "failing", "last_failure_at": "2026-06-15T12:00:00Z", "last_failure": "503"}
    _set_state(acme, webhook, **state, last_delivered_at="2026-06-14T12:00:00Z")

    [shown] = _list(acme.admin)
    assert (shown["status"], shown["last_delivered_at"]) == ("failing", "2026-06-14T12:00:00Z")
    assert shown["last_failure"] == {"at": "2026-06-15T12:00:00Z", "error": "503"}


# --- Deleting --------------------------------------------------------------------------------------


@pytest.mark.parametrize("own", [False, True], ids=["tenant", "user"])
def test_a_deleted_webhook_is_gone_and_has_no_copy(acme: Tenant, own: bool) -> None:
    user = acme.add("user")
    owner = user.id if own else None
    webhook = acme.admin.add_webhook(owner)

    answer = acme.admin.request("DELETE", f"/webhooks/{webhook}")
    assert answer.must(200) == {"success": True, "message": "Webhook deleted"}
    assert _list(acme.admin) == []
    assert find_webhooks_for_user_event(acme.id, user.id) == []
    assert read_webhook_or_last_copy(acme.id, webhook, owner) is None
    assert "WEBHOOK#" not in str(table())
    again = acme.admin.request("DELETE", f"/webhooks/{webhook}")
    assert (again.status, again.code) == (404, "WEBHOOK_NOT_FOUND")


@pytest.mark.parametrize("own", [False, True], ids=["tenant", "user"])
def test_a_webhook_that_is_deleted_twice_at_once_is_counted_once(acme: Tenant, own: bool) -> None:
    user = acme.add("user")
    webhook, other = (acme.admin.add_webhook(user.id if own else None) for _ in range(2))
    path = f"/webhooks/{webhook}"

    with call_before_request("TransactWriteItems", lambda: acme.admin.request("DELETE", path).must(200)):
        answer = acme.admin.request("DELETE", path)

    assert (answer.status, answer.code) == (404, "WEBHOOK_NOT_FOUND")
    counted = keys.user(acme.id, user.id) if own else keys.tenant(acme.id)
    [item] = [one for one in table() if (one["pk"], one["sk"]) == counted]
    assert item["webhook_count"] == 1
    assert [one["id"] for one in _list(acme.admin)] == [other]


@pytest.mark.parametrize(
    "webhook_id", ["nothing", "00c8a4ee-a63b-4452-960b-8157893a026b", "01980000-0000-7000-8000-000000000000"]
)
def test_an_unknown_webhook_id_is_not_found(acme: Tenant, webhook_id: str) -> None:
    acme.admin.add_webhook()
    with unchanged():
        for method, path in (("DELETE", ""), ("POST", "/secret"), ("POST", "/test")):
            answer = acme.admin.request(method, f"/webhooks/{webhook_id}{path}")
            assert (answer.status, answer.code) == (404, "WEBHOOK_NOT_FOUND")


# --- Secrets ---------------------------------------------------------------------------------------


def test_a_rotated_secret_is_new_and_for_24_hours_both_sign(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    now = MovedClock()
    monkeypatch.setattr(clock, "now", now.now)
    made = _create(acme.admin).must(201)
    webhook = made["webhook"]["id"]

    def valid() -> list[str]:
        found = read_webhook_or_last_copy(acme.id, webhook, None)
        assert found
        return signing_secrets.derive_valid_secrets(found, clock.now())

    assert valid() == [made["webhook_secret"]]
    rotated = acme.admin.request("POST", f"/webhooks/{webhook}/secret").must(200)
    assert rotated["webhook"] == made["webhook"]
    assert valid() == [rotated["webhook_secret"], made["webhook_secret"]]
    now.forward(24 * 3600 - 5)
    assert valid() == [rotated["webhook_secret"], made["webhook_secret"]]
    now.forward(5)
    assert valid() == [rotated["webhook_secret"]]
    third = acme.admin.request("POST", f"/webhooks/{webhook}/secret").must(200)["webhook_secret"]
    assert valid() == [third, rotated["webhook_secret"]]
    assert len({made["webhook_secret"], rotated["webhook_secret"], third}) == 3


def test_a_secret_is_derived_again_by_a_later_version(acme: Tenant) -> None:
    made = _create(acme.admin).must(201)
    rotated = acme.admin.request("POST", f"/webhooks/{made['webhook']['id']}/secret").must(200)
    for generation, body in ((1, made), (2, rotated)):
        digest = hmac.digest(b"W" * 64, f"{made['webhook']['id']}#{generation}".encode(), "sha256")
        assert body["webhook_secret"] == f"whsec_{b64encode(digest).decode()}"


def test_two_concurrent_rotations_return_different_secrets(acme: Tenant) -> None:
    webhook = acme.admin.add_webhook()
    path, other = f"/webhooks/{webhook}/secret", []

    with call_before_request("TransactWriteItems", lambda: other.append(acme.admin.request("POST", path).must(200))):
        last = acme.admin.request("POST", path).must(200)

    found = read_webhook_or_last_copy(acme.id, webhook, None)
    assert found
    assert found.secret_generation == 3
    expected = [last["webhook_secret"], other[0]["webhook_secret"]]
    assert signing_secrets.derive_valid_secrets(found, clock.now()) == expected
    states = [
        (one["before"]["secret_generation"], one["after"]["secret_generation"]) for one in _audit_of(acme, webhook)[:2]
    ]
    assert sorted(states) == [(1, 2), (2, 3)]


def test_a_webhook_that_is_disabled_during_a_rotation_is_enabled(acme: Tenant) -> None:
    webhook = acme.admin.add_webhook()
    with call_before_request("TransactWriteItems", lambda: _set_state(acme, webhook, status="disabled")):
        answer = acme.admin.request("POST", f"/webhooks/{webhook}/secret").must(200)
    assert answer["webhook"]["status"] == _item(acme, webhook)["status"] == "active"


def test_a_temporary_admin_gets_no_webhook_secret(acme: Tenant) -> None:
    webhook, agent = acme.admin.add_webhook(), acme.add("user")
    until = rfc3339(clock.now() + timedelta(hours=1))
    acme.admin.request("POST", f"/users/{agent.id}/promote", {"new_role": "admin", "until": until}).must(200)
    with unchanged():
        assert _create(agent).status == 403
        assert agent.request("POST", f"/webhooks/{webhook}/secret").status == 403
    assert agent.request("DELETE", f"/webhooks/{webhook}").status == 200


@pytest.mark.parametrize("what", ["made", "made for oneself", "rotated"])
def test_an_admin_who_becomes_temporary_during_the_request_gets_no_webhook_secret(acme: Tenant, what: str) -> None:
    webhook, other = acme.admin.add_webhook(), acme.add("admin")
    until = rfc3339(clock.now() + timedelta(hours=1))

    def demote_and_promote_with_an_end() -> None:
        for change in ({"new_role": "user"}, {"new_role": "admin", "until": until}):
            acme.admin.request("POST", f"/users/{other.id}/promote", change).must(200)

    with call_before_request("TransactWriteItems", demote_and_promote_with_an_end):
        if what == "rotated":
            answer = other.request("POST", f"/webhooks/{webhook}/secret")
        else:
            answer = _create(other, **({"user_id": other.id} if what == "made for oneself" else {}))
    assert (answer.status, answer.code) == (403, "FORBIDDEN")
    assert _item(acme, webhook)["secret_generation"] == 1
    assert [one["id"] for one in _list(acme.admin)] == [webhook]


def test_each_webhook_has_a_secret_of_its_own(acme: Tenant, globex: Tenant) -> None:
    assert len({_create(admin).must(201)["webhook_secret"] for admin in (acme.admin, acme.admin, globex.admin)}) == 3


@pytest.mark.parametrize("status", ["active", "failing", "disabled"])
def test_a_rotation_enables_a_disabled_webhook_and_leaves_another_as_it_is(acme: Tenant, status: str) -> None:
    webhook = acme.admin.add_webhook()
    failing = {"failing_since": "2026-06-15T12:00:00Z", "next_attempt_at": "2026-06-15T13:00:00Z"}
    _set_state(acme, webhook, status=status, **failing)

    answer = acme.admin.request("POST", f"/webhooks/{webhook}/secret").must(200)

    assert answer["webhook"]["status"] == ("active" if status == "disabled" else status)
    item = _item(acme, webhook)
    assert item["status"] == answer["webhook"]["status"]
    assert (item.keys() & failing.keys() == set()) is (status == "disabled")
    entry = _audit_of(acme, webhook)[0]
    assert (entry["before"]["status"], entry["after"]["status"]) == (status, answer["webhook"]["status"])


# --- Testing ---------------------------------------------------------------------------------------


def _queued() -> list[dict[str, Any]]:
    url = config.config().webhook_deliveries_queue_url
    answer = queues._sqs_client().receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


@pytest.mark.parametrize("status", ["active", "disabled"])
@pytest.mark.parametrize("own", [False, True], ids=["tenant", "user"])
def test_a_test_is_queued_with_ids_only(acme: Tenant, own: bool, status: str) -> None:
    owner = acme.admin.id if own else None
    webhook = acme.admin.add_webhook(owner, URL)
    if not own:
        _set_state(acme, webhook, status=status)

    answer = acme.admin.request("POST", f"/webhooks/{webhook}/test")

    data = answer.must(202)["data"]
    [message] = _queued()
    assert data == {"webhook_id": webhook, "delivery_id": message["delivery_id"], "type": "webhook.test"}
    second = int(datetime.fromisoformat(message["timestamp"]).timestamp())
    assert abs(second - clock.now().timestamp()) < 60
    assert message == {
        "tenant_id": acme.id,
        "webhook_id": webhook,
        "user_id": owner,
        "delivery_id": data["delivery_id"],
        "event_type": "webhook.test",
        "timestamp": message["timestamp"],
        "data": {"tenant_id": acme.id, "webhook_id": webhook},
        "first_at": second,
        "due_at": second,
        "attempt": 1,
    }
    assert not re.search("example.com|whsec|@", json.dumps(message))


@pytest.mark.parametrize(
    ("seconds", "status"),
    [(0, 429), (298, 429), (300, 202), (-30, 429), (-3600, 202)],
    ids=["at once", "shortly before the end", "at the end", "clock a little behind", "clock that went back"],
)
def test_one_test_of_a_webhook_waits_at_a_time(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, seconds: float, status: int
) -> None:
    now = MovedClock()
    monkeypatch.setattr(clock, "now", now.now)
    webhook, other = acme.admin.add_webhook(), acme.admin.add_webhook()
    acme.admin.request("POST", f"/webhooks/{webhook}/test").must(202)
    acme.admin.request("POST", f"/webhooks/{other}/test").must(202)
    now.forward(seconds)

    again = acme.admin.request("POST", f"/webhooks/{webhook}/test")

    assert again.status == status, again.text
    assert len(_queued()) == (2 if status == 429 else 3)
    if status == 429:
        assert again.code == "RATE_LIMITED"
        assert 0 <= 300 - seconds - int(again.headers["Retry-After"]) <= 1


def test_after_a_test_that_could_not_be_queued_the_next_one_is_accepted(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = acme.admin.add_webhook()
    with monkeypatch.context() as broken, unchanged():
        broken.setenv("WEBHOOK_DELIVERIES_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/123456789012/none")
        config.config.cache_clear()
        assert acme.admin.request("POST", f"/webhooks/{webhook}/test").status == 503
    config.config.cache_clear()
    acme.admin.request("POST", f"/webhooks/{webhook}/test").must(202)


def test_of_two_concurrent_tests_one_is_queued(acme: Tenant) -> None:
    webhook, principal = acme.admin.add_webhook(), acme.admin.principal

    def test_it() -> Response:
        return acme.admin.request("POST", f"/webhooks/{webhook}/test", principal=principal)

    with faults.call_before_building_transaction(lambda: test_it().must(202)):
        assert test_it().status == 429
    assert len(_queued()) == 1


# --- At the creation of a tenant and of a user -------------------------------------------------------


def test_the_webhook_of_a_registration_counts_as_one_of_the_tenants(aws: None) -> None:
    tenant = register("Acme", webhook_url=URL)
    [webhook] = _list(tenant.admin)
    assert (webhook["url"], webhook["user_id"]) == (URL, None)
    [entry] = tenant.admin.request("GET", "/audit?action=register_tenant").must(200)["entries"]
    assert entry["after"]["webhook"] == {"id": webhook["id"], "host": "example.com"}
    for _ in range(webhook_counts.MOST_OF_TENANT - 1):
        tenant.admin.add_webhook()
    assert _create(tenant.admin).code == "WEBHOOK_LIMIT"


def test_the_webhook_of_a_new_user_counts_as_one_of_the_users(acme: Tenant) -> None:
    user = acme.add("user", webhook_url=URL)
    [webhook] = _list(acme.admin)
    assert (webhook["url"], webhook["user_id"]) == (URL, user.id)
    [entry] = acme.admin.request("GET", "/audit?action=create_user").must(200)["entries"]
    assert entry["after"]["webhook"] == {"id": webhook["id"], "host": "example.com"}
    for _ in range(webhook_counts.MOST_OF_USER - 1):
        acme.admin.add_webhook(user.id)
    assert _create(acme.admin, user_id=user.id).code == "WEBHOOK_LIMIT"


def test_a_webhook_that_an_earlier_version_stored_is_never_delivered_to(acme: Tenant) -> None:
    key = keys.webhook(acme.id, str(uuid4()), acme.admin.id)
    writes.write(writes.put_if_absent(key, {"url": URL, "created_at": rfc3339(clock.now())}))
    assert find_webhooks_for_user_event(acme.id, acme.admin.id) == []


def test_a_webhook_that_an_earlier_version_stored_is_not_found(acme: Tenant) -> None:
    webhook = str(uuid4())
    key = keys.webhook(acme.id, webhook)
    writes.write(writes.put_if_absent(key, {"url": URL, "created_at": rfc3339(clock.now())}))
    with unchanged():
        for method, path in (("DELETE", ""), ("POST", "/secret"), ("POST", "/test")):
            assert acme.admin.request(method, f"/webhooks/{webhook}{path}").code == "WEBHOOK_NOT_FOUND"


def test_a_webhook_read_from_its_item_equals_the_created_one(acme: Tenant) -> None:
    made = _create(acme.admin).must(201)["webhook"]
    item: dynamodb.Item = _item(acme, made["id"])
    assert Webhook.from_item(item).to_json() == made
