"""The check of the invariants: what must always hold, compared with the table, one bounded part at a time.

| invariant | how it is checked | repaired |
| --- | --- | --- |
| an active tenant has an active admin | by the index, between two equal reads of the tenant's item | no |
| `active_admins` is correct | likewise; if it seems wrong, its users are counted by consistent reads | the count |
| `webhook_count` is correct | by consistent reads, between two equal reads of the tenant's or user's item | the count |
| `enabled_superadmins` is correct | by the index, between two equal reads of the platform's item | no |
| a user has one email reservation, and one token or none, of its own | by its `owned_keys` | no |
| an email reservation lists its user under the external id that the user has | by the user's item | no |
| an account's username is reserved for it | by its username | a reservation that is missing is written |
| a token or reservation has an owner that exists | by its `tenant_id` and `user_id` | it is deleted |
| nothing of a deleted tenant remains | its tenant item does not exist | a token or reservation is deleted |
| an item of a user has its user, an item of a tenant has its tenant | by their keys | no |
| a change has its audit entry | the last change of a user, account or tenant has an entry of its second | no |
| a temporary role is stored and listed as one, and its end is written down | by the item alone | no |
| no power outlives its source | by the roles of actor and target in each audit entry | no |
| an item belongs to one tenant only | the tenant and user that it names, and its index keys, agree with its key | no |
| no secret is stored in clear | by the names of the attributes | no |

This is the only module that scans the table. It reads page after page and returns its position, so a run is bounded
and the next run continues there.
"""

from collections.abc import Iterator
from typing import Any

from rolecall import deadline
from rolecall.accounts import usernames
from rolecall.auth import preconditions
from rolecall.auth.roles import PlatformRole, Role
from rolecall.config import config
from rolecall.operations import admin_counts, audit_coverage, role_end_invariants, webhook_count_check
from rolecall.operations.findings import Finding, FindingKind, attributes_unchanged
from rolecall.pool import Pool
from rolecall.storage import dynamodb, indexes, keys, reads
from rolecall.text_rules import InvalidText
from rolecall.webhooks.webhook_counts import COUNT

#: The page size of the scan of the whole table.
PAGE = 200

_INDEX_KEYS = ("gsi1pk", "gsi2pk", "gsi3pk")

#: No attribute may have one of these names, because its value would be a secret in clear.
_SECRET_NAMES = frozenset({"token", "password", "secret", "refresh_token"})


def check_table(after: keys.Key | None, *, reserve_seconds: float) -> Iterator[tuple[list[Finding], keys.Key | None]]:
    """Check the items behind the key `after`; yield each page's findings and its last key, None at the table's end.

    Starts no page with less than `reserve_seconds` left. Several items of a page are checked at a time.
    """
    width = config().sweep_concurrency
    with Pool(width) as pool:
        while deadline.time_left() > reserve_seconds:
            items, after = reads.scan(after, PAGE)
            yield [finding for found in pool.map_in_order(_list_findings, items, width) for finding in found], after
            if after is None:
                return


def _list_findings(item: dynamodb.Item) -> list[Finding]:
    return list(check_item(item))


def check_item(item: dynamodb.Item) -> Iterator[Finding]:
    """Yield the findings about one item, compared with other items, which this function reads; repair nothing."""
    key = keys.Key(item["pk"], item["sk"])
    yield from _check_item_alone(item, key)
    kind, _, rest = key.pk.partition("#")
    if kind == "TENANT":
        tenant_id, _, user_id = rest.partition("#USER#")
        yield from _check_owners_exist_and_content(item, key, tenant_id, user_id or None)
    elif kind in {"TOKEN", "EMAIL", "NAME", "USERNAME"} and key.sk == keys.META:
        yield from _check_owner_of_token_or_reservation_exists(item, key)
    elif kind == "ACCOUNT" and key.sk == keys.META:
        if not audit_coverage.last_change_has_audit_entry(item, keys.PLATFORM, "account", rest):
            yield Finding(FindingKind.UNRECORDED, key)
        yield from _check_username_is_reserved(item, key)
        yield from _check_role_is_stored_consistently(item, key, PlatformRole)
    elif key == keys.platform_counters():
        yield from admin_counts.check_superadmin_count(key)


