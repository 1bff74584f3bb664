"""PUT /users/{id}: change a user of the caller's tenant (admin, manager): role, state, and by an admin the email."""

from typing import Self

from pydantic import ConfigDict, model_validator

from rolecall.auth.roles import ROLE_CHANGERS
from rolecall.http.field_types import Email, Reason, RoleName
from rolecall.http.guards import require_tenant_role
from rolecall.http.models import ABSENT, Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag_header
from rolecall.http.routes import route
from rolecall.tenants import change_rules, user_changes


class UserUpdate(Body):
    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": [name]} for name in ("active", "role", "email")]}
    )

    active: bool = ABSENT
    role: RoleName = ABSENT
    email: Email = ABSENT
    reason: Reason | None = None

    @model_validator(mode="after")
    def _require_a_field(self) -> Self:
        if not self.model_fields_set & {"active", "role", "email"}:
            raise ValueError("active, role or email is required")
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
        change_rules.UserChange(role=body.role, active=body.active, email=body.email),
        reason=body.reason,
        if_match=request.if_match,
    )
    return Response(200, {"success": True, "message": "User updated successfully"}, etag_header(user.version))
