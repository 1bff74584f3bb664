"""The demo data: two tenants through the API, and what has no route yet through the layer."""

import json
import secrets
from http import HTTPStatus
from typing import Any
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
from rolecall.auth.principals import Principal, PrincipalType, RequestContext
from rolecall.auth.roles import PlatformRole, Role
from rolecall.clock import now
from rolecall.tenants import devices, tenants, user_creation
from rolecall.tenants.user_creation import NewUser

TENANTS = [
    (
        "Acme Atendimento",
        "acme.example.com",
        {
            "admin": ["ana", "bruno"],
            "manager": ["carla", "diego"],
            "user": ["elisa", "fabio", "gabriela", "heitor", "iris"],
        },
    ),
    ("Globex", "globex.example.com", {"admin": ["olga"], "manager": ["paulo"], "user": ["rita", "sergio"]}),
]
SEEDER = Principal(PrincipalType.SYSTEM, "seed")
# Of every user; each device has a session.
DEVICES = ["phone", "laptop"]
# The superadmin comes first.
ACCOUNTS = [
    ("Sonia", PlatformRole.SUPERADMIN),
    ("Tania", PlatformRole.ADMIN),
    ("Ugo", PlatformRole.VERIFIED_USER),
    ("Vera", PlatformRole.CLIENT),
]


def create_demo_data(stack: Stack) -> Seeds:
    """Fills an empty stack. Raises `StackError` if the API refuses any of it."""
    made = [
        _tenant(stack, name, [(role, f"{person}@{domain}") for role, people in staff.items() for person in people])
        for name, domain, staff in TENANTS
    ]
    superadmin, *others = _through_the_layer(stack, made)
    _sample_tenant()
    return {"tenants": made, "superadmin": superadmin, "accounts": others}


def _tenant(stack: Stack, name: str, people: list[tuple[str, str]]) -> Tenant:
    (_, owner), *others = people
    first = _created(
        stack,
        "/register",
        stack.master_token,
        {"tenant_name": name, "email": owner, "password": secrets.token_urlsafe(12)},
    )
    admin: User = {"id": first["user"]["id"], "email": owner, "role": "admin", "token": first["token"]}
    users = [admin]
    for role, email in others:
        body = {"email": email, "password": secrets.token_urlsafe(12), "role": role}
        user = _created(stack, "/users", admin["token"], body)["user"]
        users.append({"id": user["id"], "email": email, "role": role, "token": user["token"]})
    return {"id": first["tenant"]["id"], "name": name, "users": users}


def _created(stack: Stack, path: str, token: str, body: dict[str, str]) -> dict[str, Any]:
    answer = call("POST", stack.api + path, token, body)
    if answer.status != HTTPStatus.CREATED:
        raise StackError(
            f"The demo data could not be made: POST {path} answered {answer.status}: {answer.text}\n"
            + "\n".join(["The functions' logs:", *FunctionLogs(stack, since=0).new_lines()])
        )
    content: dict[str, Any] = answer.json()
    return content


def _through_the_layer(stack: Stack, made: list[Tenant]) -> list[Account]:
    """Devices and sessions of the tenants' users, and the platform accounts."""
    use_layer_on(stack)
    for tenant in made:
        for user in tenant["users"]:
            for name in DEVICES:
                device = devices.register_device(tenant["id"], user["id"], name, now())
                devices.start_session(tenant["id"], user["id"], device, now())
    return [_account(first_name, role) for first_name, role in ACCOUNTS]


def _sample_tenant() -> None:
    """The tenant, the admin and the user that the files under events/ speak of, so that they are answered."""
    event = json.loads((ROOT / "events" / "promote_user.json").read_text())
    admin, token = event["requestContext"]["authorizer"], event["headers"]["Authorization"].removeprefix("Bearer ")
    seeder = RequestContext(SEEDER, now())
    with (
        patch.object(tenants, "new_id", return_value=admin["tenant_id"]),
        patch.object(user_creation, "new_id", return_value=admin["id"]),
        patch.object(tokens, "new_api_token", return_value=token),
    ):
        owner = NewUser(admin["email"], secrets.token_urlsafe(12), Role.ADMIN)
        tenants.register_tenant(seeder, "Sample of events/", owner)
    with patch.object(user_creation, "new_id", return_value=event["pathParameters"]["id"]):
        call = RequestContext(Principal.from_context(admin) or SEEDER, now())
        user_creation.create_user(call, NewUser("someone@example.com", secrets.token_urlsafe(12), Role.USER))


def _account(first_name: str, role: PlatformRole) -> Account:
    seeder = RequestContext(SEEDER, now())
    email, password = f"{first_name.lower()}@rolecall.example.com", secrets.token_urlsafe(12)
    made = account_creation.create_account(seeder, NewAccount(email, password, first_name, "Silva", role))
    return {"id": made.id, "email": email, "password": password, "roles": [role.value]}
