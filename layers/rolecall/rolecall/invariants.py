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

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from rolecall import audit, clock, keys, standing, store
from rolecall.attributes import Attr, Condition
from rolecall.calls import Call
from rolecall.config import config
from rolecall.errors import ConcurrentChange
from rolecall.ids import first_id_at
from rolecall.pool import Pool
from rolecall.roles import PlatformRole, Role
from rolecall.telemetry import count, logger

#: Items in one page of the walk.
PAGE = 200
#: Entries of a second's trail among which that of a change is looked for first: most often it is one of them.
_FEW = 20
#: Seconds that a count leaves of the run's time.
_RESERVE_SECONDS = 3.0
#: Times that an index is read before its word is taken.
_LOOKS = 3
_INDEXES = ("gsi1pk", "gsi2pk")
_SECRETS = frozenset({"token", "password", "secret", "refresh_token"})


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
    as_found: Condition = field(default_factory=lambda: store.EXISTS, compare=False)

    @property
    def is_derived(self) -> bool:
        """Whether it can be put right without judging anything."""
        return self.kind is Kind.ORPHAN or (self.kind is Kind.ADMIN_COUNT and self.truth is not None)


def walk(after: keys.Key | None, *, until: float) -> Iterator[tuple[list[Finding], keys.Key | None]]:
    """The findings page by page, and where the next page starts (None: at the beginning), while there is time.

    `until` is the number of seconds to leave. What an item is held against is read for many items at a time.
    """
    width = config().sweep_concurrency
    with Pool(width) as pool:
        while store.time_left() > until:
            items, after = store.scan(after, PAGE)
            yield [finding for found in pool.ahead(_checked, items, width) for finding in found], after
            if after is None:
                return


def _checked(item: store.Item) -> list[Finding]:
    return list(check(item))


def check(item: store.Item) -> Iterator[Finding]:
    """What does not hold about one item."""
    key = keys.Key(item["pk"], item["sk"])
    if _SECRETS & item.keys():
        yield Finding(Kind.SECRET, key)
    kind, _, rest = key.pk.partition("#")
    if kind in {"TENANT", "AUDIT", "DELETION"} and _is_anothers(item, *rest.split("#")):
        yield Finding(Kind.FOREIGN, key, rest.partition("#")[0])
    if kind == "TENANT":
        yield from _check_tenants(item, key, *rest.split("#"))
    elif kind in {"TOKEN", "EMAIL", "NAME"} and key.sk == keys.META:
        yield from _check_pointer(item, key)
    elif kind == "ACCOUNT" and key.sk == keys.META and not _is_recorded(item, keys.PLATFORM, "account", rest):
        yield Finding(Kind.UNRECORDED, key)
    elif key == keys.platform():
        yield from _check_superadmins(key)


def repair(call: Call, finding: Finding) -> bool:
    """Put right what is derived; True if it was. Changes nothing if it is no longer as it was found."""
    if not finding.is_derived:
        return False
    write: store.Write
    if finding.kind is Kind.ADMIN_COUNT:
        write = store.Update(finding.key, set={"active_admins": finding.truth}, when=finding.as_found)
    else:
        write = store.Delete(finding.key, when=finding.as_found)
    is_count = finding.truth is not None
    entry = audit.entry(
        call,
        "repair_invariant",
        ("tenant", finding.tenant_id) if finding.tenant_id else ("platform", keys.PLATFORM),
        scope=finding.tenant_id or keys.PLATFORM,
        before={"active_admins": finding.found} if is_count else {"item": finding.key.pk.partition("#")[0]},
        after={"active_admins": finding.truth} if is_count else None,
        reason=finding.kind.value,
    )
    try:
        store.transact(write, entry)
    except ConcurrentChange:
        return False
    return True


