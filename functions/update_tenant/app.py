"""PUT /global/tenants/{id}: protect a tenant against deletion, or lift that (master token)."""

from rolecall import api, bodies, tenants


class TenantUpdate(bodies.Body):
    deletion_protection: bool


@api.route(api.Family.TENANT, may_call=api.master, body=TenantUpdate)
def handler(request: api.Request[TenantUpdate]) -> api.Response:
    tenant = tenants.update_tenant(
        request.call,
        request.uuid("id", message="tenant ID is required and must be a UUID"),
        deletion_protection=request.body.deletion_protection,
        if_match=request.if_match,
    )
    return api.Response(
        200,
        {"success": True, "message": "Tenant updated successfully", "data": tenant.to_data()},
        api.etag(tenant.version),
    )
