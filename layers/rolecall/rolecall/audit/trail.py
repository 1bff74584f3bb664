"""The audit trail: who changed what, the state before and after, and the reason.

An entry is written in the transaction of its change, so there is no change without its entry, and no entry without its
change. Entries are stored outside the tenant's partitions, because they outlive the tenant.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from rolecall.auth.principals import ROLE_ENDS, RequestContext
from rolecall.auth.roles import HeldRole
from rolecall.clock import epoch_seconds, rfc3339, rfc3339_of_second
from rolecall.config import config
from rolecall.ids import is_time_ordered_id, lowest_time_ordered_id_at, time_ordered_id
from rolecall.storage import cursors, dynamodb, indexes, keys, reads, writes

SUCCEEDED = "succeeded"

DENIED = "denied"

#: The most audit entries that one request reads if a filter has no index. Such a filter is compared with one entry
#: after the other.
_MOST_EXAMINED = 2000

#: If a filter has no index, each query reads at least this many audit entries, because many of them may not match.
_CHUNK = 100

#: A function that takes the id after which a page begins, or None for the newest entries, and the size of the page.
type _PageReader = Callable[[str | None, int], reads.Page]

#: The attributes of an entry that the API shows.
_PUBLIC_FIELDS = ("id", "action", "outcome", "target", "before", "after", "reason", "request_id", "ip", "timestamp")


def new_entry(  # noqa: PLR0913 (an entry records that many facts)
    context: RequestContext,
    action: str,
    target: tuple[str, str],
    *,
    scope: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
    outcome: str = SUCCEEDED,
    critical: bool = False,
    is_in_target_history: bool = True,
) -> writes.Put:
    """The write of a change's audit entry. The caller must add it to the transaction of the change.

    `target` is a type and an id, as in `("user", "7c2d…")`. `scope` is the tenant's id, or `keys.PLATFORM`. `critical`
    marks a change that a person should always review. Without `is_in_target_history`, a list of the entries about the
    target does not contain the entry.
    """
    entry_id = time_ordered_id(context.at)
    key = keys.audit_entry(scope, entry_id)
    target_type, target_id = target
    return writes.Put(
        {
            "pk": key.pk,
            "sk": key.sk,
            **(
                indexes.audit_by_target(scope, target_type, target_id).index_attributes(entry_id)
                if is_in_target_history
                else {}
            ),
            "id": entry_id,
            "action": action,
            "outcome": outcome,
            "actor": {
                "type": context.principal.type.value,
                "id": context.principal.id,
                "email": context.principal.email or None,
                "role": context.principal.role or None,
                **(
                    {"lasting_role": context.principal.lasting_role, "role_until": context.principal.role_until}
                    if context.principal.role_until is not None
                    else {}
                ),
                **({"name": context.principal.name} if context.principal.name else {}),
            },
            "target": {"type": target_type, "id": target_id},
            "before": dict(before) if before is not None else None,
            "after": dict(after) if after is not None else None,
            "reason": reason,
            "request_id": context.request_id or None,
            "ip": context.ip or None,
            "timestamp": rfc3339(context.at),
            "expires_at": epoch_seconds(context.at + timedelta(days=config().audit_retention_days)),
            **({"severity": "critical"} if critical else {}),
        },
        when=writes.MUST_NOT_EXIST,
    )


def new_entry_of_role_end(
    target: tuple[str, str], ended: HeldRole[Any], *, scope: str, at: datetime, request_id: str
) -> writes.Put:
    """The write of the audit entry of the end of a temporary role. The end is older than the time `at` of the entry."""
    ended_at = None if ended.until is None else rfc3339_of_second(ended.until)
    return new_entry(
        RequestContext(ROLE_ENDS, at, request_id),
        "lapse_role",
        target,
        scope=scope,
        before=ended.to_json(),
        after={"role": ended.lasting_role, "ended_at": ended_at},
    )


class Outcome(StrEnum):
    """The values of the filter `outcome`."""

    SUCCEEDED = SUCCEEDED
    DENIED = DENIED


class Filters(NamedTuple):
    """The filters of a list of entries. None means no filter. `from_time` and `to_time` are both inclusive."""

    action: str | None = None
    actor: str | None = None
    target: str | None = None
    from_time: datetime | None = None
    to_time: datetime | None = None
    outcome: Outcome | None = None

    @property
    def cursor_scope(self) -> tuple[str, ...]:
        """The filters as texts. A cursor is valid only for a list with the same ones."""
        times = (rfc3339(at) if at else None for at in (self.from_time, self.to_time))
        return tuple(part or "" for part in (self.action, self.actor, self.target, *times, self.outcome))

    @property
    def has_filter_without_index(self) -> bool:
        """Whether a filter has no index, so that the entries are read and compared one by one."""
        return bool(self.action or self.actor or self.outcome)

    def matches_apart_from_time(self, item: dynamodb.Item) -> bool:
        """Whether an entry passes the filters, except those on its time."""
        return (
            self.action in (None, item["action"])
            and self.actor in (None, item["actor"]["id"])
            and self.target in (None, item["target"]["id"])
            and self.outcome in (None, item["outcome"])
        )


class AuditPage(NamedTuple):
    """One page of audit entries, in their public form. `next_cursor` is None on the last page."""

    entries: list[dict[str, Any]]
    next_cursor: str | None


def list_entries(tenant_id: str, filters: Filters, *, limit: int, cursor: str | None = None) -> AuditPage:
    """A page of a tenant's audit entries, newest first. Raises `ValidationFailed` for a cursor of another list.

    A deleted tenant's entries are listed too, until they expire.

    The filters by time and `target` use keys and read only the entries of the page. The other filters compare the
    entries one by one, at most `_MOST_EXAMINED` for each request. So a page can have fewer entries than `limit`, or
    none, although more follow.
    """
    scope = ("list_audit", tenant_id, *filters.cursor_scope)
    position = cursors.decode(cursor, *scope) if cursor is not None else _exclusive_upper_bound_of_ids(filters.to_time)
    oldest = lowest_time_ordered_id_at(filters.from_time) if filters.from_time else ""
    read = _page_reader_of_target_or_whole_trail(tenant_id, filters.target)
    found: list[dynamodb.Item] = []
    examined = 0
    while True:
        chunk = max(limit + 1 - len(found), _CHUNK if filters.has_filter_without_index else 0)
        page = read(position, min(chunk, _MOST_EXAMINED - examined))
        for item in page.items:
            if item["id"] < oldest:
                return _to_audit_page(found, None)
            if filters.matches_apart_from_time(item):
                if len(found) == limit:
                    return _to_audit_page(found, cursors.encode(position or "", *scope))
                found.append(item)
            position = item["id"]
            examined += 1
        if not page.more:
            return _to_audit_page(found, None)
        if examined == _MOST_EXAMINED:
            return _to_audit_page(found, cursors.encode(position or "", *scope))


def _exclusive_upper_bound_of_ids(to_time: datetime | None) -> str | None:
    """An id above those of all entries up to `to_time`; None if there is no such limit."""
    # Entries show their time in whole seconds. So all entries of the second of `to_time` are included.
    return lowest_time_ordered_id_at(to_time.replace(microsecond=0) + timedelta(seconds=1)) if to_time else None


def _page_reader_of_target_or_whole_trail(tenant_id: str, target_id: str | None) -> _PageReader:
    """A function that reads a page, newest first: of the entries about the target, or of all entries for None."""
    if target_id:
        partition = indexes.audit_by_target(tenant_id, _target_type_by_form_of_id(target_id, tenant_id), target_id)
        return lambda after, limit: reads.query_index(partition, after=after, limit=limit, newest_first=True)
    pk = keys.audit_entry(tenant_id, "").pk
    return lambda after, limit: reads.query_partition(pk, after=after, limit=limit, newest_first=True)


def _target_type_by_form_of_id(target_id: str, tenant_id: str) -> str:
    """`tenant`, `account`, `webhook` or `user`: the type of a target in a tenant's trail, told by the form of its id.

    Account ids are numbers, webhook ids UUIDs of version 7 and user ids UUIDs of version 4. An account is a target here
    if a user of the tenant tried to change it and was refused.
    """
    if target_id == tenant_id:
        return "tenant"
    if target_id.isdecimal():
        return "account"
    return "webhook" if is_time_ordered_id(target_id) else "user"


def _to_audit_page(items: list[dynamodb.Item], next_cursor: str | None) -> AuditPage:
    return AuditPage([to_public_fields(item) for item in items], next_cursor)


def to_public_fields(item: dynamodb.Item) -> dict[str, Any]:
    """An entry as the API shows it. Of the actor, only type, id and email are shown."""
    actor = {name: item["actor"].get(name) for name in ("type", "id", "email")}
    refusals = {"refusals": int(item["refusals"])} if "refusals" in item else {}
    return {**{name: item.get(name) for name in _PUBLIC_FIELDS}, "actor": actor, **refusals}
