"""DELETE /global/tenants/{id}: delete a tenant and everything that belongs to it, now or later (master token)."""

from rolecall.deletion import requests
from rolecall.http.guards import require_master_token
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route


@route(Family.TENANT, may_call=require_master_token, query=frozenset({"dry_run", "grace_days", "reason"}))
def handler(request: Request[None]) -> Response:
    tenant_id = request.path_uuid("id", message="tenant ID is required and must be a UUID")
    confirm_name = request.headers.get("x-confirm-tenant-name")
    grace_days, reason = request.query_number("grace_days", maximum=90), request.query_reason()
    if request.query_flag("dry_run"):
        preview = requests.preview_deletion(tenant_id, confirm_name=confirm_name)
        message = "Dry run: nothing was deleted"
        return Response(200, {"success": True, "message": message, "data": preview.to_json()})
    job = requests.delete_tenant(
        request.context, tenant_id, confirm_name=confirm_name, grace_days=grace_days, reason=reason
    )
    if job.deleted_at:
        message = "Tenant and all related data permanently deleted"
        return Response(200, {"success": True, "message": message, "data": job.to_deletion_answer()})
    message = "Tenant deletion accepted: the tenant is closed, its data is being removed"
    if job.deletes_at:
        message = "Tenant deletion scheduled: the tenant is closed, nothing is removed before deletes_at"
    # The link is relative to the request's address, which begins with the stage or with the base path of a domain.
    progress = {"Location": f"{tenant_id}/deletion"}
    return Response(202, {"success": True, "message": message, "data": job.to_deletion_answer()}, progress)
