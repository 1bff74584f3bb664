"""The audit trail: who, what, before, after and why.

An entry is written in the transaction of the change it describes, so neither exists without the
other. Entries live outside the tenant's partitions: they outlive the tenant.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from rolecall import keys, store
from rolecall.calls import Call
from rolecall.clock import epoch, rfc3339
from rolecall.config import config
from rolecall.ids import time_ordered_id

SUCCEEDED = "succeeded"
DENIED = "denied"


def entry(  # noqa: PLR0913 (an entry has that many facts)
    call: Call,
    action: str,
    target: tuple[str, str],
    *,
    scope: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
    outcome: str = SUCCEEDED,
) -> store.Put:
    """The entry of one change, to be put into its transaction.

    `target` is type and id, as in `("user", "7c2d…")`; `scope` is the tenant's id or `keys.PLATFORM`.
    """
    entry_id = time_ordered_id(call.at)
    key = keys.audit_entry(scope, entry_id)
    target_type, target_id = target
    return store.Put(
        {
            "pk": key.pk,
            "sk": key.sk,
            **keys.audit_by_target(scope, target_type, target_id).entry(entry_id),
            "id": entry_id,
            "action": action,
            "outcome": outcome,
            "actor": {
                "type": call.principal.type.value,
                "id": call.principal.id,
                "email": call.principal.email or None,
                "role": call.principal.role or None,
                **({"name": call.principal.name} if call.principal.name else {}),
            },
            "target": {"type": target_type, "id": target_id},
            "before": dict(before) if before is not None else None,
            "after": dict(after) if after is not None else None,
            "reason": reason,
            "request_id": call.request_id or None,
            "ip": call.ip or None,
            "timestamp": rfc3339(call.at),
            "expires_at": epoch(call.at + timedelta(days=config().audit_retention_days)),
        },
        when=store.NEW,
    )


def record_denied(call: Call, action: str, target: tuple[str, str], *, asked: Mapping[str, Any], code: str) -> None:
    """Write down that a change was refused: what was asked for, and the error code as the reason."""
    scope = call.principal.tenant_id or keys.PLATFORM
    store.write(entry(call, action, target, scope=scope, after=asked, reason=code, outcome=DENIED))
