"""What runs every five minutes without a caller, and keeps true what must hold."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any

from rolecall import deadline
from rolecall.audit import redaction
from rolecall.auth.principals import Principal, PrincipalType, RequestContext
from rolecall.clock import rfc3339
from rolecall.deletion import completion, jobs, sweep, workers
from rolecall.deletion.jobs import Deletion
from rolecall.errors import RolecallError
from rolecall.operations import findings, invariants
from rolecall.storage import dynamodb, keys, reads, writes
from rolecall.telemetry import count_metric, logger
from rolecall.tenants import user_deletion

MAINTENANCE = Principal(PrincipalType.SYSTEM, "maintenance")

#: Open deletions that are looked at in one go.
_PAGE = 25

#: Pages of the table in which one run checks the invariants.
_PAGES_CHECKED = 20

#: Users whose deletion stopped, and deleted tenants whose audits are redacted, in one run.
_USERS_PER_RUN = 1000

_REDACTIONS_PER_RUN = 100


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
    violations: int = 0
    repaired: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "deletions_open": self.deletions_open,
            "deletions_driven": self.deletions_driven,
            "deletions_stalled": self.deletions_stalled,
            "complete": self.complete,
            "violations": self.violations,
            "repaired": self.repaired,
        }


def run(at: datetime, request_id: str, limits: Limits | None = None, *, repair: bool = False) -> Report:
    """Look after the open deletions and check the invariants, each from where the last run stopped; redact audits.

    With `repair`, what is provably derived is put right as well; see `invariants`.
    """
    context, report = RequestContext(MAINTENANCE, at, request_id), Report()
    user_deletion.finish_pending_deletions(_USERS_PER_RUN, sweep.RESERVE_SECONDS)
    remembered = reads.get(keys.maintenance()) or {}
    after = remembered.get("deletions_after")
    while True:
        page = jobs.pending_deletions(after, _PAGE)
        _look_after(context, limits or Limits(), page.items, report)
        after = page.items[-1]["gsi1sk"] if page.more else None
        if after is None or deadline.time_left() < sweep.RESERVE_SECONDS:
            break
    report.complete = after is None
    redaction.redact_deleted_tenants(_REDACTIONS_PER_RUN, sweep.RESERVE_SECONDS)
    checked = _check_invariants(context, remembered.get("checked"), report, repair=repair)
    _remember({"deletions_after": after, "checked": checked}, remembered)
    logger.info("maintenance ran", **report.to_json())
    count_metric("MaintenanceRan")
    count_metric("DeletionsOpen", report.deletions_open)
    count_metric("DeletionsDriven", len(report.deletions_driven))
    count_metric("DeletionsStalled", len(report.deletions_stalled))
    return report


def _look_after(context: RequestContext, limits: Limits, items: list[dynamodb.Item], report: Report) -> None:
    found = {item["tenant_id"]: jobs.read(item["tenant_id"]) for item in items}
    decision = decide(context.at, limits, found.values())
    report.deletions_open += sum(one.deleted_at is None for one in found.values())
    report.deletions_stalled += decision.stalled
    for action in decision.actions:
        try:
            _do(context, action, found)
        except RolecallError as error:
            # The others are looked after all the same, and this one again by the next run.
            logger.warning("deletion not driven on", tenant_id=action.tenant_id, error=error.message)
            continue
        if action.step is Step.DRIVE:
            report.deletions_driven.append(action.tenant_id)


def _do(context: RequestContext, action: Action, found: dict[str, Deletion]) -> None:
    match action.step:
        case Step.ANNOUNCE:
            completion.announce(found[action.tenant_id])
            found[action.tenant_id] = jobs.read(action.tenant_id)
        case Step.DRIVE:
            workers.drive(context, found[action.tenant_id])


def _check_invariants(
    context: RequestContext, start: list[str] | None, report: Report, *, repair: bool
) -> list[str] | None:
    """A bounded part of the table, from where the last run stopped; returns where this one did."""
    place = keys.Key(*start) if start else None
    for found, after in islice(invariants.walk(place, until=sweep.RESERVE_SECONDS), _PAGES_CHECKED):
        findings.report(found)
        report.violations += len(found)
        report.repaired += sum(findings.repair(context, finding) for finding in found) if repair else 0
        place = after
    return list(place) if place else None


def _remember(places: dict[str, Any], before: dynamodb.Item) -> None:
    if any(places[name] != before.get(name) for name in places):
        writes.write(writes.Update(keys.maintenance(), set=places, when=writes.MUST_EXIST | writes.MUST_NOT_EXIST))
