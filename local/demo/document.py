"""The demo data's document: what `make run` prints and writes to `.local/demo.json`."""

import json
import shlex
from typing import TypedDict


class User(TypedDict):
    id: str
    email: str
    role: str
    token: str


class Tenant(TypedDict):
    id: str
    name: str
    users: list[User]


class Account(TypedDict):
    id: int
    email: str
    password: str
    roles: list[str]


class Seeds(TypedDict):
    """What seeding made. It lives in the engine's state, with the data."""

    tenants: list[Tenant]
    superadmin: Account
    accounts: list[Account]


class Demo(Seeds):
    """The seeds and where to use them. Another port changes only the latter."""

    api: str
    endpoint_url: str
    table: str
    master_token: str


def render_demo(demo: Demo) -> str:
    """The demo's credentials, and commands that work when they are pasted into a shell."""
    lines = [
        f"API           {demo['api']}",
        f"reference     {demo['api']}/docs",
        f"master token  {demo['master_token']}",
        "",
    ]
    for tenant in demo["tenants"]:
        lines.append(f"{tenant['name']}  (tenant {tenant['id']}): role, email, API token")
        lines += [f"  {user['role']:<8} {user['email']:<34} {user['token']}" for user in tenant["users"]]
        lines.append("")
    lines.append("Platform accounts")
    lines += [
        f"  {account['id']:<8} {account['email']:<34} {account['password']:<18} {', '.join(account['roles'])}"
        for account in [demo["superadmin"], *demo["accounts"]]
    ]
    lines += ["", "Try it:", *(f"  {line}" for line in curl_lines(demo))]
    return "\n".join(lines)


def curl_lines(demo: Demo) -> list[str]:
    """Shell lines that set the credentials, then one per thing to try."""
    first, last = demo["tenants"][0], demo["tenants"][-1]
    admin = next(user for user in first["users"] if user["role"] == "admin")
    user = next(user for user in first["users"] if user["role"] == "user")
    superadmin, client = demo["superadmin"], demo["accounts"][-1]
    login = json.dumps({"email": superadmin["email"], "password": superadmin["password"]})
    as_json = '-H "Content-Type: application/json" -d'
    return [
        f"API={demo['api']}; TOKEN={admin['token']}; MASTER={shlex.quote(demo['master_token'])};"
        f" ADMIN={admin['id']}; ID={user['id']}; TENANT={last['id']}",
        'curl "$API/users" -H "Authorization: Bearer $TOKEN"',
        'curl -X POST "$API/users/$ID/promote" -H "Authorization: Bearer $TOKEN"'
        f""" {as_json} '{{"new_role": "manager"}}'""",
        'curl -X DELETE "$API/global/tenants/$TENANT" -H "Authorization: Bearer $MASTER"',
        f'JWT=$(curl -s -X POST "$API/v1/api/auth/login" {as_json} {shlex.quote(login)}'
        """ | sed -E 's/.*"accessToken": ?"([^"]+)".*/\\1/')""",
        f'curl -X PUT "$API/v1/api/superadmin/users/{client["id"]}/role" -H "Authorization: Bearer $JWT"'
        f""" {as_json} '{{"newRole": "ROLE_ADMIN", "reason": "a demo"}}'""",
    ]
