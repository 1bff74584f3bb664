"""Workers of a tenant's deletion: handling one queue message, queueing slices, and resuming a stopped deletion."""

from rolecall.auth.principals import RequestContext
from rolecall.aws import queues
from rolecall.clock import rfc3339
from rolecall.deletion import completion, jobs, sweep
from rolecall.deletion.jobs import DeletionJob
from rolecall.deletion.slices import OPEN, SWEPT, runnable_slices
from rolecall.errors import TenantNotFound
from rolecall.ids import new_id
from rolecall.storage import keys, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import logger


def queue_runnable_slices(job: DeletionJob) -> None:
    """Send one message for each slice that can be worked on now; raise `ServiceUnavailable` if the queue fails."""
    queues.enqueue_slices(job.tenant_id, [one.name for one in runnable_slices(job.slices)])


def handle_slice_message(context: RequestContext, tenant_id: str, slice_name: str) -> None:
    """Sweep or prove the slice that a message names, then start the deletion's next step; raise `ServiceUnavailable`.

    The queue delivers the message again after an error. A message that comes late or twice changes nothing, and so does
    one for a deletion that does not exist.
    """
    try:
        completion.log_unlogged_critical_events(jobs.read_job(tenant_id))
        job = jobs.read_job(tenant_id)
    except TenantNotFound:
        return
    before = next((one for one in runnable_slices(job.slices) if one.name == slice_name), None)
    if before is not None:
        after = sweep.sweep_or_prove_slice_unless_leased(before, new_id())
        if after.version == before.version:
            return  # another worker holds the lease
        if after.state == before.state:
            queues.enqueue_slices(tenant_id, [slice_name])  # the time was up before the slice was finished
            return
        job = jobs.read_job(tenant_id)
    if not job.deleted_at:
        _complete_deletion_or_queue_runnable_slices(context, job, slice_name)


def _complete_deletion_or_queue_runnable_slices(
    context: RequestContext, job: DeletionJob, last_worked_slice_name: str
) -> None:
    """Complete the deletion if all slices are done, else queue the slices that the last work has made runnable."""
    runnable = runnable_slices(job.slices)
    if not runnable:
        if not completion.complete_deletion_if_nothing_remains(context, job):
            queue_runnable_slices(jobs.read_job(job.tenant_id))
        return
    state = next(one.state for one in job.slices if one.name == last_worked_slice_name)
    if state == OPEN:
        # The proof that the slice is empty has found an item. So the slice is open again and must be swept again.
        queues.enqueue_slices(job.tenant_id, [last_worked_slice_name])
    elif state == SWEPT and runnable[0].state == SWEPT:
        # All slices are swept now. So the workers can begin to prove that each slice is empty.
        queue_runnable_slices(job)


def resume_deletion(context: RequestContext, job: DeletionJob) -> None:
    """Count another attempt, then complete the deletion or queue its slices; raise `ConcurrentChange`.

    Raises `ConcurrentChange` for a deletion that is not in progress, `ServiceUnavailable` if storage or queue fail.
    Does not check that the deletion has stopped.
    """
    writes.write(
        writes.Update(
            keys.deletion_job(job.tenant_id),
            add={"attempts": 1},
            set={"driven_at": rfc3339(context.at)},
            when=Attr("status").eq(jobs.DELETING),
        )
    )
    logger.warning("tenant deletion resumed", tenant_id=job.tenant_id, attempts=job.attempts + 1)
    if runnable_slices(job.slices) or not completion.complete_deletion_if_nothing_remains(context, job):
        queue_runnable_slices(jobs.read_job(job.tenant_id))
