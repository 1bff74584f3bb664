"""GET /global/tenants/{id}/deletion: the progress of a tenant's deletion, and its receipt (master token)."""

from rolecall.deletion import jobs
from rolecall.http.guards import require_master_token
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route


@route(Family.TENANT, may_call=require_master_token)
def handler(request: Request[None]) -> Response:
    job = jobs.read_job(request.path_uuid("id", message="tenant ID is required and must be a UUID"))
    return Response(200, {"success": True, "data": job.to_progress(request.context.at)})
