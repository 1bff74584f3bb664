"""POST /global/tenants/{id}/restore: take a scheduled deletion back (master token)."""

from rolecall.http.guards import require_master_token
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag_header
from rolecall.http.routes import route
from rolecall.tenants import restoration


@route(Family.TENANT, may_call=require_master_token)
def handler(request: Request[None]) -> Response:
    tenant = restoration.restore_tenant(
        request.context, request.path_uuid("id", message="tenant ID is required and must be a UUID")
    )
    body = {"success": True, "message": "Tenant restored", "data": tenant.to_json_with_protection()}
    return Response(200, body, etag_header(tenant.version))
