"""POST /v1/api/auth/login: exchange an account's email and password for an access and a refresh token."""

from rolecall import account_sessions, api, bodies


class Credentials(bodies.Body):
    email: bodies.Email
    # Any length: a policy for passwords is for new ones, and a hint would tell an attacker something.
    password: str


@api.route(api.Family.PLATFORM, may_call=None, body=Credentials)
def handler(request: api.Request[Credentials]) -> api.Response:
    pair = account_sessions.log_in(request.call, request.body.email, request.body.password)
    return api.Response(200, pair.to_json())
