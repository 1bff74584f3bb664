"""Deleting a tenant for good: tombstone, sweep, proof, receipt.

1. *Tombstone*: one transaction marks the tenant as deleting, makes the job with its slices, releases the
   name and writes the audit entry. From then on no token of the tenant works and nothing can be written
   into it.
2. *Sweep and proof*, see `sweep`: by the request as far as its time allows, then by workers, one message
   a slice. A message that got lost is sent again by maintenance.
3. *Receipt*: when every slice is proven and a consistent query finds the tenant's partition empty too,
   one transaction turns the job into the receipt and removes the tenant's own item and the slices.
"""

from rolecall.auth.principals import RequestContext
from rolecall.aws import queues
from rolecall.clock import rfc3339
from rolecall.deletion import completion, jobs, slices, sweep
from rolecall.errors import (
    TenantNotFound,
)
from rolecall.ids import new_id
from rolecall.storage import keys, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import logger


def send(found: jobs.Deletion) -> None:
    """Queue all there is to do now; raises `ServiceUnavailable`."""
    queues.enqueue_slices(found.tenant_id, [one.name for one in slices.workable(found.slices)])


def work(context: RequestContext, tenant_id: str, name: str) -> None:
    """What a worker does for one message: run over its slice, then start what that has made possible.

    A message that is late or came twice does nothing. Raises `ServiceUnavailable` for the queue to try again.
    """
    try:
        completion.announce(jobs.read(tenant_id))
        found = jobs.read(tenant_id)
    except TenantNotFound:
        return
    one = next((one for one in slices.workable(found.slices) if one.name == name), None)
    if one is not None:
        ran = sweep.run(one, new_id())
        if ran.version == one.version:
            return  # another one has it in its hands
        if ran.state == one.state:
            queues.enqueue_slices(tenant_id, [name])
            return
        found = jobs.read(tenant_id)
    if not found.deleted_at:
        _start_next(context, found, name)


def _start_next(context: RequestContext, found: jobs.Deletion, name: str) -> None:
    todo = slices.workable(found.slices)
    if not todo:
        if not completion.finish(context, found):
            send(jobs.read(found.tenant_id))
        return
    state = next(one.state for one in found.slices if one.name == name)
    if state == slices.OPEN:
        # The proof has found something in it.
        queues.enqueue_slices(found.tenant_id, [name])
    elif state == slices.SWEPT and todo[0].state == slices.SWEPT:
        # It was the last one to be swept: the proof begins.
        send(found)


def drive(context: RequestContext, found: jobs.Deletion) -> None:
    """Count another attempt and start again all there is to do; raises `ServiceUnavailable`."""
    writes.write(
        writes.Update(
            keys.deletion(found.tenant_id),
            add={"attempts": 1},
            set={"driven_at": rfc3339(context.at)},
            when=Attr("status").eq(jobs.DELETING),
        )
    )
    logger.warning("tenant deletion driven on", tenant_id=found.tenant_id, attempts=found.attempts + 1)
    if slices.workable(found.slices) or not completion.finish(context, found):
        send(jobs.read(found.tenant_id))
