"""A deletion that is scheduled: it closes the tenant, removes nothing, and can be taken back until it starts."""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rolecall import clock, deadline
from rolecall.auth import principals
from rolecall.auth.principals import RequestContext
from rolecall.clock import rfc3339
from rolecall.deletion import requests
from rolecall.errors import ConcurrentChange, DeletionStarted, Unauthorized
from rolecall.operations import maintenance
from rolecall.storage import keys, reads
from rolecall.tenants import devices, restoration
from tests import gateway
from tests.faults import Crash, crash_at
from tests.gateway import Response
from tests.integration.conftest import (
    MASTER_TOKEN,
    PASSWORD,
    Tenant,
    assert_every_invariant_holds,
    audit_of,
    register,
    run_workers,
    unchanged,
)
from tests.integration.deletion.deletions import (
    CRITICAL,
    announced,
    assert_deleted,
    call_before_request,
    crash,
    delete,
    expected_counts,
    leases_run_out,
    progress,
    remains,
    some_dozen_items,
)

#: `make prove` dies at every call, `make test` at every third.
STEP = 1 if "ROLECALL_PROVE" in os.environ else 3
WEEK = "?grace_days=7"
DAY = 24 * 60
pytestmark = pytest.mark.usefixtures("aws")


def _restore(tenant: Tenant) -> Response:
    return gateway.request("POST", f"/global/tenants/{tenant.id}/restore", MASTER_TOKEN)


def _tenants(query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = gateway.request("GET", f"/tenants{query}", MASTER_TOKEN).body["tenants"]
    return found


def _run_maintenance(minutes: int) -> maintenance.Report:
    deadline.set_time_left(60)
    return maintenance.run_maintenance(clock.now() + timedelta(minutes=minutes), "maintenance")


def _state() -> dict[keys.Key, dict[str, Any]]:
    """All items except the audit trail, without the versions and times of change of the tenants' own items."""
    own = {"version", "updated_at"}
    found = {}
    for item in reads.scan(None, 1000)[0]:
        key = keys.Key(item["pk"], item["sk"])
        if key.pk.startswith(("AUDIT#", "MAINTENANCE")):
            continue
        is_tenant = key.pk.startswith("NAME#") or (key.pk.startswith("TENANT#") and key.sk == keys.META)
        found[key] = {name: value for name, value in item.items() if not (is_tenant and name in own)}
    return found


def _actions(tenant: Tenant) -> list[str]:
    return [entry["action"] for entry in audit_of(tenant.id) if entry.get("severity") == "critical"]


def test_a_scheduled_deletion_closes_the_tenant_and_removes_nothing(acme: Tenant) -> None:
    user = acme.add("user")
    acme.add_device_and_session(user)
    before = _state()

    answer = delete(acme, query=WEEK, confirm="Acme")

    data = answer.body["data"]
    assert (answer.status, answer.headers["Location"]) == (202, f"{acme.id}/deletion")
    assert data.keys() == {"tenant_id", "tenant_name", "status", "requested_at", "deletes_at"}
    assert data["status"] == "scheduled"
    assert acme.admin.request("GET", "/users").status == 401
    assert user.request("GET", f"/users/{user.id}").status == 401
    with pytest.raises(Unauthorized):
        devices.register_device(acme.id, user.id, "phone", clock.now())
    own = {keys.tenant(acme.id), keys.tenant_name_reservation("Acme"), keys.deletion_job(acme.id)}
    assert {key: item for key, item in _state().items() if key not in own} == {
        key: item for key, item in before.items() if key not in own
    }
    assert _actions(acme) == ["schedule_tenant_deletion"]
    assert audit_of(acme.id)[-1]["after"] == {"status": "scheduled", "deletes_at": data["deletes_at"]}


def test_a_scheduled_deletion_is_written_with_all_that_its_start_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    at, deletes_at = "2026-06-15T12:00:00Z", "2026-06-22T12:00:00Z"
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 6, 15, 12, tzinfo=UTC))
    tenant = some_dozen_items()

    with call_before_request("UpdateItem", crash), suppress(Crash):
        delete(tenant, query=f"{WEEK}&reason=unpaid")

    [entry] = audit_of(tenant.id)
    assert (entry["action"], entry["severity"], entry["reason"]) == (
        "schedule_tenant_deletion",
        "critical",
        "unpaid",
    )
    assert entry["target"] == {"type": "tenant", "id": tenant.id}
    assert entry["before"] == {"name": "Acme", "status": "active"}
    stored, reservation, job = reads.get_many(
        keys.tenant(tenant.id), keys.tenant_name_reservation("Acme"), keys.deletion_job(tenant.id)
    )
    assert stored
    assert reservation
    assert {name: stored[name] for name in ("status", "deletes_at", "updated_at", "version")} == {
        "status": "scheduled",
        "deletes_at": deletes_at,
        "updated_at": at,
        "version": 2,
    }
    assert {"deletes_at": deletes_at, "updated_at": at}.items() <= reservation.items()
    assert job == {
        "pk": f"DELETION#{tenant.id}",
        "sk": keys.META,
        "gsi1pk": "DELETIONS#OPEN",
        "gsi1sk": f"{at}#{tenant.id}",
        "gsi2pk": "DELETIONS#SCHEDULED",
        "gsi2sk": f"{deletes_at}#{tenant.id}",
        "tenant_id": tenant.id,
        "tenant_name": "Acme",
        "status": "scheduled",
        "deletes_at": deletes_at,
        "requested_at": at,
        "requested_by": "master",
        "reason": "unpaid",
        "driven_at": at,
        "attempts": 0,
        "deleted": {},
        "verified": False,
        "unannounced": {"schedule_tenant_deletion": entry["id"]},
    }


