"""The function that runs every five minutes and resumes what stopped."""

from rolecall import deletion, keys, store
from tests.integration.conftest import (
    NO_TIME_TO_SWEEP,
    Tenant,
    delete_tenant,
    register,
    run_maintenance,
    table,
    table_without_audit,
    unchanged,
)


def _begin_deletion(tenant: Tenant) -> None:
    answer = delete_tenant(tenant.id, seconds=NO_TIME_TO_SWEEP)
    assert answer.status == 202


def test_with_nothing_to_do_it_changes_nothing(acme: Tenant) -> None:
    with unchanged():
        assert run_maintenance() == {"deletions_completed": [], "deletions_open": []}


def test_it_finishes_every_deletion_and_touches_no_other_tenant(acme: Tenant, globex: Tenant) -> None:
    third = register("Initech")
    for tenant in (acme, globex):
        _begin_deletion(tenant)
    untouched = [item for item in table_without_audit() if third.id in str(item)]

    report = run_maintenance()

    assert report["deletions_open"] == []
    assert sorted(report["deletions_completed"]) == sorted([acme.id, globex.id])
    assert [item for item in table_without_audit() if third.id in str(item)] == untouched
    assert not [item for item in table() if item["pk"].startswith((f"TENANT#{acme.id}", f"TENANT#{globex.id}"))]


def test_it_leaves_finished_deletions_alone(acme: Tenant) -> None:
    _begin_deletion(acme)
    run_maintenance()
    with unchanged():
        assert run_maintenance() == {"deletions_completed": [], "deletions_open": []}


def test_without_time_it_starts_nothing_and_says_what_waits(acme: Tenant, globex: Tenant) -> None:
    for tenant in (acme, globex):
        _begin_deletion(tenant)
    with unchanged():
        report = run_maintenance(seconds=5.0 + deletion.RESERVE_SECONDS)

    assert report["deletions_completed"] == []
    assert sorted(report["deletions_open"]) == sorted([acme.id, globex.id])


def test_a_sweep_that_stopped_halfway_goes_on_where_it_was(acme: Tenant) -> None:
    acme.add_device_and_session(acme.add("user"))
    _begin_deletion(acme)
    # As a crash leaves it: what the admin owned is gone, the admin and the other user are still there.
    for item in table():
        if acme.admin.id in item["pk"] or acme.admin.id in item.get("user_id", ""):
            store.write(store.Delete(keys.Key(item["pk"], item["sk"])))

    assert run_maintenance()["deletions_completed"] == [acme.id]

    job = store.get(keys.deletion(acme.id))
    assert job
    assert (job["status"], job["attempts"]) == ("deleted", 2)
    assert {item["pk"].partition("#")[0] for item in table()} == {"AUDIT", "DELETION"}
