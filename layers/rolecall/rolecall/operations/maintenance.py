"""Scheduled maintenance: writes down ends of roles, starts and resumes deletions, checks invariants, redacts audits.

It runs every five minutes. Each run is bounded, and the next run continues where it stopped.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any

from rolecall import deadline
from rolecall.audit import redaction
from rolecall.auth.principals import Principal, PrincipalType, RequestContext
from rolecall.clock import CLOCK_TOLERANCE, rfc3339
from rolecall.deletion import completion, jobs, requests, workers
from rolecall.deletion.executors import RESERVE_SECONDS
from rolecall.deletion.jobs import DeletionJob
from rolecall.errors import RolecallError
from rolecall.operations import due_role_ends, findings, invariants
from rolecall.storage import dynamodb, keys, reads, writes
from rolecall.telemetry import count_metric, logger
from rolecall.tenants import user_deletion
from rolecall.webhooks import last_deliveries

#: The partition key and the sort key behind which the next run continues to check the table.
type _NextKey = list[str]

MAINTENANCE = Principal(PrincipalType.SYSTEM, "maintenance")

#: The page size of the list of pending tenant deletions.
_PAGE = 25

#: One maintenance run checks the invariants in at most this many pages of the table.
_PAGES_CHECKED = 20

#: One maintenance run finishes at most this many user deletions that stopped.
_USERS_PER_RUN = 1000

#: One maintenance run deletes at most this many expired copies of webhooks.
_COPIES_PER_RUN = 1000

#: One maintenance run redacts the audit entries of at most this many deleted tenants.
_REDACTIONS_PER_RUN = 100


@dataclass(frozen=True, slots=True)
class StandstillLimits:
    """How long a deletion may stand still."""

    #: A tenant's deletion is resumed after this time without progress and without a resumption, because its queue
    #: messages may be lost.
    resume_after: timedelta = timedelta(minutes=4)
    #: A tenant's deletion counts as stalled after this time without progress, although it was resumed. A stalled
    #: deletion raises an alarm.
    stalled_after: timedelta = timedelta(minutes=15)


class ActionType(StrEnum):
    LOG_EVENTS = "log_events"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do for one deletion."""

    type: ActionType
    tenant_id: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The actions to take, and the ids of the tenants whose deletions are stalled."""

    actions: list[Action]
    stalled: list[str]


def decide_what_to_log_resume_and_report(
    at: datetime, limits: StandstillLimits, pending: Iterable[DeletionJob]
) -> Decision:
    """Return what to do for each pending deletion at the time `at`; reads and writes nothing.

    Critical events without a log line are logged. A deletion without progress and without a resumption for
    `limits.resume_after` is resumed. A deletion without progress for `limits.stalled_after` is reported as stalled.
    """
    actions, stalled = [], []
    latest_time = rfc3339(at + CLOCK_TOLERANCE)
    for job in pending:
        if job.unlogged_events:
            actions.append(Action(ActionType.LOG_EVENTS, job.tenant_id))
        if not job.is_in_progress:
            continue
        # A time that is ahead was written before a clock went back. It must not hold up a resumption.
        known_times = [time for time in (job.last_progress_at, job.resumed_at) if time <= latest_time]
        if max(known_times, default="") <= rfc3339(at - limits.resume_after):
            actions.append(Action(ActionType.RESUME, job.tenant_id))
        if job.last_progress_at <= rfc3339(at - limits.stalled_after):
            stalled.append(job.tenant_id)
    return Decision(actions, stalled)


@dataclass(slots=True)
class Report:
    """What one run found and did. `complete` is False if it ran out of time before the last pending deletion."""

    role_ends_written: int = 0
    deletions_open: int = 0
    deletions_started: list[str] = field(default_factory=list)
    deletions_resumed: list[str] = field(default_factory=list)
    deletions_stalled: list[str] = field(default_factory=list)
    complete: bool = True
    violations: int = 0
    repaired: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "role_ends_written": self.role_ends_written,
            "deletions_open": self.deletions_open,
            "deletions_started": self.deletions_started,
            "deletions_resumed": self.deletions_resumed,
            "deletions_stalled": self.deletions_stalled,
            "complete": self.complete,
            "violations": self.violations,
            "repaired": self.repaired,
        }


def run_maintenance(
    at: datetime, request_id: str, limits: StandstillLimits | None = None, *, repair: bool = False
) -> Report:
    """Run all steps of maintenance and return a report; raise if the list of pending deletions or the check fails.

    The steps: finish user deletions, write down role ends, start due deletions, handle pending ones, delete expired
    copies of webhooks, redact audits and check the invariants. A failure of one user, end or deletion is logged and
    does not stop the others. Both the deletions and the check continue where the last run stopped. With `repair`,
    findings that can be repaired without a person's judgement are repaired; see `findings`.
    """
    context, report = RequestContext(MAINTENANCE, at, request_id), Report()
    _run_step("user deletions", lambda: user_deletion.finish_stopped_user_deletions(_USERS_PER_RUN, RESERVE_SECONDS))
    _run_step("role ends", lambda: _write_due_role_ends(context, report))
    _run_step("due deletions", lambda: _start_due_deletions(context, report))
    saved = reads.get(keys.maintenance_progress()) or {}
    after = saved.get("deletions_after")
    while True:
        page = jobs.list_entries_of_pending_jobs(after, _PAGE)
        _log_events_and_resume_stopped_deletions(context, limits or StandstillLimits(), page.items, report)
        after = page.items[-1]["gsi1sk"] if page.more else None
        if after is None or deadline.time_left() < RESERVE_SECONDS:
            break
    report.complete = after is None
    _run_step("last deliveries", lambda: last_deliveries.delete_expired_copies(at, _COPIES_PER_RUN))
    _run_step("redaction", lambda: redaction.redact_emails_of_deleted_tenants(_REDACTIONS_PER_RUN, RESERVE_SECONDS))
    checked = _check_invariants_behind_key(context, saved.get("checked"), report, repair=repair)
    _save_positions_if_changed({"deletions_after": after, "checked": checked}, saved)
    logger.info("maintenance ran", **report.to_json())
    count_metric("MaintenanceRan")
    count_metric("DeletionsOpen", report.deletions_open)
    count_metric("DeletionsStarted", len(report.deletions_started))
    count_metric("DeletionsResumed", len(report.deletions_resumed))
    count_metric("DeletionsStalled", len(report.deletions_stalled))
    return report


def _run_step(name: str, step: Callable[[], None]) -> None:
    """Run one step of maintenance; log and count a failure instead of raising, so that the other steps still run."""
    try:
        step()
    except Exception:  # noqa: BLE001 (one failed step must not stop the others)
        logger.exception("maintenance step failed", step=name)
        count_metric("StepsFailed")


def _write_due_role_ends(context: RequestContext, report: Report) -> None:
    report.role_ends_written = due_role_ends.write_due_ends(context.at, context.request_id, RESERVE_SECONDS)


def _start_due_deletions(context: RequestContext, report: Report) -> None:
    """Start the scheduled deletions that are due, the earliest first, and add them to the report; log those that fail.

    Deletions that this run does not reach, or that fail to start, are still due at the next run.
    """
    after, more = None, True
    while more:
        page = jobs.list_entries_of_due_jobs(context.at, after, _PAGE)
        for item in page.items:
            if deadline.time_left() < RESERVE_SECONDS:
                return
            try:
                if requests.start_due_deletion(context, item["tenant_id"]):
                    report.deletions_started.append(item["tenant_id"])
            except RolecallError as error:
                # A failed start of one tenant's deletion must not stop the others.
                logger.warning("deletion not started", tenant_id=item["tenant_id"], error=error.message)
            except Exception:  # noqa: BLE001 (one failed start must not stop the others)
                logger.exception("deletion not started", tenant_id=item["tenant_id"])
                count_metric("StepsFailed")
            after = item["gsi2sk"]
        more = page.more


def _log_events_and_resume_stopped_deletions(
    context: RequestContext, limits: StandstillLimits, items: list[dynamodb.Item], report: Report
) -> None:
    """Log critical events and resume the deletions that stand still; add to the report, log what fails.

    `items` are index entries of pending deletions. A failed action is left to the next run.
    """
    found = {job.tenant_id: job for job in map(_find_job_of_entry_or_log_failure, items) if job}
    decision = decide_what_to_log_resume_and_report(context.at, limits, found.values())
    report.deletions_open += sum(job.is_in_progress for job in found.values())
    report.deletions_stalled += decision.stalled
    for action in decision.actions:
        try:
            _execute_action(context, action, found)
        except RolecallError as error:
            # A failed action must not stop the actions for other tenants.
            logger.warning("deletion not resumed", tenant_id=action.tenant_id, error=error.message)
            continue
        except Exception:  # noqa: BLE001 (one failed action must not stop the others)
            logger.exception("deletion not resumed", tenant_id=action.tenant_id)
            count_metric("StepsFailed")
            continue
        if action.type is ActionType.RESUME:
            report.deletions_resumed.append(action.tenant_id)


def _find_job_of_entry_or_log_failure(index_entry: dynamodb.Item) -> DeletionJob | None:
    """Read the job of an index entry; return None if it is gone or if reading fails, which is logged and counted."""
    try:
        return jobs.find_job(index_entry["tenant_id"])
    except Exception:  # noqa: BLE001 (one job that can't be read must not stop the others)
        logger.exception("deletion job not read", tenant_id=index_entry["tenant_id"])
        count_metric("StepsFailed")
        return None


def _execute_action(context: RequestContext, action: Action, jobs_by_tenant_id: dict[str, DeletionJob]) -> None:
    """Log the job's events and read the job again into `jobs_by_tenant_id`, or resume it; raise the first failure."""
    match action.type:
        case ActionType.LOG_EVENTS:
            completion.log_unlogged_critical_events(jobs_by_tenant_id[action.tenant_id])
            job = jobs.find_job(action.tenant_id)
            if job is not None:
                jobs_by_tenant_id[action.tenant_id] = job
        case ActionType.RESUME:
            workers.resume_deletion(context, jobs_by_tenant_id[action.tenant_id])


def _check_invariants_behind_key(
    context: RequestContext, start_key: _NextKey | None, report: Report, *, repair: bool
) -> _NextKey | None:
    """Check up to `_PAGES_CHECKED` pages behind `start_key`, log findings, repair them with `repair`.

    Adds the findings to the report. Returns the key at which the next run continues, or None after the table's end.
    """
    position = keys.Key(*start_key) if start_key else None
    pages = invariants.check_table(position, reserve_seconds=RESERVE_SECONDS)
    for found, last in islice(pages, _PAGES_CHECKED):
        findings.log_and_count_findings(found)
        report.violations += len(found)
        report.repaired += sum(findings.repair_finding(context, finding) for finding in found) if repair else 0
        position = last
    return list(position) if position else None


def _save_positions_if_changed(positions: dict[str, Any], saved: dynamodb.Item) -> None:
    """Store where the next run continues, unless that is stored already."""
    if any(positions[name] != saved.get(name) for name in positions):
        writes.write(
            writes.Update(keys.maintenance_progress(), set=positions, when=writes.MUST_EXIST | writes.MUST_NOT_EXIST)
        )
