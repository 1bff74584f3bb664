"""Writing an end down, by a process that dies at any of its calls, and what comes after."""

import os
from typing import Any

import pytest

from rolecall import deadline
from rolecall.storage import keys, reads
from tests.faults import Crash, crash_at
from tests.integration.clock import MovedClock
from tests.integration.conftest import Member, Tenant, assert_every_invariant_holds, audit_of, register, run_maintenance
from tests.integration.deletion.deletions import clear

#: Whether the process dies after a call or before it. `make prove` tries both, `make test` only the first.
_CRASH_AFTER_CALL = (True, False) if "ROLECALL_PROVE" in os.environ else (True,)


def _ended(time: MovedClock) -> tuple[Tenant, Member]:
    """A tenant with a user whose temporary role has just ended."""
    clear()
    tenant = register("Acme")
    target, until = tenant.add("user"), time.ahead(3600)
    body = {"new_role": "manager", "until": until}
    assert tenant.admin.request("POST", f"/users/{target.id}/promote", body).status == 200
    time.to(until)
    return tenant, target


def _item(member: Member) -> dict[str, Any]:
    return reads.get(keys.user(member.tenant_id, member.id)) or {}


def _assert_written_once(tenant: Tenant, target: Member) -> None:
    ends = [entry for entry in audit_of(tenant.id) if entry["action"] == "lapse_role"]
    assert [entry["target"]["id"] for entry in ends] == [target.id]
    assert not {"lasting_role", "role_until", "gsi3pk", "gsi4pk"} & _item(target).keys()
    deadline.set_time_left(60)
    assert_every_invariant_holds()


@pytest.mark.parametrize("after", _CRASH_AFTER_CALL)
def test_maintenance_that_dies_at_any_call_is_followed_by_the_next_run(time: MovedClock, after: bool) -> None:
    number, died = 1, True
    while died:
        tenant, target = _ended(time)
        died = False
        try:
            with crash_at(number, after=after):
                run_maintenance()
        except Crash:
            died = True
        run_maintenance()
        _assert_written_once(tenant, target)
        number += 1
    assert number > 3


@pytest.mark.parametrize("after", _CRASH_AFTER_CALL)
def test_a_promotion_that_dies_at_any_call_leaves_the_end_written_once(time: MovedClock, after: bool) -> None:
    number, died = 1, True
    while died:
        tenant, target = _ended(time)
        died = False
        try:
            with crash_at(number, after=after):
                tenant.admin.promote(target, "admin")
        except Crash:
            died = True
        assert tenant.admin.promote(target, "admin").status == 200
        run_maintenance()
        _assert_written_once(tenant, target)
        assert _item(target)["role"] == "admin"
        number += 1
    assert number > 3
