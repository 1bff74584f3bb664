"""GET /global/tenants/{id}: one tenant (master token)."""

from rolecall.http.guards import require_master_token
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag_header
from rolecall.http.routes import route
from rolecall.tenants import tenants


@route(Family.TENANT, may_call=require_master_token)
def handler(request: Request[None]) -> Response:
    tenant = tenants.get_tenant(request.path_uuid("id", message="tenant ID is required and must be a UUID"))
    return Response(200, {"success": True, "data": tenant.to_json_with_protection()}, etag_header(tenant.version))
