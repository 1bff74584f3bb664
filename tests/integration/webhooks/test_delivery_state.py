"""What an attempt writes into the webhook: its lease, the pause after a failure, and what others change meanwhile."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from rolecall import telemetry
from rolecall.clock import rfc3339
from rolecall.errors import ConcurrentChange, Unauthorized
from rolecall.storage import keys, reads, writes
from rolecall.webhooks import delivery_state
from rolecall.webhooks.receivers import Answer
from rolecall.webhooks.webhooks import Webhook
from tests.integration.clock import MovedClock
from tests.integration.conftest import Tenant, audit_of, metrics_in

FAILED, GONE = Answer(500, "HTTP 500"), Answer(410, "HTTP 410")


@pytest.fixture
def key(acme: Tenant) -> keys.Key:
    """The key of a webhook of the tenant."""
    return keys.webhook(acme.id, acme.admin.add_webhook())


@pytest.fixture
def at() -> datetime:
    return MovedClock().at


def _item(key: keys.Key) -> dict[str, Any]:
    item = reads.get(key)
    assert item
    return dict(item)


def _set(key: keys.Key, **attributes: Any) -> Webhook:
    """Change the webhook's item, and return the webhook as it is then."""
    writes.write(writes.Update(key, set=attributes, when=writes.MUST_EXIST))
    return Webhook.from_item(_item(key))


def _audit(tenant: Tenant) -> list[dict[str, Any]]:
    return [entry for entry in audit_of(tenant.id) if entry["actor"]["id"] == "webhooks"]


def test_a_lease_is_taken_by_one_attempt_and_ends_by_itself(key: keys.Key, at: datetime) -> None:
    webhook = _set(key, status="failing")
    lease = timedelta(seconds=15)

    delivery_state.take_lease(webhook, at, during_pause=False)
    assert _item(key)["leased_until"] == rfc3339(at + lease)
    with pytest.raises(delivery_state.AttemptMustWait) as raised:
        delivery_state.take_lease(webhook, at + lease - timedelta(seconds=1), during_pause=True)
    assert raised.value.until == at + 2 * lease - timedelta(seconds=1)

    delivery_state.take_lease(webhook, at + lease, during_pause=False)
    assert _item(key)["leased_until"] == rfc3339(at + 2 * lease)


def test_a_lease_during_a_pause_is_for_tests_only(key: keys.Key, at: datetime) -> None:
    webhook = _set(key, status="failing", next_attempt_at=rfc3339(at + timedelta(seconds=1)))
    with pytest.raises(delivery_state.AttemptMustWait):
        delivery_state.take_lease(webhook, at, during_pause=False)
    assert "leased_until" not in _item(key)

    delivery_state.take_lease(webhook, at + timedelta(seconds=1), during_pause=False)
    _set(key, leased_until=rfc3339(at))
    delivery_state.take_lease(webhook, at, during_pause=True)
    assert _item(key)["leased_until"] > rfc3339(at)


def test_a_pause_ends_at_its_moment(key: keys.Key, at: datetime) -> None:
    webhook = _set(key, status="failing", next_attempt_at=rfc3339(at))
    delivery_state.check_not_paused(webhook, at)
    with pytest.raises(delivery_state.AttemptMustWait) as raised:
        delivery_state.check_not_paused(webhook, at - timedelta(seconds=1))
    assert raised.value.until == at


def test_no_result_of_a_delivery_creates_a_deleted_webhook_again(key: keys.Key, acme: Tenant, at: datetime) -> None:
    webhook = Webhook.from_item(_item(key))
    disabled = webhook._replace(status=_set(key, status="disabled").status)
    writes.write(writes.Delete(key))
    trail = len(audit_of(acme.id))

    with pytest.raises(delivery_state.WebhookGone):
        delivery_state.take_lease(webhook, at, during_pause=False)
    delivery_state.record_success(webhook, at, "r", is_test=False)
    assert delivery_state.record_failure(webhook, FAILED, at, "r", is_test=False) is not None
    assert delivery_state.record_failure(disabled, FAILED, at, "r", is_test=False) is None
    with pytest.raises(delivery_state.WebhookGone):
        delivery_state.record_failure(webhook, GONE, at, "r", is_test=False)
    with pytest.raises(delivery_state.WebhookGone):
        delivery_state.record_success(disabled, at, "r", is_test=True)

    assert reads.get(key) is None
    assert len(audit_of(acme.id)) == trail


def test_a_webhook_that_is_disabled_meanwhile_stays_so(key: keys.Key, acme: Tenant, at: datetime) -> None:
    webhook = Webhook.from_item(_item(key))
    _set(key, status="disabled")
    before = _item(key)

    delivery_state.record_success(webhook, at, "r", is_test=False)
    delivery_state.record_success(webhook, at, "r", is_test=True)
    delivery_state.record_failure(webhook, FAILED, at, "r", is_test=False)
    with pytest.raises(ConcurrentChange):
        delivery_state.record_failure(webhook, GONE, at, "r", is_test=False)

    assert _item(key) == before
    assert _audit(acme) == []


