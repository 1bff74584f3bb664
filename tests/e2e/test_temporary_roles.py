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
from itertools import cycle
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


def test_a_user_is_a_temporary_admin_for_a_minute(stack: Stack, register: Callable[[str], Tenant]) -> None:
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
def test_a_role_end_races_the_demotion_of_the_last_lasting_admin(
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
        _assert_items_count_and_trail_agree(tenant, deputy, answers)
        if answers[0] == "200":  # the deputy is the only admin now, so the first admin gets its role back
            assert _ask(gateway.authorize(deputy.token), tenant.admin, "admin") == "200"
        assert _promote(tenant, tenant.admin, deputy, "user").status == 200
    sys.stdout.write(f"\nend against demotion: {dict(outcomes)}\n")


def _ask(principal: dict[str, str] | None, target: Member, new_role: str) -> str:
    return _send(principal, target, {"new_role": new_role})


def _send(principal: dict[str, str] | None, target: Member, body: dict[str, str]) -> str:
    assert principal
    return str(gateway.request("POST", f"/users/{target.id}/promote", body=body, principal=principal).status)


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


def _assert_items_count_and_trail_agree(tenant: Tenant, deputy: Member, answers: list[str]) -> None:
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


class _RoleEndRace:
    """A tenant with two lasting admins and a temporary one, and a clock that can be moved to the end of the role."""

    def __init__(
        self, tenant: Tenant, name: str, monkeypatch: pytest.MonkeyPatch, *, is_taken_away: bool = False
    ) -> None:
        self.tenant, self.other, self.dice = tenant, tenant.add("admin"), random.Random(name)
        #: Whether somebody may take the deputy's role away before its end.
        self.is_taken_away = is_taken_away
        self._leads = cycle([1.5, -0.1, 0.03, 0.1, 0.2])
        self.offset = timedelta(0)
        self.until = datetime.now(UTC)
        self.outcomes: Counter[str] = Counter()
        monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + self.offset)

    def begin_round(self) -> Member:
        """Return a new deputy, whose role ends in two minutes."""
        self.offset = timedelta(0)
        deputy = self.tenant.add("user")
        self.until = (datetime.now(UTC) + timedelta(seconds=120)).replace(microsecond=0)
        assert _promote(self.tenant, self.tenant.admin, deputy, "admin", rfc3339(self.until)).status == 200
        return deputy

    def move_clock_to_end_of_role(self) -> None:
        """Move the clock to a moment before the end of the role, or after it; the first ones decide who is first."""
        seconds = next(self._leads) + self.dice.uniform(-0.02, 0.02)
        self.offset = self.until - datetime.now(UTC) - timedelta(seconds=seconds)

    def demote_other_admin(self, principal: dict[str, str] | None) -> str:
        """The deputy demotes the other admin; return the status. It must succeed before the end, and never after it."""
        began = clock.now()
        status = _ask(principal, self.other, "user")
        if began >= self.until:
            assert status == "403", "a change began after the end of its actor's role"
        if clock.now() < self.until and not self.is_taken_away:
            assert status == "200", "a change was refused before the end of its actor's role"
        return status

    def check_and_undo_demotion(self, status: str) -> None:
        role = (reads.get(keys.user(self.tenant.id, self.other.id)) or {})["role"]
        assert (status, role) in {("200", "user"), ("403", "admin")}
        assert _promote(self.tenant, self.tenant.admin, self.other, "admin").status == 200

    def changes_of(self, deputy: Member) -> list[str]:
        """Return the actions in the trail of the deputy. Each must begin where the one before has ended.

        An entry has the time at which its request began, so the entries of simultaneous changes may be in either order.
        """
        page = self.tenant.request(self.tenant.admin, "GET", f"/audit?target={deputy.id}")
        left = [one for one in page.json()["entries"] if one["action"] in {"promote_user", "lapse_role"}]
        actions, facts = [], {"role": "user"}
        while left:
            entry = next((one for one in left[::-1] if one["before"] == facts), None)
            assert entry, "a change of something that was not there"
            left.remove(entry)
            facts = {name: value for name, value in entry["after"].items() if name != "ended_at"}
            actions.append(entry["action"])
        user = self.tenant.request(self.tenant.admin, "GET", f"/users/{deputy.id}").json()["data"]
        assert facts == {name: user[name] for name in ("role", "lasting_role", "role_until") if name in user}
        return actions


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("change", ["promotion", "extension"])
def test_a_role_end_races_a_change_of_the_same_role(
    stack: Stack, register: Callable[[str], Tenant], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """While a deputy's role ends, an admin changes or extends it, the deputy uses it, and maintenance writes it down.

    The change succeeds, before the end or after it. The end is in the trail exactly if the change came after it.
    """
    race = _RoleEndRace(register(f"Deputies {change}"), change, monkeypatch, is_taken_away=change == "promotion")
    tenant = race.tenant
    for _ in range(ROUNDS):
        deputy = race.begin_round()
        principals = {member.id: gateway.authorize(member.token) for member in (deputy, tenant.admin)}
        body = {"new_role": "manager"}
        if change == "extension":
            body = {"new_role": "admin", "until": rfc3339(race.until + timedelta(hours=1))}
        race.move_clock_to_end_of_role()
        changed, used, _ = _race(
            race.dice,
            partial(_send, principals[tenant.admin.id], deputy, body),
            partial(race.demote_other_admin, principals[deputy.id]),
            _write_ends,
        )
        actions = race.changes_of(deputy)
        assert changed == "200"
        assert actions in (["promote_user", "promote_user"], ["promote_user", "lapse_role", "promote_user"])
        race.check_and_undo_demotion(used)
        race.outcomes[f"used: {used}, end written: {'lapse_role' in actions}"] += 1
    assert len(race.outcomes) > 1, "it was no race"
    sys.stdout.write(f"\nend against {change}: {dict(race.outcomes)}\n")