def report(findings: list[Finding]) -> None:
    """Say each of them in the log, and count them by kind."""
    for finding in findings:
        # A token's key is a hash, an email's key is an address: the log gets the kind of key only.
        logger.error("invariant violated", invariant=finding.kind.name, tenant_id=finding.tenant_id or None)
        count(f"Invariant.{finding.kind.name}")
    count("InvariantsViolated", len(findings))


def _check_tenants(item: store.Item, key: keys.Key, tenant_id: str, *of_user: str) -> Iterator[Finding]:
    tenant = store.get(keys.tenant(tenant_id))
    # Read again: tenant and item may have gone since the page was read.
    if tenant is None and store.get(key) is not None:
        yield Finding(Kind.LEFT_OVER, key, tenant_id)
    elif tenant is None or tenant["status"] != standing.ACTIVE:
        return  # gone, or being deleted: the sweep and its proof see to it
    elif of_user:
        if store.get(keys.user(tenant_id, of_user[1])) is None and store.get(key) is not None:
            yield Finding(Kind.NO_USER, key, tenant_id)
    elif key.sk == keys.META:
        yield from _check_admins(key, tenant_id)
        if not _is_recorded(item, tenant_id, "tenant", tenant_id):
            yield Finding(Kind.UNRECORDED, key, tenant_id)
    elif key.sk.startswith("USER#"):
        yield from _check_user(item, key, tenant_id)


def _check_user(item: store.Item, key: keys.Key, tenant_id: str) -> Iterator[Finding]:
    if not _is_recorded(item, tenant_id, "user", key.sk.removeprefix("USER#")):
        yield Finding(Kind.UNRECORDED, key, tenant_id)
    if "deleted_at" not in item and not _has_its_credentials(item, tenant_id):
        # Read again: it may have gone, or rotated its token, since the page was read.
        again = store.get(key)
        if again is not None and "deleted_at" not in again and not _has_its_credentials(again, tenant_id):
            yield Finding(Kind.CREDENTIALS, key, tenant_id)


def _check_admins(key: keys.Key, tenant_id: str) -> Iterator[Finding]:
    before = store.get(key)
    if before is None:
        return
    known = int(before["active_admins"])
    listed = _listed(keys.users_by_role(tenant_id, Role.ADMIN, active=True), known)
    if known == listed > 0:
        return
    admins = _active_admins(tenant_id)
    after = store.get(key)
    if before != after or after["status"] != standing.ACTIVE:
        return  # it changes right now: the next walk looks again
    if admins == 0:
        yield Finding(Kind.NO_ADMIN, key, tenant_id)
    if admins != known:
        # A promotion and a demotion leave the count as it was: what counts them tells that they happened.
        as_found = _same(after, "active_admins", "admin_changes", "status")
        yield Finding(Kind.ADMIN_COUNT, key, tenant_id, truth=admins, found=known, as_found=as_found)


def _check_superadmins(key: keys.Key) -> Iterator[Finding]:
    before = store.get(key) or {}
    known = int(before.get("enabled_superadmins", 0))
    listed = _listed(keys.accounts_by_standing(PlatformRole.SUPERADMIN, enabled=True, banned=False), known)
    if listed != known and before == store.get(key):
        yield Finding(Kind.SUPERADMIN_COUNT, key, found=known)


def _listed(partition: keys.IndexPartition, expected: int) -> int:
    """How many there are by the index; it is asked again if that is not what is expected."""
    number = 0
    for _ in range(_LOOKS):
        number, after, more = 0, None, True
        while more:
            page = store.query_index(partition, after=after, limit=PAGE)
            number += len(page.items)
            after, more = page.items[-1][f"{partition.index_name}sk"] if page.items else None, page.more
        if number == expected:
            break
    return number


