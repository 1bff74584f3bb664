"""Temporary roles over HTTP, and races for the second at which one ends."""

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest

from local.deployment.stack import Stack
from local.http import call
from rolecall import clock, deadline
from rolecall.clock import rfc3339
from rolecall.operations import due_role_ends
from rolecall.storage import keys, reads
from tests import gateway
from tests.e2e.conftest import Member, Tenant
from tests.e2e.test_races import _delayed
from tests.e2e.test_races import in_process as in_process
from tests.gateway import event_of

ROUNDS = 100 if os.environ.get("ROLECALL_PROVE") else 5


def _promote(tenant: Tenant, actor: Member, target: Member, role: str, until: str | None = None) -> Any:
    body = {"new_role": role} if until is None else {"new_role": role, "until": until}
    return tenant.request(actor, "POST", f"/users/{target.id}/promote", body)


def test_a_deputy_for_a_minute(stack: Stack, register: Callable[[str], Tenant]) -> None:
    # Given an admin who makes a user the deputy until a moment
    tenant = register("Holiday Home")
    deputy, other = tenant.add("user"), tenant.add("user")
    until = rfc3339(datetime.now(UTC) + timedelta(seconds=63))
    promoted = _promote(tenant, tenant.admin, deputy, "admin", until)
    assert promoted.json()["data"]["until"] == until
    path = f"{stack.api}/users/{deputy.id}"
    before = call("GET", path, stack.master_token)
    assert (before.json()["data"]["lasting_role"], before.json()["data"]["role_until"]) == ("user", until)

    # Then the deputy works as an admin, and hands on nothing that lasts longer
    assert tenant.request(deputy, "GET", "/users?role=admin").status == 200
    assert _promote(tenant, deputy, other, "manager").status == 403
    assert _promote(tenant, deputy, tenant.admin, "user").json()["error_code"] == "LAST_ADMIN"
    assert tenant.request(deputy, "DELETE", f"/users/{tenant.admin.id}").json()["error_code"] == "LAST_ADMIN"
    assert tenant.request(deputy, "POST", f"/users/{tenant.admin.id}/token").status == 403

    # When the moment has come, then the role is over, although nothing was written
    time.sleep(max(0.0, (datetime.fromisoformat(until) - datetime.now(UTC)).total_seconds()) + 0.2)
    assert tenant.request(deputy, "GET", "/users").status == 403
    after = call("GET", path, stack.master_token)
    assert after.json()["data"]["role"] == "user"
    assert after.headers["etag"] != before.headers["etag"]
    listed = tenant.request(tenant.admin, "GET", "/users?role=user").json()["users"]
    assert {user["id"] for user in listed} == {deputy.id, other.id}

    # And maintenance writes it down, with the moment at which it was
    stack.lambda_.invoke(
        FunctionName=stack.physical_id("RunMaintenance"), Payload=json.dumps(event_of("run_maintenance")).encode()
    )
    written = call("GET", path, stack.master_token)
    assert (written.text, written.headers["etag"]) == (after.text, after.headers["etag"])
    trail = tenant.request(tenant.admin, "GET", f"/audit?target={deputy.id}&action=lapse_role").json()["entries"]
    assert [(entry["actor"]["type"], entry["after"]) for entry in trail] == [
        ("system", {"role": "user", "ended_at": until})
    ]


@pytest.mark.usefixtures("in_process")
def test_an_end_against_the_demotion_of_the_last_lasting_admin(
    stack: Stack, register: Callable[[str], Tenant], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deputy demotes the last lasting admin, who makes the deputy an admin for good, while the deputy's role ends.

    There must be a lasting admin after it, the count must be right, and the end must be written once at most.
    """
    tenant, dice = register("Deputies"), random.Random("end against demotion")
    offset = timedelta(0)
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + offset)
    outcomes: Counter[str] = Counter()
    for _ in range(ROUNDS):
        offset = timedelta(0)
        deputy = tenant.add("user")
        until = rfc3339(datetime.now(UTC) + timedelta(seconds=120))
        assert _promote(tenant, tenant.admin, deputy, "admin", until).status == 200
        principals = {member.id: gateway.authorize(member.token) for member in (deputy, tenant.admin)}
        # The end comes while the requests are under way.
        offset = datetime.fromisoformat(until) - datetime.now(UTC) - timedelta(seconds=dice.uniform(0, 0.06))
        answers = _race(
            dice,
            partial(_ask, principals[deputy.id], tenant.admin, "user"),
            partial(_ask, principals[tenant.admin.id], deputy, "admin"),
            _write_ends,
        )
        outcomes[" ".join(answers)] += 1
        _assert_one_truth(tenant, deputy, answers)
        if answers[0] == "200":  # the deputy is the only admin now, so the first admin gets its role back
            assert _ask(gateway.authorize(deputy.token), tenant.admin, "admin") == "200"
        assert _promote(tenant, tenant.admin, deputy, "user").status == 200
    sys.stdout.write(f"\nend against demotion: {dict(outcomes)}\n")


def _ask(principal: dict[str, str] | None, target: Member, new_role: str) -> str:
    assert principal
    path = f"/users/{target.id}/promote"
    return str(gateway.request("POST", path, body={"new_role": new_role}, principal=principal).status)


def _write_ends() -> str:
    deadline.set_time_left(20)
    return str(due_role_ends.write_due_ends(clock.now(), "race", 1.0))


def _race(dice: random.Random, *contenders: Callable[[], str]) -> list[str]:
    barrier = Barrier(len(contenders))

    def run(contender: Callable[[], str]) -> str:
        barrier.wait()
        return contender()

    with _delayed(dice), ThreadPoolExecutor(len(contenders)) as pool:
        return list(pool.map(run, contenders))


def _assert_one_truth(tenant: Tenant, deputy: Member, answers: list[str]) -> None:
    items = [reads.get(keys.user(tenant.id, one.id)) or {} for one in (tenant.admin, deputy)]
    lasting_admins = sum(item.get("lasting_role", item["role"]) == "admin" and item["active"] for item in items)
    counted = int((reads.get(keys.tenant(tenant.id)) or {})["active_admins"])
    assert lasting_admins == counted >= 1, answers
    assert answers[0] in {"200", "403", "409"}, answers
    if answers[0] == "200":
        assert items[1]["role"] == "admin", "the last lasting admin was demoted by somebody whose role was to end"
    trail = reads.query_partition(keys.audit_entry(tenant.id, "").pk).items
    written = [one for one in trail if one["action"] == "lapse_role" and one["target"]["id"] == deputy.id]
    assert len(written) <= 1, answers
