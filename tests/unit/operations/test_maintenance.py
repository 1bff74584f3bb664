"""What maintenance decides, as a table: the clock, the limits and a deletion in, the actions out."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from rolecall.clock import rfc3339
from rolecall.deletion.jobs import DeletionJob
from rolecall.deletion.slices import Slice
from rolecall.operations.maintenance import (
    Action,
    ActionType,
    Decision,
    StandstillLimits,
    decide_what_to_log_resume_and_report,
)

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
RESUME, LOG_EVENTS = Action(ActionType.RESUME, "T"), Action(ActionType.LOG_EVENTS, "T")


def ago(minutes: float) -> str:
    return rfc3339(NOW - timedelta(minutes=minutes))


def deletion(*, moved: float, resumed: float, deleted: bool = False, unlogged: bool = False) -> DeletionJob:
    return DeletionJob(
        tenant_id="T",
        tenant_name="Acme",
        requested_at=ago(600),
        requested_by="master",
        deleted_at=ago(1) if deleted else None,
        attempts=1,
        resumed_at=ago(resumed),
        unlogged_events={"delete_tenant": "id"} if unlogged else {},
        slices=[Slice("T", "0", updated_at=ago(500)), Slice("T", "1", updated_at=ago(moved))],
        deleted=Counter(),
        total=Counter(),
        verified=deleted,
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (deletion(moved=1, resumed=600), Decision([], [])),
        (deletion(moved=4, resumed=600), Decision([RESUME], [])),
        (deletion(moved=10, resumed=3), Decision([], [])),
        (deletion(moved=10, resumed=5), Decision([RESUME], [])),
        (deletion(moved=20, resumed=3), Decision([], ["T"])),
        (deletion(moved=-600, resumed=5), Decision([RESUME], [])),
        (deletion(moved=10, resumed=-600), Decision([RESUME], [])),
        (deletion(moved=-600, resumed=-600), Decision([RESUME], [])),
        (deletion(moved=-0.5, resumed=10), Decision([], [])),
        (deletion(moved=20, resumed=5), Decision([RESUME], ["T"])),
        (deletion(moved=20, resumed=5, unlogged=True), Decision([LOG_EVENTS, RESUME], ["T"])),
        (deletion(moved=600, resumed=600, deleted=True, unlogged=True), Decision([LOG_EVENTS], [])),
    ],
)
def test_what_is_done_about_a_deletion(found: DeletionJob, expected: Decision) -> None:
    assert decide_what_to_log_resume_and_report(NOW, StandstillLimits(), [found]) == expected


def test_without_progress_for_an_hour_a_deletion_is_shown_as_failed() -> None:
    assert deletion(moved=59, resumed=5).status(NOW) == "deleting"
    assert deletion(moved=61, resumed=5).status(NOW) == "failed"
    assert deletion(moved=61, resumed=5, deleted=True).status(NOW) == "deleted"
