"""The function that runs every five minutes and resumes what has stopped."""

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from rolecall import clock, deadline, telemetry
from rolecall.audit import redaction
from rolecall.clock import rfc3339
from rolecall.deletion import executors, jobs, requests, workers
from rolecall.errors import ConcurrentChange
from rolecall.operations import due_role_ends, invariants, maintenance
from rolecall.storage import indexes, keys, reads, writes
from rolecall.tenants import user_deletion
from rolecall.webhooks import last_deliveries
from tests import gateway
from tests.integration.conftest import (
    NO_TIME_TO_SWEEP,
    Tenant,
    audit_of,
    delete_tenant,
    metrics_in,
    register,
    run_maintenance,
    run_workers,
    table,
    table_without_audit,
    unchanged,
    waiting_messages,
)
from tests.integration.deletion.deletions import later, progress, put


def _begin_deletion(tenant: Tenant) -> None:
    answer = delete_tenant(tenant.id, seconds=NO_TIME_TO_SWEEP)
    assert answer.status == 202
    assert waiting_messages(), "which are lost"


def test_with_nothing_to_do_it_changes_nothing(acme: Tenant) -> None:
    with unchanged():
        assert run_maintenance() == {
            "role_ends_written": 0,
            "deletions_open": 0,
            "deletions_started": [],
            "deletions_resumed": [],
            "deletions_stalled": [],
            "complete": True,
            "violations": 0,
            "repaired": 0,
        }


def test_it_resumes_every_deletion_and_touches_no_other_tenant(acme: Tenant, globex: Tenant) -> None:
    third = register("Initech")
    for tenant in (acme, globex):
        _begin_deletion(tenant)
    untouched = [item for item in table_without_audit() if third.id in str(item)]

    later(minutes=5)
    run_workers()

    assert [progress(tenant)["status"] for tenant in (acme, globex)] == ["deleted", "deleted"]
    assert [progress(tenant)["attempts"] for tenant in (acme, globex)] == [2, 2]
    assert [item for item in table_without_audit() if third.id in str(item)] == untouched
    assert not [item for item in table() if item["pk"].startswith((f"TENANT#{acme.id}", f"TENANT#{globex.id}"))]


def test_it_leaves_running_and_finished_deletions_alone(acme: Tenant, globex: Tenant) -> None:
    _begin_deletion(acme)
    assert delete_tenant(globex.id).status == 200
    run_maintenance()  # redacts the audit
    with unchanged():
        assert run_maintenance()["deletions_resumed"] == []
    assert not waiting_messages()


def test_a_run_without_time_for_all_deletions_is_followed_by_one_that_goes_on_there(aws: None) -> None:
    at = rfc3339(clock.now())
    for number in range(30):
        put(
            keys.deletion_job(str(number)),
            tenant_id=str(number),
            tenant_name="Acme",
            status="deleting",
            requested_at=at,
            requested_by="master",
            driven_at=at,
            attempts=1,
            deleted={},
            verified=False,
            unannounced={},
            **indexes.PENDING_DELETIONS.index_attributes(f"{at}#{number:02}"),
        )

    reports = [run_maintenance(seconds=5) for _ in range(3)]

    assert [report["deletions_open"] for report in reports] == [25, 5, 25]
    assert [report["complete"] for report in reports] == [False, True, False]


def test_a_sweep_that_stopped_halfway_goes_on_where_it_was(acme: Tenant) -> None:
    acme.add_device_and_session(acme.add("user"))
    _begin_deletion(acme)
    # The state after an interrupted sweep: the admin's owned items are deleted, but the admin and the user exist.
    for item in table():
        if acme.admin.id in item["pk"] or acme.admin.id in item.get("user_id", ""):
            writes.write(writes.Delete(keys.Key(item["pk"], item["sk"])))

    later(minutes=5)
    run_workers()

    assert progress(acme)["status"] == "deleted"
    assert {item["pk"].partition("#")[0] for item in table()} == {"AUDIT", "DELETION"}


def test_it_reports_violated_invariants(acme: Tenant) -> None:
    writes.write(writes.Update(keys.tenant(acme.id), set={"active_admins": 7}, when=writes.MUST_EXIST))
    report: dict[str, Any] = run_maintenance()
    assert report["violations"] == 1