def _active_admins(tenant_id: str) -> int | None:
    """By consistent reads of all the tenant's users; None if the time is too short for that."""
    number, after, more = 0, "USER#", True
    while more:
        if store.time_left() < _RESERVE_SECONDS:
            return None
        page = store.query_partition(keys.tenant_partition(tenant_id), after=after, limit=PAGE)
        users = [item for item in page.items if item["sk"].startswith("USER#")]
        number += sum(user.get("role") == Role.ADMIN and user.get("active") is True for user in users)
        more = page.more and len(users) == len(page.items)
        after = page.items[-1]["sk"] if page.items else after
    return number


def _is_anothers(item: store.Item, tenant_id: str, *of_user: str) -> bool:
    """Whether what it says, and where it is listed, is at odds with its key."""
    listed = [item[index].split("#")[1] for index in _INDEXES if item.get(index, "").startswith(("TENANT#", "AUDIT#"))]
    tenants = {item.get("tenant_id", tenant_id), *listed}
    users = {item["user_id"], of_user[1]} if of_user and "user_id" in item else set()
    return tenants != {tenant_id} or len(users) > 1


def _is_recorded(item: store.Item, scope: str, target_type: str, target_id: str) -> bool:
    """Whether the audit has what changed it last: both are of one transaction, and so of one second.

    True as well for what has no such time, and once the entry may have expired.
    """
    at = item.get("updated_at")
    if at is None:
        return True
    moment = datetime.fromisoformat(at)
    if moment + timedelta(days=config().audit_retention_days) < clock.now():
        return True
    after, limit, more = first_id_at(moment), _FEW, True
    while more:
        page = store.query_partition(keys.audit_entry(scope, "").pk, after=after, limit=limit)
        limit = PAGE
        for entry in page.items:
            if entry["timestamp"] > at:
                return False
            if entry["outcome"] == audit.SUCCEEDED and _is_about(entry, target_type, target_id):
                return True
            after = entry["sk"]
        more = page.more
    return False


def _is_about(entry: store.Item, target_type: str, target_id: str) -> bool:
    if entry["target"] == {"type": target_type, "id": target_id}:
        return True
    # A tenant's first admin comes with the tenant.
    return entry["action"] == "register_tenant" and (entry["after"] or {}).get("admin") == target_id


def _has_its_credentials(user: store.Item, tenant_id: str) -> bool:
    # It may own other things too, such as the answer to the request that made it.
    owned = sorted(pk for pk in user.get("owned_keys", ()) if pk.startswith(("EMAIL#", "TOKEN#")))
    if [pk.partition("#")[0] for pk in owned] != ["EMAIL", "TOKEN"]:
        return False
    found = store.get_many(*(keys.Key(pk, keys.META) for pk in owned))
    return all(one and _owner(one) == (tenant_id, user["sk"].removeprefix("USER#")) for one in found)


def _same(item: store.Item, first: str, *names: str) -> Condition:
    """The condition that these attributes are what they are in `item`."""
    condition = Attr(first).eq(item[first]) if first in item else Attr(first).not_exists()
    return condition & _same(item, *names) if names else condition


def _owner(item: store.Item) -> tuple[Any, Any]:
    return item.get("tenant_id"), item.get("user_id")


def _check_pointer(item: store.Item, key: keys.Key) -> Iterator[Finding]:
    if not _points_somewhere(item, key):
        again = store.get(key)
        if again is not None and not _points_somewhere(again, key):
            as_found = _same(again, "tenant_id", "user_id", "account_id")
            yield Finding(Kind.ORPHAN, key, str(again.get("tenant_id", "")), as_found=as_found)


def _points_somewhere(item: store.Item, key: keys.Key) -> bool:
    if "account_id" in item:
        return store.get(keys.account(int(item["account_id"]))) is not None
    tenant_id, user_id = _owner(item)
    tenant, user = store.get_many(keys.tenant(tenant_id), keys.user(tenant_id, user_id or ""))
    if tenant is None or user_id is None:
        return tenant is not None
    return tenant["status"] != standing.ACTIVE or (user is not None and key.pk in user.get("owned_keys", ()))
