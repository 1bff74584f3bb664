"""POST /v1/api/superadmin/users: make a platform account (superadmin)."""

from pydantic import Field

from rolecall.accounts import account_creation
from rolecall.auth.roles import PlatformRole
from rolecall.http.field_types import BirthDate, Email, Name, Password, PlatformRoleName, UniqueName
from rolecall.http.guards import require_superadmin
from rolecall.http.models import Body
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag_header
from rolecall.http.routes import route


class AccountToCreate(Body):
    email: Email
    password: Password
    first_name: Name = Field(alias="firstName")
    last_name: Name = Field(alias="lastName")
    role: PlatformRoleName = PlatformRole.CLIENT
    username: UniqueName | None = None
    phone_number: Name | None = Field(default=None, alias="phoneNumber")
    nationality: Name | None = None
    birth_date: BirthDate | None = Field(default=None, alias="birthDate")


@route(Family.PLATFORM, may_call=require_superadmin, body=AccountToCreate)
def handler(request: Request[AccountToCreate]) -> Response:
    birth_date = request.body.birth_date.isoformat() if request.body.birth_date else None
    account = account_creation.create_account(
        request.context,
        account_creation.NewAccount(**dict(request.body) | {"birth_date": birth_date}),
        idempotency_key=request.idempotency_key,
    )
    # The link is relative to the request's address, which begins with the stage or with the base path of a domain.
    location = {"Location": f"users/{account.id}"}
    return Response(201, account.to_json(), etag_header(account.version) | location)
