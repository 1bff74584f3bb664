"""GET /global/tenants/{id}: one tenant (master token)."""

from rolecall import api, tenants


@api.route(api.Family.TENANT, may_call=api.master)
def handler(request: api.Request[None]) -> api.Response:
    tenant = tenants.get_tenant(request.uuid("id", message="tenant ID is required and must be a UUID"))
    return api.Response(200, {"success": True, "data": tenant.to_data()}, api.etag(tenant.version))
