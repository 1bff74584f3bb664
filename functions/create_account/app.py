"""POST /v1/api/superadmin/users: make a platform account (superadmin)."""

from datetime import date
from typing import Annotated

from rolecall.accounts import account_creation
from rolecall.auth.roles import PlatformRole
from rolecall.http import bodies
from rolecall.http.guards import require_superadmin
from rolecall.http.requests import Request
from rolecall.http.responses import Family, Response, etag
from rolecall.http.routes import route

type Short = Annotated[str, bodies.text(min_length=1, max_length=100)]


class AccountToCreate(bodies.Body):
    email: bodies.Email
    password: bodies.Password
    first_name: bodies.Name = bodies.field(alias="firstName")
    last_name: bodies.Name = bodies.field(alias="lastName")
    role: bodies.PlatformRoleName = PlatformRole.CLIENT
    username: bodies.Name | None = None
    phone_number: Short | None = bodies.field(alias="phoneNumber", default=None)
    nationality: Short | None = None
    birth_date: date | None = bodies.field(alias="birthDate", default=None)


@route(Family.PLATFORM, may_call=require_superadmin, body=AccountToCreate)
def handler(request: Request[AccountToCreate]) -> Response:
    birth_date = request.body.birth_date.isoformat() if request.body.birth_date else None
    account = account_creation.create_account(
        request.context, account_creation.NewAccount(**vars(request.body) | {"birth_date": birth_date})
    )
    # Relative to the request's own address, in front of which there is the stage, or a domain's base path.
    location = {"Location": f"users/{account.id}"}
    return Response(201, account.to_json(), etag(account.version) | location)
