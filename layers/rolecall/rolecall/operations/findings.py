"""Findings of the invariant check: what was found, its report in log and metrics, and its repair.

A repair changes only what can be computed from other items. Its condition is that the item still is as it was found,
and its transaction writes an audit entry. Everything else is for a person to judge.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from rolecall.audit import trail
from rolecall.auth.principals import RequestContext
from rolecall.errors import ConcurrentChange
from rolecall.storage import dynamodb, keys, writes
from rolecall.storage.expressions import Attr, Condition
from rolecall.telemetry import count_metric, logger
from rolecall.webhooks.webhook_counts import COUNT


class FindingKind(StrEnum):
    """Which invariant does not hold, in one sentence for people."""

    ADMIN_COUNT = "active_admins is not the number of active admins"
    WEBHOOK_COUNT = "webhook_count is not the number of webhooks"
    SUPERADMIN_COUNT = "enabled_superadmins is not the number of enabled superadmins"
    NO_ADMIN = "an active tenant has no active admin"
    CREDENTIALS = "a user does not have the one email reservation, and the one token or none, that its item says"
    USERNAME = "an account's username is not reserved for it"
    ORPHAN = "a token or reservation belongs to nothing that exists"
    LEFT_OVER = "an item of a tenant that does not exist"
    NO_USER = "an item of a user who does not exist"
    FOREIGN = "an item names another tenant or user than its key, or is listed under one"
    UNRECORDED = "a change has no audit entry"
    ROLE_END = "a temporary role is not stored as one, or its end was not written down in time"
    OUTLIVING = "somebody whose role was temporary gave a role that outlives it"
    SECRET = "an attribute that names a secret in clear"  # noqa: S105 (not a secret)


#: The attribute that a repair sets to the correct count.
_COUNT_ATTRIBUTES = {FindingKind.ADMIN_COUNT: "active_admins", FindingKind.WEBHOOK_COUNT: COUNT}


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation of an invariant: its kind, the item's key, and what a repair needs.

    `correct_count` is None for what is no count, and for a count that is unknown. `missing_item` is the item that a
    repair writes, if no other item has its key. `repair_condition` is the write condition that the item is still as it
    was found.
    """

    kind: FindingKind
    key: keys.Key
    tenant_id: str = ""
    correct_count: int | None = None
    stored_count: int | None = None
    missing_item: dynamodb.Item | None = field(default=None, compare=False)
    repair_condition: Condition = field(default_factory=lambda: writes.MUST_EXIST, compare=False)

    @property
    def is_repairable(self) -> bool:
        """Whether the correct state can be computed, so that no person has to judge."""
        return (
            self.kind is FindingKind.ORPHAN
            or self.missing_item is not None
            or (self.kind in _COUNT_ATTRIBUTES and self.correct_count is not None)
        )

    @property
    def audit_target(self) -> tuple[str, str]:
        """The target of the audit entry of a repair: a user whose item is repaired, else the tenant or the platform."""
        if self.key.sk.startswith("USER#"):
            return "user", self.key.sk.removeprefix("USER#")
        return ("tenant", self.tenant_id) if self.tenant_id else ("platform", keys.PLATFORM)


def repair_finding(context: RequestContext, finding: Finding) -> bool:
    """Correct a count, write a missing item or delete an orphaned one; return False if that was not possible.

    Returns False, without a change, if the finding is not repairable or the item is no longer as it was found. A repair
    writes an audit entry.
    """
    if not finding.is_repairable:
        return False
    write: writes.Write
    count = _COUNT_ATTRIBUTES.get(finding.kind)
    if count is not None:
        write = writes.Update(finding.key, set={count: finding.correct_count}, when=finding.repair_condition)
    elif finding.missing_item is not None:
        write = writes.Put(finding.missing_item, when=writes.MUST_NOT_EXIST)
    else:
        write = writes.Delete(finding.key, when=finding.repair_condition)
    entry = trail.new_entry(
        context,
        "repair_invariant",
        finding.audit_target,
        scope=finding.tenant_id or keys.PLATFORM,
        before={count: finding.stored_count} if count else {"item": finding.key.pk.partition("#")[0]},
        after={count: finding.correct_count} if count else None,
        reason=finding.kind.value,
    )
    try:
        writes.transact(write, entry)
    except ConcurrentChange:
        return False
    return True


def log_and_count_findings(findings: list[Finding]) -> None:
    """Log each finding as an error, and count the findings in metrics, by kind and in total."""
    for finding in findings:
        # The item's key is not logged, because the key of an email reservation contains the email.
        logger.error("invariant violated", invariant=finding.kind.name, tenant_id=finding.tenant_id or None)
        count_metric(f"Invariant.{finding.kind.name}")
    count_metric("InvariantsViolated", len(findings))


def attributes_unchanged(item_as_read: dynamodb.Item, first: str, *names: str) -> Condition:
    """Return the write condition that these attributes still have the values that they have in `item_as_read`."""
    condition = Attr(first).eq(item_as_read[first]) if first in item_as_read else Attr(first).not_exists()
    return condition & attributes_unchanged(item_as_read, *names) if names else condition
