"""POST /login: exchange a tenant user's email and password for an access and a refresh token."""

from rolecall.http.field_types import Email
from rolecall.http.models import Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route
from rolecall.tenants import sessions


class UserCredentials(Body):
    email: Email
    # A password of any length: the rules are for new passwords, and their messages would help an attacker here.
    password: str


@route(Family.TENANT, may_call=None, body=UserCredentials)
def handler(request: Request[UserCredentials]) -> Response:
    tokens = sessions.log_in_user(request.context, request.body.email, request.body.password)
    return Response(200, {"success": True, "data": tokens.to_json()})