def test_a_webhook_that_works_again_meanwhile_is_not_disabled(key: keys.Key, acme: Tenant, at: datetime) -> None:
    since = rfc3339(at - timedelta(days=5))
    webhook = _set(key, status="failing", failing_since=since)
    _set(key, failing_since=rfc3339(at - timedelta(days=1)))

    with pytest.raises(ConcurrentChange):
        delivery_state.record_failure(webhook, FAILED, at, "r", is_test=False)

    assert _item(key)["status"] == "failing"
    assert _audit(acme) == []


def test_a_failure_is_written_down_with_the_pause_that_follows(key: keys.Key, at: datetime) -> None:
    webhook = _set(key, leased_until=rfc3339(at), test_waits_until=rfc3339(at))
    ends = delivery_state.record_failure(webhook, FAILED, at, "r", is_test=False)
    assert ends
    item = _item(key)
    assert "leased_until" not in item
    assert item["test_waits_until"] == rfc3339(at)
    assert {name: item[name] for name in ("status", "failing_since", "last_failure_at", "last_failure")} == {
        "status": "failing",
        "failing_since": rfc3339(at),
        "last_failure_at": rfc3339(at),
        "last_failure": "HTTP 500",
    }
    assert item["next_attempt_at"] == rfc3339(ends) > rfc3339(at)


def test_a_disabled_webhook_keeps_its_state_but_for_the_failure_of_a_test(key: keys.Key, at: datetime) -> None:
    webhook = _set(key, status="disabled", leased_until=rfc3339(at), test_waits_until=rfc3339(at))
    assert delivery_state.record_failure(webhook, GONE, at, "r", is_test=True) is None
    item = _item(key)
    assert not {"leased_until", "test_waits_until"} & item.keys()
    assert (item["status"], item["last_failure_at"], item["last_failure"]) == ("disabled", rfc3339(at), "HTTP 410")
    delivery_state.record_success(webhook, at, "r", is_test=False)
    assert _item(key) == item


def test_disabling_and_enabling_are_audited_and_counted(
    key: keys.Key, acme: Tenant, at: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    since = rfc3339(at - timedelta(days=5))
    webhook = _set(key, status="failing", failing_since=since, next_attempt_at=since, leased_until=since)

    assert delivery_state.record_failure(webhook, FAILED, at, "request-1", is_test=False) is None
    item = _item(key)
    assert (item["status"], item["failing_since"], item["last_failure"]) == ("disabled", since, "HTTP 500")
    assert not {"next_attempt_at", "leased_until"} & item.keys()
    later = at + timedelta(seconds=1)
    delivery_state.record_success(Webhook.from_item(item), later, "request-2", is_test=True)
    item = _item(key)
    assert (item["status"], item["last_delivered_at"]) == ("active", rfc3339(later))
    assert not {"failing_since", "last_failure", "last_failure_at"} & item.keys()

    disabled, enabled = _audit(acme)
    assert disabled["actor"]["type"] == "system"
    assert [entry["target"] for entry in (disabled, enabled)] == [{"type": "webhook", "id": webhook.id}] * 2
    assert [(entry["action"], entry["request_id"]) for entry in (disabled, enabled)] == [
        ("disable_webhook", "request-1"),
        ("enable_webhook", "request-2"),
    ]
    assert disabled["after"] == {"status": "disabled", "last_failure": "HTTP 500", "failing_since": since}
    counted = metrics_in(_flushed(capsys))
    assert (counted["WebhooksDisabled"], counted["WebhooksEnabled"]) == (1, 1)


def test_in_a_closed_tenant_no_webhook_is_disabled(key: keys.Key, acme: Tenant, at: datetime) -> None:
    webhook = Webhook.from_item(_item(key))
    writes.write(writes.Update(keys.tenant(acme.id), set={"status": "scheduled"}, when=writes.MUST_EXIST))
    with pytest.raises(Unauthorized):
        delivery_state.record_failure(webhook, GONE, at, "r", is_test=False)
    assert _item(key)["status"] == "active"


@pytest.mark.parametrize(("seconds", "written"), [(60, True), (59, False)])
def test_the_success_of_a_working_webhook_is_written_once_a_minute(
    key: keys.Key, at: datetime, seconds: int, written: bool
) -> None:
    webhook = _set(key, last_delivered_at=rfc3339(at - timedelta(seconds=seconds)))
    delivery_state.record_success(webhook, at, "r", is_test=False)
    assert (_item(key)["last_delivered_at"] == rfc3339(at)) is written
    delivery_state.record_success(webhook, at, "r", is_test=True)
    assert _item(key)["last_delivered_at"] == rfc3339(at)


def _flushed(capsys: pytest.CaptureFixture[str]) -> str:
    """Write the metrics that were counted in this test, and return the output."""
    capsys.readouterr()
    telemetry.metrics.flush_metrics()
    return capsys.readouterr().out
