"""POST /v1/api/superadmin/users/{id}/password: give someone else's account a temporary password (superadmin)."""

from rolecall.accounts import account_passwords
from rolecall.http.guards import require_superadmin
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route


@route(Family.PLATFORM, may_call=require_superadmin, audit_refusals=("reset_account_password", "account"))
def handler(request: Request[None]) -> Response:
    temporary_password = account_passwords.reset_account_password(
        request.context, request.path_positive_int32("id"), if_match=request.if_match
    )
    return Response(200, {"temporaryPassword": temporary_password})
