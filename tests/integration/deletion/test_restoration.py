"""What the restoration of a tenant writes, and that it writes nothing over another request's change."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from rolecall import clock
from rolecall.storage import keys, reads, writes
from tests import gateway
from tests.faults import Crash
from tests.gateway import Response
from tests.integration.conftest import MASTER_TOKEN, Tenant, audit_of
from tests.integration.deletion.deletions import call_before_request, crash, delete, some_dozen_items

SCHEDULED_AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
WEEK = "?grace_days=7"
pytestmark = pytest.mark.usefixtures("aws")


def _restore(tenant: Tenant) -> Response:
    return gateway.request("POST", f"/global/tenants/{tenant.id}/restore", MASTER_TOKEN)


def test_a_restoration_writes_all_or_nothing_and_keeps_the_job_until_the_event_is_logged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "now", lambda: SCHEDULED_AT)
    tenant = some_dozen_items()
    delete(tenant, query=WEEK)
    monkeypatch.setattr(clock, "now", lambda: SCHEDULED_AT + timedelta(days=1))

    with call_before_request("DeleteItem", crash), suppress(Crash):
        _restore(tenant)

    at = "2026-06-16T12:00:00Z"
    stored, reservation, job = reads.get_many(
        keys.tenant(tenant.id), keys.tenant_name_reservation("Acme"), keys.deletion_job(tenant.id)
    )
    assert stored
    assert reservation
    assert job
    expected = {"status": "active", "updated_at": at, "version": 3, "deletes_at": None}
    assert {name: stored.get(name) for name in expected} == expected
    assert (reservation["updated_at"], reservation["gsi1sk"], "deletes_at" in reservation) == (at, "acme", False)
    entry = audit_of(tenant.id)[-1]
    assert (entry["action"], entry["severity"]) == ("restore_tenant", "critical")
    assert entry["before"] == {"status": "scheduled", "deletes_at": "2026-06-22T12:00:00Z"}
    assert entry["after"] == {"status": "active"}
    assert {name: value for name, value in job.items() if name.startswith(("gsi", "status", "deletes_at"))} == {
        "gsi1pk": "DELETIONS#OPEN",
        "gsi1sk": f"{at}#{tenant.id}",
        "status": "restored",
    }
    assert job["unannounced"]["restore_tenant"] == entry["id"]


def test_the_answer_has_the_time_of_the_restoration(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    delete(acme, query=WEEK)
    at = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: at)
    assert _restore(acme).must(200)["data"]["updated_at"] == clock.rfc3339(at)


def test_restoring_a_tenant_without_a_scheduled_deletion_is_404(acme: Tenant) -> None:
    answer = _restore(acme)
    assert (answer.status, answer.body["error"]) == (404, "no deletion of this tenant is scheduled")


def test_a_deletion_that_is_rescheduled_during_the_restoration_is_read_again(acme: Tenant) -> None:
    """The audit entry says which deletion was taken back."""
    delete(acme, query=WEEK)
    other = "2030-01-01T00:00:00Z"

    def move() -> None:
        writes.write(writes.Update(keys.tenant(acme.id), set={"deletes_at": other}, when=writes.MUST_EXIST))

    with call_before_request("TransactWriteItems", move):
        assert _restore(acme).status == 200
    assert audit_of(acme.id)[-1]["before"]["deletes_at"] == other
