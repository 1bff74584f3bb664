"""DELETE /global/tenants/{id} and its progress, without crashes and faults."""

import json
from collections import Counter
from contextlib import suppress
from copy import replace
from datetime import UTC, datetime

import pytest

from rolecall import clock
from rolecall.auth.principals import RequestContext
from rolecall.deletion import completion, jobs, slice_ranges, slices, sweep, workers
from rolecall.deletion.slices import SWEPT
from rolecall.errors import ConcurrentChange, ServiceUnavailable
from rolecall.operations import maintenance
from rolecall.storage import dynamodb, indexes, keys, reads, writes
from tests import gateway
from tests.faults import Crash, crash_at
from tests.gateway import Response
from tests.integration.conftest import (
    MASTER_TOKEN,
    Tenant,
    audit_of,
    metrics_in,
    run_workers,
    table_without_audit,
    unchanged,
    waiting_messages,
    work,
)
from tests.integration.deletion.deletions import (
    announced,
    assert_deleted,
    call_before_last_proof,
    call_before_request,
    crash,
    delete,
    expected_counts,
    later,
    plant_user,
    progress,
    put,
    remains,
    some_dozen_items,
    to_the_end,
)

pytestmark = pytest.mark.usefixtures("aws")


def test_a_dry_run_counts_what_would_go_and_changes_nothing() -> None:
    tenant = some_dozen_items()
    counts, before = expected_counts(tenant.id), table_without_audit()

    answer = delete(tenant, query="?dry_run=true")

    assert answer.status == 200
    assert answer.body["data"]["would_delete"] == dict(counts)
    assert answer.body["data"]["complete"] is True
    assert table_without_audit() == before
    assert audit_of(tenant.id) == []


def test_a_dry_run_without_the_time_to_count_says_so() -> None:
    answer = delete(some_dozen_items(), query="?dry_run=true", seconds=2)
    assert (answer.status, answer.body["data"]["complete"]) == (200, False)


@pytest.mark.parametrize("query", ["?dry_run=yes", "?dryrun=true"])
def test_a_dry_run_that_is_mistyped_is_no_deletion(query: str) -> None:
    tenant = some_dozen_items()
    before = table_without_audit()
    assert delete(tenant, query=query).code == "VALIDATION_ERROR"
    assert table_without_audit() == before


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_a_wrong_name_is_refused_and_the_right_one_is_not(query: str) -> None:
    tenant = some_dozen_items()
    before = table_without_audit()
    refused = delete(tenant, query=query, confirm="Globex")
    assert (refused.status, refused.code) == (409, "CONFIRMATION_MISMATCH")
    assert table_without_audit() == before
    assert delete(tenant, query=query, confirm="Acme").status == 200


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_a_protected_tenant_is_not_deleted_until_the_protection_is_lifted(query: str) -> None:
    tenant = some_dozen_items()
    writes.write(writes.Update(keys.tenant(tenant.id), set={"deletion_protection": True}, when=writes.MUST_EXIST))
    before = table_without_audit()
    refused = delete(tenant, query=query)
    assert (refused.status, refused.code) == (409, "TENANT_PROTECTED")
    assert table_without_audit() == before
    writes.write(writes.Update(keys.tenant(tenant.id), set={"deletion_protection": False}, when=writes.MUST_EXIST))
    assert delete(tenant, query=query).status == 200


