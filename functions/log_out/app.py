"""POST /v1/api/auth/logout: end the caller's session, its access and its refresh token."""

from rolecall import account_sessions, api, bodies


class Logout(bodies.Body):
    refresh_token: str = bodies.field(alias="refreshToken")


@api.route(api.Family.PLATFORM, may_call=api.account, body=Logout)
def handler(request: api.Request[Logout]) -> api.Response:
    account_sessions.log_out(request.call, request.body.refresh_token)
    return api.Response(204, None)
