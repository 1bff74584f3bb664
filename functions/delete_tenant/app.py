"""DELETE /global/tenants/{id}: delete a tenant and everything that belongs to it (master token)."""

from rolecall import api, deletion


@api.route(api.Family.TENANT, may_call=api.master, query=frozenset({"dry_run"}))
def handler(request: api.Request[None]) -> api.Response:
    tenant_id = request.uuid("id", message="tenant ID is required and must be a UUID")
    confirm_name = request.headers.get("x-confirm-tenant-name")
    if request.flag("dry_run"):
        preview = deletion.preview_deletion(tenant_id, confirm_name=confirm_name)
        message = "Dry run: nothing was deleted"
        return api.Response(200, {"success": True, "message": message, "data": preview.to_json()})
    found = deletion.delete_tenant(request.call, tenant_id, confirm_name=confirm_name)
    if found.deleted_at:
        message = "Tenant and all related data permanently deleted"
        return api.Response(200, {"success": True, "message": message, "data": found.to_json()})
    message = "Tenant deletion accepted: the tenant is closed, its data is being removed"
    # Relative to the request's own address, in front of which there is the stage, or a domain's base path.
    progress = {"Location": f"{tenant_id}/deletion"}
    return api.Response(202, {"success": True, "message": message, "data": found.to_json()}, progress)
