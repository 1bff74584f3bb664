"""GET /users: list the users of the caller's tenant, ordered by email (admin)."""

from rolecall import api, users
from rolecall.roles import Role


@api.route(
    api.Family.TENANT,
    may_call=api.tenant_roles(Role.ADMIN),
    query=frozenset({"limit", "cursor", "role", "active", "email"}),
)
def handler(request: api.Request[None]) -> api.Response:
    page = users.list_users(
        request.call,
        limit=request.limit(default=1000, maximum=1000),
        cursor=request.query.get("cursor"),
        role=request.choice("role", Role),
        active=request.flag("active"),
        email=request.query.get("email", ""),
    )
    body = {"success": True, "users": [user.to_json() for user in page.users]}
    if page.next_cursor:
        body["next_cursor"] = page.next_cursor
    return api.Response(200, body)
