"""Deletions of a user whose process dies at any of its calls, or whose storage has faults."""

import os
import random
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from rolecall import deadline
from rolecall.errors import ConcurrentChange
from rolecall.storage import indexes, keys, reads, writes
from rolecall.tenants import user_deletion
from tests.faults import Crash, crash_at, flaky
from tests.gateway import Response
from tests.integration.conftest import (
    Member,
    Tenant,
    assert_every_invariant_holds,
    audit_of,
    metrics_in,
    register,
    run_maintenance,
    table_without_audit,
)
from tests.integration.deletion.deletions import clear, later, put, table

#: `make prove` dies at every call and makes every run, `make test` a few of them.
PROVE = "ROLECALL_PROVE" in os.environ
STEP, RUNS = (1, 200) if PROVE else (7, 2)
pytestmark = pytest.mark.usefixtures("aws")


@dataclass
class Scene:
    """A tenant with two admins. One of them has every kind of item and is deleted."""

    tenant: Tenant
    target: Member
    others: list[dict[str, Any]]

    def delete(self, **more: Any) -> Response:
        return self.tenant.admin.request("DELETE", f"/users/{self.target.id}", **more)

    def deletions(self) -> list[dict[str, Any]]:
        return [entry for entry in audit_of(self.tenant.id) if entry["action"] == "delete_user"]

    def left(self) -> list[str]:
        return [str(item) for item in table_without_audit() if self.mentions(item)]

    def mentions(self, item: dict[str, Any]) -> bool:
        return self.target.id in str(item) or self.target.email in str(item)

    def assert_deleted_once(self) -> None:
        """Assert that no item of the user is left, that nothing else changed, and that there is one audit entry."""
        assert self.left() == []
        [entry] = self.deletions()
        assert entry["before"] == {"email": self.target.email, "role": "admin", "active": True}
        meta = reads.get(keys.tenant(self.tenant.id)) or {}
        assert meta["active_admins"] == 1
        assert _but_for_the_tenant(table_without_audit()) == _but_for_the_tenant(self.others)
        deadline.set_time_left(60)
        assert_every_invariant_holds()


