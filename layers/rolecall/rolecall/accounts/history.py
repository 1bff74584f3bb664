"""The history of a platform account: its audit entries, in the form of the platform API."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from rolecall.accounts import accounts
from rolecall.audit import trail
from rolecall.storage import cursors, dynamodb, indexes, keys, reads

#: For each action in the audit trail: its name in the platform API, and a description for people.
_ACTIONS = {
    "create_account": ("USER_CREATE", "Account created"),
    "change_account_role": ("USER_ROLE_CHANGE", "Role changed"),
    "ban_account": ("USER_BAN", "Account banned"),
    "unban_account": ("USER_UNBAN", "Ban lifted"),
    "enable_account": ("USER_ENABLE", "Account enabled"),
    "disable_account": ("USER_DISABLE", "Account disabled"),
    "lapse_role": ("USER_ROLE_LAPSE", "Temporary role ended"),
    "change_account_password": ("USER_PASSWORD_CHANGE", "Password changed"),
    "reset_account_password": ("USER_PASSWORD_RESET", "Password reset"),
    "revoke_session": ("USER_SESSION_REVOKE", "Session revoked"),
}

_STATUS = {trail.SUCCEEDED: "SUCCESS", trail.DENIED: "DENIED"}


class HistoryPage(NamedTuple):
    entries: list[dict[str, Any]]
    next_cursor: str | None


def list_account_history(account_id: int, *, limit: int, cursor: str | None = None) -> HistoryPage:
    """Return a page of the account's history, newest first; raise `ValidationFailed` or `AccountNotFound`.

    Each entry shows the name and email that the actor had at that time. Raises `ValidationFailed` for a cursor of
    another history, then `AccountNotFound`.
    """
    scope = ("list_account_history", str(account_id))
    position = cursors.decode(cursor, *scope) if cursor is not None else None
    accounts.read_item(account_id)
    partition = indexes.audit_by_target(keys.PLATFORM, "account", str(account_id))
    items: list[dynamodb.Item] = []
    more = True
    while more and len(items) <= limit:
        page = reads.query_index(partition, after=position, limit=limit + 1 - len(items), newest_first=True)
        items += page.items
        position, more = items[-1]["id"] if items else position, page.more
    shown = items[:limit]
    last = cursors.encode(shown[-1]["id"], *scope) if len(items) > limit else None
    return HistoryPage([_to_history_entry(item) for item in shown], last)


def _to_history_entry(item: dynamodb.Item) -> dict[str, Any]:
    """Return an audit entry in the form of the platform API."""
    actor = item["actor"]
    name, description = _ACTIONS.get(item["action"], (item["action"].upper(), item["action"].replace("_", " ")))
    return {
        "id": item["id"],
        # Only platform accounts have a number as id. Operators and the system itself appear by the name of their
        # principal.
        "adminId": int(actor["id"]) if actor["type"] == "account" else None,
        "adminName": actor.get("name") or actor["id"],
        "adminEmail": actor["email"],
        "action": name,
        "actionDescription": description,
        "targetEntityType": "USER",
        "targetEntityId": int(item["target"]["id"]),
        "description": _describe_changes_and_reason(item),
        "ipAddress": item["ip"],
        "actionTimestamp": item["timestamp"],
        "status": _STATUS[item["outcome"]],
    }


def _describe_changes_and_reason(item: dynamodb.Item) -> str:
    """Return changes, then reason, as in `role: ROLE_CLIENT -> ROLE_ADMIN; reason: runs the support team now`."""
    before, after = item["before"] or {}, item["after"] or {}
    if item["action"] == "create_account" or item["outcome"] == trail.DENIED:
        changes = [f"{name}: {value}" for name, value in after.items()]
    else:
        names = [name for name in (after or before) if name not in {"ban_reason", "banned_at"}]
        changes = [f"{name}: {_change_of_value(before, after, name)}" for name in names]
    if item["reason"]:
        changes.append(f"{'refused' if item['outcome'] == trail.DENIED else 'reason'}: {item['reason']}")
    return "; ".join(changes)


def _change_of_value(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> str:
    """Return `old -> new`, or only the new value if there was none before."""
    if before and name not in before:
        return _display_value(after[name])  # only a temporary role has such facts
    return f"{_display_value(before.get(name))} -> {_display_value(after.get(name))}"


def _display_value(value: object) -> str:
    return {True: "yes", False: "no", None: "none"}[value] if isinstance(value, bool | None) else str(value)
