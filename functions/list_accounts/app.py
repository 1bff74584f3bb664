"""GET /v1/api/superadmin/users: list the platform accounts, ordered by email (superadmin)."""

from typing import Any

from rolecall.accounts import accounts
from rolecall.auth.roles import PlatformRole
from rolecall.http.guards import require_superadmin
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route


@route(
    Family.PLATFORM,
    may_call=require_superadmin,
    query=frozenset({"limit", "cursor", "role", "enabled", "banned", "email"}),
)
def handler(request: Request[None]) -> Response:
    limit = request.limit(default=100, maximum=1000)
    page = accounts.list_accounts(
        request.context.at,
        limit=limit,
        cursor=request.query.get("cursor"),
        role=request.query_choice("role", PlatformRole),
        enabled=request.query_flag("enabled"),
        banned=request.query_flag("banned"),
        email=request.query_email_prefix("email"),
    )
    body: dict[str, Any] = {"users": [account.to_json() for account in page.accounts]}
    if page.next_cursor:
        body["nextCursor"] = page.next_cursor
    return Response(200, body)
