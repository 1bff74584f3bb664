"""Maintenance writes down the ends of temporary roles that are due, and one that fails stops no other."""

import pytest

from rolecall import deadline
from rolecall.errors import ConcurrentChange, Unauthorized
from rolecall.operations import due_role_ends
from rolecall.storage import dynamodb, keys, writes
from rolecall.tenants import role_ends
from tests.integration.clock import MovedClock
from tests.integration.conftest import Member, Tenant, audit_of, delete_tenant, metrics_in, run_maintenance, unchanged

HOUR = 3600


@pytest.fixture
def acme(time: MovedClock, acme: Tenant) -> Tenant:
    return acme


@pytest.fixture
def ended(acme: Tenant, time: MovedClock) -> list[Member]:
    """Two users whose temporary roles have ended; nobody has written the ends down."""
    members, until = [acme.add("user"), acme.add("user")], time.ahead(HOUR)
    for member in members:
        body = {"new_role": "manager", "until": until}
        acme.admin.request("POST", f"/users/{member.id}/promote", body).must(200)
    time.to(until)
    return members


def _write(time: MovedClock) -> int:
    deadline.set_time_left(60)
    return due_role_ends.write_due_ends(time.now(), "request-7", 1.0)


def test_the_audit_entry_of_an_end_names_the_run_that_wrote_it(
    acme: Tenant, ended: list[Member], time: MovedClock
) -> None:
    assert _write(time) == 2
    entries = [entry for entry in audit_of(acme.id) if entry["action"] == "lapse_role"]
    assert [entry["request_id"] for entry in entries] == ["request-7"] * 2


@pytest.mark.parametrize(
    ("error", "failed_steps"),
    [(RuntimeError("a bug"), 1), (ConcurrentChange(), 0), (Unauthorized(), 0)],
    ids=["bug", "conflict", "closed"],
)
def test_an_end_that_cannot_be_written_does_not_stop_the_others_and_an_unexpected_error_raises_the_alarm(
    ended: list[Member],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    failed_steps: int,
) -> None:
    write_end = role_ends.write_end

    def fail_for_first(item: dynamodb.Item, request_id: str, *more: object) -> object:
        if item["sk"] == keys.user(ended[0].tenant_id, ended[0].id).sk:
            raise error
        return write_end(item, request_id, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(role_ends, "write_end", fail_for_first)
    capsys.readouterr()
    assert run_maintenance()["role_ends_written"] == 1
    assert metrics_in(capsys.readouterr().out).get("StepsFailed", 0) == failed_steps
    monkeypatch.undo()


def test_the_end_of_a_deleted_user_is_not_written(ended: list[Member], time: MovedClock) -> None:
    """The index may still list a user whose deletion is not finished."""
    for member in ended:
        key = keys.user(member.tenant_id, member.id)
        writes.write(writes.Update(key, set={"deleted_at": time.ahead(0)}, when=writes.MUST_EXIST))
    with unchanged():
        assert _write(time) == 0


def test_the_ends_of_a_closed_tenant_wait_until_it_is_open_again(
    acme: Tenant, ended: list[Member], time: MovedClock
) -> None:
    assert delete_tenant(acme.id, query="?grace_days=7").status == 202
    with unchanged():
        assert _write(time) == 0


def test_a_role_that_has_not_ended_stays(acme: Tenant, ended: list[Member], time: MovedClock) -> None:
    with unchanged():
        time.forward(-60)
        assert _write(time) == 0