@pytest.mark.parametrize("between", ["gone", "renamed", "protected", "deleting"])
def test_a_tenant_that_changes_between_the_read_and_the_tombstone_gets_the_right_answer(between: str) -> None:
    tenant = some_dozen_items()
    key, events = keys.tenant(tenant.id), dynamodb.client().meta.events
    others: list[Response] = []

    def overtake(**_: object) -> None:
        events.unregister("before-call.dynamodb.TransactWriteItems", overtake)
        match between:
            case "gone":
                writes.write(writes.Delete(key))
            case "deleting":
                others.append(delete(tenant, seconds=3))
            case _:
                change = {"name": "Globex"} if between == "renamed" else {"deletion_protection": True}
                token = gateway.running.set(None)
                writes.write(writes.Update(key, set=change, when=writes.MUST_EXIST))
                gateway.running.reset(token)

    events.register("before-call.dynamodb.TransactWriteItems", overtake)
    answer = delete(tenant)
    if between == "deleting":
        assert (answer.status, answer.body) == (202, others[0].body)
    else:
        codes = {"gone": "TENANT_NOT_FOUND", "renamed": "CONCURRENT_CHANGE", "protected": "TENANT_PROTECTED"}
        assert answer.code == codes[between]
        assert reads.query_partition(keys.deletion_job(tenant.id).pk).items == audit_of(tenant.id) == []


def test_a_tombstone_closes_the_tenant_and_lists_all_there_is_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    at = "2026-06-15T12:00:00Z"
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 6, 15, 11, tzinfo=UTC))
    tenant = some_dozen_items()
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 6, 15, 12, tzinfo=UTC))

    with call_before_request("Query", crash), suppress(Crash):
        delete(tenant)

    assert reads.get(keys.tenant_name_reservation(tenant.name)) is None
    assert {"status": "deleting", "updated_at": at}.items() <= (reads.get(keys.tenant(tenant.id)) or {}).items()
    [entry] = audit_of(tenant.id)
    assert (entry["action"], entry["timestamp"], entry["severity"]) == ("delete_tenant", at, "critical")
    job, *slice_items = reads.query_partition(keys.deletion_job(tenant.id).pk).items
    assert job == {
        "pk": f"DELETION#{tenant.id}",
        "sk": keys.META,
        "gsi1pk": "DELETIONS#OPEN",
        "gsi1sk": f"{at}#{tenant.id}",
        "gsi2pk": "TENANTS#DELETING",
        "gsi2sk": f"acme\0{tenant.id}",
        "tenant_id": tenant.id,
        "tenant_name": "Acme",
        "created_at": "2026-06-15T11:00:00Z",
        "updated_at": at,
        "status": "deleting",
        "requested_at": at,
        "requested_by": "master",
        "reason": None,
        "driven_at": at,
        "attempts": 1,
        "deleted": {"names": 1},
        "verified": False,
        "unannounced": {"delete_tenant": entry["id"]},
    }
    assert slice_items == [slices.Slice(tenant.id, name, updated_at=at).to_item() for name in slice_ranges.SLICES]


@pytest.mark.parametrize("what", ["the receipt", "a slice"])
def test_a_deletion_is_never_written_over(what: str) -> None:
    tenant = some_dozen_items()
    put(
        keys.deletion_job(tenant.id) if what == "the receipt" else keys.deletion_slice(tenant.id, "7"), status="deleted"
    )
    before = table_without_audit()
    assert delete(tenant).code == "CONCURRENT_CHANGE"
    assert table_without_audit() == before


def test_the_request_queues_the_remaining_slices_and_a_repeated_request_changes_nothing() -> None:
    tenant = some_dozen_items()
    counts = expected_counts(tenant.id)

    accepted = delete(tenant, seconds=3)

    assert accepted.status == 202
    assert accepted.headers["Location"] == f"{tenant.id}/deletion"
    assert accepted.body["data"].keys() == {"tenant_id", "tenant_name", "status", "requested_at"}
    before = table_without_audit()
    again = delete(tenant)
    assert (again.status, again.body) == (202, accepted.body)
    assert delete(tenant, query="?dry_run=true").code == "TENANT_NOT_FOUND"
    assert table_without_audit() == before
    shown = progress(tenant)
    assert (shown["status"], shown["percent"] < 100, shown["verified"]) == ("deleting", True, False)
    to_the_end(tenant)
    assert_deleted(tenant, counts)
    assert delete(tenant).code == "TENANT_NOT_FOUND"


