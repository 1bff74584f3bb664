"""The check of the invariants: violations are found, and repaired if the correct state can be computed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rolecall import clock, deadline
from rolecall.audit import trail
from rolecall.auth import principals, tokens
from rolecall.auth.roles import PlatformRole
from rolecall.config import config
from rolecall.operations import admin_counts, audit_coverage, findings, invariants
from rolecall.operations.findings import Finding, FindingKind
from rolecall.storage import dynamodb, indexes, keys, reads, writes
from tests import contract, gateway
from tests.integration.accounts.test_sessions import Clock
from tests.integration.accounts.test_sessions import time as time
from tests.integration.conftest import (
    MASTER_TOKEN,
    PASSWORD,
    Holder,
    Tenant,
    audit_of,
    make_account,
    metrics_in,
    run_maintenance,
    table_without_audit,
)
from tests.integration.deletion.deletions import delete, put

CALL = principals.RequestContext(principals.Principal(principals.PrincipalType.SYSTEM, "operator"), clock.now())


def found_now() -> list[Finding]:
    deadline.set_time_left(60)
    return [finding for page, _ in invariants.check_table(None, reserve_seconds=1) for finding in page]


def _two_admins_counted(tenant: Tenant) -> None:
    writes.write(writes.Update(keys.tenant(tenant.id), set={"active_admins": 2}, when=writes.MUST_EXIST))


def _no_admin(tenant: Tenant) -> None:
    writes.write(writes.Update(keys.user(tenant.id, tenant.admin.id), set={"active": False}, when=writes.MUST_EXIST))
    writes.write(writes.Update(keys.tenant(tenant.id), set={"active_admins": 0}, when=writes.MUST_EXIST))


def _no_admin_listed(tenant: Tenant) -> None:
    _no_admin(tenant)
    inactive = indexes.users_by_role_and_state(tenant.id, "admin", active=False)
    _change_admin(tenant, **inactive.index_attributes(tenant.admin.email))


def _no_email(tenant: Tenant) -> None:
    writes.write(writes.Delete(keys.email_reservation(tenant.admin.email)))


def _change_admin(tenant: Tenant, **attributes: Any) -> None:
    writes.write(writes.Update(keys.user(tenant.id, tenant.admin.id), set=attributes, when=writes.MUST_EXIST))


def _no_token(tenant: Tenant) -> None:
    _change_admin(tenant, owned_keys={keys.email_reservation(tenant.admin.email).pk})
    writes.write(writes.Delete(keys.api_token(tokens.api_token_hash(tenant.admin.token))))


def _a_token_whose_end_is_not_stored(tenant: Tenant) -> None:
    key = keys.user(tenant.id, tenant.admin.id)
    writes.write(writes.Update(key, remove=("token_last4",), when=writes.MUST_EXIST))


def _the_reservation_of_another_email(tenant: Tenant) -> None:
    _change_admin(tenant, email="another@example.com")


def _an_external_id_that_is_not_listed(tenant: Tenant) -> None:
    _change_admin(tenant, external_id="00uAda")


def _a_listed_external_id_that_the_user_has_not(tenant: Tenant) -> None:
    listed = indexes.users_by_external_id(tenant.id, "00uAda").index_attributes(tenant.admin.id)
    key = keys.email_reservation(tenant.admin.email)
    writes.write(writes.Update(key, set=listed, when=writes.MUST_EXIST))


def _an_orphaned_token(tenant: Tenant) -> None:
    put(keys.api_token("ff"), tenant_id=tenant.id, user_id=tenant.admin.id)


def _a_device_of_nobody(tenant: Tenant) -> None:
    put(keys.item_of_user(tenant.id, "nobody", "DEVICE", "1"))


def _a_secret(tenant: Tenant) -> None:
    put(keys.item_of_user(tenant.id, tenant.admin.id, "DEVICE", "1"), token="clear")


def _a_device_of_another_tenant(tenant: Tenant) -> None:
    put(keys.item_of_user(tenant.id, tenant.admin.id, "DEVICE", "1"), tenant_id="another")


def _a_user_in_the_list_of_another_tenant(tenant: Tenant) -> None:
    elsewhere = indexes.users_by_email("another").index_attributes("a@example.com")
    writes.write(writes.Update(keys.user(tenant.id, tenant.admin.id), set=elsewhere, when=writes.MUST_EXIST))


def _three_superadmins_counted(tenant: Tenant) -> None:
    make_account(PlatformRole.SUPERADMIN)
    writes.write(writes.Update(keys.platform_counters(), set={"enabled_superadmins": 3}, when=writes.MUST_EXIST))


def _a_change_that_nobody_wrote_down(tenant: Tenant) -> None:
    at = clock.rfc3339(clock.now() + timedelta(seconds=1))
    writes.write(writes.Update(keys.user(tenant.id, tenant.admin.id), set={"updated_at": at}, when=writes.MUST_EXIST))


def _a_change_of_the_tenant_that_was_only_tried(tenant: Tenant) -> None:
    at = clock.now() + timedelta(seconds=1)
    call = principals.RequestContext(CALL.principal, at)
    target = ("tenant", tenant.id)
    writes.write(trail.new_entry(call, "update_tenant", target, scope=tenant.id, outcome=trail.DENIED))
    writes.write(writes.Update(keys.tenant(tenant.id), set={"updated_at": clock.rfc3339(at)}, when=writes.MUST_EXIST))


def _an_account_that_nobody_made(tenant: Tenant) -> None:
    account = make_account()
    for entry in audit_of(keys.PLATFORM):
        writes.write(writes.Delete(keys.Key(entry["pk"], entry["sk"])))
    assert account.id


def _seven_webhooks_counted(tenant: Tenant) -> None:
    tenant.admin.add_webhook()
    writes.write(writes.Update(keys.tenant(tenant.id), set={"webhook_count": 7}, when=writes.MUST_EXIST))


def _two_webhooks_of_a_user_counted(tenant: Tenant) -> None:
    tenant.admin.add_webhook(tenant.admin.id)
    _change_admin(tenant, webhook_count=2)


def _a_webhook_of_a_user_that_is_not_counted(tenant: Tenant) -> None:
    tenant.admin.add_webhook(tenant.admin.id)
    key = keys.user(tenant.id, tenant.admin.id)
    writes.write(writes.Update(key, remove=("webhook_count",), when=writes.MUST_EXIST))


def _a_listed_end_of_a_lasting_role(tenant: Tenant) -> None:
    _change_admin(tenant, **indexes.role_ends_of_tenant(tenant.id).index_attributes(f"1893456000#{tenant.admin.id}"))


def _left_over(tenant: Tenant) -> None:
    assert delete(tenant).status == 200
    put(keys.item_of_user(tenant.id, tenant.admin.id, "DEVICE", "1"))


#: What breaks an invariant, which one, and the item's key, in which the ids of the tenant and its admin are left open.
BROKEN: list[tuple[Callable[[Tenant], None], FindingKind, str]] = [
    (_two_admins_counted, FindingKind.ADMIN_COUNT, "TENANT#{tenant}/META"),
    (_seven_webhooks_counted, FindingKind.WEBHOOK_COUNT, "TENANT#{tenant}/META"),
    (_two_webhooks_of_a_user_counted, FindingKind.WEBHOOK_COUNT, "TENANT#{tenant}/USER#{admin}"),
    (_a_webhook_of_a_user_that_is_not_counted, FindingKind.WEBHOOK_COUNT, "TENANT#{tenant}/USER#{admin}"),
    (_no_admin, FindingKind.NO_ADMIN, "TENANT#{tenant}/META"),
    (_no_admin_listed, FindingKind.NO_ADMIN, "TENANT#{tenant}/META"),
    (_a_listed_end_of_a_lasting_role, FindingKind.ROLE_END, "TENANT#{tenant}/USER#{admin}"),
    (_no_email, FindingKind.CREDENTIALS, "TENANT#{tenant}/USER#{admin}"),
    *(
        (broken, FindingKind.CREDENTIALS, "TENANT#{tenant}/USER#{admin}")
        for broken in (
            _no_token,
            _a_token_whose_end_is_not_stored,
            _the_reservation_of_another_email,
            _an_external_id_that_is_not_listed,
            _a_listed_external_id_that_the_user_has_not,
        )
    ),
    (_an_orphaned_token, FindingKind.ORPHAN, "TOKEN#ff/META"),
    (_a_device_of_nobody, FindingKind.NO_USER, "TENANT#{tenant}#USER#nobody/DEVICE#1"),
    (_a_secret, FindingKind.SECRET, "TENANT#{tenant}#USER#{admin}/DEVICE#1"),
    (_a_device_of_another_tenant, FindingKind.FOREIGN, "TENANT#{tenant}#USER#{admin}/DEVICE#1"),
    (_a_user_in_the_list_of_another_tenant, FindingKind.FOREIGN, "TENANT#{tenant}/USER#{admin}"),
    (_three_superadmins_counted, FindingKind.SUPERADMIN_COUNT, "PLATFORM/META"),
    (_a_change_that_nobody_wrote_down, FindingKind.UNRECORDED, "TENANT#{tenant}/USER#{admin}"),
    (_a_change_of_the_tenant_that_was_only_tried, FindingKind.UNRECORDED, "TENANT#{tenant}/META"),
    (_an_account_that_nobody_made, FindingKind.UNRECORDED, "ACCOUNT#1/META"),
    (_left_over, FindingKind.LEFT_OVER, "TENANT#{tenant}#USER#{admin}/DEVICE#1"),
]


def test_the_routes_violate_no_invariant(acme: Tenant, globex: Tenant, superadmin: Holder) -> None:
    acme.add_device_and_session(acme.add("admin"))
    acme.admin.add_webhook()
    acme.admin.add_webhook(acme.admin.id)
    acme.admin.request("DELETE", f"/webhooks/{acme.admin.add_webhook(acme.admin.id)}").must(200)
    put(keys.webhook(acme.id, "of-an-earlier-version", acme.admin.id), url="https://example.com")
    named = {"email": "grace@example.com", "password": PASSWORD, "firstName": "Grace", "lastName": "Hopper"}
    superadmin.request("POST", "/v1/api/superadmin/users", {**named, "username": "grace"})
    assert delete(globex).status == 200
    assert found_now() == []
    assert MASTER_TOKEN not in str(table_without_audit())


#: Kinds of findings that name no tenant, although the item may be of one.
_FINDINGS_WITHOUT_TENANT = {FindingKind.SECRET, FindingKind.SUPERADMIN_COUNT}


@pytest.mark.parametrize(("break_it", "kind", "where"), BROKEN, ids=[one[0].__name__ for one in BROKEN])
def test_a_violation_is_repaired_only_if_the_correct_state_can_be_computed(
    acme: Tenant, break_it: Callable[[Tenant], None], kind: FindingKind, where: str
) -> None:
    break_it(acme)
    before = table_without_audit()

    [finding] = found_now()

    assert finding.kind is kind
    assert "/".join(finding.key) == where.format(tenant=acme.id, admin=acme.admin.id)
    assert finding.tenant_id == ("" if kind in _FINDINGS_WITHOUT_TENANT or where.startswith("ACCOUNT#") else acme.id)
    assert findings.repair_finding(CALL, finding) is finding.is_repairable
    if finding.is_repairable:
        assert found_now() == []
        assert [entry["action"] for entry in audit_of(acme.id)].count("repair_invariant") == 1
    else:
        assert table_without_audit() == before


@pytest.mark.parametrize("break_it", [_two_admins_counted, _an_orphaned_token])
def test_a_repair_is_told_in_the_trail_of_its_tenant(acme: Tenant, break_it: Callable[[Tenant], None]) -> None:
    break_it(acme)
    [finding] = found_now()
    assert findings.repair_finding(CALL, finding)

    answer = acme.admin.request("GET", f"/audit?target={acme.id}&action=repair_invariant")

    contract.check_over_http("GET", "/audit", answer.status, answer.headers, answer.text)
    [entry] = answer.body["entries"]
    assert entry["reason"] == finding.kind.value
    counted = {"active_admins": finding.stored_count}, {"active_admins": finding.correct_count}
    assert (entry["before"], entry["after"]) == (counted if finding.correct_count else ({"item": "TOKEN"}, None))


def test_a_repaired_count_of_a_user_is_reported_with_the_users_id(acme: Tenant) -> None:
    _two_webhooks_of_a_user_counted(acme)
    [finding] = found_now()
    assert findings.repair_finding(CALL, finding)

    answer = acme.admin.request("GET", f"/audit?target={acme.admin.id}&action=repair_invariant")

    [entry] = answer.must(200)["entries"]
    assert (entry["before"], entry["after"]) == ({"webhook_count": 2}, {"webhook_count": 1})
    assert (reads.get(keys.user(acme.id, acme.admin.id)) or {})["webhook_count"] == 1


@pytest.mark.parametrize("of_user", [True, False])
def test_a_webhook_that_is_created_during_the_check_is_not_a_finding(acme: Tenant, of_user: bool) -> None:
    owner = acme.admin.id if of_user else None
    acme.admin.add_webhook(owner)
    made: list[str] = []

    def make_one_before_they_are_counted(params: dict[str, Any], **_: Any) -> None:
        if not made and "WEBHOOK#" in str(params["body"]):
            made.append("")
            made.append(acme.admin.add_webhook(owner))

    events = dynamodb.client().meta.events
    events.register("before-call.dynamodb.Query", make_one_before_they_are_counted)
    try:
        assert found_now() == []
    finally:
        events.unregister("before-call.dynamodb.Query", make_one_before_they_are_counted)
    assert len(made) == 2


def test_a_count_of_webhooks_that_has_changed_since_is_not_repaired(acme: Tenant) -> None:
    _two_webhooks_of_a_user_counted(acme)
    [finding] = found_now()
    acme.admin.add_webhook(acme.admin.id)

    assert findings.repair_finding(CALL, finding) is False


def test_every_change_of_the_routes_has_an_audit_entry(acme: Tenant, superadmin: Holder) -> None:
    user, account = acme.add("user"), make_account()
    assert acme.admin.promote(user, "manager").status == 200
    assert user.request("POST", f"/users/{user.id}/token").status == 200
    protection = {"deletion_protection": True}
    assert gateway.request("PUT", f"/global/tenants/{acme.id}", MASTER_TOKEN, protection).status == 200
    change = {"newRole": "ROLE_SUPERADMIN"}
    assert superadmin.request("PUT", f"/v1/api/superadmin/users/{account.id}/role", change).status == 200

    assert found_now() == []


def test_what_is_read_of_a_trail_does_not_grow_with_it(acme: Tenant, time: Clock) -> None:
    asked: list[int] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        if "AUDIT#" in str(params["ExpressionAttributeValues"]):
            asked.append(params["Limit"])

    user = acme.add("user")
    for role in ("manager", "user") * 15:
        time.forward(seconds=1)
        acme.admin.request("POST", f"/users/{user.id}/promote", {"new_role": role})
    events = dynamodb.client().meta.events
    events.register("before-parameter-build.dynamodb.Query", note)
    try:
        assert found_now() == []
    finally:
        events.unregister("before-parameter-build.dynamodb.Query", note)

    # One short query each for the tenant, its first admin and the user.
    assert asked == [20, 20, 20]


def test_a_count_for_which_the_time_is_too_short_is_reported_but_not_repaired(acme: Tenant) -> None:
    _two_admins_counted(acme)
    before = table_without_audit()
    deadline.set_time_left(2)

    [[finding]] = [page for page, _ in invariants.check_table(None, reserve_seconds=1)]

    assert (finding.kind, finding.stored_count, finding.correct_count) == (FindingKind.ADMIN_COUNT, 2, None)
    assert findings.repair_finding(CALL, finding) is False
    assert table_without_audit() == before


def test_the_owner_of_a_kept_answer_has_its_credentials(aws: None) -> None:
    body = {"tenant_name": "Acme", "email": "owner@example.com", "password": PASSWORD}
    answer = gateway.request("POST", "/register", MASTER_TOKEN, body, headers={"Idempotency-Key": "1"})
    assert answer.status == 201

    assert found_now() == []


def test_a_count_that_was_touched_since_is_not_repaired(acme: Tenant) -> None:
    key = keys.tenant(acme.id)
    writes.write(writes.Update(key, set={"active_admins": 7}, when=writes.MUST_EXIST))
    [finding] = found_now()
    assert (finding.stored_count, finding.correct_count) == (7, 1)
    # A promotion and a demotion in the meantime leave the count unchanged.
    other = acme.add("user")
    assert [acme.admin.promote(other, role).status for role in ("admin", "user")] == [200, 200]

    assert findings.repair_finding(CALL, finding) is False
    meta = reads.get(key)
    assert meta
    assert meta["active_admins"] == 7


def test_a_count_that_was_changed_since_is_not_repaired(acme: Tenant) -> None:
    _two_admins_counted(acme)
    [finding] = found_now()
    writes.write(writes.Update(keys.tenant(acme.id), set={"active_admins": 3}, when=writes.MUST_EXIST))

    assert findings.repair_finding(CALL, finding) is False


@pytest.mark.parametrize("owner", [{"tenant_id": "another"}, {"user_id": "another"}])
def test_a_token_that_has_an_owner_since_is_not_deleted(acme: Tenant, owner: dict[str, str]) -> None:
    _an_orphaned_token(acme)
    [finding] = found_now()
    put(keys.api_token("ff"), **({"tenant_id": acme.id, "user_id": acme.admin.id} | owner))

    assert findings.repair_finding(CALL, finding) is False
    assert reads.get(keys.api_token("ff"))


def _account_without_its_reservation(superadmin: Holder) -> tuple[Finding, dynamodb.Item]:
    """The finding, and the reservation that is gone."""
    named = {"email": "grace@example.com", "password": PASSWORD, "firstName": "Grace", "lastName": "Hopper"}
    assert superadmin.request("POST", "/v1/api/superadmin/users", {**named, "username": "grace"}).status == 201
    [reservation] = [item for item in table_without_audit() if item["pk"].startswith("USERNAME#")]
    writes.write(writes.Delete(keys.Key(reservation["pk"], reservation["sk"])))
    [finding] = found_now()
    return finding, reservation


def test_a_missing_reservation_of_a_username_is_written_with_an_entry_of_the_platform(superadmin: Holder) -> None:
    finding, reservation = _account_without_its_reservation(superadmin)

    assert findings.repair_finding(CALL, finding) is True

    assert reads.get(keys.Key(reservation["pk"], reservation["sk"])) == reservation
    [entry] = [entry for entry in audit_of(keys.PLATFORM) if entry["action"] == "repair_invariant"]
    assert entry["target"] == {"type": "platform", "id": "PLATFORM"}
    assert (entry["before"], entry["after"]) == ({"item": "ACCOUNT"}, None)


def test_a_username_that_another_account_now_has_is_not_repaired(superadmin: Holder) -> None:
    finding, reservation = _account_without_its_reservation(superadmin)
    taken = {**reservation, "username_of": 999}
    writes.write(writes.Put(taken))

    assert findings.repair_finding(CALL, finding) is False
    assert reads.get(keys.Key(reservation["pk"], reservation["sk"])) == taken


# --- What has changed since the page was read ------------------------------------------------------


@pytest.mark.parametrize("break_it", [_no_email, _a_listed_end_of_a_lasting_role])
@pytest.mark.parametrize("since", ["nothing", "deleted", "being deleted", "mended"])
def test_a_user_is_read_again_before_it_is_reported(
    acme: Tenant, break_it: Callable[[Tenant], None], since: str
) -> None:
    user = keys.user(acme.id, acme.admin.id)
    whole = [reads.get(key) for key in (user, keys.email_reservation(acme.admin.email))]
    break_it(acme)
    as_read = reads.get(user)
    if since == "deleted":
        writes.write(writes.Delete(user))
    elif since == "being deleted":
        _change_admin(acme, deleted_at=clock.rfc3339(clock.now()))
    elif since == "mended":
        for item in whole:
            writes.write(writes.Put(item or {}))

    found = list(invariants.check_item(as_read or {}))

    assert len(found) == (1 if since == "nothing" else 0)


# --- Entries, and what is counted of findings ------------------------------------------------------


@pytest.mark.parametrize("in_trail", [True, False])
def test_an_entry_of_a_role_that_outlives_its_givers_is_found(acme: Tenant, in_trail: bool) -> None:
    actor = {"type": "user", "id": acme.admin.id, "role": "admin", "lasting_role": "user", "role_until": 1893456000}
    entry = {"outcome": "succeeded", "actor": actor, "before": {"role": "user"}, "after": {"role": "manager"}}
    put(keys.Key(f"AUDIT#{acme.id}" if in_trail else f"DELETION#{acme.id}", "01"), **entry)

    assert [(finding.kind, finding.tenant_id) for finding in found_now()] == (
        [(FindingKind.OUTLIVING, acme.id)] if in_trail else []
    )


def test_each_finding_is_counted_by_its_kind_and_in_total(acme: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    _no_email(acme)
    _an_orphaned_token(acme)
    put(keys.api_token("fe"), tenant_id=acme.id, user_id=acme.admin.id)
    capsys.readouterr()

    assert run_maintenance()["violations"] == 3

    counted = metrics_in(capsys.readouterr().out)
    assert counted["InvariantsViolated"] == 3
    assert (counted["Invariant.ORPHAN"], counted["Invariant.CREDENTIALS"]) == (2, 1)


# --- Larger tenants and longer trails than one page ------------------------------------------------


@contextmanager
def _queried_partitions() -> Iterator[list[str]]:
    """The partition keys of the queries, without those of audit trails."""
    found: list[str] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        found.extend(
            value["S"]
            for value in params["ExpressionAttributeValues"].values()
            if value.get("S", "").startswith("TENANT#")
        )

    events = dynamodb.client().meta.events
    events.register("before-parameter-build.dynamodb.Query", note)
    yield found
    events.unregister("before-parameter-build.dynamodb.Query", note)


@pytest.fixture
def seven_users(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """A tenant with five active admins, an inactive one and a user, whose users are more than two pages."""
    for role in ("admin",) * 4 + ("user",):
        acme.add(role)
    inactive = acme.add("admin")
    assert acme.admin.request("PUT", f"/users/{inactive.id}", {"active": False}).status == 200
    monkeypatch.setattr(admin_counts, "_PAGE", 2)
    return acme


def test_admins_on_several_pages_are_counted_by_the_index_alone(seven_users: Tenant) -> None:
    with _queried_partitions() as queried:
        assert found_now() == []
    by_index = indexes.users_by_role_and_state(seven_users.id, "admin", active=True).pk
    of_webhooks = keys.tenant_partition(seven_users.id)
    assert sorted(queried) == sorted([by_index, by_index, by_index, of_webhooks])


def test_a_wrong_count_is_reported_with_the_number_of_admins_on_all_pages(seven_users: Tenant) -> None:
    _two_admins_counted(seven_users)
    [finding] = found_now()
    assert (finding.stored_count, finding.correct_count) == (2, 5)


AT = datetime(2026, 6, 15, 12, tzinfo=UTC)


def _entry(at: datetime, target: str) -> None:
    call = principals.RequestContext(CALL.principal, at)
    writes.write(trail.new_entry(call, "update_user", ("user", target), scope="T"))


def _has_entry(at: str | None) -> bool:
    return audit_coverage.last_change_has_audit_entry({"updated_at": at} if at else {}, "T", "user", "ada")


def test_the_entry_of_a_change_is_found_after_many_entries_of_the_same_second(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: AT)
    monkeypatch.setattr(audit_coverage, "_FIRST_PAGE", 2)
    monkeypatch.setattr(audit_coverage, "_PAGE", 2)
    for number in range(5):
        _entry(AT + timedelta(milliseconds=number), "bo")
    assert not _has_entry("2026-06-15T12:00:00Z")
    _entry(AT + timedelta(milliseconds=9), "ada")
    assert _has_entry("2026-06-15T12:00:00Z")


def test_the_entry_of_a_later_change_does_not_cover_an_earlier_change(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: AT)
    _entry(AT + timedelta(seconds=1), "ada")
    assert not _has_entry("2026-06-15T12:00:00Z")
    assert _has_entry("2026-06-15T12:00:01Z")


def test_a_change_needs_an_entry_for_as_long_as_entries_are_kept(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = timedelta(days=config().audit_retention_days)
    monkeypatch.setattr(clock, "now", lambda: AT + kept)
    assert not _has_entry("2026-06-15T12:00:00Z")
    assert _has_entry("2026-06-15T11:59:59Z")
    assert _has_entry(None)


@pytest.mark.parametrize(
    ("role_end", "covered"),
    [
        ({"at": "2026-06-15T11:55:00Z", "written_at": "2026-06-15T12:00:00Z"}, True),
        ({"at": "2026-06-15T11:55:00Z", "written_at": "2026-06-15T12:00:01Z"}, False),
        # The user was changed after the end of an earlier role.
        ({"at": "2026-06-15T11:50:00Z", "written_at": "2026-06-15T12:00:00Z"}, False),
    ],
)
def test_the_entry_of_an_end_of_a_role_is_looked_for_at_the_time_at_which_it_was_written(
    aws: None, monkeypatch: pytest.MonkeyPatch, role_end: dict[str, str], covered: bool
) -> None:
    monkeypatch.setattr(clock, "now", lambda: AT)
    _entry(AT, "ada")
    item = {"updated_at": "2026-06-15T11:55:00Z", "role_end": role_end}
    assert audit_coverage.last_change_has_audit_entry(item, "T", "user", "ada") is covered


@pytest.mark.parametrize(
    ("action", "admin", "covered"),
    [("register_tenant", "ada", True), ("register_tenant", "bo", False), ("update_tenant", "ada", False)],
)
def test_the_registration_of_a_tenant_covers_only_its_first_admin(
    aws: None, monkeypatch: pytest.MonkeyPatch, action: str, admin: str, covered: bool
) -> None:
    monkeypatch.setattr(clock, "now", lambda: AT)
    call = principals.RequestContext(CALL.principal, AT)
    writes.write(trail.new_entry(call, action, ("tenant", "T"), scope="T", after={"admin": admin}))
    assert _has_entry("2026-06-15T12:00:00Z") is covered
