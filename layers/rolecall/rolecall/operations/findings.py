"""What must always hold, checked against the table: a bounded part of it at a time.

| invariant | checked how | repaired |
| --- | --- | --- |
| an active tenant has an active admin | by the index, between two equal reads of the tenant's item | no |
| `active_admins` is the true count | likewise; if it seems not, its users are counted by consistent reads | the count |
| `enabled_superadmins` is the true count | by the index, between two equal reads of the platform's item | no |
| a user has exactly one token and one email reservation, and they are its own | by its `owned_keys` | no |
| a token or reservation points to what exists and names it | by its `tenant_id` and `user_id` | an orphan goes |
| nothing of a deleted tenant remains | its item is not there | a token or reservation goes |
| an item of a user has its user, an item of a tenant has its tenant | by their keys | no |
| a change has its audit entry | of each user, account and tenant the last one: an entry of its second | no |
| no item is another tenant's as well | tenant and user that it names, and where it is listed, agree with its key | no |
| no secret in clear | by the names of the attributes | no |

Repair changes only what is derived from something else, under the condition that it still is as it was
seen, and writes an audit entry with it. Everything else is for a person to judge.

An index may lag behind by milliseconds, so what it says counts as wrong only if it says so again. A count by
consistent reads that does not come to its end in the time of a run is reported, and not repaired: a tenant that
large is counted by a person, or by a run with more time (`repair` by hand).

The walk is the one place that scans. It reads one page after another and keeps its place in the table, so
a run is bounded and the next one goes on.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from rolecall.audit import trail
from rolecall.auth.principals import RequestContext
from rolecall.errors import ConcurrentChange
from rolecall.storage import dynamodb, keys, writes
from rolecall.storage.expressions import Attr, Condition
from rolecall.telemetry import count_metric, logger


class Kind(StrEnum):
    ADMIN_COUNT = "active_admins is not the number of active admins"
    SUPERADMIN_COUNT = "enabled_superadmins is not the number of enabled superadmins"
    NO_ADMIN = "an active tenant has no active admin"
    CREDENTIALS = "a user has not exactly one token and one email reservation of its own"
    ORPHAN = "a token or reservation points nowhere"
    LEFT_OVER = "something of a tenant that is gone"
    NO_USER = "an item of a user that is not there"
    FOREIGN = "an item names another tenant or user than its key, or is listed under one"
    UNRECORDED = "a change without its audit entry"
    SECRET = "an attribute that names a secret in clear"  # noqa: S105 (is none)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold, and where. `truth` is what the repair would make of a count.

    `as_found` is the condition under which a repair may rest on what was found.
    """

    kind: Kind
    key: keys.Key
    tenant_id: str = ""
    truth: int | None = None
    found: int | None = None
    as_found: Condition = field(default_factory=lambda: writes.MUST_EXIST, compare=False)

    @property
    def is_derived(self) -> bool:
        """Whether it can be put right without judging anything."""
        return self.kind is Kind.ORPHAN or (self.kind is Kind.ADMIN_COUNT and self.truth is not None)


def repair(context: RequestContext, finding: Finding) -> bool:
    """Put right what is derived; True if it was. Changes nothing if it is no longer as it was found."""
    if not finding.is_derived:
        return False
    write: writes.Write
    if finding.kind is Kind.ADMIN_COUNT:
        write = writes.Update(finding.key, set={"active_admins": finding.truth}, when=finding.as_found)
    else:
        write = writes.Delete(finding.key, when=finding.as_found)
    is_count = finding.truth is not None
    entry = trail.new_entry(
        context,
        "repair_invariant",
        ("tenant", finding.tenant_id) if finding.tenant_id else ("platform", keys.PLATFORM),
        scope=finding.tenant_id or keys.PLATFORM,
        before={"active_admins": finding.found} if is_count else {"item": finding.key.pk.partition("#")[0]},
        after={"active_admins": finding.truth} if is_count else None,
        reason=finding.kind.value,
    )
    try:
        writes.transact(write, entry)
    except ConcurrentChange:
        return False
    return True


def report(findings: list[Finding]) -> None:
    """Say each of them in the log, and count them by kind."""
    for finding in findings:
        # A token's key is a hash, an email's key is an address: the log gets the kind of key only.
        logger.error("invariant violated", invariant=finding.kind.name, tenant_id=finding.tenant_id or None)
        count_metric(f"Invariant.{finding.kind.name}")
    count_metric("InvariantsViolated", len(findings))


def unchanged_since(item: dynamodb.Item, first: str, *names: str) -> Condition:
    """The condition that these attributes are what they are in `item`."""
    condition = Attr(first).eq(item[first]) if first in item else Attr(first).not_exists()
    return condition & unchanged_since(item, *names) if names else condition
