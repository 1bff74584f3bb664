"""GET /v1/api/superadmin/users/{id}: the whole profile of a platform account (superadmin)."""

from rolecall.accounts import accounts
from rolecall.http.guards import require_superadmin
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag_header
from rolecall.http.routes import route


@route(Family.PLATFORM, may_call=require_superadmin)
def handler(request: Request[None]) -> Response:
    account = accounts.get_account(request.path_positive_int32("id"), request.context.at)
    return Response(200, account.to_json(), etag_header(account.version))
