"""PUT /global/tenants/{id}: protect a tenant against deletion, or lift that (master token)."""

from rolecall.http.guards import require_master_token
from rolecall.http.models import Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag_header
from rolecall.http.routes import route
from rolecall.tenants import tenants


class TenantUpdate(Body):
    deletion_protection: bool


@route(Family.TENANT, may_call=require_master_token, body=TenantUpdate)
def handler(request: Request[TenantUpdate]) -> Response:
    tenant = tenants.update_tenant(
        request.context,
        request.path_uuid("id", message="tenant ID is required and must be a UUID"),
        deletion_protection=request.body.deletion_protection,
        if_match=request.if_match,
    )
    return Response(
        200,
        {"success": True, "message": "Tenant updated successfully", "data": tenant.to_json_with_protection()},
        etag_header(tenant.version),
    )
