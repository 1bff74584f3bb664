"""Helpers for the tests of deletions: a tenant with every kind of item, the workers, and the final check."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest

from rolecall import clock, deadline
from rolecall.deletion import completion, slices
from rolecall.errors import RolecallError
from rolecall.operations import maintenance
from rolecall.storage import dynamodb, indexes, keys, reads, writes
from tests import gateway
from tests.faults import Crash
from tests.gateway import Response
from tests.integration.conftest import MASTER_TOKEN, Member, Tenant, waiting_messages, work

#: The minutes by which the clock of each next maintenance run is ahead.
_minutes = count(10, 10)
CRITICAL = {"delete_tenant", "complete_tenant_deletion"}


def table() -> list[dict[str, Any]]:
    """All items of the table, read with the layer's client, because creating another client is slow."""
    items, after = reads.scan(None, 1000)
    assert after is None
    return items


def put(key: keys.Key, **attributes: Any) -> None:
    writes.write(writes.Put({"pk": key.pk, "sk": key.sk, **attributes}))


def plant_user(tenant_id: str, user_id: str, *, children: int = 2) -> None:
    """Write a user with a token, an email and other items directly into the table."""
    token, email = keys.api_token(user_id), keys.email_reservation(f"{user_id}@example.com")
    owner = {"tenant_id": tenant_id, "user_id": user_id}
    put(token, **owner)
    put(email, **owner)
    put(keys.user(tenant_id, user_id), **owner, owned_keys={token.pk, email.pk}, role="user", active=True)
    for number in range(children):
        put(keys.item_of_user(tenant_id, user_id, "DEVICE", str(number)), name="phone")


def clear() -> None:
    """Delete all items. In moto, a transaction takes longer with more items in the table."""
    writes.delete_all(keys.Key(item["pk"], item["sk"]) for item in table())


def some_dozen_items() -> Tenant:
    """A tenant with users in three slices, some in the same slice, and items of a type that the code does not know."""
    clear()
    tenant_id = str(uuid4())
    at = clock.rfc3339(clock.now())
    shown = {"id": tenant_id, "name": "Acme", "created_at": at, "updated_at": at}
    put(keys.tenant(tenant_id), **shown, status="active", active_admins=0, version=1)
    by_name = indexes.TENANTS_BY_NAME.index_attributes("acme")
    put(keys.tenant_name_reservation("Acme"), tenant_id=tenant_id, **shown, **by_name)
    tenant = Tenant(tenant_id, "Acme", Member("", tenant_id, "", "admin", ""))
    for user_id in ("0a", "0b", "7f"):
        plant_user(tenant.id, str(UUID(user_id + uuid4().hex[2:])))
    beacon = keys.Key("BEACON#xyz", keys.META)
    put(beacon, tenant_id=tenant.id)
    put(keys.Key(keys.tenant_partition(tenant.id), "GADGET#1"), owned_keys={beacon.pk})
    return tenant


def audit_of(tenant_id: str) -> list[dict[str, Any]]:
    return reads.query_partition(keys.audit_entry(tenant_id, "").pk).items


def remains(tenant_id: str) -> list[str]:
    """The keys of all items that mention the tenant, except its audit trail and the receipt."""
    return [
        f"{item['pk']} {item['sk']}"
        for item in table()
        if tenant_id in json.dumps(item, default=str)
        and not item["pk"].startswith("AUDIT#")
        and keys.Key(item["pk"], item["sk"]) != keys.deletion_job(tenant_id)
    ]


def expected_counts(tenant_id: str) -> Counter[str]:
    return Counter(slices.receipt_category(keys.Key(*line.split(" "))) for line in remains(tenant_id))


def delete(tenant: Tenant, *, seconds: float = 20.0, query: str = "", confirm: str | None = None) -> Response:
    headers = {} if confirm is None else {"X-Confirm-Tenant-Name": confirm}
    return gateway.request(
        "DELETE", f"/global/tenants/{tenant.id}{query}", MASTER_TOKEN, headers=headers, seconds=seconds
    )


