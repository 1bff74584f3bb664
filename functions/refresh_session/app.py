"""POST /v1/api/auth/refresh: spend a refresh token for a new pair of tokens."""

from rolecall import account_sessions, api, bodies


class Refresh(bodies.Body):
    refresh_token: str = bodies.field(alias="refreshToken")


@api.route(api.Family.PLATFORM, may_call=None, body=Refresh)
def handler(request: api.Request[Refresh]) -> api.Response:
    pair = account_sessions.refresh_session(request.call, request.body.refresh_token)
    return api.Response(200, pair.to_json())
