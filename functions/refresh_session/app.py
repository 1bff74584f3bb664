"""POST /v1/api/auth/refresh: spend a refresh token for a new pair of tokens."""

from pydantic import Field

from rolecall.accounts import sessions
from rolecall.http.models import Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route


class Refresh(Body):
    refresh_token: str = Field(alias="refreshToken")


@route(Family.PLATFORM, may_call=None, body=Refresh)
def handler(request: Request[Refresh]) -> Response:
    pair = sessions.refresh_session(request.context, request.body.refresh_token)
    return Response(200, pair.to_json())
