"""GET /global/tenants/{id}/deletion: the progress of a tenant's deletion, and its receipt (master token)."""

from rolecall import api, deletion


@api.route(api.Family.TENANT, may_call=api.master)
def handler(request: api.Request[None]) -> api.Response:
    found = deletion.read(request.uuid("id", message="tenant ID is required and must be a UUID"))
    return api.Response(200, {"success": True, "data": found.to_progress(request.call.at)})
