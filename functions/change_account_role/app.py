"""PUT /v1/api/superadmin/users/{id}/role: change the role of someone else's platform account (superadmin)."""

from pydantic import Field

from rolecall.accounts import account_changes
from rolecall.http.field_types import PlatformRoleName, Reason, Until
from rolecall.http.guards import require_superadmin
from rolecall.http.models import ABSENT, Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag_header
from rolecall.http.routes import route


class NewRole(Body):
    new_role: PlatformRoleName = Field(alias="newRole")
    until: Until = ABSENT
    reason: Reason | None = None


@route(Family.PLATFORM, may_call=require_superadmin, body=NewRole, audit_refusals=("change_account_role", "account"))
def handler(request: Request[NewRole]) -> Response:
    account = account_changes.change_account_role(
        request.context,
        request.path_positive_int32("id"),
        request.body.new_role,
        until=request.body.until,
        reason=request.body.reason,
        if_match=request.if_match,
    )
    return Response(200, account.to_json(), etag_header(account.version))
