"""PUT /users/{id}: change the role of someone else in the caller's tenant, or deactivate them (admin, manager)."""

from typing import Self

from pydantic import ConfigDict, model_validator

from rolecall.auth.roles import ROLE_CHANGERS
from rolecall.http.field_types import Reason, RoleName
from rolecall.http.guards import require_tenant_role
from rolecall.http.models import ABSENT, Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag_header
from rolecall.http.routes import route
from rolecall.tenants import user_changes


class UserUpdate(Body):
    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["active"]}, {"required": ["role"]}]})

    active: bool = ABSENT
    role: RoleName = ABSENT
    reason: Reason | None = None

    @model_validator(mode="after")
    def _require_a_field(self) -> Self:
        if not self.model_fields_set & {"active", "role"}:
            raise ValueError("active or role is required")
        return self


@route(
    Family.TENANT,
    may_call=require_tenant_role(*ROLE_CHANGERS),
    body=UserUpdate,
    audit_refusals=("update_user", "user"),
)
def handler(request: Request[UserUpdate]) -> Response:
    body = request.body
    user = user_changes.update_user(
        request.context,
        request.path["id"],
        new_role=body.role,
        new_active=body.active,
        reason=body.reason,
        if_match=request.if_match,
    )
    return Response(200, {"success": True, "message": "User updated successfully"}, etag_header(user.version))
