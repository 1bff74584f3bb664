"""DELETE /global/tenants/{id} and its progress: what holds, beyond crashes and faults."""

import pytest

from rolecall import keys, store, sweep
from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import (
    MASTER_TOKEN,
    Tenant,
    audit_of,
    table_without_audit,
    waiting_messages,
    work,
)
from tests.integration.deletions import (
    assert_deleted,
    delete,
    expected_counts,
    plant_user,
    progress,
    put,
    remains,
    some_dozen_items,
    to_the_end,
)
from tests.integration.deletions import later as maintenance_later

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


def test_a_protected_tenant_is_not_deleted_until_the_protection_is_lifted() -> None:
    tenant = some_dozen_items()
    store.write(store.Update(keys.tenant(tenant.id), set={"deletion_protection": True}, when=store.EXISTS))
    before = table_without_audit()
    refused = delete(tenant)
    assert (refused.status, refused.code) == (409, "TENANT_PROTECTED")
    assert table_without_audit() == before
    store.write(store.Update(keys.tenant(tenant.id), set={"deletion_protection": False}, when=store.EXISTS))
    assert delete(tenant).status == 200


@pytest.mark.parametrize("between", ["gone", "renamed", "protected", "deleting"])
def test_what_becomes_of_a_tenant_between_the_look_at_it_and_its_tombstone_counts(between: str) -> None:
    tenant = some_dozen_items()
    key, events = keys.tenant(tenant.id), store._client().meta.events
    others: list[Response] = []

    def overtake(**_: object) -> None:
        events.unregister("before-call.dynamodb.TransactWriteItems", overtake)
        match between:
            case "gone":
                store.write(store.Delete(key))
            case "deleting":
                others.append(delete(tenant, seconds=3))
            case _:
                change = {"name": "Globex"} if between == "renamed" else {"deletion_protection": True}
                token = gateway.running.set(None)
                store.write(store.Update(key, set=change, when=store.EXISTS))
                gateway.running.reset(token)

    events.register("before-call.dynamodb.TransactWriteItems", overtake)
    answer = delete(tenant)
    if between == "deleting":
        assert (answer.status, answer.body) == (202, others[0].body)
    else:
        codes = {"gone": "TENANT_NOT_FOUND", "renamed": "CONCURRENT_CHANGE", "protected": "TENANT_PROTECTED"}
        assert answer.code == codes[between]
        assert store.query_partition(keys.deletion(tenant.id).pk).items == audit_of(tenant.id) == []


def test_a_receipt_is_never_written_over() -> None:
    tenant = some_dozen_items()
    put(keys.deletion(tenant.id), status="deleted")
    before = table_without_audit()
    assert delete(tenant).code == "CONCURRENT_CHANGE"
    assert table_without_audit() == before


def test_what_the_request_cannot_finish_goes_to_the_queue_and_asking_again_changes_nothing() -> None:
    tenant = some_dozen_items()
    counts = expected_counts(tenant.id)

    accepted = delete(tenant, seconds=3)

    assert accepted.status == 202
    assert accepted.headers["Location"] == f"/global/tenants/{tenant.id}/deletion"
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


def test_there_is_no_progress_of_what_was_never_deleted(acme: Tenant) -> None:
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
    foreign = keys.email("someone@example.com")
    put(foreign, tenant_id=globex.id, user_id=globex.admin.id)
    put(keys.Key(keys.tenant_partition(tenant.id), "GADGET#2"), owned_keys={foreign.pk})
    assert delete(tenant).status == 200
    assert store.get(foreign) is not None


def _slices(tenant: Tenant) -> list[store.Item]:
    """Of the job, those that hold something."""
    items = store.query_partition(keys.deletion(tenant.id).pk).items
    return [item for item in items if item["sk"] != keys.META and item["reached"] != 990]


def _sweep_all(tenant: Tenant) -> None:
    """Work through the queue until every slice is swept, and no user is proven yet."""
    bodies = waiting_messages()
    while bodies:
        work([bodies.pop(0)])
        found = _slices(tenant)
        if {item["state"] for item in found} == {sweep.SWEPT}:
            return
        bodies += waiting_messages()
    raise AssertionError("some slice was proven before all were swept")


@pytest.mark.parametrize("where", ["of a user whose slice is swept", "of the tenant", "of the tenant: a whole user"])
def test_what_is_planted_behind_the_sweeps_back_is_found_by_the_proof(where: str) -> None:
    tenant = some_dozen_items()
    user_id = "0c1b0b7c-0000-4000-8000-000000000000"
    plant_user(tenant.id, user_id)
    counts = expected_counts(tenant.id)
    assert delete(tenant, seconds=3).status == 202
    _sweep_all(tenant)

    match where:
        case "of a user whose slice is swept":
            put(keys.of_user(tenant.id, user_id, "DEVICE", "late"), name="late")
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
    to_the_end(tenant)
    assert_deleted(tenant, counts)
    assert percents == sorted(percents), "progress never falls"


def test_what_is_planted_in_the_tenant_after_every_slice_is_done_opens_its_slice_again() -> None:
    tenant = some_dozen_items()
    counts = expected_counts(tenant.id)
    assert delete(tenant, seconds=3).status == 202
    planted: list[str] = []

    def plant(model: object, params: dict[str, object], **_: object) -> None:
        # The first look at the tenant's whole partition is the last proof.
        if b'"Limit":100' in bytes(str(params["body"]), "utf-8").replace(b" ", b"") and not planted:
            planted.append("x")
            put(keys.Key(keys.tenant_partition(tenant.id), "GADGET#late"))

    events = store._client().meta.events
    events.register("before-call.dynamodb.Query", plant)
    try:
        to_the_end(tenant)
    finally:
        events.unregister("before-call.dynamodb.Query", plant)
    counts["gadgets"] += 1
    assert planted
    assert_deleted(tenant, counts)


def test_a_deletion_whose_messages_are_all_lost_is_driven_on_and_counts_its_attempts() -> None:
    tenant = some_dozen_items()
    assert delete(tenant, seconds=3).status == 202
    assert waiting_messages()
    maintenance_later(minutes=2)
    assert not waiting_messages(), "too early to worry"
    maintenance_later(minutes=6)
    assert waiting_messages()
    assert progress(tenant)["attempts"] == 2
    assert remains(tenant.id)


def test_a_message_that_cannot_be_handled_fails_alone() -> None:
    tenant = some_dozen_items()
    assert delete(tenant, seconds=3).status == 202
    good = waiting_messages()
    assert work(["no JSON", *good]) == [{"itemIdentifier": "0"}]
