"""The webhooks of a deleted user or tenant: a copy serves the last events for a while, and nothing else remains."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rolecall.clock import epoch_seconds
from rolecall.storage import keys, writes
from rolecall.webhooks.last_deliveries import COPY_LIFETIME, delete_expired_copies
from rolecall.webhooks.webhooks import Webhook, find_webhooks_for_user_event, read_webhook_or_last_copy
from tests import gateway
from tests.integration.clock import MovedClock
from tests.integration.conftest import (
    MASTER_TOKEN,
    NO_TIME_TO_SWEEP,
    Tenant,
    delete_tenant,
    run_maintenance,
    run_workers,
    table,
    table_without_audit,
)

_URL = "https://example.com/hook"


@pytest.fixture
def acme(time: MovedClock, acme: Tenant) -> Tenant:
    return acme


def _copies() -> list[dict[str, Any]]:
    return [item for item in table() if item["pk"].startswith("LAST_DELIVERIES#")]


def _found(tenant: Tenant, user_id: str) -> dict[str, Webhook]:
    return {one.id: one for one in find_webhooks_for_user_event(tenant.id, user_id)}


def _disable(tenant: Tenant, webhook_id: str) -> None:
    key = keys.webhook(tenant.id, webhook_id)
    writes.write(writes.Update(key, set={"status": "disabled"}, when=writes.MUST_EXIST))


def test_the_webhook_of_a_deleted_user_still_gets_the_deletion(acme: Tenant) -> None:
    user = acme.add("user")
    of_tenant, of_user = acme.admin.add_webhook(), acme.admin.add_webhook(user.id)
    acme.admin.request("POST", f"/webhooks/{of_user}/secret").must(200)
    before = read_webhook_or_last_copy(acme.id, of_user, user.id)
    assert before

    acme.admin.request("DELETE", f"/users/{user.id}").must(200)

    found = _found(acme, user.id)
    assert found.keys() == {of_tenant, of_user}
    copy = read_webhook_or_last_copy(acme.id, of_user, user.id)
    assert copy == found[of_user] == before._replace(is_last_copy=True)
    assert not found[of_tenant].is_last_copy
    assert _found(acme, acme.admin.id).keys() == {of_tenant}
    listed = acme.admin.request("GET", "/webhooks").must(200)["webhooks"]
    assert [one["id"] for one in listed] == [of_tenant]


def test_a_copy_has_no_more_than_a_delivery_needs(acme: Tenant, time: MovedClock) -> None:
    user = acme.add("user")
    webhook = acme.admin.add_webhook(user.id, _URL)
    acme.admin.request("DELETE", f"/users/{user.id}").must(200)

    [copy] = _copies()
    expires_at = copy.pop("expires_at")
    assert abs(int(expires_at) - epoch_seconds(time.at + COPY_LIFETIME)) <= 1
    assert copy == {
        "pk": f"LAST_DELIVERIES#{acme.id}",
        "sk": f"OF_USER#{user.id}#WEBHOOK#{webhook}",
        "gsi1pk": "LAST_DELIVERIES",
        "gsi1sk": f"{expires_at}#{webhook}",
        "tenant_id": acme.id,
        "user_id": user.id,
        "id": webhook,
        "url": _URL,
        "created_at": copy["created_at"],
        "secret_generation": 1,
        "status": "active",
    }


def test_a_copy_is_used_for_its_lifetime_and_removed_by_maintenance(acme: Tenant, time: MovedClock) -> None:
    users = [acme.add("user") for _ in range(2)]
    webhooks = [acme.admin.add_webhook(user.id) for user in users]
    for user in users:
        acme.admin.request("DELETE", f"/users/{user.id}").must(200)
        time.forward(60)

    time.forward(COPY_LIFETIME.total_seconds() - 90)
    assert [_found(acme, user.id).keys() for user in users] == [set(), {webhooks[1]}]
    assert read_webhook_or_last_copy(acme.id, webhooks[0], users[0].id) is None
    assert read_webhook_or_last_copy(acme.id, webhooks[1], users[1].id)
    run_maintenance()
    assert [copy["id"] for copy in _copies()] == [webhooks[1]]
    time.forward(timedelta(minutes=2).total_seconds())
    run_maintenance()
    assert _copies() == []


@pytest.mark.parametrize(("seconds", "most", "left"), [(0, 9, 3), (1, 9, 0), (1, 2, 1)])
def test_copies_that_expired_before_a_second_are_deleted_and_no_more_than_asked_for(
    acme: Tenant, seconds: int, most: int, left: int
) -> None:
    for _ in range(3):
        acme.admin.add_webhook()
    delete_tenant(acme.id).must(200)
    [expires_at] = {int(copy["expires_at"]) for copy in _copies()}

    delete_expired_copies(datetime.fromtimestamp(expires_at + seconds, UTC), most)

    assert len(_copies()) == left


def test_a_disabled_webhook_has_no_copy(acme: Tenant) -> None:
    webhook = acme.admin.add_webhook()
    _disable(acme, webhook)
    assert _found(acme, acme.admin.id) == {}
    delete_tenant(acme.id).must(200)
    assert _copies() == []


@pytest.mark.parametrize("by_queue", [False, True], ids=["by the request", "by the workers"])
def test_the_webhooks_of_a_deleted_tenant_still_get_the_deletions_of_its_users(acme: Tenant, by_queue: bool) -> None:
    user, other = acme.add("user"), acme.add("manager")
    of_tenant = acme.admin.add_webhook()
    of_user = acme.admin.add_webhook(user.id)

    if by_queue:
        delete_tenant(acme.id, seconds=NO_TIME_TO_SWEEP).must(202)
        assert _found(acme, user.id).keys() == {of_tenant, of_user}
        run_workers()
    else:
        delete_tenant(acme.id).must(200)

    assert _found(acme, user.id).keys() == {of_tenant, of_user}
    assert _found(acme, other.id).keys() == {of_tenant}
    receipt = gateway.request("GET", f"/global/tenants/{acme.id}/deletion", MASTER_TOKEN).must(200)["data"]
    assert (receipt["verified"], receipt["deleted"]["webhooks"]) == (True, 2)
    left = {item["pk"].partition("#")[0] for item in table_without_audit() if acme.id in str(item)}
    assert left == {"DELETION", "LAST_DELIVERIES"}


def test_after_the_last_events_nothing_of_a_deleted_tenants_webhooks_remains(acme: Tenant, time: MovedClock) -> None:
    acme.admin.add_webhook(url=_URL)
    acme.admin.add_webhook(acme.add("user").id, _URL)
    delete_tenant(acme.id).must(200)
    time.forward(COPY_LIFETIME.total_seconds() + 1)
    run_maintenance()
    assert not [item for item in table() if _URL in str(item)]
    assert {item["pk"].partition("#")[0] for item in table_without_audit() if acme.id in str(item)} == {"DELETION"}


def test_a_scheduled_deletion_copies_nothing_and_a_restored_tenant_has_its_webhooks(acme: Tenant) -> None:
    webhook = acme.admin.add_webhook()
    delete_tenant(acme.id, query="?grace_days=7").must(202)
    assert _copies() == []
    gateway.request("POST", f"/global/tenants/{acme.id}/restore", MASTER_TOKEN).must(200)
    assert [one["id"] for one in acme.admin.request("GET", "/webhooks").must(200)["webhooks"]] == [webhook]
