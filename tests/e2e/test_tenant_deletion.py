"""A tenant's deletion on the deployed stack: its permissions, its queue, its workers, real concurrency."""

import os
import secrets
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from local.deployment.stack import Stack
from local.http import Answer, call
from rolecall import clock, config, deadline
from rolecall.errors import RolecallError
from rolecall.storage import dynamodb, expressions, keys, writes
from rolecall.tenants import devices


@dataclass
class Api:
    stack: Stack

    def __call__(self, method: str, path: str, body: Any = None, token: str | None = None) -> Answer:
        return call(method, self.stack.api + path, token or self.stack.master_token, body)

    def register(self) -> dict[str, Any]:
        name = f"Tenant {uuid4()}"
        body = {"tenant_name": name, "email": f"{uuid4()}@example.com", "password": secrets.token_urlsafe(12)}
        answer = self("POST", "/register", body)
        assert answer.status == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def add(self, tenant: dict[str, Any], role: str = "user") -> Answer:
        body = {"email": f"{uuid4()}@example.com", "password": secrets.token_urlsafe(12), "role": role}
        return self("POST", "/users", body, tenant["token"])

    def wait_until_deleted(self, tenant_id: str, seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        percents = [0]
        while True:
            answer = self("GET", f"/global/tenants/{tenant_id}/deletion")
            assert time.monotonic() < deadline, answer.text
            # The local engine is one process, and the workers keep it busy.
            if answer.status != 503:
                assert answer.status == 200, answer.text
                data: dict[str, Any] = answer.json()["data"]
                percents.append(data["percent"])
                assert percents == sorted(percents)
                if data["status"] == "deleted":
                    return data
            time.sleep(0.5)


@pytest.fixture
def api(stack: Stack) -> Api:
    return Api(stack)


def _remains(stack: Stack, tenant_id: str) -> list[str]:
    pages = stack.dynamodb.get_paginator("scan").paginate(TableName=stack.table_name)
    return [
        f"{item['pk']['S']} {item['sk']['S']}"
        for page in pages
        for item in page["Items"]
        if tenant_id in str(item) and not item["pk"]["S"].startswith(("AUDIT#", "DELETION#"))
    ]


def test_a_tenant_is_rehearsed_deleted_and_leaves_a_receipt(api: Api) -> None:
    made = api.register()
    tenant_id = made["tenant"]["id"]
    assert api.add(made).status == 201

    rehearsed = api("DELETE", f"/global/tenants/{tenant_id}?dry_run=true")
    assert rehearsed.status == 200, rehearsed.text
    deleted = api("DELETE", f"/global/tenants/{tenant_id}")
    assert deleted.status == 200, deleted.text

    assert call("GET", api.stack.api + "/users", made["token"]).status == 401
    receipt = api("GET", f"/global/tenants/{tenant_id}/deletion").json()["data"]
    assert receipt["deleted"] == rehearsed.json()["data"]["would_delete"]
    assert (receipt["percent"], receipt["verified"]) == (100, True)
    assert api("DELETE", f"/global/tenants/{tenant_id}").status == 404
    assert _remains(api.stack, tenant_id) == []


def test_a_deletion_is_scheduled_taken_back_scheduled_again_and_started(api: Api) -> None:
    made = api.register()
    tenant_id, name = made["tenant"]["id"], made["tenant"]["name"]
    users = api.stack.api + "/users"
    assert api.add(made).status == 201

    scheduled = api("DELETE", f"/global/tenants/{tenant_id}?grace_days=7")
    assert scheduled.status == 202, scheduled.text
    assert call("GET", users, made["token"]).status == 401
    progress = api("GET", f"/global/tenants/{tenant_id}/deletion").json()["data"]
    assert (progress["status"], progress["deletes_at"]) == ("scheduled", scheduled.json()["data"]["deletes_at"])
    listed = api("GET", f"/tenants?status=scheduled&name={quote(name)}").json()["tenants"]
    assert [(tenant["id"], tenant["deletes_at"]) for tenant in listed] == [(tenant_id, progress["deletes_at"])]

    assert api("POST", f"/global/tenants/{tenant_id}/restore").status == 200
    assert len(call("GET", users, made["token"]).json()["users"]) == 2
    assert api.add(made).status == 201

    assert api("DELETE", f"/global/tenants/{tenant_id}?grace_days=90").status == 202
    assert api("DELETE", f"/global/tenants/{tenant_id}").status == 200
    assert api("POST", f"/global/tenants/{tenant_id}/restore").status == 404
    assert call("GET", users, made["token"]).status == 401
    assert _remains(api.stack, tenant_id) == []


@pytest.mark.usefixtures("layer")
def test_workers_finish_what_the_queue_hands_them(api: Api) -> None:
    made = api.register()
    tenant_id = made["tenant"]["id"]
    _fill(tenant_id, users=20, children=3)
    # An acceptance whose request had no time for anything but the messages.
    _accept_only(tenant_id)

    receipt = api.wait_until_deleted(tenant_id, 60)

    assert receipt["deleted"]["devices"] == 60
    assert receipt["verified"]
    assert _remains(api.stack, tenant_id) == []


@pytest.mark.parametrize(
    ("alarm", "metric", "dimension"),
    [
        ("DeletionStalledAlarm", ("Rolecall", "DeletionsStalled"), "service"),
        ("InvariantViolatedAlarm", ("Rolecall", "InvariantsViolated"), "service"),
        ("SweepDeadLettersAlarm", ("AWS/SQS", "ApproximateNumberOfMessagesVisible"), "QueueName"),
    ],
)
def test_an_alarm_goes_on_with_its_metric(stack: Stack, alarm: str, metric: tuple[str, str], dimension: str) -> None:
    """Names, dimension, threshold and direction fit together; what AWS makes of time and missing data is AWS's."""
    whose = {"service": stack.name, "QueueName": stack.physical_id("SweepDeadLetters").rpartition("/")[2]}[dimension]
    cloudwatch = stack.client("cloudwatch")
    states = []
    for value in (0, 1):
        data = {"MetricName": metric[1], "Value": value, "Dimensions": [{"Name": dimension, "Value": whose}]}
        cloudwatch.put_metric_data(Namespace=metric[0], MetricData=[data])
        [found] = cloudwatch.describe_alarms(AlarmNames=[stack.physical_id(alarm)])["MetricAlarms"]
        states.append(found["StateValue"])
    assert states == ["OK", "ALARM"]


class Callers:
    """Clients that keep using a tenant, and services that keep writing into it, whatever they are told."""

    def __init__(self, api: Api, made: dict[str, Any]) -> None:
        self._api = api
        self._made = made
        self._users = [api.add(made).json()["user"]["id"] for _ in range(4)]
        self.accepted = threading.Event()
        self._over = threading.Event()
        self.statuses: Counter[int] = Counter()
        self.after_acceptance: Counter[int] = Counter()
        targets = [self._keep_calling] * 4 + [self._keep_writing] * 2
        self._threads = [threading.Thread(target=target) for target in targets]
        for thread in self._threads:
            thread.start()

    def wait_for(self, calls: int) -> None:
        """Until so many calls were made after the acceptance."""
        while self.after_acceptance.total() < calls:
            time.sleep(0.1)

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _keep_calling(self) -> None:
        for turn in count():
            if self._over.is_set():
                return
            known_accepted = self.accepted.is_set()
            status = self._one_call(turn).status
            self.statuses[status] += 1
            self.after_acceptance[status] += known_accepted

    def _one_call(self, turn: int) -> Answer:
        token = self._made["token"]
        match turn % 3:
            case 0:
                return self._api.add(self._made)
            case 1:
                role = "manager" if turn % 2 else "user"
                return self._api("POST", f"/users/{self._users[turn % 4]}/promote", {"new_role": role}, token)
            case _:
                return self._api("GET", "/users", None, token)

    def _keep_writing(self) -> None:
        tenant_id, user_id = self._made["tenant"]["id"], self._made["user"]["id"]
        while not self._over.is_set():
            with suppress(RolecallError):
                device = devices.register_device(tenant_id, user_id, "phone", clock.now())
                devices.start_session(tenant_id, user_id, device, clock.now())


@pytest.mark.usefixtures("layer")
def test_late_writers_are_swept_or_refused_and_no_token_works_after_the_acceptance(api: Api) -> None:
    made = api.register()
    tenant_id = made["tenant"]["id"]
    callers = Callers(api, made)
    try:
        while not callers.statuses[201]:
            time.sleep(0.1)
        answer = api("DELETE", f"/global/tenants/{tenant_id}")
        callers.accepted.set()
        callers.wait_for(2000 if "ROLECALL_SIZE" in os.environ else 100)
    finally:
        callers.stop()

    assert answer.status in {200, 202}
    api.wait_until_deleted(tenant_id, 60)
    assert _remains(api.stack, tenant_id) == []
    assert callers.statuses[201], "some of them came through before"
    assert set(+callers.after_acceptance) == {401}, callers.after_acceptance


@pytest.mark.skipif("ROLECALL_SIZE" not in os.environ, reason="takes minutes: `make bench-deletion`")
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("layer")
@pytest.mark.parametrize("by", ["request", "workers"])
def test_ten_thousand_items_are_deleted(api: Api, by: str) -> None:
    made = api.register()
    tenant_id = made["tenant"]["id"]
    _fill(tenant_id, users=500, children=17)
    start = time.monotonic()
    if by == "workers":
        _accept_only(tenant_id)
    else:
        assert api("DELETE", f"/global/tenants/{tenant_id}").status in {200, 202}
    receipt = api.wait_until_deleted(tenant_id, 800)
    seconds = time.monotonic() - start
    number = sum(receipt["deleted"].values())
    rate = number / seconds
    sys.stdout.write(f"\nby the {by}: {number} items in {seconds:.0f} s: {rate:.0f} a second\n")
    assert number >= 10_000
    assert _remains(api.stack, tenant_id) == []


def _fill(tenant_id: str, *, users: int, children: int) -> None:
    """Users with a token, an email and devices, straight into the table: the API would take an hour."""
    items: list[dynamodb.Item] = []
    for _ in range(users):
        user_id = str(uuid4())
        token, email = keys.api_token(user_id), keys.email_reservation(f"{user_id}@example.com")
        owner = {"tenant_id": tenant_id, "user_id": user_id}
        user = keys.user(tenant_id, user_id)
        items += [{"pk": key.pk, "sk": key.sk, **owner} for key in (token, email)]
        items.append({"pk": user.pk, "sk": user.sk, **owner, "owned_keys": {token.pk, email.pk}, "active": True})
        for number in range(children):
            device = keys.item_of_user(tenant_id, user_id, "DEVICE", str(number))
            items.append({"pk": device.pk, "sk": device.sk, "name": "phone"})
    for start in range(0, len(items), writes.BATCH_SIZE):
        requests = [
            {"PutRequest": {"Item": expressions.serialize_item(item)}}
            for item in items[start : start + writes.BATCH_SIZE]
        ]
        answer = dynamodb.client().batch_write_item(RequestItems={config.config().table_name: requests})
        assert not answer.get("UnprocessedItems")


def _accept_only(tenant_id: str) -> None:
    from rolecall.auth import principals  # noqa: PLC0415 (the layer's, as the fixture set it up)
    from rolecall.deletion import requests  # noqa: PLC0415

    deadline.set_time_left(4)
    requests.delete_tenant(principals.RequestContext(principals.MASTER, clock.now()), tenant_id)
    deadline.set_time_left(60)
