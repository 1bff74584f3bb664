"""What runs every five minutes without a caller, and keeps true what must hold."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from rolecall import deletion, keys, store, sweep
from rolecall.calls import Call, Principal, PrincipalType
from rolecall.clock import rfc3339
from rolecall.deletion import Deletion
from rolecall.errors import RolecallError
from rolecall.telemetry import count, logger

MAINTENANCE = Principal(PrincipalType.SYSTEM, "maintenance")
#: Open deletions that are looked at in one go.
_PAGE = 25


@dataclass(frozen=True, slots=True)
class Limits:
    """When a deletion is in need of a push, and when of a person."""

    #: Without any progress, and without a push, for so long: its messages may be lost.
    driven_after: timedelta = timedelta(minutes=4)
    #: Without any progress for so long, although it was pushed: an alarm.
    stalled_after: timedelta = timedelta(minutes=15)


class Step(StrEnum):
    ANNOUNCE = "announce"
    DRIVE = "drive"


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do about one deletion."""

    step: Step
    tenant_id: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and the deletions that no longer move."""

    actions: list[Action]
    stalled: list[str]


def decide(at: datetime, limits: Limits, open_deletions: Iterable[Deletion]) -> Decision:
    """What one look at the open deletions calls for. Pure: the same input, the same answer.

    An event that was never announced is announced. A deletion that neither moved nor was pushed for
    `limits.driven_after` is driven on; one that has not moved for `limits.stalled_after` is reported.
    """
    actions, stalled = [], []
    for found in open_deletions:
        if found.unannounced:
            actions.append(Action(Step.ANNOUNCE, found.tenant_id))
        if found.deleted_at:
            continue
        if max(found.progressed_at, found.driven_at) <= rfc3339(at - limits.driven_after):
            actions.append(Action(Step.DRIVE, found.tenant_id))
        if found.progressed_at <= rfc3339(at - limits.stalled_after):
            stalled.append(found.tenant_id)
    return Decision(actions, stalled)


@dataclass(slots=True)
class Report:
    """What one run found and did. `complete` is False if it ran out of time; the next run goes on from there."""

    deletions_open: int = 0
    deletions_driven: list[str] = field(default_factory=list)
    deletions_stalled: list[str] = field(default_factory=list)
    complete: bool = True

    def to_json(self) -> dict[str, Any]:
        return {
            "deletions_open": self.deletions_open,
            "deletions_driven": self.deletions_driven,
            "deletions_stalled": self.deletions_stalled,
            "complete": self.complete,
        }


def run(at: datetime, request_id: str, limits: Limits | None = None) -> Report:
    """Look after the open deletions from where the last run stopped, for as long as there is time."""
    call, report = Call(MAINTENANCE, at, request_id), Report()
    cursor = (store.get(keys.maintenance()) or {}).get("deletions_after")
    after = cursor
    while True:
        page = deletion.open_deletions(after, _PAGE)
        _look_after(call, limits or Limits(), page.items, report)
        after = page.items[-1]["gsi1sk"] if page.more else None
        if after is None or store.time_left() < sweep.RESERVE_SECONDS:
            break
    report.complete = after is None
    if after != cursor:
        _remember(after)
    logger.info("maintenance ran", **report.to_json())
    count("DeletionsOpen", report.deletions_open)
    count("DeletionsDriven", len(report.deletions_driven))
    count("DeletionsStalled", len(report.deletions_stalled))
    return report


def _look_after(call: Call, limits: Limits, jobs: list[store.Item], report: Report) -> None:
    found = {job["tenant_id"]: deletion.read(job["tenant_id"]) for job in jobs}
    decision = decide(call.at, limits, found.values())
    report.deletions_open += sum(one.deleted_at is None for one in found.values())
    report.deletions_stalled += decision.stalled
    for action in decision.actions:
        try:
            _do(call, action, found)
        except RolecallError as error:
            # The others are looked after all the same, and this one again by the next run.
            logger.warning("deletion not driven on", tenant_id=action.tenant_id, error=error.message)
            continue
        if action.step is Step.DRIVE:
            report.deletions_driven.append(action.tenant_id)


def _do(call: Call, action: Action, found: dict[str, Deletion]) -> None:
    match action.step:
        case Step.ANNOUNCE:
            deletion.announce(found[action.tenant_id])
            found[action.tenant_id] = deletion.read(action.tenant_id)
        case Step.DRIVE:
            deletion.drive(call, found[action.tenant_id])


def _remember(after: str | None) -> None:
    change: dict[str, Any] = {"set": {"deletions_after": after}} if after else {"remove": ("deletions_after",)}
    key = keys.maintenance()
    store.write(store.Update(key, when=store.EXISTS | store.NEW, **change))
