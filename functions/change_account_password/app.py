"""PUT /v1/api/auth/password: change the password of one's own platform account; its other sessions end."""

from pydantic import Field

from rolecall.accounts import account_passwords
from rolecall.http.field_types import Password
from rolecall.http.guards import require_account
from rolecall.http.models import Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response
from rolecall.http.routes import route


class AccountPasswordChange(Body):
    # Of any length, as at the login.
    current_password: str = Field(alias="currentPassword")
    new_password: Password = Field(alias="newPassword")


@route(
    Family.PLATFORM,
    may_call=require_account,
    body=AccountPasswordChange,
    audit_refusals=("change_account_password", "account"),
    allowed_before_password_change=True,
)
def handler(request: Request[AccountPasswordChange]) -> Response:
    body = request.body
    account_passwords.change_account_password(request.context, body.current_password, body.new_password)
    return Response(204, None)
