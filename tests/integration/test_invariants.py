"""What must always hold, found where it does not, and put right where that can be derived."""

from collections.abc import Callable

import pytest

from rolecall import calls, clock, invariants, keys, store
from rolecall.invariants import Finding, Kind
from tests import gateway
from tests.integration.conftest import MASTER_TOKEN, PASSWORD, Tenant, audit_of, make_account, table_without_audit
from tests.integration.deletions import delete, put

CALL = calls.Call(calls.Principal(calls.PrincipalType.SYSTEM, "operator"), clock.now())


def findings() -> list[Finding]:
    store.set_time_left(60)
    return [finding for page, _ in invariants.walk(None, until=1) for finding in page]


def _two_admins_counted(tenant: Tenant) -> None:
    store.write(store.Update(keys.tenant(tenant.id), set={"active_admins": 2}, when=store.EXISTS))


def _no_admin(tenant: Tenant) -> None:
    store.write(store.Update(keys.user(tenant.id, tenant.admin.id), set={"active": False}, when=store.EXISTS))
    store.write(store.Update(keys.tenant(tenant.id), set={"active_admins": 0}, when=store.EXISTS))


def _no_email(tenant: Tenant) -> None:
    store.write(store.Delete(keys.email(tenant.admin.email)))


def _an_orphaned_token(tenant: Tenant) -> None:
    put(keys.api_token("ff"), tenant_id=tenant.id, user_id=tenant.admin.id)


def _a_device_of_nobody(tenant: Tenant) -> None:
    put(keys.of_user(tenant.id, "nobody", "DEVICE", "1"))


def _a_secret(tenant: Tenant) -> None:
    put(keys.of_user(tenant.id, tenant.admin.id, "DEVICE", "1"), token="clear")


def _left_over(tenant: Tenant) -> None:
    assert delete(tenant).status == 200
    put(keys.of_user(tenant.id, tenant.admin.id, "DEVICE", "1"))


BROKEN: list[tuple[Callable[[Tenant], None], Kind]] = [
    (_two_admins_counted, Kind.ADMIN_COUNT),
    (_no_admin, Kind.NO_ADMIN),
    (_no_email, Kind.CREDENTIALS),
    (_an_orphaned_token, Kind.ORPHAN),
    (_a_device_of_nobody, Kind.NO_USER),
    (_a_secret, Kind.SECRET),
    (_left_over, Kind.LEFT_OVER),
]


def test_all_is_well_with_what_the_routes_make(acme: Tenant, globex: Tenant) -> None:
    acme.add_device_and_session(acme.add("admin"))
    make_account()
    assert delete(globex).status == 200
    assert findings() == []
    assert MASTER_TOKEN not in str(table_without_audit())


@pytest.mark.parametrize(("break_it", "kind"), BROKEN, ids=[kind.name for _, kind in BROKEN])
def test_what_does_not_hold_is_found_and_only_what_is_derived_is_repaired(
    acme: Tenant, break_it: Callable[[Tenant], None], kind: Kind
) -> None:
    break_it(acme)
    before = table_without_audit()

    [finding] = findings()

    assert finding.kind is kind
    assert invariants.repair(CALL, finding) is finding.is_derived
    if finding.is_derived:
        assert findings() == []
        assert [entry["action"] for entry in audit_of(acme.id)].count("repair_invariant") == 1
    else:
        assert table_without_audit() == before


def test_the_owner_of_a_kept_answer_has_its_credentials(aws: None) -> None:
    body = {"tenant_name": "Acme", "email": "owner@example.com", "password": PASSWORD}
    answer = gateway.request("POST", "/register", MASTER_TOKEN, body, headers={"Idempotency-Key": "1"})
    assert answer.status == 201

    assert findings() == []


def test_a_count_that_was_touched_since_is_not_repaired(acme: Tenant) -> None:
    key = keys.tenant(acme.id)
    store.write(store.Update(key, set={"active_admins": 7}, when=store.EXISTS))
    [finding] = findings()
    assert (finding.found, finding.truth) == (7, 1)
    # A promotion and a demotion in between leave the count as it was.
    other = acme.add("user")
    assert [acme.admin.promote(other, role).status for role in ("admin", "user")] == [200, 200]

    assert invariants.repair(CALL, finding) is False
    meta = store.get(key)
    assert meta
    assert meta["active_admins"] == 7
