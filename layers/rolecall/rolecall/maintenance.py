"""What runs every five minutes without a caller, and keeps true what must hold."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rolecall import audit_retention, deletion, store, user_deletion
from rolecall.calls import Call, Principal, PrincipalType
from rolecall.telemetry import count, logger

MAINTENANCE = Principal(PrincipalType.SYSTEM, "maintenance")
#: Deletions that one run looks at; the next run goes on with what is left.
_DELETIONS_PER_RUN = 100
#: Users whose deletion stopped, and deleted tenants whose audits are redacted, in one run.
_USERS_PER_RUN = 1000
_REDACTIONS_PER_RUN = 100


@dataclass(frozen=True, slots=True)
class Report:
    """What one run did: tenants whose deletion it completed, and those that still wait."""

    deletions_completed: list[str]
    deletions_open: list[str]

    def to_json(self) -> dict[str, Any]:
        return {"deletions_completed": self.deletions_completed, "deletions_open": self.deletions_open}


def run(at: datetime, request_id: str) -> Report:
    """Resume unfinished deletions, the longest waiting first, and redact audits, for as long as there is time."""
    call = Call(MAINTENANCE, at, request_id)
    user_deletion.finish_open(_USERS_PER_RUN, deletion.RESERVE_SECONDS)
    waiting = deletion.open_deletions(_DELETIONS_PER_RUN)
    completed: list[str] = []
    for tenant_id in waiting:
        if store.time_left() < deletion.RESERVE_SECONDS:
            break
        if deletion.sweep(call, tenant_id).deleted_at:
            completed.append(tenant_id)
    still_open = [tenant_id for tenant_id in waiting if tenant_id not in completed]
    logger.info("maintenance ran", deletions_completed=len(completed), deletions_open=len(still_open))
    count("DeletionsOpen", len(still_open))
    audit_retention.redact_deleted_tenants(_REDACTIONS_PER_RUN, deletion.RESERVE_SECONDS)
    return Report(completed, still_open)
