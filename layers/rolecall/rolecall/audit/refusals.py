"""Audit entries for refused changes, with a limit on how many one actor can write.

Anyone with a valid credential can be refused as often as they like. Without a limit, a plain user could fill the trail
of the tenant and hide what others did.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import PrincipalType, RequestContext
from rolecall.clock import epoch_seconds
from rolecall.errors import Forbidden
from rolecall.storage import keys, reads, retries, writes
from rolecall.storage.expressions import Attr

#: In each minute, this many refusals of one actor and action get audit entries of their own. One further entry counts
#: all later refusals of that minute.
ENTRIES_PER_MINUTE = 10

#: After this many entries about refusals of one actor in a day (UTC), one further entry for each action counts all
#: later refusals of that day. So an actor who is refused all day long in many ways can't fill the trail either.
ENTRIES_PER_DAY = 200

#: DynamoDB deletes the counter of one minute's refusals after this time, and the counters of a day after the other.
_COUNTER_LIFETIME, _DAY_COUNTER_LIFETIME = timedelta(hours=1), timedelta(days=2)


def record_refusal(
    context: RequestContext, action: str, target: tuple[str, str], *, asked: Mapping[str, Any], code: str
) -> None:
    """Write a refused change into the audit trail. Raises `Unauthorized` if the actor's access has ended.

    The entry has what was asked for, and the error code as the reason. After `ENTRIES_PER_MINUTE` refusals of the same
    actor and action in one minute, one further entry counts the rest in its attribute `refusals`. After
    `ENTRIES_PER_DAY` of one actor, the same holds for the rest of the day.

    An actor who is inactive or deleted by now gets `Unauthorized`, and so does not learn why the change was refused. An
    actor whose tenant is closed gets it too, because nothing may be added to the audit trail of such a tenant. Raises
    `ConcurrentChange` if retries do not help.
    """
    retries.retry_on_conflict(lambda: _attempt_to_write_or_count_refusal(context, action, target, asked, code))


def _attempt_to_write_or_count_refusal(
    context: RequestContext, action: str, target: tuple[str, str], asked: Mapping[str, Any], code: str
) -> None:
    """Write the entry, or count it. Raises `ConcurrentChange` if another refusal was counted at the same time."""
    principal = context.principal
    scope = principal.tenant_id or keys.PLATFORM
    tenant_checks = [preconditions.tenant_active(principal.tenant_id)] if principal.tenant_id else []
    # Functions of the tenant API have no permission to read platform accounts. So they record a platform account's
    # refusal without checking whether the account is active.
    is_other_family = target[0] == "user" and principal.type is PrincipalType.ACCOUNT
    actor_checks = [] if is_other_family else preconditions.actor_active(principal)
    entry = trail.new_entry(
        context,
        action,
        target,
        scope=scope,
        after=asked,
        reason=code,
        outcome=trail.DENIED,
        # The code `Forbidden` means that the caller's account may change no other account at all. Such a caller must
        # not be able to fill the history of another account with refusals.
        is_in_target_history=not (scope == keys.PLATFORM and code == Forbidden.code),
    )
    # The entry is written in a transaction, even if it is the only write. If a response gets lost, a transaction can
    # safely be repeated, and a single put cannot.
    writes.transact(*tenant_checks, *actor_checks, *_prepare_entry_or_count(context, scope, action, entry))


def _prepare_entry_or_count(context: RequestContext, scope: str, action: str, entry: writes.Put) -> list[writes.Write]:
    """The writes that record one refusal: `entry` itself, or 1 more in the entry that counts the rest.

    Refusals of operators always get an entry. The transaction fails with `ConcurrentChange` if another refusal changes
    the counter first.
    """
    if context.principal.type not in {PrincipalType.USER, PrincipalType.ACCOUNT}:
        return [entry]
    actor_id = context.principal.id
    minute = context.at.replace(second=0, microsecond=0)
    day = minute.replace(hour=0, minute=0)
    entries_key = keys.refusal_entries_of_day(scope, epoch_seconds(day), actor_id)
    of_day = reads.get(entries_key)
    entries = int(of_day["entries"]) if of_day else 0
    if entries < ENTRIES_PER_DAY:
        key = keys.refusal_counter(scope, epoch_seconds(minute), actor_id, action)
        most_entries, expires_at = ENTRIES_PER_MINUTE, epoch_seconds(minute + _COUNTER_LIFETIME)
    else:
        key = keys.refusal_counter_of_day(scope, epoch_seconds(day), actor_id, action)
        most_entries, expires_at = 0, epoch_seconds(day + _DAY_COUNTER_LIFETIME)
    counter = reads.get(key)
    if counter and "summary_id" in counter:
        summary = keys.audit_entry(scope, counter["summary_id"])
        return [writes.Update(summary, add={"refusals": 1}, when=writes.MUST_EXIST)]
    number = int(counter["refusals"]) if counter else 0
    unchanged = Attr("refusals").eq(number) if counter else writes.MUST_NOT_EXIST
    one_entry_more = writes.Update(
        entries_key,
        set={"expires_at": epoch_seconds(day + _DAY_COUNTER_LIFETIME)},
        add={"entries": 1},
        when=Attr("entries").eq(entries) if of_day else writes.MUST_NOT_EXIST,
    )
    if number < most_entries:
        count = writes.Update(key, set={"expires_at": expires_at}, add={"refusals": 1}, when=unchanged)
        return [count, one_entry_more, entry]
    unchanged = unchanged & Attr("summary_id").not_exists()
    facts = {"summary_id": entry.item["id"], "expires_at": expires_at}
    return [
        writes.Update(key, set=facts, when=unchanged),
        one_entry_more,
        entry._replace(item={**entry.item, "refusals": 1}),
    ]