def test_the_deletion_is_due_so_many_days_after_the_request(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    at = clock.now()
    monkeypatch.setattr(clock, "now", lambda: at)
    data = delete(acme, query="?grace_days=90").body["data"]
    assert (data["requested_at"], data["deletes_at"]) == (rfc3339(at), rfc3339(at + timedelta(days=90)))


@pytest.mark.parametrize("days", ["0", "91", "-1", "1.5", "", "x", "٣"])
def test_other_numbers_of_days_are_refused(acme: Tenant, days: str) -> None:
    with unchanged():
        assert delete(acme, query=f"?grace_days={days}").code == "VALIDATION_ERROR"


def test_name_and_emails_stay_taken(acme: Tenant) -> None:
    delete(acme, query=WEEK)
    body = {"tenant_name": "ACME", "email": "new@example.com", "password": PASSWORD}
    assert gateway.request("POST", "/register", MASTER_TOKEN, body).code == "TENANT_EXISTS"
    body |= {"tenant_name": "Other", "email": acme.admin.email}
    assert gateway.request("POST", "/register", MASTER_TOKEN, body).code == "EMAIL_TAKEN"


def test_a_restored_tenant_is_as_it_was_and_its_tokens_work(acme: Tenant) -> None:
    user = acme.add("user")
    acme.add_device_and_session(user)
    before = _state()
    delete(acme, query=WEEK)

    answer = _restore(acme)

    assert (answer.status, answer.body["message"]) == (200, "Tenant restored")
    assert answer.body["data"] == gateway.request("GET", f"/global/tenants/{acme.id}", MASTER_TOKEN).body["data"]
    assert answer.headers["ETag"] == '"3"'
    assert _state() == before
    assert acme.admin.request("GET", "/users").status == 200
    assert acme.admin.promote(user, "manager").status == 200
    assert _actions(acme) == ["schedule_tenant_deletion", "restore_tenant"]
    assert gateway.request("GET", f"/global/tenants/{acme.id}/deletion", MASTER_TOKEN).code == "TENANT_NOT_FOUND"
    deadline.set_time_left(60)
    assert_every_invariant_holds()
    assert delete(acme, query=WEEK).status == 202, "and again"


def test_only_a_scheduled_deletion_can_be_taken_back(acme: Tenant) -> None:
    with unchanged():
        assert _restore(acme).code == "TENANT_NOT_FOUND"
        assert gateway.request("POST", "/global/tenants/x/restore", MASTER_TOKEN).code == "VALIDATION_ERROR"
    assert delete(acme, seconds=4).status == 202
    with unchanged():
        refused = _restore(acme)
        assert (refused.status, refused.code) == (409, "DELETION_STARTED")
    run_workers()
    with unchanged():
        assert _restore(acme).code == "TENANT_NOT_FOUND"


def test_the_progress_of_a_scheduled_deletion(acme: Tenant) -> None:
    scheduled = delete(acme, query=WEEK).body["data"]
    shown = progress(acme)
    assert scheduled.items() <= shown.items()
    assert (shown["percent"], shown["verified"], shown["attempts"], shown["deleted"]) == (0, False, 0, {})
    assert "deleted_at" not in shown


def test_the_same_request_again_changes_nothing_whatever_its_number_of_days(acme: Tenant) -> None:
    first = delete(acme, query=WEEK)
    with unchanged():
        assert delete(acme, query=WEEK).body == delete(acme, query="?grace_days=30").body == first.body
        assert delete(acme, query=WEEK, confirm="Globex").code == "CONFIRMATION_MISMATCH"
    assert _actions(acme) == ["schedule_tenant_deletion"]


def test_without_grace_days_it_starts_at_once(acme: Tenant) -> None:
    scheduled = delete(acme, query=WEEK).body["data"]
    counts = expected_counts(acme.id)
    with unchanged():
        assert delete(acme, confirm="Globex").code == "CONFIRMATION_MISMATCH"

    assert delete(acme).status == 200

    assert remains(acme.id) == []
    receipt = progress(acme)
    assert (receipt["status"], receipt["deleted"]) == ("deleted", dict(counts))
    assert receipt["requested_at"] == scheduled["requested_at"]
    assert "deletes_at" not in receipt
    assert _actions(acme) == ["schedule_tenant_deletion", "delete_tenant", "complete_tenant_deletion"]
    assert [entry["before"]["status"] for entry in audit_of(acme.id) if entry["action"] == "delete_tenant"] == [
        "scheduled"
    ]


def test_a_request_with_grace_days_does_not_slow_a_running_deletion_down(acme: Tenant) -> None:
    running = delete(acme, seconds=4)
    with unchanged():
        assert delete(acme, query=WEEK).body == running.body


def test_a_dry_run_of_a_scheduled_deletion_counts_the_same_and_changes_nothing(acme: Tenant) -> None:
    with unchanged():
        first = delete(acme, query="?dry_run=true&grace_days=7")
    delete(acme, query=WEEK)
    with unchanged():
        second = delete(acme, query="?dry_run=true")
    assert first.status == 200
    assert first.body == second.body


def test_a_protected_tenant_is_not_scheduled_and_a_scheduled_one_not_protected(acme: Tenant) -> None:
    path = f"/global/tenants/{acme.id}"
    gateway.request("PUT", path, MASTER_TOKEN, {"deletion_protection": True})
    with unchanged():
        assert delete(acme, query=WEEK).code == "TENANT_PROTECTED"
    gateway.request("PUT", path, MASTER_TOKEN, {"deletion_protection": False})
    delete(acme, query=WEEK)
    with unchanged():
        protect = gateway.request("PUT", path, MASTER_TOKEN, {"deletion_protection": True})
        assert protect.code == gateway.request("GET", path, MASTER_TOKEN).code == "TENANT_NOT_FOUND"


def test_maintenance_starts_what_is_due_and_nothing_before(acme: Tenant, globex: Tenant) -> None:
    counts = expected_counts(acme.id)
    delete(acme, query=WEEK)
    delete(globex, query="?grace_days=8")
    with unchanged():
        assert _run_maintenance(7 * DAY - 1).deletions_started == []
    assert _run_maintenance(7 * DAY + 1).deletions_started == [acme.id]
    assert _restore(acme).code == "DELETION_STARTED"
    run_workers()
    assert_deleted(acme, counts, CRITICAL | {"schedule_tenant_deletion"})
    [entry] = [entry for entry in audit_of(acme.id) if entry["action"] == "delete_tenant"]
    assert entry["actor"]["id"] == "maintenance"
    assert _restore(globex).status == 200
    assert globex.admin.request("GET", "/users").status == 200
    assert _run_maintenance(9 * DAY).deletions_started == []


def test_a_tenant_whose_deletion_is_not_scheduled_is_not_deleted(acme: Tenant) -> None:
    """An index may still list a deletion that was taken back."""
    context = RequestContext(principals.Principal(principals.PrincipalType.SYSTEM, "maintenance"), clock.now())
    with unchanged():
        assert not requests.start_due_deletion(context, acme.id)


def test_a_restored_and_rescheduled_deletion_has_its_new_time(acme: Tenant) -> None:
    delete(acme, query="?grace_days=1")
    _restore(acme)
    delete(acme, query=WEEK)
    assert _run_maintenance(2 * DAY).deletions_started == []
    assert acme.id in {tenant["id"] for tenant in _tenants("?status=scheduled")}


def test_what_is_restored_between_the_look_at_it_and_the_start_stays(acme: Tenant) -> None:
    delete(acme, query=WEEK)
    with call_before_request("TransactWriteItems", lambda: _restore(acme)):
        assert _run_maintenance(8 * DAY).deletions_started == []
    assert acme.admin.request("GET", "/users").status == 200

    delete(acme, query=WEEK)
    with call_before_request("TransactWriteItems", lambda: _restore(acme)):
        assert delete(acme).code == "CONCURRENT_CHANGE"
    assert acme.admin.request("GET", "/users").status == 200


def test_what_is_started_between_the_look_at_it_and_its_restoration_is_not_restored(acme: Tenant) -> None:
    delete(acme, query=WEEK)
    with call_before_request("TransactWriteItems", lambda: delete(acme, seconds=4)):
        assert _restore(acme).code == "DELETION_STARTED"
    assert progress(acme)["status"] == "deleting"


def test_a_restoration_that_is_overtaken_by_another_finds_nothing_to_restore(acme: Tenant) -> None:
    delete(acme, query=WEEK)
    with call_before_request("TransactWriteItems", lambda: _restore(acme)):
        assert _restore(acme).code == "TENANT_NOT_FOUND"
    assert _actions(acme).count("restore_tenant") == 1


def test_two_schedules_at_once_are_one(acme: Tenant) -> None:
    with call_before_request("TransactWriteItems", lambda: delete(acme, query="?grace_days=3")):
        second = delete(acme, query=WEEK)
    assert second.body["data"]["deletes_at"] == progress(acme)["deletes_at"]
    assert _actions(acme) == ["schedule_tenant_deletion"]


def test_tenants_are_listed_by_state_and_by_the_beginning_of_the_name(acme: Tenant, globex: Tenant) -> None:
    acne, initech = register("Acne"), register("Initech")
    deletes_at = delete(acme, query=WEEK).body["data"]["deletes_at"]
    delete(initech, seconds=4)
    assert [tenant["name"] for tenant in _tenants()] == ["Acne", "Globex"]
    [scheduled] = _tenants("?status=scheduled")
    assert (scheduled["id"], scheduled["deletes_at"]) == (acme.id, deletes_at)
    [deleting] = _tenants("?status=deleting")
    assert deleting.keys() == {"id", "name", "created_at", "updated_at"}
    assert (deleting["id"], deleting["name"]) == (initech.id, "Initech")
    assert [tenant["id"] for tenant in _tenants("?name=ac")] == [acne.id]
    assert [tenant["id"] for tenant in _tenants("?name=AC&status=scheduled")] == [acme.id]
    assert [tenant["id"] for tenant in _tenants("?name=init&status=deleting")] == [initech.id]
    assert _tenants("?name=b") == []
    for name in ("\ufdfa" * 80, " "):
        [complaint] = gateway.request("GET", f"/tenants?name={name}", MASTER_TOKEN).body["validation"]
        assert (complaint["field"], complaint["value"]) == ("name", name)
        assert complaint["message"].startswith("must ")
    assert gateway.request("GET", "/tenants?status=deleted", MASTER_TOKEN).code == "VALIDATION_ERROR"
    _restore(acme)
    assert [tenant["name"] for tenant in _tenants()] == ["Acme", "Acne", "Globex"]
    assert _tenants("?status=scheduled") == []
    run_workers()
    assert _tenants("?status=deleting") == []


@pytest.mark.parametrize("status", ["active", "scheduled", "deleting"])
def test_the_pages_of_a_state_go_on_behind_each_other(status: str) -> None:
    names = ["Ab", "aC", "AD", "Ae", "Bee"]
    for name in names:
        tenant = register(name)
        if status != "active":
            delete(tenant, query=WEEK if status == "scheduled" else "", seconds=4)
    found, cursor = [], ""
    while True:
        page = gateway.request("GET", f"/tenants?limit=3&name=a&status={status}{cursor}", MASTER_TOKEN).body
        found += [tenant["name"] for tenant in page["tenants"]]
        if "next_cursor" not in page:
            break
        cursor = f"&cursor={page['next_cursor']}"
        other = gateway.request("GET", f"/tenants?limit=3&name=b&status={status}{cursor}", MASTER_TOKEN)
        assert other.code == "VALIDATION_ERROR"
    assert found == names[:4]


def test_a_tenant_that_was_deleted_and_registered_again_can_be_deleting_twice() -> None:
    first = register("Twin")
    delete(first, seconds=4)
    second = register("Twin")
    delete(second, seconds=4)
    assert {tenant["id"] for tenant in _tenants("?status=deleting")} == {first.id, second.id}


def test_scheduling_that_dies_at_any_call_has_happened_or_not(caplog: pytest.LogCaptureFixture) -> None:
    number, died = 1, True
    while died:
        caplog.clear()
        tenant, before = _scene()
        died = False
        try:
            with crash_at(number, after=True):
                delete(tenant, query=WEEK)
        except Crash:
            died = True
        if not _actions(tenant):
            assert _state() == before
        assert delete(tenant, query=WEEK).status == 202
        _run_maintenance(5)
        assert _actions(tenant) == ["schedule_tenant_deletion"]
        assert {action for action, _ in announced(caplog, tenant.id)} == {"schedule_tenant_deletion"}
        assert "gsi1pk" not in (reads.get(keys.deletion_job(tenant.id)) or {})
        assert _restore(tenant).status == 200
        assert _state() == before
        number += STEP


def test_a_restoration_that_dies_at_any_call_has_happened_or_not(caplog: pytest.LogCaptureFixture) -> None:
    number, died = 1, True
    while died:
        caplog.clear()
        tenant, before = _scene()
        delete(tenant, query=WEEK)
        scheduled, died = _state(), False
        try:
            with crash_at(number, after=True):
                _restore(tenant)
        except Crash:
            died = True
        if "restore_tenant" not in _actions(tenant):
            assert _state() == scheduled
            assert _restore(tenant).status == 200
        _run_maintenance(5)
        assert _state() == before
        assert _actions(tenant) == ["schedule_tenant_deletion", "restore_tenant"]
        assert {action for action, _ in announced(caplog, tenant.id)} == {"schedule_tenant_deletion", "restore_tenant"}
        number += STEP


def test_a_restored_tenant_can_be_scheduled_or_deleted_before_its_restoration_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for query in (WEEK, ""):
        caplog.clear()
        tenant, _ = _scene()
        delete(tenant, query=WEEK)
        with call_before_request("Query", _die), suppress(Crash):
            _restore(tenant)
        assert (reads.get(keys.deletion_job(tenant.id)) or {})["status"] == "restored"
        assert delete(tenant, query=query).status in {200, 202}
        assert "restore_tenant" in {action for action, _ in announced(caplog, tenant.id)}


def test_a_start_by_maintenance_that_dies_at_any_call_is_followed_by_the_next_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    number, died = 1, True
    while died:
        caplog.clear()
        tenant = some_dozen_items()
        counts = expected_counts(tenant.id)
        delete(tenant, query=WEEK)
        died = False
        try:
            with crash_at(number, after=True):
                _run_maintenance(7 * DAY + 1)
        except Crash:
            died = True
        if "delete_tenant" in _actions(tenant):
            assert _restore(tenant).code == "DELETION_STARTED"
        for round_ in range(1, 12):
            leases_run_out(tenant.id)
            _run_maintenance(7 * DAY + 10 * round_)
            run_workers()
        assert_deleted(tenant, counts, CRITICAL | {"schedule_tenant_deletion"})
        assert {action for action, _ in announced(caplog, tenant.id)} == CRITICAL | {"schedule_tenant_deletion"}
        number += STEP if STEP == 1 else 11


def _scene() -> tuple[Tenant, dict[keys.Key, dict[str, Any]]]:
    tenant = some_dozen_items()
    return tenant, _state()


def _die() -> None:
    raise Crash


def test_a_tenant_that_changed_before_its_restoration_is_read_again_unless_it_is_being_deleted() -> None:
    assert type(restoration._deletion_started_or_concurrent_change({"status": "deleting"})) is DeletionStarted
    for found in (None, {"status": "active"}, {"status": "scheduled"}):
        assert type(restoration._deletion_started_or_concurrent_change(found)) is ConcurrentChange
