"""PUT /v1/api/superadmin/users/{id}/unban: lift the ban of someone else's platform account (superadmin)."""

from rolecall.accounts import account_changes
from rolecall.http.field_types import Reason
from rolecall.http.guards import require_superadmin
from rolecall.http.models import Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag_header
from rolecall.http.routes import route


class Unban(Body):
    reason: Reason


@route(Family.PLATFORM, may_call=require_superadmin, body=Unban, audit_refusals=("unban_account", "account"))
def handler(request: Request[Unban]) -> Response:
    account = account_changes.unban_account(
        request.context, request.path_positive_int32("id"), reason=request.body.reason, if_match=request.if_match
    )
    return Response(200, account.to_json(), etag_header(account.version))