def test_a_tenant_without_a_deletion_has_no_progress(acme: Tenant) -> None:
    answer = gateway.request("GET", f"/global/tenants/{acme.id}/deletion", MASTER_TOKEN)
    assert answer.code == "TENANT_NOT_FOUND"
    assert acme.admin.request("GET", f"/global/tenants/{acme.id}/deletion").code == "MASTER_TOKEN_REQUIRED"


def test_another_tenant_is_left_as_it_was(acme: Tenant, globex: Tenant) -> None:
    globex.add_device_and_session(globex.add("user"))
    before = [item for item in table_without_audit() if globex.id in str(item)]
    assert delete(acme).status == 200
    assert [item for item in table_without_audit() if globex.id in str(item)] == before


def test_an_email_that_someone_else_holds_by_now_is_not_taken_away(globex: Tenant) -> None:
    tenant = some_dozen_items()
    foreign = keys.email_reservation("someone@example.com")
    put(foreign, tenant_id=globex.id, user_id=globex.admin.id)
    put(keys.Key(keys.tenant_partition(tenant.id), "GADGET#2"), owned_keys={foreign.pk})
    assert delete(tenant).status == 200
    assert reads.get(foreign) is not None


def _slices(tenant: Tenant) -> list[dynamodb.Item]:
    """The slices of the job that have items."""
    items = reads.query_partition(keys.deletion_job(tenant.id).pk).items
    return [item for item in items if item["sk"] != keys.META and item["reached"] != 990]


def _sweep_all(tenant: Tenant) -> None:
    """Run the worker until every slice is swept and none is proven."""
    bodies = waiting_messages()
    while bodies:
        work([bodies.pop(0)])
        found = _slices(tenant)
        if {item["state"] for item in found} == {slices.SWEPT}:
            return
        bodies += waiting_messages()
    raise AssertionError("some slice was proven before all were swept")


@pytest.mark.parametrize("where", ["of a user whose slice is swept", "of the tenant", "of the tenant: a whole user"])
def test_the_proof_finds_an_item_that_was_written_after_the_sweep(where: str) -> None:
    tenant = some_dozen_items()
    user_id = "0c1b0b7c-0000-4000-8000-000000000000"
    plant_user(tenant.id, user_id)
    counts = expected_counts(tenant.id)
    assert delete(tenant, seconds=3).status == 202
    _sweep_all(tenant)

    match where:
        case "of a user whose slice is swept":
            put(keys.item_of_user(tenant.id, user_id, "DEVICE", "late"), name="late")
            counts["devices"] += 1
        case "of the tenant":
            put(keys.Key(keys.tenant_partition(tenant.id), "GADGET#late"))
            counts["gadgets"] += 1
        case _:
            plant_user(tenant.id, "0d1b0b7c-0000-4000-8000-000000000000")
            counts.update(users=1, emails=1, tokens=1, devices=2)

    percents = [progress(tenant)["percent"]]
    while bodies := waiting_messages():
        for body in bodies:
            work([body])
            percents.append(progress(tenant)["percent"])
    assert_deleted(tenant, counts)
    assert percents == sorted(percents), "progress never falls"


def _plant_late(tenant: Tenant) -> None:
    put(keys.Key(keys.tenant_partition(tenant.id), "GADGET#late"))


def _nobodys_call() -> RequestContext:
    return RequestContext(maintenance.MAINTENANCE, clock.now())


def _up_to_the_last_proof(tenant: Tenant) -> None:
    """Run the deletion until every slice is done. Then the worker dies before the receipt, and no message is left."""
    with call_before_last_proof(crash), pytest.raises(Crash):
        run_workers()
    assert {one.state for one in jobs.read_job(tenant.id).slices} == {slices.DONE}
    assert not waiting_messages()