def _but_for_the_tenant(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items without the tenant's own item and the progress of maintenance."""
    return [item for item in items if item["sk"] != keys.META or item["pk"].startswith(("TOKEN#", "EMAIL#"))]


def _two_admins() -> Scene:
    clear()
    tenant = register("Acme")
    target, bystander = tenant.add("admin"), tenant.add("user")
    for member in (target, bystander):
        tenant.add_device_and_session(member)
    beacon = keys.Key("BEACON#xyz", keys.META)
    put(beacon, tenant_id=tenant.id, user_id=target.id)
    put(keys.item_of_user(tenant.id, target.id, "GADGET", "1"), owned_keys={beacon.pk})
    scene = Scene(tenant, target, [])
    scene.others = [item for item in table_without_audit() if not scene.mentions(item)]
    return scene


def test_a_request_that_dies_at_any_call_has_deleted_the_user_or_changed_nothing() -> None:
    number, died = 1, True
    while died:
        scene = _two_admins()
        before, died = table(), False
        try:
            with crash_at(number, after=True):
                scene.delete()
        except Crash:
            died = True
        if scene.deletions():
            assert scene.delete().code == "USER_NOT_FOUND"
        else:
            assert table() == before
            assert scene.delete().status == 200
        later()
        scene.assert_deleted_once()
        number += STEP


def test_maintenance_that_dies_at_any_call_is_followed_by_the_next_run() -> None:
    number, died = 1, True
    while died:
        scene = _two_admins()
        _mark_only(scene)
        died = False
        try:
            with crash_at(number, after=True):
                later()
        except Crash:
            died = True
        later()
        scene.assert_deleted_once()
        number += STEP if PROVE else 25


def _mark_only(scene: Scene) -> None:
    """Run the deletion only up to its transaction."""
    number = 0
    while not scene.deletions():
        number += 1
        with crash_at(number, after=True), suppress(Crash):
            scene.delete()
    assert scene.left(), "something is left to do"


def test_a_deletion_is_complete_whatever_goes_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    # The waits between attempts are removed, to save time.
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    for seed in range(RUNS):
        dice = random.Random(seed)
        scene = _two_admins()
        admin = scene.tenant.admin.principal
        with flaky(dice, share=dice.choice([0.02, 0.1, 0.25])):
            statuses = [scene.delete(principal=admin, seconds=dice.choice([3, 20])).status for _ in range(3)]
            later()
        # If the answer to the successful request got lost, the repeated request finds no user.
        assert set(statuses) <= {200, 404, 409, 503}
        assert statuses.count(200) <= 1
        if not scene.deletions():
            assert scene.delete().status == 200
        later()
        scene.assert_deleted_once()


def test_an_owned_key_that_another_owner_took_over_is_not_deleted() -> None:
    scene = _two_admins()
    beacon = keys.Key("BEACON#xyz", keys.META)
    _mark_only(scene)
    put(beacon, tenant_id="another")
    later()
    assert (reads.get(beacon) or {}).get("tenant_id") == "another"


@pytest.mark.parametrize("holder", ["a colleague", "a registration in progress"])
def test_a_key_that_a_colleague_or_nobody_owns_is_not_deleted(holder: str) -> None:
    scene = _two_admins()
    beacon = keys.Key("BEACON#xyz", keys.META)
    _mark_only(scene)
    now = {"tenant_id": scene.tenant.id, "user_id": scene.tenant.admin.id} if holder == "a colleague" else {"n": 1}
    put(beacon, **now)
    later()
    assert reads.get(beacon) == {"pk": beacon.pk, "sk": beacon.sk, **now}


def test_a_colleague_keeps_a_key_in_the_deletion_of_the_user_who_had_it() -> None:
    scene = _two_admins()
    email = keys.email_reservation(scene.target.email)
    put(email, tenant_id=scene.tenant.id, user_id=scene.tenant.admin.id)
    assert scene.delete().status == 200
    assert (reads.get(email) or {})["user_id"] == scene.tenant.admin.id


@pytest.mark.parametrize(
    ("error", "failed_steps"), [(ConcurrentChange(), 0), (RuntimeError("a bug"), 1)], ids=["conflict", "bug"]
)
def test_after_its_commit_a_deletion_is_a_success_whatever_comes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    failed_steps: int,
) -> None:
    scene = _two_admins()

    def fail(*_: Any) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(user_deletion, "delete_remaining_items_of_deleted_user", fail)
        capsys.readouterr()
        assert scene.delete().status == 200
    assert metrics_in(capsys.readouterr().out).get("StepsFailed", 0) == failed_steps
    [line] = [vars(one) for one in caplog.records if one.message.startswith("user deletion ")]
    assert (line["tenant_id"], line["user_id"]) == (scene.tenant.id, scene.target.id)
    later()
    scene.assert_deleted_once()


@pytest.mark.parametrize("error", [ConcurrentChange(), RuntimeError("a bug")], ids=["conflict", "bug"])
def test_a_user_who_cannot_be_deleted_stops_neither_the_next_one_nor_maintenance(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    scene = _two_admins()
    _mark_only(scene)
    other = scene.tenant.add("user")
    writes.write(
        writes.Update(
            keys.user(scene.tenant.id, other.id),
            set={"deleted_at": "2030", **indexes.PENDING_USER_DELETIONS.index_attributes(f"9999#{other.id}")},
            when=writes.MUST_EXIST,
        )
    )
    finish = user_deletion.delete_remaining_items_of_deleted_user

    def fail_once(tenant_id: str, user_id: str) -> None:
        if user_id == scene.target.id:
            raise error
        finish(tenant_id, user_id)

    monkeypatch.setattr(user_deletion, "delete_remaining_items_of_deleted_user", fail_once)
    capsys.readouterr()
    assert run_maintenance()["complete"]
    assert metrics_in(capsys.readouterr().out)["StepsFailed"] == 1
    assert reads.get(keys.user(scene.tenant.id, other.id)) is None
