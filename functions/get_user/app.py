"""GET /users/{id}: one user: oneself, someone one manages, or anyone for the master token."""

from rolecall import api, users
from rolecall.roles import Role


@api.route(api.Family.TENANT, may_call=api.either(api.tenant_roles(*Role), api.master))
def handler(request: api.Request[None]) -> api.Response:
    user = users.get_user(request.call, request.path["id"])
    return api.Response(200, {"success": True, "data": user.to_data()}, api.etag(user.version))
