"""What works without a caller: the deletion of a tenant through the queue, and maintenance, which redacts its audit."""

import logging
import os

from rolecall import clock, deadline
from rolecall.auth.principals import Principal, PrincipalType, RequestContext
from rolecall.deletion import executors, requests
from rolecall.errors import RolecallError
from verify.check import check
from verify.checks.tenants import register, wait_for_receipt
from verify.results import Wrong
from verify.walk import Walk

_VERIFY = Principal(PrincipalType.SYSTEM, "verify")


@check("A tenant's deletion goes through the queue to its end.", uses=["SweepTenant", "GetDeletion"])
def delete_through_the_queue(walk: Walk) -> None:
    tenant_id, _ = register(walk, f"{walk.run}-queue")
    _accept_deletion(walk, tenant_id)
    wait_for_receipt(walk, tenant_id)


def _accept_deletion(walk: Walk, tenant_id: str) -> None:
    """Accept a deletion as DeleteTenant does when its time is up: mark the tenant, and queue its slices.

    A request deletes a small tenant by itself, so this runs the layer's own code with the credentials of the
    environment, and gives it no time to sweep.
    """
    variables = walk.stack.functions["DeleteTenant"]["Environment"]["Variables"]
    os.environ |= {name: variables[name] for name in ("TABLE_NAME", "SWEEP_QUEUE_URL", "AUDIT_RETENTION_DAYS")}
    os.environ |= walk.stack.credentials()
    deadline.set_time_left(executors.RESERVE_SECONDS)
    logging.disable()
    try:
        accepted = requests.delete_tenant(RequestContext(_VERIFY, clock.now(), walk.run), tenant_id)
    except RolecallError as error:
        raise Wrong(f"The deletion was not accepted ({type(error).__name__}).") from error
    finally:
        logging.disable(logging.NOTSET)
    if accepted.deleted_at:
        raise Wrong("The tenant was deleted at once, so that nothing went through the queue.")


@check("Maintenance runs, and finds everything as it must be.", uses=["RunMaintenance"])
def run_maintenance(walk: Walk) -> str:
    report, error = walk.stack.invoke("RunMaintenance", {})
    if error:
        raise Wrong(f"RunMaintenance failed ({report.get('errorType', error)}).")
    if report["violations"]:
        raise Wrong(f"Maintenance reports {report['violations']} violations of what must always hold.")
    if report["deletions_stalled"]:
        raise Wrong(f"{len(report['deletions_stalled'])} deletions of tenants make no progress.")
    return ""
