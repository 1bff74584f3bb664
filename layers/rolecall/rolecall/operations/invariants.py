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
from typing import Any

from rolecall import deadline
from rolecall.auth import preconditions
from rolecall.config import config
from rolecall.operations import admin_counts, findings, recorded_changes
from rolecall.pool import Pool
from rolecall.storage import dynamodb, keys, reads

#: Items in one page of the walk.
PAGE = 200

_INDEXES = ("gsi1pk", "gsi2pk")

_SECRETS = frozenset({"token", "password", "secret", "refresh_token"})


def walk(after: keys.Key | None, *, until: float) -> Iterator[tuple[list[findings.Finding], keys.Key | None]]:
    """The findings page by page, and where the next page starts (None: at the beginning), while there is time.

    `until` is the number of seconds to leave. What an item is held against is read for many items at a time.
    """
    width = config().sweep_concurrency
    with Pool(width) as pool:
        while deadline.time_left() > until:
            items, after = reads.scan(after, PAGE)
            yield [finding for found in pool.map_in_order(_checked, items, width) for finding in found], after
            if after is None:
                return


def _checked(item: dynamodb.Item) -> list[findings.Finding]:
    return list(check(item))


def check(item: dynamodb.Item) -> Iterator[findings.Finding]:
    """What does not hold about one item."""
    key = keys.Key(item["pk"], item["sk"])
    if _SECRETS & item.keys():
        yield findings.Finding(findings.Kind.SECRET, key)
    kind, _, rest = key.pk.partition("#")
    if kind in {"TENANT", "AUDIT", "DELETION"} and _is_anothers(item, *rest.split("#")):
        yield findings.Finding(findings.Kind.FOREIGN, key, rest.partition("#")[0])
    if kind == "TENANT":
        yield from _check_tenants(item, key, *rest.split("#"))
    elif kind in {"TOKEN", "EMAIL", "NAME"} and key.sk == keys.META:
        yield from _check_pointer(item, key)
    elif (
        kind == "ACCOUNT"
        and key.sk == keys.META
        and not recorded_changes.is_recorded(item, keys.PLATFORM, "account", rest)
    ):
        yield findings.Finding(findings.Kind.UNRECORDED, key)
    elif key == keys.platform():
        yield from admin_counts.check_superadmins(key)


def _check_tenants(item: dynamodb.Item, key: keys.Key, tenant_id: str, *of_user: str) -> Iterator[findings.Finding]:
    tenant = reads.get(keys.tenant(tenant_id))
    # Read again: tenant and item may have gone since the page was read.
    if tenant is None and reads.get(key) is not None:
        yield findings.Finding(findings.Kind.LEFT_OVER, key, tenant_id)
    elif tenant is None or tenant["status"] != preconditions.ACTIVE:
        return  # gone, or being deleted: the sweep and its proof see to it
    elif of_user:
        if reads.get(keys.user(tenant_id, of_user[1])) is None and reads.get(key) is not None:
            yield findings.Finding(findings.Kind.NO_USER, key, tenant_id)
    elif key.sk == keys.META:
        yield from admin_counts.check_admins(key, tenant_id)
        if not recorded_changes.is_recorded(item, tenant_id, "tenant", tenant_id):
            yield findings.Finding(findings.Kind.UNRECORDED, key, tenant_id)
    elif key.sk.startswith("USER#"):
        yield from _check_user(item, key, tenant_id)


def _check_user(item: dynamodb.Item, key: keys.Key, tenant_id: str) -> Iterator[findings.Finding]:
    if not recorded_changes.is_recorded(item, tenant_id, "user", key.sk.removeprefix("USER#")):
        yield findings.Finding(findings.Kind.UNRECORDED, key, tenant_id)
    if "deleted_at" not in item and not _has_its_credentials(item, tenant_id):
        # Read again: it may have gone, or rotated its token, since the page was read.
        again = reads.get(key)
        if again is not None and "deleted_at" not in again and not _has_its_credentials(again, tenant_id):
            yield findings.Finding(findings.Kind.CREDENTIALS, key, tenant_id)


def _is_anothers(item: dynamodb.Item, tenant_id: str, *of_user: str) -> bool:
    """Whether what it says, and where it is listed, is at odds with its key."""
    listed = [item[index].split("#")[1] for index in _INDEXES if item.get(index, "").startswith(("TENANT#", "AUDIT#"))]
    tenants = {item.get("tenant_id", tenant_id), *listed}
    users = {item["user_id"], of_user[1]} if of_user and "user_id" in item else set()
    return tenants != {tenant_id} or len(users) > 1


def _has_its_credentials(user: dynamodb.Item, tenant_id: str) -> bool:
    # It may own other things too, such as the answer to the request that made it.
    owned = sorted(pk for pk in user.get("owned_keys", ()) if pk.startswith(("EMAIL#", "TOKEN#")))
    if [pk.partition("#")[0] for pk in owned] != ["EMAIL", "TOKEN"]:
        return False
    found = reads.get_many(*(keys.Key(pk, keys.META) for pk in owned))
    return all(one and _owner(one) == (tenant_id, user["sk"].removeprefix("USER#")) for one in found)


def _owner(item: dynamodb.Item) -> tuple[Any, Any]:
    return item.get("tenant_id"), item.get("user_id")


def _check_pointer(item: dynamodb.Item, key: keys.Key) -> Iterator[findings.Finding]:
    if not _points_somewhere(item, key):
        again = reads.get(key)
        if again is not None and not _points_somewhere(again, key):
            as_found = findings.unchanged_since(again, "tenant_id", "user_id", "account_id")
            yield findings.Finding(findings.Kind.ORPHAN, key, str(again.get("tenant_id", "")), as_found=as_found)


def _points_somewhere(item: dynamodb.Item, key: keys.Key) -> bool:
    if "account_id" in item:
        return reads.get(keys.account(int(item["account_id"]))) is not None
    tenant_id, user_id = _owner(item)
    tenant, user = reads.get_many(keys.tenant(tenant_id), keys.user(tenant_id, user_id or ""))
    if tenant is None or user_id is None:
        return tenant is not None
    return tenant["status"] != preconditions.ACTIVE or (user is not None and key.pk in user.get("owned_keys", ()))
