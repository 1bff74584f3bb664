"""POST /v1/api/auth/logout: end the caller's session, its access and its refresh token."""

from pydantic import Field

from rolecall.accounts import sessions
from rolecall.http.guards import require_account
from rolecall.http.models import Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route


class Logout(Body):
    refresh_token: str = Field(alias="refreshToken")


@route(Family.PLATFORM, may_call=require_account, body=Logout, allowed_before_password_change=True)
def handler(request: Request[Logout]) -> Response:
    sessions.log_out(request.context, request.body.refresh_token)
    return Response(204, None)
