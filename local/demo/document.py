"""The demo data: its shape, and how `make run` prints it."""

import json
import shlex
from typing import TypedDict

from rolecall.auth.preconditions import ACTIVE

_REPLACED = "(replaced since)"
_AS_JSON = '-H "Content-Type: application/json" -d'


class User(TypedDict):
    """A user of a demo tenant. `token` and `password` are None if another one has replaced them."""

    id: str
    email: str
    role: str
    active: bool
    password: str | None
    token: str | None


class Tenant(TypedDict):
    """A demo tenant with those of its users that the demo data created.

    `status` is the one in the table: `active`, or another one while the tenant's deletion goes on.
    """

    id: str
    name: str
    status: str
    users: list[User]


class Account(TypedDict):
    """A platform account. `password` is None if another one has replaced it."""

    id: int
    email: str
    password: str | None
    roles: list[str]
    active: bool


class Seeds(TypedDict):
    """What was created, as it was when it was last compared with the stack."""

    tenants: list[Tenant]
    superadmin: Account
    accounts: list[Account]


class Demo(Seeds):
    """The seeds, and the addresses and the token with which to use them."""

    api: str
    endpoint_url: str
    table: str
    master_token: str


def render_demo(demo: Demo) -> str:
    """Returns a page with the demo's credentials, and with commands that work when they are pasted into a shell."""
    lines = [
        f"API           {demo['api']}",
        f"console       {demo['api']}/console",
        f"reference     {demo['api']}/docs",
        f"master token  {demo['master_token']}",
        "",
    ]
    for tenant in demo["tenants"]:
        if tenant["status"] != ACTIVE:
            lines += [f"{tenant['name']}  (tenant {tenant['id']}) is {tenant['status']}: no token of it works", ""]
            continue
        lines.append(f"{tenant['name']}  (tenant {tenant['id']}): role, email, password, API token")
        lines += [
            f"  {user['role']:<8} {user['email']:<34} {user['password'] or _REPLACED:<18} "
            f"{user['token'] or _REPLACED}{_inactive(user['active'])}"
            for user in tenant["users"]
        ]
        lines.append("")
    lines.append("Platform accounts: id, email, password, role")
    lines += [
        f"  {account['id']:<8} {account['email']:<34} {account['password'] or _REPLACED:<18} "
        f"{', '.join(account['roles'])}{_inactive(account['active'])}"
        for account in [demo["superadmin"], *demo["accounts"]]
    ]
    lines += ["", "Try it:", *(f"  {line}" for line in curl_lines(demo))]
    return "\n".join(lines)


def curl_lines(demo: Demo) -> list[str]:
    """Returns shell lines: one that sets the credentials, then one for each thing to try with the data that exists."""
    variables, lines = {"API": demo["api"]}, list[str]()
    tenants = [tenant for tenant in demo["tenants"] if tenant["status"] == ACTIVE]
    if found := _admin_and_target(tenants):
        admin, target = found
        variables |= {"TOKEN": admin["token"] or "", "ADMIN": admin["id"], "ID": target["id"]}
        lines += [
            'curl "$API/users" -H "Authorization: Bearer $TOKEN"',
            'curl -X POST "$API/users/$ID/promote" -H "Authorization: Bearer $TOKEN"'
            f""" {_AS_JSON} '{{"new_role": "manager"}}'""",
        ]
        if admin["password"]:
            login = json.dumps({"email": admin["email"], "password": admin["password"]})
            lines += [
                f'USER_JWT=$(curl -s -X POST "$API/login" {_AS_JSON} {shlex.quote(login)}'
                """ | sed -E 's/.*"access_token": ?"([^"]+)".*/\\1/')""",
                'curl "$API/users?role=manager" -H "Authorization: Bearer $USER_JWT"',
            ]
    if tenants:
        variables |= {"MASTER": demo["master_token"], "TENANT": tenants[-1]["id"]}
        lines.append('curl -X DELETE "$API/global/tenants/$TENANT" -H "Authorization: Bearer $MASTER"')
    if superadmin := _superadmin([demo["superadmin"], *demo["accounts"]]):
        login = json.dumps({"email": superadmin["email"], "password": superadmin["password"]})
        lines += [
            f'JWT=$(curl -s -X POST "$API/v1/api/auth/login" {_AS_JSON} {shlex.quote(login)}'
            """ | sed -E 's/.*"accessToken": ?"([^"]+)".*/\\1/')""",
            f'curl -X PUT "$API/v1/api/superadmin/users/{demo["accounts"][-1]["id"]}/role"'
            f""" -H "Authorization: Bearer $JWT" {_AS_JSON} '{{"newRole": "ROLE_ADMIN", "reason": "a demo"}}'""",
        ]
    return ["; ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items()), *lines]


def _admin_and_target(tenants: list[Tenant]) -> tuple[User, User] | None:
    """Returns an admin who can sign in and another user of the same tenant, at best one who is no manager yet."""
    for tenant in tenants:
        for admin in tenant["users"]:
            others = sorted(
                (user for user in tenant["users"] if user is not admin), key=lambda user: user["role"] != "user"
            )
            if admin["role"] == "admin" and admin["active"] and admin["token"] and others:
                return admin, others[0]
    return None


def _superadmin(accounts: list[Account]) -> Account | None:
    """Returns a superadmin who can sign in."""
    for account in accounts[:-1]:
        if "ROLE_SUPERADMIN" in account["roles"] and account["active"] and account["password"]:
            return account
    return None


def _inactive(active: bool) -> str:
    return "" if active else "  (inactive)"