def _check_item_alone(item: dynamodb.Item, key: keys.Key) -> Iterator[Finding]:
    """Check secrets in clear, foreign owners and, in an audit entry, a power that outlives its source; read nothing."""
    if _SECRET_NAMES & item.keys():
        yield Finding(FindingKind.SECRET, key)
    kind, *rest = key.pk.split("#")
    if kind in {"TENANT", "AUDIT", "DELETION"} and _names_another_owner(item, *rest):
        yield Finding(FindingKind.FOREIGN, key, rest[0])
    if kind == "AUDIT" and "outcome" in item and role_end_invariants.shows_role_given_for_longer_than_actors_own(item):
        yield Finding(FindingKind.OUTLIVING, key, "" if rest[0] == keys.PLATFORM else rest[0])


def _check_username_is_reserved(account: dynamodb.Item, key: keys.Key) -> Iterator[Finding]:
    """Yield a finding if the account's username is not reserved for it; repairable if nobody else has it reserved.

    Accounts of earlier versions have no reservation. A username that can't be a key needs none.
    """
    try:
        reservation_key = usernames.reservation_key_unless_own_email(account["username"], account["email"])
    except InvalidText:
        return  # the username of an account of an earlier version can't be a key, so nobody else can reserve it
    if reservation_key is None:
        return
    reservation = reads.get(reservation_key)
    if reads.get(key) is None:
        return  # the account was deleted after the page was read
    if reservation is None:
        missing = usernames.reservation_item(reservation_key, int(account["id"]))
        yield Finding(FindingKind.USERNAME, key, missing_item=missing)
    elif reservation.get("username_of") != account["id"]:
        yield Finding(FindingKind.USERNAME, key)


def _check_owners_exist_and_content(
    item: dynamodb.Item, key: keys.Key, tenant_id: str, user_id: str | None
) -> Iterator[Finding]:
    """Check that the item's tenant and user exist; for a tenant's own item or a user's own item, check its content too.

    The content of a tenant's item is its counts and its audit entry. The content of a user's item is its audit entry,
    its role, its token and email, and its count of webhooks. `user_id` is None in the tenant's partition. Nothing but
    the tenant's existence is checked for a tenant that is not active.
    """
    tenant = reads.get(keys.tenant(tenant_id))
    # The item is read again before it is reported, because it may have been deleted since the page was read.
    if tenant is None and reads.get(key) is not None:
        yield Finding(FindingKind.LEFT_OVER, key, tenant_id)
    elif tenant is None or tenant["status"] != preconditions.ACTIVE:
        return  # the item is gone, or the tenant's deletion is scheduled or runs and finds the item
    elif user_id:
        yield from _check_user_of_item_exists(key, tenant_id, user_id)
    elif key.sk == keys.META:
        yield from admin_counts.check_admin_count(key, tenant_id)
        yield from webhook_count_check.check_webhook_count(key, tenant_id, None)
        if not audit_coverage.last_change_has_audit_entry(item, tenant_id, "tenant", tenant_id):
            yield Finding(FindingKind.UNRECORDED, key, tenant_id)
    elif key.sk.startswith("USER#"):
        yield from _check_audit_entry_role_and_credentials_of_user(item, key, tenant_id)


def _check_user_of_item_exists(key: keys.Key, tenant_id: str, user_id: str) -> Iterator[Finding]:
    """Yield a finding if an item's user does not exist, or if the item is a webhook that the user does not count."""
    user_key = keys.user(tenant_id, user_id)
    user = reads.get(user_key)
    if user is None and reads.get(key) is not None:
        yield Finding(FindingKind.NO_USER, key, tenant_id)
    elif user is not None and key.sk.startswith(keys.WEBHOOK_PREFIX) and not user.get(COUNT):
        # Every other count is checked with the user's item.
        yield from webhook_count_check.check_webhook_count(user_key, tenant_id, user_id)


def _check_audit_entry_role_and_credentials_of_user(
    item: dynamodb.Item, key: keys.Key, tenant_id: str
) -> Iterator[Finding]:
    """Check the user's last audit entry, role and count of webhooks, and what `_owns_its_token_and_email` checks."""
    if not audit_coverage.last_change_has_audit_entry(item, tenant_id, "user", key.sk.removeprefix("USER#")):
        yield Finding(FindingKind.UNRECORDED, key, tenant_id)
    yield from _check_role_is_stored_consistently(item, key, Role, tenant_id)
    if item.get(COUNT):
        yield from webhook_count_check.check_webhook_count(key, tenant_id, key.sk.removeprefix("USER#"))
    if "deleted_at" not in item and not _owns_its_token_and_email(item, tenant_id):
        # The user is read again before it is reported, because its deletion or a rotation of its token may have
        # happened since the page was read.
        current = reads.get(key)
        if current is not None and "deleted_at" not in current and not _owns_its_token_and_email(current, tenant_id):
            yield Finding(FindingKind.CREDENTIALS, key, tenant_id)


