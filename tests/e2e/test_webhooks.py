"""A receiver gets every change through the deployed stack: stream, event bus, rule, both queues, and the delivery."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.deployment.stack import Stack
from local.http import call
from tests.e2e.conftest import Member, Tenant
from tests.receiver import Received, WebhookReceiver, receiving


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with receiving() as made:
        yield made


def _wait_for(receiver: WebhookReceiver, wanted: Callable[[Received], bool], seconds: float = 40) -> Received:
    """The first request that is wanted, as soon as it has come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for got in list(receiver.received):
            if wanted(got):
                return got
        time.sleep(0.05)
    raise AssertionError(f"not received: {[got.event['type'] for got in receiver.received]}")


def _is(kind: str, member: Member) -> Callable[[Received], bool]:
    return lambda got: got.event["type"] == kind and got.event["data"].get("user_id") == member.id


def _status(tenant: Tenant, webhook_id: str, wanted: str, seconds: float = 20) -> dict[str, Any]:
    """The webhook as the API shows it, as soon as it has this status."""
    end = time.monotonic() + seconds
    while True:
        listed = tenant.request(tenant.admin, "GET", "/webhooks").json()["webhooks"]
        [webhook] = [one for one in listed if one["id"] == webhook_id]
        if webhook["status"] == wanted:
            return dict(webhook)
        assert time.monotonic() < end, webhook
        time.sleep(0.1)


def test_a_receiver_gets_each_change_and_gets_it_again_after_a_failure(
    stack: Stack, register: Callable[[str], Tenant], receiver: WebhookReceiver
) -> None:
    tenant = register("Webhooks")
    made = tenant.request(tenant.admin, "POST", "/webhooks", {"url": receiver.url})
    assert made.status == 201, made.text
    webhook_id, secret = made.json()["webhook"]["id"], made.json()["webhook_secret"]
    user = tenant.add("user")

    # The first attempt fails, and the next one comes some seconds later.
    receiver.statuses = [500]
    body = {"new_role": "manager", "reason": "stands in for Ana"}
    assert tenant.request(tenant.admin, "POST", f"/users/{user.id}/promote", body).status == 200
    first = _wait_for(receiver, _is("user.role_changed", user))
    again = _wait_for(receiver, lambda got: got is not first and got.id == first.id)
    again.verify(secret)
    assert again.body == first.body
    data = again.event["data"]
    assert (data["before"]["role"], data["after"]["role"], data["reason"]) == ("user", "manager", body["reason"])
    assert data["actor"] == {"type": "user", "id": tenant.admin.id}
    assert "@" not in again.body
    assert _status(tenant, webhook_id, "active")["last_failure"] is None

    # A new secret: for a day, both sign.
    rotated = tenant.request(tenant.admin, "POST", f"/webhooks/{webhook_id}/secret").json()["webhook_secret"]
    for active, kind in ((False, "user.deactivated"), (True, "user.activated")):
        assert tenant.request(tenant.admin, "PUT", f"/users/{user.id}", {"active": active}).status == 200
        got = _wait_for(receiver, _is(kind, user))
        got.verify(secret)
        got.verify(rotated)

    # The receiver wants no more, until somebody tests it.
    receiver.statuses = [410]
    assert tenant.request(tenant.admin, "DELETE", f"/users/{user.id}").status == 200
    _wait_for(receiver, _is("user.deleted", user)).verify(rotated)
    assert _status(tenant, webhook_id, "disabled")["last_failure"]["error"] == "HTTP 410"
    assert tenant.request(tenant.admin, "POST", f"/webhooks/{webhook_id}/test").status == 202
    _wait_for(receiver, lambda got: got.event["type"] == "webhook.test").verify(rotated)
    _status(tenant, webhook_id, "active")

    # The tenant goes, and its webhooks with it. The last events still come.
    answer = call("DELETE", f"{stack.api}/global/tenants/{tenant.id}", stack.master_token)
    assert answer.status in {200, 202}, answer.text
    last = _wait_for(receiver, _is("user.deleted", tenant.admin))
    last.verify(rotated)
    assert last.event["data"]["actor"] == {"type": "master", "id": "master"}
