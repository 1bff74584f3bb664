"""Events reach the receivers of webhooks: signed, again after a failure, and never those of another tenant."""

import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from itertools import batched
from time import monotonic
from typing import Any

import pytest

from rolecall import config
from rolecall.errors import ConcurrentChange, RolecallError, ServiceUnavailable, Unauthorized
from rolecall.randomness import SYSTEM_RANDOM
from rolecall.storage import keys, writes
from rolecall.webhooks import delivery_state, receivers
from rolecall.webhooks.delivery_state import WebhookGone
from tests import faults, gateway
from tests.integration.clock import MovedClock
from tests.integration.conftest import Member, Tenant, audit_of, metrics_in, run_workers, table
from tests.integration.webhooks.deliveries import (
    Message,
    bus_event,
    deliver,
    queue_and_deliver,
    queue_deliveries,
    queue_deliveries_of_messages,
    take_messages,
)
from tests.receiver import WebhookReceiver, hang, receiving, serving

DAY, FIVE_DAYS = 86_400, 5 * 86_400


@pytest.fixture(autouse=True)
def _local_webhooks(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ALLOW_LOCAL_WEBHOOKS", "true")
    config.config.cache_clear()
    yield
    config.config.cache_clear()


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def secret(acme: Tenant, receiver: WebhookReceiver) -> str:
    """The secret of a webhook of the tenant, which is made with it."""
    return str(_create(acme.admin, receiver.url)["secret"])


def _create(admin: Member, url: str, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = admin.request("POST", "/webhooks", {"url": url, **more}).must(201)
    return {**body["webhook"], "secret": body["webhook_secret"]}


def _only_webhook(tenant: Tenant) -> dict[str, Any]:
    [webhook] = tenant.admin.request("GET", "/webhooks").must(200)["webhooks"]
    return dict(webhook)


def _item(tenant: Tenant) -> dict[str, Any]:
    [item] = [one for one in table() if one["sk"].startswith("WEBHOOK#") and one["tenant_id"] == tenant.id]
    return item


def _test(tenant: Tenant) -> Message:
    """Send a test of the tenant's only webhook, and return the message that is in the queue then."""
    tenant.admin.request("POST", f"/webhooks/{_only_webhook(tenant)['id']}/test").must(202)
    [message] = take_messages()
    return message


def _webhook_audit(tenant: Tenant) -> list[tuple[str, dict[str, str], dict[str, str]]]:
    """What the deliveries themselves have written into the audit trail."""
    entries = [one for one in audit_of(tenant.id) if one["actor"]["id"] == "webhooks"]
    return [(one["action"], one["before"], one["after"]) for one in entries]


# --- Delivery --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on_the_bus", "delivered"),
    [
        ("User Role Changed", "user.role_changed"),
        ("User Activated", "user.activated"),
        ("User Deactivated", "user.deactivated"),
        ("User Deleted", "user.deleted"),
    ],
)
def test_each_event_about_a_user_is_delivered_and_signed(
    acme: Tenant, receiver: WebhookReceiver, secret: str, on_the_bus: str, delivered: str
) -> None:
    user = acme.add("user")
    after = {"role": "admin", "active": True, "role_until": "2026-07-01T00:00:00Z"}
    event = bus_event(acme, user.id, on_the_bus, after=None if delivered == "user.deleted" else after)

    assert queue_and_deliver(event) == []

    [got] = receiver.received
    got.verify(secret)
    detail = event["detail"]
    names = ("tenant_id", "user_id", "before", "after", "version", "actor", "reason")
    assert got.body == json.dumps(got.event, separators=(",", ":"))
    assert got.event == {
        "type": delivered,
        "timestamp": detail["at"],
        "data": {name: detail[name] for name in names},
    }
    assert (got.headers["content-type"], got.headers["user-agent"]) == ("application/json", "Rolecall-Webhooks")
    assert len(got.signatures) == 1
    assert _only_webhook(acme)["last_delivered_at"] is not None


def test_an_event_without_a_time_has_that_of_the_bus(acme: Tenant, receiver: WebhookReceiver, secret: str) -> None:
    queue_and_deliver(event := bus_event(acme, acme.admin.id, "User Deleted", at=None, after=None))

    assert receiver.received[0].event["timestamp"] == event["time"]


def test_a_webhook_gets_only_the_events_of_its_own_tenant_and_user(acme: Tenant, globex: Tenant) -> None:
    user, other = acme.add("user"), acme.add("user")
    with receiving() as of_tenant, receiving() as of_user, receiving() as of_globex:
        _create(acme.admin, of_tenant.url)
        _create(acme.admin, of_user.url, user_id=user.id)
        _create(globex.admin, of_globex.url)

        queue_and_deliver(bus_event(acme, user.id), bus_event(acme, other.id))

    assert {got.event["data"]["user_id"] for got in of_tenant.received} == {user.id, other.id}
    assert [got.event["data"]["user_id"] for got in of_user.received] == [user.id]
    assert of_globex.received == []


def test_an_event_that_comes_twice_has_the_same_id_and_another_webhook_another(acme: Tenant) -> None:
    with receiving() as first, receiving() as second:
        _create(acme.admin, first.url)
        _create(acme.admin, second.url)
        event = bus_event(acme, acme.admin.id)

        queue_and_deliver(event)
        queue_and_deliver(event)
        queue_and_deliver(bus_event(acme, acme.admin.id))

    again, twice, fresh = first.ids()
    assert again == twice != fresh
    assert len(set(second.ids())) == 2
    assert not set(first.ids()) & set(second.ids())
    assert first.received[0].body == first.received[1].body


def test_the_messages_of_a_tenant_form_a_group_of_the_queue(
    acme: Tenant, receiver: WebhookReceiver, secret: str
) -> None:
    queue_deliveries(bus_event(acme, acme.admin.id))
    assert [(one.group, one.delay) for one in take_messages()] == [(acme.id, 0)]


def test_a_message_is_due_at_once_and_has_what_the_event_says(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock
) -> None:
    """A later version reads the messages that an earlier one has queued, and gives the same event the same id."""
    event = bus_event(acme, acme.admin.id, before=None)
    del event["detail"]["after"]
    queue_deliveries(event)

    [message] = take_messages()
    webhook, detail = _only_webhook(acme)["id"], event["detail"]
    digest = sha256(f"{detail['id']} {webhook}".encode()).hexdigest()
    second = int(time.at.timestamp())
    assert message.content == {
        "tenant_id": acme.id,
        "webhook_id": webhook,
        "user_id": None,
        "delivery_id": f"msg_{digest[:32]}",
        "event_type": "user.role_changed",
        "timestamp": detail["at"],
        "data": {name: detail[name] for name in ("tenant_id", "user_id", "before", "version", "actor", "reason")},
        "first_at": second,
        "due_at": second,
        "attempt": 1,
    }


def test_each_outcome_of_a_message_is_counted(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.statuses = [200, 500]
    capsys.readouterr()
    queue_and_deliver(bus_event(acme, acme.admin.id))
    waiting = queue_and_deliver(bus_event(acme, acme.admin.id), bus_event(acme, acme.admin.id))
    acme.admin.request("DELETE", f"/webhooks/{_only_webhook(acme)['id']}").must(200)
    time.forward(60)
    deliver(waiting)

    counted = metrics_in(capsys.readouterr().out)
    assert {name: number for name, number in counted.items() if name.startswith("Webhook")} == {
        "WebhookDeliveriesQueued": 3,
        "WebhookDelivered": 1,
        "WebhookAttemptFailed": 1,
        "WebhookWaited": 1,
        "WebhookDropped": 2,
    }


def test_nothing_is_delivered_to_a_webhook_that_was_deleted_meanwhile(
    acme: Tenant, receiver: WebhookReceiver, secret: str
) -> None:
    queue_deliveries(bus_event(acme, acme.admin.id))
    acme.admin.request("DELETE", f"/webhooks/{_only_webhook(acme)['id']}").must(200)

    assert deliver(take_messages()) == []

    assert receiver.received == []
    assert take_messages() == []
    assert not [one for one in table() if "WEBHOOK" in one["sk"]]


def test_the_last_events_of_a_deleted_tenant_are_delivered_and_change_nothing_but_their_copies(
    acme: Tenant, receiver: WebhookReceiver, secret: str
) -> None:
    user = acme.add("user")
    receiver.statuses = [500]
    gateway.request("DELETE", f"/global/tenants/{acme.id}", "M" * 64)
    run_workers()

    [again] = queue_and_deliver(bus_event(acme, user.id, "User Deleted", at=None))
    [copy] = [one for one in table() if one["pk"].startswith("LAST_DELIVERIES#")]
    assert copy["status"] == "failing"

    writes.write(writes.Update(keys.Key(copy["pk"], copy["sk"]), remove=("next_attempt_at",), when=writes.MUST_EXIST))
    assert deliver([_due_now(again)]) == []
    first, second = receiver.received
    assert first.id == second.id
    assert second.is_signed_with(secret)
    assert not [one for one in table() if one["pk"].startswith("TENANT#")]


def _due_now(message: Message) -> Message:
    return Message(json.dumps(message.content | {"due_at": 0}))


def test_a_webhook_of_an_earlier_version_without_a_secret_gets_nothing_and_delays_nobody(
    acme: Tenant, receiver: WebhookReceiver
) -> None:
    user = acme.add("user")
    old = {"url": receiver.url, "created_at": "2026-06-01T09:00:00Z"}
    writes.write(writes.put_if_absent(keys.webhook(acme.id, "0190163d", user.id), old))

    assert queue_and_deliver(bus_event(acme, user.id)) == []
    acme.admin.request("DELETE", f"/users/{user.id}").must(200)

    assert receiver.received == []
    assert not [one for one in table() if "WEBHOOK" in one["sk"]]


# --- Failures --------------------------------------------------------------------------------------


def test_after_a_500_the_delivery_is_tried_again_with_the_same_id(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock
) -> None:
    receiver.statuses = [500]

    [again] = queue_and_deliver(bus_event(acme, acme.admin.id))

    failing = _only_webhook(acme)
    assert failing["status"] == "failing"
    assert failing["last_failure"]["error"] == "HTTP 500"
    assert again.content["attempt"] == 2
    assert 4 <= again.delay <= 7

    time.forward(again.delay)
    assert deliver([again]) == []
    assert take_messages() == []
    first, second = receiver.received
    assert (first.id, first.body) == (second.id, second.body)
    assert int(second.headers["webhook-timestamp"]) > int(first.headers["webhook-timestamp"])
    assert second.is_signed_with(secret)
    working = _only_webhook(acme)
    assert (working["status"], working["last_failure"]) == ("active", None)
    assert not {"failing_since", "next_attempt_at", "leased_until"} & _item(acme).keys()


def test_a_receiver_that_is_down_is_tried_eight_times_in_a_day(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock
) -> None:
    receiver.statuses = [503] * 100
    began, waiting, hops = time.at, queue_and_deliver(bus_event(acme, acme.admin.id)), 0
    while waiting:
        [message] = waiting
        assert 0 < message.delay <= 900
        time.forward(message.delay)
        hops += 1
        assert deliver([message]) == []
        waiting = take_messages()

    assert len(receiver.received) == 8
    assert len(set(receiver.ids())) == 1
    assert timedelta(hours=20) < time.at - began <= timedelta(hours=24, minutes=1)
    assert hops < 150
    assert _only_webhook(acme)["status"] == "failing"


def test_while_a_webhook_fails_its_other_deliveries_wait_without_a_connection(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock
) -> None:
    receiver.statuses = [500]
    events = [bus_event(acme, acme.admin.id) for _ in range(10)]

    waiting = queue_and_deliver(*events)

    assert len(receiver.received) == 1
    assert sorted(one.content["attempt"] for one in waiting) == [1] * 9 + [2]
    assert max(one.delay for one in waiting) <= 17  # the pause and the spread, not a lease

    time.forward(40)
    assert deliver(waiting) == []
    assert take_messages() == []
    assert len(set(receiver.ids())) == 10


def test_of_two_deliveries_to_a_failing_webhook_at_once_one_waits(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock
) -> None:
    receiver.statuses = [500]
    [again] = queue_and_deliver(bus_event(acme, acme.admin.id))
    time.forward(60)
    # Another invocation is at it.
    writes.write(
        writes.Update(
            keys.webhook(acme.id, _only_webhook(acme)["id"]),
            set={"leased_until": time.ahead(10)},
            when=writes.MUST_EXIST,
        )
    )

    assert deliver([again]) == []
    [waiting] = take_messages()
    assert len(receiver.received) == 1
    assert waiting.content["attempt"] == again.content["attempt"]

    time.forward(60)  # the other one died: its lease ends by itself
    assert deliver([waiting]) == []
    assert len(receiver.received) == 2


def test_a_delivery_that_was_never_tried_is_given_up_after_a_day(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.statuses = [500]
    waiting = queue_and_deliver(bus_event(acme, acme.admin.id), bus_event(acme, acme.admin.id))
    [held] = [one for one in waiting if one.content["attempt"] == 1]
    time.forward(DAY)
    writes.write(
        writes.Update(
            keys.webhook(acme.id, _only_webhook(acme)["id"]),
            set={"next_attempt_at": time.ahead(60)},
            when=writes.MUST_EXIST,
        )
    )
    capsys.readouterr()

    assert deliver([held]) == []

    assert take_messages() == []
    assert metrics_in(capsys.readouterr().out)["WebhookGivenUp"] == 1


@pytest.mark.parametrize(("minutes", "waits"), [(4, True), (5, False)])
def test_a_webhook_test_that_was_never_sent_is_given_up_after_five_minutes(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock, minutes: int, waits: bool
) -> None:
    held = _test(acme)
    time.forward(60 * minutes)
    writes.write(
        writes.Update(
            keys.webhook(acme.id, _only_webhook(acme)["id"]),
            set={"leased_until": time.ahead(10)},  # another attempt is going on
            when=writes.MUST_EXIST,
        )
    )

    assert deliver([held]) == []

    assert bool(take_messages()) is waits
    assert receiver.received == []


def test_a_message_that_must_wait_longer_than_the_queue_allows_is_queued_again(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock
) -> None:
    queue_deliveries(bus_event(acme, acme.admin.id))
    [message] = take_messages()
    later = Message(json.dumps(message.content | {"due_at": int(time.at.timestamp()) + 1000}))

    assert deliver([later]) == []
    [hop] = take_messages()
    assert (hop.delay, hop.content["due_at"]) == (900, later.content["due_at"])

    time.forward(900)
    assert deliver([hop]) == []
    [last] = take_messages()
    assert last.delay == 100
    assert receiver.received == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure(acme: Tenant, receiver: WebhookReceiver, secret: str, status: int) -> None:
    receiver.statuses = [status]
    assert len(queue_and_deliver(bus_event(acme, acme.admin.id))) == 1
    assert _only_webhook(acme)["last_failure"]["error"] == f"HTTP {status}"


def test_a_delivery_to_a_private_address_is_a_failure(
    acme: Tenant, receiver: WebhookReceiver, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALLOW_LOCAL_WEBHOOKS")
    config.config.cache_clear()
    _create(acme.admin, "https://localhost/hooks")

    assert len(queue_and_deliver(bus_event(acme, acme.admin.id))) == 2

    errors = {one["last_failure"]["error"] for one in acme.admin.request("GET", "/webhooks").body["webhooks"]}
    assert errors == {"URL not allowed", "address not allowed"}
    assert receiver.received == []


# --- Disabling and enabling ------------------------------------------------------------------------


def test_a_410_disables_the_webhook_and_a_test_that_succeeds_enables_it(
    acme: Tenant, receiver: WebhookReceiver, secret: str
) -> None:
    receiver.statuses = [410]

    assert queue_and_deliver(bus_event(acme, acme.admin.id)) == []
    disabled = _only_webhook(acme)
    assert (disabled["status"], disabled["last_failure"]["error"]) == ("disabled", "HTTP 410")
    assert queue_and_deliver(bus_event(acme, acme.admin.id)) == []
    assert len(receiver.received) == 1

    assert deliver([_test(acme)]) == []
    assert receiver.received[1].event["type"] == "webhook.test"
    receiver.received[1].verify(secret)
    assert _only_webhook(acme)["status"] == "active"
    queue_and_deliver(bus_event(acme, acme.admin.id))
    assert len(receiver.received) == 3

    disabling, enabling = _webhook_audit(acme)
    assert (disabling[0], disabling[1], disabling[2]["status"]) == ("disable_webhook", {"status": "active"}, "disabled")
    assert disabling[2]["last_failure"] == "HTTP 410"
    assert enabling == ("enable_webhook", {"status": "disabled"}, {"status": "active", "cause": "test succeeded"})


def test_the_messages_of_a_webhook_that_was_disabled_meanwhile_are_dropped(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock
) -> None:
    receiver.statuses = [500, 410]
    waiting = queue_and_deliver(bus_event(acme, acme.admin.id), bus_event(acme, acme.admin.id))
    time.forward(60)

    assert deliver(waiting) == []

    assert len(receiver.received) == 2
    assert take_messages() == []


def test_five_days_without_a_success_disable_a_webhook_and_not_a_second_earlier(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock
) -> None:
    receiver.statuses = [500] * 4
    queue_and_deliver(bus_event(acme, acme.admin.id))
    time.forward(FIVE_DAYS - 10)
    queue_and_deliver(bus_event(acme, acme.admin.id))
    assert _only_webhook(acme)["status"] == "failing"

    time.forward(2000)
    queue_and_deliver(bus_event(acme, acme.admin.id))

    assert _only_webhook(acme)["status"] == "disabled"
    [(action, before, after)] = _webhook_audit(acme)
    assert (action, before) == ("disable_webhook", {"status": "failing"})
    assert after["failing_since"] == "2026-06-15T12:00:00Z"


def test_after_a_success_the_five_days_start_again(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock
) -> None:
    receiver.statuses = [500, 200, 500, 500]
    for days in (3, 3, 3, 1):
        queue_and_deliver(bus_event(acme, acme.admin.id))
        time.forward(days * DAY)

    assert len(receiver.received) == 4
    assert _only_webhook(acme)["status"] == "failing"


def test_a_rotation_enables_a_disabled_webhook(acme: Tenant, receiver: WebhookReceiver, secret: str) -> None:
    receiver.statuses = [410]
    queue_and_deliver(bus_event(acme, acme.admin.id))
    acme.admin.request("POST", f"/webhooks/{_only_webhook(acme)['id']}/secret").must(200)

    assert queue_and_deliver(bus_event(acme, acme.admin.id)) == []

    assert len(receiver.received) == 2


def test_a_test_is_sent_during_a_pause_and_once(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock
) -> None:
    receiver.statuses = [500, 503]
    queue_and_deliver(bus_event(acme, acme.admin.id))

    assert deliver([_test(acme)]) == []
    assert take_messages() == []
    assert _only_webhook(acme)["last_failure"]["error"] == "HTTP 503"

    assert deliver([_test(acme)]) == []
    assert _only_webhook(acme)["status"] == "active"


def test_a_test_that_fails_leaves_a_disabled_webhook_disabled(
    acme: Tenant, receiver: WebhookReceiver, secret: str
) -> None:
    receiver.statuses = [410, 500]
    queue_and_deliver(bus_event(acme, acme.admin.id))

    deliver([_test(acme)])

    disabled = _only_webhook(acme)
    assert (disabled["status"], disabled["last_failure"]["error"]) == ("disabled", "HTTP 500")
    assert len(_webhook_audit(acme)) == 1


@pytest.mark.parametrize("status", [200, 410, 500])
def test_after_a_test_was_sent_the_next_one_can_be_sent_at_once(
    acme: Tenant, receiver: WebhookReceiver, secret: str, status: int
) -> None:
    receiver.statuses = [status]
    deliver([_test(acme)])
    deliver([_test(acme)])
    assert len(receiver.received) == 2


def test_other_deliveries_do_not_end_the_wait_for_a_test(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock
) -> None:
    receiver.statuses = [500, 200]
    _test(acme)
    [again] = queue_and_deliver(bus_event(acme, acme.admin.id))
    time.forward(60)
    deliver([again])
    assert len(receiver.received) == 2
    assert acme.admin.request("POST", f"/webhooks/{_only_webhook(acme)['id']}/test").status == 429


# --- A clock that went back --------------------------------------------------------------------------


@pytest.mark.parametrize("attribute", ["next_attempt_at", "leased_until"])
@pytest.mark.parametrize(("ahead", "waits"), [(16, True), (6 * 3600, False)])
def test_a_pause_or_lease_that_ends_too_far_ahead_is_over(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock, attribute: str, ahead: int, waits: bool
) -> None:
    receiver.statuses = [500]
    [again] = queue_and_deliver(bus_event(acme, acme.admin.id))
    time.forward(60)
    key = keys.webhook(acme.id, _only_webhook(acme)["id"])
    writes.write(writes.Update(key, set={attribute: time.ahead(ahead)}, when=writes.MUST_EXIST))

    assert deliver([again]) == []

    assert bool(take_messages()) is waits
    assert len(receiver.received) == (1 if waits else 2)


def test_a_message_that_is_due_later_than_any_wait_is_sent(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock
) -> None:
    queue_deliveries(bus_event(acme, acme.admin.id))
    [message] = take_messages()
    late = [Message(json.dumps(message.content | {"due_at": int(time.at.timestamp()) + h * 3600})) for h in (16, 18)]

    assert deliver(late) == []

    assert len(receiver.received) == 1
    assert [one.content["due_at"] for one in take_messages()] == [late[0].content["due_at"]]


def test_a_success_is_written_down_although_the_last_one_seems_to_be_tomorrow(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock
) -> None:
    time.forward(DAY)
    queue_and_deliver(bus_event(acme, acme.admin.id))
    time.forward(-DAY)
    queue_and_deliver(bus_event(acme, acme.admin.id))
    assert _only_webhook(acme)["last_delivered_at"] < time.ahead(1)


@pytest.mark.parametrize("error", [ServiceUnavailable(), RuntimeError("a bug")], ids=["unavailable", "bug"])
def test_an_event_that_has_arrived_is_not_sent_again_whatever_happens_to_the_state(
    acme: Tenant, receiver: WebhookReceiver, secret: str, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(delivery_state, "record_success", fail)
    assert queue_and_deliver(bus_event(acme, acme.admin.id)) == []
    assert [one.is_signed_with(secret) for one in receiver.received] == [True]


# --- Secrets ---------------------------------------------------------------------------------------


def test_for_a_day_after_a_rotation_both_secrets_sign(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock
) -> None:
    webhook_id = _only_webhook(acme)["id"]
    new = acme.admin.request("POST", f"/webhooks/{webhook_id}/secret").must(200)["webhook_secret"]

    queue_and_deliver(bus_event(acme, acme.admin.id))
    time.forward(DAY + 1)
    queue_and_deliver(bus_event(acme, acme.admin.id))

    both, one = receiver.received
    assert [both.is_signed_with(secret), both.is_signed_with(new), len(both.signatures)] == [True, True, 2]
    assert [one.is_signed_with(secret), one.is_signed_with(new), len(one.signatures)] == [False, True, 1]


def test_no_email_secret_or_url_is_in_a_message_a_delivery_a_log_or_the_state(
    acme: Tenant,
    receiver: WebhookReceiver,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level("DEBUG", logger="rolecall")
    url = f"{receiver.url}?key=canary-in-a-url"
    secrets = [_create(acme.admin, url)["secret"]]
    user = acme.add("user", "canary@example.com")
    secrets.append(acme.admin.request("POST", f"/webhooks/{_only_webhook(acme)['id']}/secret").body["webhook_secret"])
    receiver.statuses = [500, 410]
    capfd.readouterr()

    queue_deliveries(bus_event(acme, user.id))
    queued = take_messages()
    deliver(queued)
    queued += take_messages()
    deliver([_test(acme)])
    deliver([Message(f'{{"poisoned": "{url} {secrets[0]} canary@example.com"}}')])

    out, err = capfd.readouterr()
    places = {
        "messages": "".join(one.body for one in queued),
        "deliveries": "".join(one.body + str(one.headers) for one in receiver.received),
        "logs": caplog.text + str([record.__dict__ for record in caplog.records]) + out + err,
    }
    assert "webhook attempt failed" in places["logs"]
    assert len(receiver.received) == 2
    found = {
        (place, word)
        for place, text in places.items()
        for word in (*secrets, "canary@example.com", "canary-in-a-url", acme.admin.email)
        if word in text
    }
    assert found == set()
    assert not any(word in str(_item(acme)) for word in secrets)


# --- Receivers that hang, poisoned messages, crashes -----------------------------------------------


def test_one_receiver_that_never_answers_delays_none_of_a_hundred_that_do(
    acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receivers, "TOTAL_SECONDS", 0.5)
    with serving(hang) as hanging, receiving() as healthy:
        for _ in range(8):
            _create(globex.admin, f"http://127.0.0.1:{hanging.port}/")
        _create(acme.admin, healthy.url)
        queue_deliveries(*(bus_event(globex, globex.admin.id) for _ in range(2)))
        stuck = take_messages()
        queue_deliveries(*(bus_event(acme, acme.admin.id) for _ in range(100)))
        # As SQS gives them out, ten at a time; those of the receiver that hangs come first.
        first, *others = batched([*stuck, *take_messages()], 10, strict=False)
        began = monotonic()
        assert deliver(first) == []
        took = monotonic() - began
        for batch in others:
            assert deliver(batch) == []

    assert len(set(healthy.ids())) == 100
    assert took < 2  # all eight at the same time, each half a second
    # One connection for each webhook. The second event waits without one.
    assert len(hanging.requests) == 8
    assert sorted(one.content["attempt"] for one in take_messages()) == [1] * 8 + [2] * 8


def test_a_message_that_cannot_be_read_stops_no_other(acme: Tenant, receiver: WebhookReceiver, secret: str) -> None:
    queue_deliveries(bus_event(acme, acme.admin.id))
    [message] = take_messages()
    poisoned = [Message(text) for text in ("", "[]", "{}", "null", '{"tenant_id": 7}', message.body[:-9])]

    assert deliver([*poisoned, message]) == [one.id for one in poisoned]

    assert len(receiver.received) == 1
    assert take_messages() == []


def test_an_event_that_cannot_be_read_stops_no_other(acme: Tenant, receiver: WebhookReceiver, secret: str) -> None:
    poisoned: list[dict[str, Any]] = [{}, {"detail": {}}, bus_event(acme, acme.admin.id, "User Married")]
    messages = [Message(json.dumps(event)) for event in (*poisoned, bus_event(acme, acme.admin.id))]

    assert queue_deliveries_of_messages(messages) == [one.id for one in messages[:-1]]

    assert deliver(take_messages()) == []
    assert len(receiver.received) == 1


def test_without_time_for_another_attempt_a_message_goes_back_and_is_not_counted(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SYSTEM_RANDOM, "uniform", lambda least, _most: least)
    queue_deliveries(bus_event(acme, acme.admin.id))
    [message] = take_messages()

    assert deliver([message], seconds=receivers.TOTAL_SECONDS) == []

    [again] = take_messages()
    assert again.content["attempt"] == 1
    assert again.content["due_at"] > time.at.timestamp()
    assert receiver.received == []


def test_a_message_whose_webhook_is_deleted_between_the_read_and_the_lease_is_dropped(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.statuses = [500]
    [again] = queue_and_deliver(bus_event(acme, acme.admin.id))
    time.forward(60)

    def fail(*_: Any, **__: Any) -> None:
        raise WebhookGone

    monkeypatch.setattr(delivery_state, "take_lease", fail)
    assert deliver([again]) == []
    assert take_messages() == []
    assert len(receiver.received) == 1


@pytest.mark.parametrize("error", [ConcurrentChange, Unauthorized, WebhookGone])
def test_a_failure_that_cannot_be_written_down_is_followed_by_another_attempt(
    acme: Tenant, receiver: WebhookReceiver, secret: str, monkeypatch: pytest.MonkeyPatch, error: type[RolecallError]
) -> None:
    """Whether the webhook still exists is read before the next attempt."""
    receiver.statuses = [500]

    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(delivery_state, "record_failure", fail)
    [again] = queue_and_deliver(bus_event(acme, acme.admin.id))
    assert again.content["attempt"] == 2


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_crash_at_any_call_loses_no_event_and_sends_none_to_another_tenant(
    acme: Tenant, globex: Tenant, time: MovedClock, *, after: bool
) -> None:
    """A killed function's messages come again. So each run may deliver twice, but with the same id."""
    with receiving() as receiver, receiving() as other:
        _create(acme.admin, receiver.url)
        _create(globex.admin, other.url)
        number, survived = 0, False
        while not survived:
            number += 1
            event = bus_event(acme, acme.admin.id)
            receiver.received.clear()
            receiver.statuses = [500]  # so that every kind of step is among those that are killed
            survived = _run_with_crash(event, number, after=after, time=time)
            assert len(set(receiver.ids())) == 1, number
            assert _only_webhook(acme)["status"] == "active", number

    assert number > 8
    assert other.received == []


def _run_with_crash(event: dict[str, Any], number: int, *, after: bool, time: MovedClock) -> bool:
    """Bring an event to its receiver, with a crash at one of the calls. Returns whether no call was the one."""
    crashed = False
    with faults.crash_at(number, after=after) as calls:
        while True:
            try:
                assert queue_deliveries(event) == []
                break
            except faults.Crash:
                crashed = True
        messages = take_messages()
        while messages:
            try:
                assert deliver(messages) == []
                messages = []
            except faults.Crash:
                crashed = True
            messages += take_messages()
            time.forward(120)
    assert calls.number > 0
    return not crashed


def test_while_the_table_does_not_answer_messages_stay_in_their_queue(
    acme: Tenant, receiver: WebhookReceiver, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = bus_event(acme, acme.admin.id)
    queue_deliveries(event)
    [message] = take_messages()
    with faults.crash_at(0, after=False), monkeypatch.context() as broken:
        broken.setenv("WEBHOOK_KEY_SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:none")
        config.config.cache_clear()
        assert deliver([message]) == [message.id]
    config.config.cache_clear()

    assert receiver.received == []
    assert deliver([message]) == []
    assert len(receiver.received) == 1


def test_while_the_queue_of_deliveries_does_not_answer_events_stay_in_theirs(
    acme: Tenant, receiver: WebhookReceiver, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = [Message(json.dumps(bus_event(acme, acme.admin.id))) for _ in range(2)]
    with monkeypatch.context() as broken:
        broken.setenv("WEBHOOK_DELIVERIES_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/123456789012/none")
        config.config.cache_clear()
        assert queue_deliveries_of_messages(messages) == [one.id for one in messages]
    config.config.cache_clear()

    assert queue_deliveries_of_messages(messages) == []
    assert len(take_messages()) == 2


def test_each_delivery_of_an_event_is_counted(
    acme: Tenant, receiver: WebhookReceiver, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _create(acme.admin, receiver.url)
    capsys.readouterr()
    queue_deliveries(bus_event(acme, acme.admin.id))
    assert metrics_in(capsys.readouterr().out)["WebhookDeliveriesQueued"] == 2


def test_a_success_is_written_down_once_a_minute(
    acme: Tenant, receiver: WebhookReceiver, secret: str, time: MovedClock
) -> None:
    queue_and_deliver(bus_event(acme, acme.admin.id))
    first = _only_webhook(acme)["last_delivered_at"]
    time.forward(30)
    queue_and_deliver(bus_event(acme, acme.admin.id))
    assert _only_webhook(acme)["last_delivered_at"] == first
    time.forward(31)
    queue_and_deliver(bus_event(acme, acme.admin.id))
    assert _only_webhook(acme)["last_delivered_at"] > first