def _check_role_is_stored_consistently(
    item: dynamodb.Item, key: keys.Key, kind: type[Role] | type[PlatformRole], tenant_id: str = ""
) -> Iterator[Finding]:
    """Yield a finding if the role of a user or account is not stored as `is_role_stored_consistently` requires."""
    if not role_end_invariants.is_role_stored_consistently(item, kind):
        # The item is read again before it is reported, because its role may have changed since the page was read.
        current = reads.get(key)
        if (
            current is not None
            and "deleted_at" not in current
            and not role_end_invariants.is_role_stored_consistently(current, kind)
        ):
            yield Finding(FindingKind.ROLE_END, key, tenant_id)


def _names_another_owner(item: dynamodb.Item, tenant_id: str, *user_part: str) -> bool:
    """Return whether the item names another tenant or user than its key, or is listed under another tenant."""
    listed = [item[name].split("#")[1] for name in _INDEX_KEYS if item.get(name, "").startswith(("TENANT#", "AUDIT#"))]
    tenants = {item.get("tenant_id", tenant_id), *listed}
    users = {item["user_id"], user_part[1]} if user_part and "user_id" in item else set()
    return tenants != {tenant_id} or len(users) > 1


def _owns_its_token_and_email(user: dynamodb.Item, tenant_id: str) -> bool:
    """Return whether the user owns one email reservation and, if it stores the end of a token, exactly one token.

    A user without the end of a token must own none. The reservation must be that of the user's email, and list the user
    under its external id. Both items must name this user.
    """
    # Only the keys of tokens and emails are compared, because a user may own other keys too, such as that of an
    # idempotency record.
    owned = sorted(pk for pk in user.get("owned_keys", ()) if pk.startswith(("EMAIL#", "TOKEN#")))
    expected = ["EMAIL", "TOKEN"] if user.get("token_last4") else ["EMAIL"]
    if [pk.partition("#")[0] for pk in owned] != expected or owned[0] != keys.email_reservation(user["email"]).pk:
        return False
    found = reads.get_many(*(keys.Key(pk, keys.META) for pk in owned))
    user_id = user["sk"].removeprefix("USER#")
    return all(
        one and _tenant_and_user_id(one) == (tenant_id, user_id) for one in found
    ) and _index_entry_agrees_with_external_id(user, found[0] or {}, tenant_id)


def _index_entry_agrees_with_external_id(user: dynamodb.Item, reservation: dynamodb.Item, tenant_id: str) -> bool:
    """Return whether the reservation has the index entry of the user's external id, or no entry if there is none."""
    if "external_id" not in user:
        return "gsi2pk" not in reservation
    return reservation.get("gsi2pk") == indexes.users_by_external_id(tenant_id, user["external_id"]).pk


def _tenant_and_user_id(item: dynamodb.Item) -> tuple[Any, Any]:
    return item.get("tenant_id"), item.get("user_id")


def _check_owner_of_token_or_reservation_exists(item: dynamodb.Item, key: keys.Key) -> Iterator[Finding]:
    """Yield a repairable finding if the owner of a token or reservation does not exist; read both a second time."""
    if not _owner_exists(item, key):
        current = reads.get(key)
        if current is not None and not _owner_exists(current, key):
            unchanged = attributes_unchanged(current, "tenant_id", "user_id", "account_id", "username_of")
            yield Finding(FindingKind.ORPHAN, key, str(current.get("tenant_id", "")), repair_condition=unchanged)


def _owner_exists(item: dynamodb.Item, key: keys.Key) -> bool:
    """Return whether the account, tenant or user that the item names exists; a user must list the key as owned.

    Returns True for a user of a tenant that is not active, without looking at the user.
    """
    if "account_id" in item:
        return reads.get(keys.account(int(item["account_id"]))) is not None
    if "username_of" in item:
        return reads.get(keys.account(int(item["username_of"]))) is not None
    tenant_id, user_id = _tenant_and_user_id(item)
    tenant, user = reads.get_many(keys.tenant(tenant_id), keys.user(tenant_id, user_id or ""))
    if tenant is None or user_id is None:
        return tenant is not None
    return tenant["status"] != preconditions.ACTIVE or (user is not None and key.pk in user.get("owned_keys", ()))
