"""What maintenance decides, as a table: the clock, the limits and a deletion in, the actions out."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from rolecall.clock import rfc3339
from rolecall.deletion.jobs import Deletion
from rolecall.deletion.slices import Slice
from rolecall.operations.maintenance import Action, Decision, Limits, Step, decide

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DRIVE, ANNOUNCE = Action(Step.DRIVE, "T"), Action(Step.ANNOUNCE, "T")


def ago(minutes: float) -> str:
    return rfc3339(NOW - timedelta(minutes=minutes))


def deletion(*, moved: float, driven: float, deleted: bool = False, unannounced: bool = False) -> Deletion:
    return Deletion(
        tenant_id="T",
        tenant_name="Acme",
        requested_at=ago(600),
        requested_by="master",
        deleted_at=ago(1) if deleted else None,
        attempts=1,
        driven_at=ago(driven),
        unannounced={"delete_tenant": "id"} if unannounced else {},
        slices=[Slice("T", "0", updated_at=ago(500)), Slice("T", "1", updated_at=ago(moved))],
        deleted=Counter(),
        total=Counter(),
        verified=deleted,
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (deletion(moved=1, driven=600), Decision([], [])),
        (deletion(moved=4, driven=600), Decision([DRIVE], [])),
        (deletion(moved=10, driven=3), Decision([], [])),
        (deletion(moved=10, driven=5), Decision([DRIVE], [])),
        (deletion(moved=20, driven=3), Decision([], ["T"])),
        (deletion(moved=20, driven=5), Decision([DRIVE], ["T"])),
        (deletion(moved=20, driven=5, unannounced=True), Decision([ANNOUNCE, DRIVE], ["T"])),
        (deletion(moved=600, driven=600, deleted=True, unannounced=True), Decision([ANNOUNCE], [])),
    ],
)
def test_what_is_done_about_a_deletion(found: Deletion, expected: Decision) -> None:
    assert decide(NOW, Limits(), [found]) == expected


def test_without_progress_for_an_hour_a_deletion_is_shown_as_failed() -> None:
    assert deletion(moved=59, driven=5).status(NOW) == "deleting"
    assert deletion(moved=61, driven=5).status(NOW) == "failed"
    assert deletion(moved=61, driven=5, deleted=True).status(NOW) == "deleted"