# --- A step that fails -----------------------------------------------------------------------------


def _fail_for(
    tenant: Tenant | None, failing: tuple[ModuleType, str], error: Exception, patch: pytest.MonkeyPatch
) -> None:
    """Makes a function, named by its module and its name, raise the error if the tenant is among its arguments.

    Without a tenant, it always raises the error.
    """
    original = getattr(*failing)

    def fail_or_go_on(*arguments: Any) -> Any:
        if tenant is None or tenant.id in str(arguments):
            raise error
        return original(*arguments)

    patch.setattr(*failing, fail_or_go_on)


def _run_maintenance(*, minutes: int) -> maintenance.Report:
    """Runs maintenance as if it were so many minutes later."""
    deadline.set_time_left(60)
    report = maintenance.run_maintenance(clock.now() + timedelta(minutes=minutes), "maintenance")
    telemetry.flush_metrics()
    return report


@pytest.mark.parametrize(
    ("failing", "step"),
    [
        ((user_deletion, "finish_stopped_user_deletions"), "user deletions"),
        ((due_role_ends, "write_due_ends"), "role ends"),
        ((jobs, "list_entries_of_due_jobs"), "due deletions"),
        ((last_deliveries, "delete_expired_copies"), "last deliveries"),
        ((redaction, "redact_emails_of_deleted_tenants"), "redaction"),
    ],
    ids=["user deletions", "role ends", "due deletions", "last deliveries", "redaction"],
)
def test_a_step_that_fails_is_logged_and_counted_and_the_others_run(
    acme: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    failing: tuple[ModuleType, str],
    step: str,
) -> None:
    _begin_deletion(acme)
    _fail_for(None, failing, RuntimeError("a bug"), monkeypatch)
    capsys.readouterr()

    report = run_maintenance()

    assert (report["deletions_open"], report["complete"]) == (1, True)
    assert metrics_in(capsys.readouterr().out)["StepsFailed"] == 1
    assert [vars(line)["step"] for line in caplog.records if line.message == "maintenance step failed"] == [step]