def progress(tenant: Tenant) -> dict[str, Any]:
    answer = gateway.request("GET", f"/global/tenants/{tenant.id}/deletion", MASTER_TOKEN)
    assert answer.status == 200, answer.text
    data: dict[str, Any] = answer.body["data"]
    return data


def later(minutes: int | None = None) -> None:
    """Run maintenance with a clock that is that many minutes ahead, or ten minutes later than the last time."""
    deadline.set_time_left(60)
    in_minutes = next(_minutes) if minutes is None else minutes
    with suppress(RolecallError):
        maintenance.run_maintenance(clock.now() + timedelta(minutes=in_minutes), "maintenance")


def leases_run_out(tenant_id: str) -> None:
    """Set all leases of the tenant's slices to expired."""
    for item in table():
        if item["pk"] == keys.deletion_job(tenant_id).pk and item["sk"] != keys.META and item["lease_until"]:
            writes.write(
                writes.Update(keys.Key(item["pk"], item["sk"]), set={"lease_until": 0}, when=writes.MUST_EXIST)
            )


def to_the_end(tenant: Tenant, *, rounds: int = 12) -> None:
    """Run maintenance and workers until the deletion is complete."""
    for _ in range(rounds):
        leases_run_out(tenant.id)
        later()
        while bodies := waiting_messages():
            with suppress(Crash):
                work(bodies)
        job = reads.get(keys.deletion_job(tenant.id))
        if job is not None and job["status"] == "deleted" and not job["unannounced"]:
            return


@contextmanager
def call_before_request(operation: str, action: Callable[[], Any], **parameters: Any) -> Iterator[None]:
    """Call `action` once, directly before a call to DynamoDB with these parameters; assert that there was such a call.

    A `Crash` ends the code that makes the call.
    """
    name, calls = f"before-call.dynamodb.{operation}", []
    events = dynamodb.client().meta.events

    def look(params: dict[str, Any], **_: Any) -> None:
        if parameters.items() <= json.loads(params["body"]).items():
            events.unregister(name, look)
            calls.append(name)
            function = gateway.running.set(None)
            try:
                action()
            finally:
                gateway.running.reset(function)

    events.register(name, look)
    try:
        yield
    finally:
        events.unregister(name, look)
    assert calls, f"there was no {operation} with {parameters}"


def call_before_last_proof(action: Callable[[], Any]) -> AbstractContextManager[None]:
    """Call `action` once, after every slice is done and before the last proof reads the tenant's partition."""
    return call_before_request("Query", action, Limit=completion.PROOF_PAGE)


def crash() -> None:
    """Raise `Crash`, as if the process died."""
    raise Crash


def assert_deleted(tenant: Tenant, counts: Counter[str], critical_actions: set[str] = CRITICAL) -> None:
    """Assert that no item is left, that the receipt has the exact counts, and that each event was recorded once."""
    assert remains(tenant.id) == []
    receipt = progress(tenant)
    assert (receipt["status"], receipt["percent"], receipt["verified"]) == ("deleted", 100, True)
    assert receipt["deleted"] == receipt["total"] == dict(counts)
    critical = [entry for entry in audit_of(tenant.id) if entry.get("severity")]
    assert sorted(entry["action"] for entry in critical) == sorted(critical_actions)
    job = reads.get(keys.deletion_job(tenant.id)) or {}
    assert not job["unannounced"]
    assert "gsi1pk" not in job


def announced(caplog: pytest.LogCaptureFixture, tenant_id: str) -> set[tuple[str, str]]:
    """The critical events in the log, as pairs of action and audit entry id. A repeated line is the same event."""
    return {
        (record.action, record.event_id)  # type: ignore[attr-defined]
        for record in caplog.records
        if record.levelname == "CRITICAL" and record.tenant_id == tenant_id  # type: ignore[attr-defined]
    }
