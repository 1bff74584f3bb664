"""POST /login/refresh: spend a tenant user's refresh token for a new pair of tokens."""

from rolecall.http.models import Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route
from rolecall.tenants import sessions


class UserRefresh(Body):
    refresh_token: str


@route(Family.TENANT, may_call=None, body=UserRefresh)
def handler(request: Request[UserRefresh]) -> Response:
    tokens = sessions.refresh_user_session(request.context, request.body.refresh_token)
    return Response(200, {"success": True, "data": tokens.to_json()})