def test_each_step_gets_a_limit_for_one_run_and_the_time_to_keep_in_reserve(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: dict[str, tuple[Any, ...]] = {}
    for module, name in (
        (user_deletion, "finish_stopped_user_deletions"),
        (last_deliveries, "delete_expired_copies"),
        (redaction, "redact_emails_of_deleted_tenants"),
    ):
        monkeypatch.setattr(module, name, lambda *given, name=name: limits.update({name: given}))

    _run_maintenance(minutes=0)

    assert limits["finish_stopped_user_deletions"] == (1000, executors.RESERVE_SECONDS)
    assert limits["redact_emails_of_deleted_tenants"] == (100, executors.RESERVE_SECONDS)
    assert limits["delete_expired_copies"][1] == 1000


@pytest.mark.parametrize("page", [1, 50])
@pytest.mark.parametrize(
    ("error", "failed_steps"), [(RuntimeError("a bug"), 1), (ConcurrentChange(), 0)], ids=["bug", "conflict"]
)
def test_a_due_deletion_that_cannot_start_stops_no_other_and_starts_later(
    acme: Tenant,
    globex: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    failed_steps: int,
    page: int,
) -> None:
    monkeypatch.setattr(maintenance, "_PAGE", page)
    day = 24 * 60
    for tenant in (acme, globex):
        assert delete_tenant(tenant.id, query="?grace_days=1").status == 202
    capsys.readouterr()
    with monkeypatch.context() as patched:
        _fail_for(acme, (requests, "start_due_deletion"), error, patched)
        assert _run_maintenance(minutes=day + 1).deletions_started == [globex.id]

    assert metrics_in(capsys.readouterr().out).get("StepsFailed", 0) == failed_steps
    assert _run_maintenance(minutes=day + 6).deletions_started == [acme.id]


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
@pytest.mark.parametrize(
    ("failing", "error"),
    [
        ((workers, "resume_deletion"), RuntimeError("a bug")),
        ((workers, "resume_deletion"), ConcurrentChange()),
        ((jobs, "find_job"), RuntimeError("a bug")),
    ],
    ids=["bug", "conflict", "unreadable job"],
)
def test_a_deletion_that_cannot_be_resumed_stops_no_other(
    acme: Tenant,
    globex: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failing: tuple[ModuleType, str],
    error: Exception,
    first: bool,
) -> None:
    for tenant in (acme, globex):
        _begin_deletion(tenant)
    acme_is_first = jobs.list_entries_of_pending_jobs(None, 1).items[0]["tenant_id"] == acme.id
    failed, other = (acme, globex) if acme_is_first is first else (globex, acme)
    _fail_for(failed, failing, error, monkeypatch)
    capsys.readouterr()

    report = _run_maintenance(minutes=5)

    assert report.deletions_resumed == [other.id]
    assert report.complete
    assert metrics_in(capsys.readouterr().out).get("StepsFailed", 0) == (
        0 if isinstance(error, ConcurrentChange) else 1
    )
    assert reads.get(keys.deletion_job(failed.id))


def test_deletions_that_stand_still_are_counted_on_all_pages(
    acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(maintenance, "_PAGE", 1)
    for tenant in (acme, globex):
        _begin_deletion(tenant)
    capsys.readouterr()

    report = _run_maintenance(minutes=24 * 60)

    assert sorted(report.deletions_stalled) == sorted([acme.id, globex.id])
    assert metrics_in(capsys.readouterr().out)["DeletionsStalled"] == 2


# --- The check of the invariants, part by part -----------------------------------------------------


def test_each_run_checks_some_pages_and_the_next_run_continues_there(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invariants, "PAGE", 2)
    monkeypatch.setattr(maintenance, "_PAGES_CHECKED", 1)
    writes.write(writes.Update(keys.tenant(acme.id), set={"active_admins": 7}, when=writes.MUST_EXIST))
    pages = (len(table()) + 2) // 2  # with the position itself, which the first run stores

    violations = [run_maintenance()["violations"] for _ in range(2 * pages)]

    assert sum(violations[:pages]) == sum(violations[pages:]) == 1
    assert violations[:pages] == violations[pages:]


def test_a_finding_is_repaired_and_reported_as_repaired_only_with_repair(acme: Tenant) -> None:
    wrong = writes.Update(keys.tenant(acme.id), set={"active_admins": 7}, when=writes.MUST_EXIST)
    writes.write(wrong)
    assert run_maintenance()["repaired"] == 0
    assert (reads.get(keys.tenant(acme.id)) or {})["active_admins"] == 7

    report = gateway.invoke("run_maintenance", {"repair": True})

    assert (report["violations"], report["repaired"]) == (1, 1)
    assert (reads.get(keys.tenant(acme.id)) or {})["active_admins"] == 1
    entry = audit_of(acme.id)[-1]
    assert (entry["action"], entry["actor"]["id"]) == ("repair_invariant", "maintenance")


def test_a_run_counts_its_findings_in_the_metrics(acme: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    _begin_deletion(acme)
    capsys.readouterr()
    _run_maintenance(minutes=5)
    counted = metrics_in(capsys.readouterr().out)
    names = ("MaintenanceRan", "DeletionsOpen", "DeletionsStarted", "DeletionsResumed", "DeletionsStalled")
    assert [counted[name] for name in names] == [1, 1, 0, 1, 0]
    _run_maintenance(minutes=20)
    counted = metrics_in(capsys.readouterr().out)
    assert [counted[name] for name in names] == [1, 1, 0, 1, 1]


def test_a_critical_event_that_was_not_logged_is_logged_once(acme: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    _begin_deletion(acme)
    unlogged = {"unannounced": {"delete_tenant": "e1"}}
    writes.write(writes.Update(keys.deletion_job(acme.id), set=unlogged, when=writes.MUST_EXIST))
    caplog.clear()

    for _ in range(2):
        run_maintenance()

    assert [vars(line)["event_id"] for line in caplog.records if line.levelname == "CRITICAL"] == ["e1"]
    assert (reads.get(keys.deletion_job(acme.id)) or {})["unannounced"] == {}
