"""The audit trail: who, what, before, after and why.

An entry is written in the transaction of the change it describes, so neither exists without the
other. Entries live outside the tenant's partitions: they outlive the tenant.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from rolecall.auth import preconditions
from rolecall.auth.principals import RequestContext
from rolecall.clock import epoch_seconds, rfc3339
from rolecall.config import config
from rolecall.ids import lowest_id_at, time_ordered_id
from rolecall.storage import cursors, dynamodb, keys, reads, writes

SUCCEEDED = "succeeded"

DENIED = "denied"

#: Entries that one request looks at where a filter is matched one by one.
_MOST_EXAMINED = 2000

_CHUNK = 100

_PUBLIC_FIELDS = ("id", "action", "outcome", "target", "before", "after", "reason", "request_id", "ip", "timestamp")


def new_entry(  # noqa: PLR0913 (an entry has that many facts)
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
) -> writes.Put:
    """The entry of one change, to be put into its transaction.

    `target` is type and id, as in `("user", "7c2d…")`; `scope` is the tenant's id or `keys.PLATFORM`.
    `critical` marks what someone should look at whenever it happens.
    """
    entry_id = time_ordered_id(context.at)
    key = keys.audit_entry(scope, entry_id)
    target_type, target_id = target
    return writes.Put(
        {
            "pk": key.pk,
            "sk": key.sk,
            **keys.audit_by_target(scope, target_type, target_id).index_attributes(entry_id),
            "id": entry_id,
            "action": action,
            "outcome": outcome,
            "actor": {
                "type": context.principal.type.value,
                "id": context.principal.id,
                "email": context.principal.email or None,
                "role": context.principal.role or None,
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


def record_refusal(
    context: RequestContext, action: str, target: tuple[str, str], *, asked: Mapping[str, Any], code: str
) -> None:
    """Write down that a change was refused: what was asked for, and the error code as the reason.

    Raises `Unauthorized` for a tenant that is being deleted: its trail is closed.
    """
    tenant_id = context.principal.tenant_id
    denied = new_entry(
        context, action, target, scope=tenant_id or keys.PLATFORM, after=asked, reason=code, outcome=DENIED
    )
    # A transaction also where it is one write: it can be repeated when its answer gets lost.
    writes.transact(*([preconditions.tenant_active(tenant_id)] if tenant_id else []), denied)


class Filters(NamedTuple):
    """Which entries are asked for; None where any will do. `from_time` and `to_time` are both inclusive."""

    action: str | None = None
    actor: str | None = None
    target: str | None = None
    from_time: datetime | None = None
    to_time: datetime | None = None

    @property
    def scope(self) -> tuple[str, ...]:
        times = (rfc3339(at) if at else None for at in (self.from_time, self.to_time))
        return tuple(part or "" for part in (self.action, self.actor, self.target, *times))

    @property
    def needs_item_by_item_match(self) -> bool:
        """Whether entries have to be looked at one by one to find those that match."""
        return bool(self.action or self.actor)

    def matches(self, item: dynamodb.Item) -> bool:
        return (
            self.action in (None, item["action"])
            and self.actor in (None, item["actor"]["id"])
            and self.target in (None, item["target"]["id"])
        )


class AuditPage(NamedTuple):
    entries: list[dict[str, Any]]
    next_cursor: str | None


def list_entries(tenant_id: str, filters: Filters, *, limit: int, cursor: str | None = None) -> AuditPage:
    """A page of a tenant's entries, newest first; of one that is gone too, until they expire.

    Without a filter, by time and by `target` it costs what the page's entries cost. For `actor` and
    `action` the entries of that time, or of the `target`, are looked through, at most `_MOST_EXAMINED`
    a request, so that a page may hold fewer than `limit`, or none, although more follow. Raises
    `ValidationFailed` for a cursor of another list.
    """
    scope = ("list_audit", tenant_id, *filters.scope)
    position = cursors.decode(cursor, *scope) if cursor is not None else _upper_bound(filters.to_time)
    oldest = lowest_id_at(filters.from_time) if filters.from_time else ""
    read = _page_reader(tenant_id, filters)
    found: list[dynamodb.Item] = []
    examined = 0
    while True:
        chunk = max(limit + 1 - len(found), _CHUNK if filters.needs_item_by_item_match else 0)
        page = read(position, min(chunk, _MOST_EXAMINED - examined))
        for item in page.items:
            if item["id"] < oldest:
                return _page(found, None)
            if filters.matches(item):
                if len(found) == limit:
                    return _page(found, cursors.encode(position or "", *scope))
                found.append(item)
            position = item["id"]
            examined += 1
        if not page.more:
            return _page(found, None)
        if examined == _MOST_EXAMINED:
            return _page(found, cursors.encode(position or "", *scope))


def _upper_bound(to_time: datetime | None) -> str | None:
    # Timestamps are to the second: `to_time` takes in the whole of its last one.
    return lowest_id_at(to_time.replace(microsecond=0) + timedelta(seconds=1)) if to_time else None


def _page_reader(tenant_id: str, filters: Filters) -> Callable[[str | None, int], reads.Page]:
    """Reads newest first: what happened to the target, or the whole trail."""
    if filters.target:
        partition = keys.audit_by_target(tenant_id, _target_type(filters.target, tenant_id), filters.target)
        return lambda after, limit: reads.query_index(partition, after=after, limit=limit, newest_first=True)
    pk = keys.audit_entry(tenant_id, "").pk
    return lambda after, limit: reads.query_partition(pk, after=after, limit=limit, newest_first=True)


def _target_type(target_id: str, tenant_id: str) -> str:
    """What an id in a tenant's trail names: accounts have numbers, and are there if someone was refused a change."""
    if target_id == tenant_id:
        return "tenant"
    return "account" if target_id.isdecimal() else "user"


def _page(items: list[dynamodb.Item], next_cursor: str | None) -> AuditPage:
    return AuditPage([_to_json(item) for item in items], next_cursor)


def _to_json(item: dynamodb.Item) -> dict[str, Any]:
    actor = {name: item["actor"].get(name) for name in ("type", "id", "email")}
    return {**{name: item.get(name) for name in _PUBLIC_FIELDS}, "actor": actor}