@pytest.mark.parametrize("by", ["the request", "a worker", "maintenance"])
def test_an_item_that_is_written_after_every_slice_is_done_opens_its_slice_again(
    by: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant = some_dozen_items()
    counts = expected_counts(tenant.id) + Counter(gadgets=1)
    if by != "the request":
        assert delete(tenant, seconds=3).status == 202
    if by == "maintenance":
        _up_to_the_last_proof(tenant)
    capsys.readouterr()

    with call_before_last_proof(lambda: _plant_late(tenant)):
        match by:
            case "the request":
                assert delete(tenant).status == 200
            case "a worker":
                run_workers()
            case _:
                later()
                run_workers()

    assert_deleted(tenant, counts)
    assert metrics_in(capsys.readouterr().out)["DeletionProofFailed"] == 1


def test_two_concurrent_proofs_open_all_slices_that_they_find() -> None:
    tenant = some_dozen_items()
    assert delete(tenant, seconds=3).status == 202
    _up_to_the_last_proof(tenant)

    def another_proof() -> None:
        plant_user(tenant.id, "0d1b0b7c-0000-4000-8000-000000000000")
        assert not completion.complete_deletion_if_nothing_remains(_nobodys_call(), jobs.read_job(tenant.id))
        _plant_late(tenant)

    with call_before_last_proof(another_proof):
        later()
    assert {json.loads(body)["slice"] for body in waiting_messages()} == {"0", slice_ranges.TENANT_SLICE}


def test_no_receipt_is_written_over_a_slice_that_another_proof_has_opened() -> None:
    tenant = some_dozen_items()
    counts = expected_counts(tenant.id) + Counter(gadgets=1)
    assert delete(tenant, seconds=3).status == 202

    def another_proof() -> None:
        """A second proof opens the slice, and a worker sweeps it, before the first proof writes."""
        _plant_late(tenant)
        assert not completion.complete_deletion_if_nothing_remains(_nobodys_call(), jobs.read_job(tenant.id))
        workers.queue_runnable_slices(jobs.read_job(tenant.id))
        assert work(waiting_messages()) == []
        waiting_messages()  # its messages are lost

    with call_before_last_proof(another_proof):
        run_workers()
    assert_deleted(tenant, counts)


def test_of_two_workers_that_complete_a_deletion_at_once_one_writes_the_receipt() -> None:
    tenant = some_dozen_items()
    counts = expected_counts(tenant.id)
    assert delete(tenant, seconds=3).status == 202
    _up_to_the_last_proof(tenant)
    found = jobs.read_job(tenant.id)
    assert completion.complete_deletion_if_nothing_remains(_nobodys_call(), found)
    with unchanged():
        assert completion.complete_deletion_if_nothing_remains(_nobodys_call(), found)
    assert_deleted(tenant, counts)


def test_a_tenant_that_someone_has_opened_again_is_not_removed() -> None:
    tenant = some_dozen_items()
    key = keys.tenant(tenant.id)

    def open_again() -> None:
        writes.write(writes.Update(key, set={"status": "active"}, when=writes.MUST_EXIST))

    assert delete(tenant, seconds=3).status == 202
    with call_before_last_proof(open_again):
        run_workers()
    assert reads.get(key)
    assert progress(tenant)["status"] == "deleting"


def test_an_event_that_was_logged_during_the_completion_is_not_logged_again(caplog: pytest.LogCaptureFixture) -> None:
    tenant = some_dozen_items()
    counts = expected_counts(tenant.id)
    with call_before_request("Query", crash), suppress(Crash):
        delete(tenant)  # dies after the tombstone and before the first log line
    accepted = jobs.read_job(tenant.id)
    assert accepted.unlogged_events
    workers.queue_runnable_slices(accepted)
    _up_to_the_last_proof(tenant)

    overtaken = replace(jobs.read_job(tenant.id), unlogged_events=accepted.unlogged_events)
    with unchanged():
        assert not completion.complete_deletion_if_nothing_remains(_nobodys_call(), overtaken)
    later()

    assert_deleted(tenant, counts)
    told = [record.getMessage() for record in caplog.records if record.levelname == "CRITICAL"]
    assert told.count("tenant deletion accepted") == told.count("tenant deleted") == 1


def test_a_late_log_writer_removes_no_newer_event(caplog: pytest.LogCaptureFixture) -> None:
    tenant = some_dozen_items()
    counts = expected_counts(tenant.id)
    with call_before_request("Query", crash), suppress(Crash):
        delete(tenant)
    accepted = jobs.read_job(tenant.id)
    workers.queue_runnable_slices(accepted)
    _up_to_the_last_proof(tenant)
    with call_before_request("UpdateItem", crash), suppress(Crash):
        completion.complete_deletion_if_nothing_remains(
            _nobodys_call(), jobs.read_job(tenant.id)
        )  # dies after the log line and before the job records it
    assert jobs.read_job(tenant.id).unlogged_events.keys() == {"complete_tenant_deletion"}

    with unchanged():
        completion.log_unlogged_critical_events(accepted)
    caplog.clear()
    later()

    assert_deleted(tenant, counts)
    assert [action for action, _ in announced(caplog, tenant.id)] == ["complete_tenant_deletion"]


def test_the_receipt_has_the_time_of_the_end_not_that_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant, end = some_dozen_items(), "2040-01-01T00:00:00Z"

    def time_passes() -> None:
        monkeypatch.setattr(clock, "now", lambda: datetime(2040, 1, 1, tzinfo=UTC))

    with call_before_last_proof(time_passes):
        answer = delete(tenant)

    assert answer.body["data"]["deleted_at"] == end
    job = reads.get(keys.deletion_job(tenant.id)) or {}
    assert job["requested_at"] < end
    assert indexes.UNREDACTED_AUDITS.index_attributes(f"{end}#{tenant.id}").items() <= job.items()
    assert [entry["timestamp"] for entry in audit_of(tenant.id)] == [job["requested_at"], end]


def test_a_slice_costs_two_messages() -> None:
    tenant = some_dozen_items()
    assert delete(tenant, seconds=3).status == 202
    sent: Counter[str] = Counter()
    while bodies := waiting_messages():
        sent.update(bodies)
        assert work(bodies) == []
    assert sorted(json.loads(body)["slice"] for body in sent) == ["0", "7", slice_ranges.TENANT_SLICE]
    assert set(sent.values()) == {2}


def test_a_message_that_is_late_or_comes_twice_does_nothing() -> None:
    tenant = some_dozen_items()
    assert delete(tenant, seconds=3).status == 202
    bodies = waiting_messages()
    assert work(bodies[:1]) == []
    with unchanged():
        assert work(bodies[:1]) == []
    assert not waiting_messages()
    assert work(bodies[1:]) == []
    run_workers()
    with unchanged():
        assert work(bodies) == []
    assert progress(tenant)["status"] == "deleted"


def test_a_worker_leaves_a_slice_whose_lease_another_worker_holds() -> None:
    tenant = some_dozen_items()
    assert delete(tenant, seconds=3).status == 202
    body, *_ = waiting_messages()
    with call_before_request("BatchWriteItem", crash), suppress(Crash):
        work([body])
    with unchanged():
        assert work([body]) == []
    assert not waiting_messages()


def test_a_worker_takes_a_slice_whose_lease_ends_too_far_ahead() -> None:
    tenant = some_dozen_items()
    counts = expected_counts(tenant.id)
    assert delete(tenant, seconds=3).status == 202
    for body in (bodies := waiting_messages()):
        slice_key = keys.deletion_slice(tenant.id, json.loads(body)["slice"])
        lease = {"owner": "someone else", "lease_until": clock.epoch_seconds(clock.now()) + 86_400}
        writes.write(writes.Update(slice_key, set=lease, when=writes.MUST_EXIST))
    assert work(bodies) == []
    run_workers()
    assert_deleted(tenant, counts)


def test_a_worker_whose_time_is_up_hands_its_slice_on() -> None:
    tenant = some_dozen_items()
    counts = expected_counts(tenant.id)
    assert delete(tenant, seconds=3).status == 202
    for _ in ("sweep", "proof"):
        body, *others = waiting_messages()
        assert work([body], seconds=8) == []
        assert waiting_messages() == [body]
        assert work([body, *others]) == []
    assert_deleted(tenant, counts)


def test_a_worker_that_reaches_no_storage_gives_its_lease_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = some_dozen_items()
    assert delete(tenant, seconds=3).status == 202
    body, *others = waiting_messages()

    def fail(*_: object) -> None:
        raise ServiceUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(sweep._SliceRun, "_delete_owned_items_then_own_items", fail)
        assert work([body]) == [{"itemIdentifier": "0"}]
    job = jobs.find_job(tenant.id)
    assert job
    assert [(bool(one.owner), one.lease_until) for one in job.slices if one.version == 2] == [(True, 0)]
    assert work([body]) == []
    job = jobs.find_job(tenant.id)
    assert job
    [swept] = [one for one in job.slices if one.version > 2]
    assert (swept.state, swept.progress) == (SWEPT, 900)
    assert swept.kept == Counter(users=2, tokens=2, emails=2)
    assert work(others) == []
    run_workers()
    assert remains(tenant.id) == []


def test_a_request_does_not_wait_for_a_slice_whose_lease_a_worker_holds() -> None:
    tenant = some_dozen_items()
    slice_0 = keys.deletion_slice(tenant.id, "0")
    lease = {"owner": "someone else", "lease_until": clock.epoch_seconds(clock.now()) + 60}

    def someone_takes_it() -> None:
        writes.write(writes.Update(slice_0, set=lease, when=writes.MUST_EXIST))

    with call_before_request("Query", someone_takes_it), crash_at(0, after=False) as calls:
        assert delete(tenant, seconds=9).status == 202
    assert calls.number < 100
    assert lease.items() <= (reads.get(slice_0) or {}).items()
    assert [json.loads(body)["slice"] for body in waiting_messages()] == ["0"]


def test_a_deletion_of_which_only_the_receipt_is_left_is_completed_by_maintenance() -> None:
    tenant = some_dozen_items()
    counts = expected_counts(tenant.id)
    assert delete(tenant, seconds=3).status == 202
    _up_to_the_last_proof(tenant)

    later()

    assert_deleted(tenant, counts)
    assert progress(tenant)["attempts"] == 2
    assert not waiting_messages()


def test_a_complete_deletion_is_not_resumed() -> None:
    tenant = some_dozen_items()
    assert delete(tenant, seconds=3).status == 202
    before = jobs.read_job(tenant.id)
    run_workers()
    with unchanged(), pytest.raises(ConcurrentChange):
        workers.resume_deletion(_nobodys_call(), before)
    assert not waiting_messages()


def test_a_deletion_whose_messages_are_all_lost_is_resumed_and_counts_its_attempts() -> None:
    tenant = some_dozen_items()
    assert delete(tenant, seconds=3).status == 202
    assert waiting_messages()
    later(minutes=2)
    assert not waiting_messages(), "too early to worry"
    later(minutes=6)
    assert waiting_messages()
    later(minutes=8)
    assert not waiting_messages(), "it was pushed just now"
    assert progress(tenant)["attempts"] == 2
    later(minutes=12)
    assert waiting_messages()
    assert progress(tenant)["attempts"] == 3
    assert remains(tenant.id)


def test_a_message_that_cannot_be_handled_fails_alone() -> None:
    tenant = some_dozen_items()
    assert delete(tenant, seconds=3).status == 202
    good = waiting_messages()
    assert work(["no JSON", *good]) == [{"itemIdentifier": "0"}]


@pytest.mark.parametrize(
    ("error", "failed_steps"), [(RuntimeError("a bug"), 1), (ConcurrentChange(), 0)], ids=["bug", "conflict"]
)
def test_after_the_tombstone_a_deletion_is_accepted_whatever_comes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, failed_steps: int
) -> None:
    tenant = some_dozen_items()

    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(sweep, "sweep_or_prove_slices", fail)
        capsys.readouterr()
        assert delete(tenant).status == 202
    assert metrics_in(capsys.readouterr().out).get("StepsFailed", 0) == failed_steps
    to_the_end(tenant)
    assert remains(tenant.id) == []
