"""What was done to an account, and tried, as the platform API tells it."""

from typing import Any, NamedTuple

from rolecall.accounts import accounts
from rolecall.audit import trail
from rolecall.storage import cursors, dynamodb, keys, reads

#: The contract's name of each action in the audit trail, and what it says to people.
_ACTIONS = {
    "create_account": ("USER_CREATE", "Account created"),
    "change_account_role": ("USER_ROLE_CHANGE", "Role changed"),
    "ban_account": ("USER_BAN", "Account banned"),
    "unban_account": ("USER_UNBAN", "Ban lifted"),
    "enable_account": ("USER_ENABLE", "Account enabled"),
    "disable_account": ("USER_DISABLE", "Account disabled"),
    "revoke_session": ("USER_SESSION_REVOKE", "Session revoked"),
}

_STATUS = {trail.SUCCEEDED: "SUCCESS", trail.DENIED: "DENIED"}


class HistoryPage(NamedTuple):
    entries: list[dict[str, Any]]
    next_cursor: str | None


def list_account_history(account_id: int, *, limit: int, cursor: str | None = None) -> HistoryPage:
    """A page of the account's history, newest first.

    The actor's name and email are those of the time. Raises `ValidationFailed` for a cursor of another
    history, then `AccountNotFound`.
    """
    scope = ("list_account_history", str(account_id))
    position = cursors.decode(cursor, *scope) if cursor is not None else None
    accounts.get_account(account_id)
    partition = keys.audit_by_target(keys.PLATFORM, "account", str(account_id))
    items: list[dynamodb.Item] = []
    more = True
    while more and len(items) <= limit:
        page = reads.query_index(partition, after=position, limit=limit + 1 - len(items), newest_first=True)
        items += page.items
        position, more = items[-1]["id"] if items else position, page.more
    shown = items[:limit]
    last = cursors.encode(shown[-1]["id"], *scope) if len(items) > limit else None
    return HistoryPage([_to_json(item) for item in shown], last)


def _to_json(item: dynamodb.Item) -> dict[str, Any]:
    actor = item["actor"]
    name, said = _ACTIONS.get(item["action"], (item["action"].upper(), item["action"].replace("_", " ")))
    return {
        "id": item["id"],
        # Only accounts have a number; the operator and the machinery are named by what they are.
        "adminId": int(actor["id"]) if actor["type"] == "account" else None,
        "adminName": actor.get("name") or actor["id"],
        "adminEmail": actor["email"],
        "action": name,
        "actionDescription": said,
        "targetEntityType": "USER",
        "targetEntityId": int(item["target"]["id"]),
        "description": _description(item),
        "ipAddress": item["ip"],
        "actionTimestamp": item["timestamp"],
        "status": _STATUS[item["outcome"]],
    }


def _description(item: dynamodb.Item) -> str:
    """What changed, then why: `role: ROLE_CLIENT -> ROLE_ADMIN; reason: runs the support team now`."""
    before, after = item["before"] or {}, item["after"] or {}
    if item["action"] == "create_account" or item["outcome"] == trail.DENIED:
        changes = [f"{name}: {value}" for name, value in after.items()]
    else:
        names = [name for name in (after or before) if name not in {"ban_reason", "banned_at"}]
        changes = [f"{name}: {_said(before.get(name))} -> {_said(after.get(name))}" for name in names]
    if item["reason"]:
        changes.append(f"{'refused' if item['outcome'] == trail.DENIED else 'reason'}: {item['reason']}")
    return "; ".join(changes)


def _said(value: object) -> str:
    return {True: "yes", False: "no", None: "none"}[value] if isinstance(value, bool | None) else str(value)
