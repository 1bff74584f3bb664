"""The function that runs every five minutes and drives on what stopped."""

from typing import Any

from rolecall import clock
from rolecall.clock import rfc3339
from rolecall.storage import indexes, keys, writes
from tests.integration.conftest import (
    NO_TIME_TO_SWEEP,
    Tenant,
    delete_tenant,
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
            "deletions_open": 0,
            "deletions_started": [],
            "deletions_resumed": [],
            "deletions_stalled": [],
            "complete": True,
            "violations": 0,
            "repaired": 0,
        }


def test_it_drives_on_every_deletion_and_touches_no_other_tenant(acme: Tenant, globex: Tenant) -> None:
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
    # As something else leaves it: what the admin owned is gone, the admin and the other user are still there.
    for item in table():
        if acme.admin.id in item["pk"] or acme.admin.id in item.get("user_id", ""):
            writes.write(writes.Delete(keys.Key(item["pk"], item["sk"])))

    later(minutes=5)
    run_workers()

    assert progress(acme)["status"] == "deleted"
    assert {item["pk"].partition("#")[0] for item in table()} == {"AUDIT", "DELETION"}


def test_it_reports_what_does_not_hold(acme: Tenant) -> None:
    writes.write(writes.Update(keys.tenant(acme.id), set={"active_admins": 7}, when=writes.MUST_EXIST))
    report: dict[str, Any] = run_maintenance()
    assert report["violations"] == 1
