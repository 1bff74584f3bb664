"""GET /v1/api/superadmin/users: list the platform accounts, ordered by email (superadmin)."""

from typing import Any

from rolecall import accounts, api
from rolecall.roles import PlatformRole


@api.route(
    api.Family.PLATFORM,
    may_call=api.superadmin,
    query=frozenset({"limit", "cursor", "role", "enabled", "banned", "email"}),
)
def handler(request: api.Request[None]) -> api.Response:
    limit = request.limit(default=100, maximum=1000)
    page = accounts.list_accounts(
        limit=limit,
        cursor=request.query.get("cursor"),
        role=request.choice("role", PlatformRole),
        enabled=request.flag("enabled"),
        banned=request.flag("banned"),
        email_prefix=request.query.get("email", ""),
    )
    body: dict[str, Any] = {"users": [account.to_json() for account in page.accounts]}
    if page.next_cursor:
        body["nextCursor"] = page.next_cursor
    return api.Response(200, body)
