"""GET /users: list the users of the caller's tenant, ordered by email (admin)."""

from rolecall.auth.roles import Role
from rolecall.http.guards import require_tenant_role
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route
from rolecall.tenants import users
from rolecall.tenants.allowed_roles import Include, find_allowed_roles


@route(
    Family.TENANT,
    may_call=require_tenant_role(Role.ADMIN),
    query=frozenset({"limit", "cursor", "role", "active", "email", "include"}),
)
def handler(request: Request[None]) -> Response:
    include = request.query_choice("include", Include)
    page = users.list_users(
        request.context,
        limit=request.limit(default=1000, maximum=1000),
        cursor=request.query.get("cursor"),
        role=request.query_choice("role", Role),
        active=request.query_flag("active"),
        email_prefix=request.query_email_prefix("email"),
    )
    shown = [user.to_json() for user in page.users]
    if include is Include.ALLOWED_ROLES:
        for fields, roles in zip(shown, find_allowed_roles(request.context, page.users), strict=True):
            fields["allowed_roles"] = roles
    body = {"success": True, "users": shown}
    if page.next_cursor:
        body["next_cursor"] = page.next_cursor
    return Response(200, body)
