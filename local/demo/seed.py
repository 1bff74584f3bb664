"""Creates the demo data: tenants through the API, and through the layer what the API has no route for."""

import json
import secrets
from http import HTTPStatus
from typing import Any, NamedTuple
from unittest.mock import patch

from local import ROOT, StackError
from local.demo.document import Account, Seeds, Tenant, User
from local.deployment.function_logs import FunctionLogs
from local.deployment.layer import use_layer_on
from local.deployment.stack import Stack
from local.http import call
from rolecall.accounts import account_creation
from rolecall.accounts.account_creation import NewAccount
from rolecall.auth import tokens
from rolecall.auth.preconditions import ACTIVE
from rolecall.auth.principals import Principal, PrincipalType, RequestContext
from rolecall.auth.roles import PlatformRole, Role
from rolecall.clock import now
from rolecall.errors import EmailTaken, UsernameTaken
from rolecall.tenants import devices, tenants, user_creation
from rolecall.tenants.user_creation import NewUser


class Plan(NamedTuple):
    """A demo tenant that should exist: its name and its people by role. The first one registers it."""

    name: str
    domain: str
    people: dict[str, list[str]]

    def users(self) -> list[tuple[str, str]]:
        """Returns the role and the email of each user."""
        return [(role, f"{person}@{self.domain}") for role, people in self.people.items() for person in people]


TENANT_PLANS = [
    Plan(
        "Acme Atendimento",
        "acme.example.com",
        {
            "admin": ["ana", "bruno"],
            "manager": ["carla", "diego"],
            "user": ["elisa", "fabio", "gabriela", "heitor", "iris"],
        },
    ),
    Plan("Globex", "globex.example.com", {"admin": ["olga"], "manager": ["paulo"], "user": ["rita", "sergio"]}),
]
SEEDER = Principal(PrincipalType.SYSTEM, "seed")
#: Each user has these devices, with a session each.
_DEVICES = ["phone", "laptop"]


class AccountPlan(NamedTuple):
    """A platform account that should exist."""

    first_name: str
    role: PlatformRole

    @property
    def email(self) -> str:
        return f"{self.first_name.lower()}@rolecall.example.com"


#: The superadmin comes first.
ACCOUNT_PLANS = [
    AccountPlan("Sonia", PlatformRole.SUPERADMIN),
    AccountPlan("Tania", PlatformRole.ADMIN),
    AccountPlan("Ugo", PlatformRole.VERIFIED_USER),
    AccountPlan("Vera", PlatformRole.CLIENT),
]


class Conflict(StackError):
    """A name or an email of the demo data belongs to something else."""


def create_demo_data(stack: Stack) -> Seeds:
    """Creates the demo data on an empty stack. Raises `StackError` if the API refuses any of it."""
    created = [create_tenant(stack, plan) for plan in TENANT_PLANS]
    superadmin, *others = map(create_account, ACCOUNT_PLANS)
    _create_sample_tenant()
    return {"tenants": created, "superadmin": superadmin, "accounts": others}


def create_tenant(stack: Stack, plan: Plan) -> Tenant:
    """Creates a demo tenant with its users and their devices and sessions.

    Raises `Conflict` if its name or its first admin's email is taken. A user whose email is taken is left out.
    """
    (_, owner), *others = plan.users()
    body = {"tenant_name": plan.name, "email": owner, "password": secrets.token_urlsafe(12)}
    registered = _post(stack, "/register", stack.master_token, body)
    users = [_user(registered["user"], body["password"], registered["token"])]
    for role, email in others:
        body = {"email": email, "password": secrets.token_urlsafe(12), "role": role}
        try:
            created = _post(stack, "/users", registered["token"], body)["user"]
        except Conflict:
            continue
        users.append(_user(created, body["password"], created["token"]))
    tenant_id = registered["tenant"]["id"]
    _start_sessions(stack, tenant_id, users)
    return {"id": tenant_id, "name": plan.name, "status": ACTIVE, "users": users}


def _user(answer: dict[str, Any], password: str, token: str) -> User:
    return {
        "id": answer["id"],
        "email": answer["email"],
        "role": answer["role"],
        "active": True,
        "password": password,
        "token": token,
    }


def _post(stack: Stack, path: str, token: str, body: dict[str, str]) -> dict[str, Any]:
    """Returns the answer's body. Raises `Conflict` for a 409, `StackError` for any other refusal."""
    answer = call("POST", stack.api + path, token, body)
    if answer.status == HTTPStatus.CREATED:
        content: dict[str, Any] = answer.json()
        return content
    message = f"The demo data could not be created: POST {path} answered {answer.status}: {answer.text}"
    if answer.status == HTTPStatus.CONFLICT:
        raise Conflict(message)
    raise StackError("\n".join([message, "The functions' logs:", *FunctionLogs(stack, since=0).new_lines()]))


def _start_sessions(stack: Stack, tenant_id: str, users: list[User]) -> None:
    use_layer_on(stack)
    for user in users:
        for name in _DEVICES:
            device = devices.register_device(tenant_id, user["id"], name, now())
            devices.start_session(tenant_id, user["id"], device, now())


def create_account(plan: AccountPlan) -> Account:
    """Creates a platform account. Raises `Conflict` if its email is taken."""
    context, password = RequestContext(SEEDER, now()), secrets.token_urlsafe(12)
    try:
        created = account_creation.create_account(
            context, NewAccount(plan.email, password, plan.first_name, "Silva", plan.role)
        )
    except (EmailTaken, UsernameTaken):
        raise Conflict(f"{plan.email} belongs to somebody else") from None
    return {"id": created.id, "email": plan.email, "password": password, "roles": [plan.role.value], "active": True}


def _create_sample_tenant() -> None:
    """Creates the tenant, the admin and the user of the events under events/, with the ids and the token in them.

    The function that is invoked with such an event then finds what the event is about.
    """
    event = json.loads((ROOT / "events" / "promote_user.json").read_text())
    admin, token = event["requestContext"]["authorizer"], event["headers"]["Authorization"].removeprefix("Bearer ")
    with (
        patch.object(tenants, "new_id", return_value=admin["tenant_id"]),
        patch.object(user_creation, "new_id", return_value=admin["id"]),
        patch.object(tokens, "new_api_token", return_value=token),
    ):
        first_admin = NewUser(admin["email"], secrets.token_urlsafe(12), Role.ADMIN)
        tenants.register_tenant(RequestContext(SEEDER, now()), "Sample of events/", first_admin)
    with patch.object(user_creation, "new_id", return_value=event["pathParameters"]["id"]):
        context = RequestContext(Principal.from_authorizer_context(admin) or SEEDER, now())
        user_creation.create_user(context, NewUser("someone@example.com", secrets.token_urlsafe(12), Role.USER))
