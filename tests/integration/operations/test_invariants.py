"""What must always hold, found where it does not, and put right where that can be derived."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from rolecall import clock, deadline
from rolecall.audit import trail
from rolecall.auth import principals
from rolecall.auth.roles import PlatformRole
from rolecall.operations import findings, invariants
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


def _no_email(tenant: Tenant) -> None:
    writes.write(writes.Delete(keys.email_reservation(tenant.admin.email)))


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


def _left_over(tenant: Tenant) -> None:
    assert delete(tenant).status == 200
    put(keys.item_of_user(tenant.id, tenant.admin.id, "DEVICE", "1"))


BROKEN: list[tuple[Callable[[Tenant], None], FindingKind]] = [
    (_two_admins_counted, FindingKind.ADMIN_COUNT),
    (_no_admin, FindingKind.NO_ADMIN),
    (_no_email, FindingKind.CREDENTIALS),
    (_an_orphaned_token, FindingKind.ORPHAN),
    (_a_device_of_nobody, FindingKind.NO_USER),
    (_a_secret, FindingKind.SECRET),
    (_a_device_of_another_tenant, FindingKind.FOREIGN),
    (_a_user_in_the_list_of_another_tenant, FindingKind.FOREIGN),
    (_three_superadmins_counted, FindingKind.SUPERADMIN_COUNT),
    (_a_change_that_nobody_wrote_down, FindingKind.UNRECORDED),
    (_a_change_of_the_tenant_that_was_only_tried, FindingKind.UNRECORDED),
    (_an_account_that_nobody_made, FindingKind.UNRECORDED),
    (_left_over, FindingKind.LEFT_OVER),
]


def test_all_is_well_with_what_the_routes_make(acme: Tenant, globex: Tenant) -> None:
    acme.add_device_and_session(acme.add("admin"))
    make_account()
    assert delete(globex).status == 200
    assert found_now() == []
    assert MASTER_TOKEN not in str(table_without_audit())


@pytest.mark.parametrize(("break_it", "kind"), BROKEN, ids=[break_it.__name__ for break_it, _ in BROKEN])
def test_what_does_not_hold_is_found_and_only_what_is_derived_is_repaired(
    acme: Tenant, break_it: Callable[[Tenant], None], kind: FindingKind
) -> None:
    break_it(acme)
    before = table_without_audit()

    [finding] = found_now()

    assert finding.kind is kind
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


def test_what_the_routes_change_is_written_down(acme: Tenant, superadmin: Holder) -> None:
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

    # One small look each for the tenant, its first admin and the user.
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
    # A promotion and a demotion in between leave the count as it was.
    other = acme.add("user")
    assert [acme.admin.promote(other, role).status for role in ("admin", "user")] == [200, 200]

    assert findings.repair_finding(CALL, finding) is False
    meta = reads.get(key)
    assert meta
    assert meta["active_admins"] == 7
