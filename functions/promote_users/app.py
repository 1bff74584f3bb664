"""POST /users/promote: change the roles of many others in the caller's tenant, one after the other (admin, manager)."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from rolecall.auth.roles import ROLE_CHANGERS
from rolecall.http.field_types import Email, Reason, RoleName, Until, Uuid
from rolecall.http.guards import require_tenant_role
from rolecall.http.models import ABSENT, Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route
from rolecall.tenants import bulk_promotion
from rolecall.tenants.bulk_promotion import RequestedChange


class Change(Body):
    user_id: Uuid = ABSENT
    email: Email = ABSENT
    new_role: RoleName
    until: Until | None = None
    reason: Reason | None = Field(None, description="In place of the reason for all changes.")

    @model_validator(mode="after")
    def _require_one_name(self) -> Self:
        if (self.user_id is None) == (self.email is None):
            raise ValueError("needs user_id or email, and not both")
        return self


class Promotions(Body):
    max_bytes: ClassVar[int] = 64 * 1024

    changes: Annotated[list[Change], Field(min_length=1, max_length=100)]
    reason: Reason | None = None
    dry_run: bool = False


@route(
    Family.TENANT,
    may_call=require_tenant_role(*ROLE_CHANGERS),
    body=Promotions,
    audit_refusals=("promote_users", "user"),
)
def handler(request: Request[Promotions]) -> Response:
    body = request.body
    changes = [
        RequestedChange(one.new_role, one.user_id, one.email, one.until, one.reason or body.reason)
        for one in body.changes
    ]
    promote = bulk_promotion.preview_promotions if body.dry_run else bulk_promotion.promote_users
    results = promote(request.context, changes)
    message = "Dry run: nothing was changed" if body.dry_run else "Each result says what became of its change"
    data: dict[str, Any] = {
        "dry_run": body.dry_run,
        **bulk_promotion.count_outcomes(results),
        "results": [result.to_json() for result in results],
    }
    return Response(200, {"success": True, "message": message, "data": data})
