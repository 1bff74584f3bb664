"""POST /v1/api/auth/login: exchange an account's email and password for an access and a refresh token."""

from rolecall.accounts import sessions
from rolecall.http.field_types import Email
from rolecall.http.models import Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route


class Credentials(Body):
    email: Email
    # A password of any length: the rules are for new passwords, and their messages would help an attacker here.
    password: str


@route(Family.PLATFORM, may_call=None, body=Credentials)
def handler(request: Request[Credentials]) -> Response:
    pair = sessions.log_in(request.context, request.body.email, request.body.password)
    return Response(200, pair.to_json())
