"""Every route, called with every kind of credential."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from rolecall.auth.roles import PlatformRole
from tests import gateway
from tests.integration.conftest import MASTER_TOKEN, PASSWORD, Member, Tenant, delete_tenant, make_account, register


@dataclass(frozen=True)
class Row:
    """A route and its sample request.

    `{id}` is a user of the tenant, `{tenant}` the tenant, `{webhook}` one of its webhooks, `{account}` an account.
    """

    path: str
    body: dict[str, object] | None
    #: By foreign admin, admin, manager, user, master, client, superadmin.
    statuses: tuple[int, ...]


SUPERADMIN_ONLY = (403, 403, 403, 403, 403, 403, 200)

#: Written out from the contract.
TABLE: dict[str, Row] = {
    # tenant API
    "GET /users": Row("/users", None, (200, 200, 403, 403, 403, 403, 403)),
    "POST /users": Row(
        "/users",
        {"email": "new@example.com", "password": PASSWORD, "role": "user"},
        (201, 201, 403, 403, 403, 403, 403),
    ),
    "GET /users/{id}": Row("/users/{id}", None, (404, 200, 200, 403, 200, 403, 403)),
    "PUT /users/{id}": Row("/users/{id}", {"active": False}, (404, 200, 200, 403, 403, 403, 403)),
    "DELETE /users/{id}": Row("/users/{id}", None, (404, 200, 200, 403, 403, 403, 403)),
    "POST /users/{id}/promote": Row(
        "/users/{id}/promote", {"new_role": "manager"}, (404, 200, 200, 403, 403, 403, 403)
    ),
    "POST /users/promote": Row(
        "/users/promote",
        {"changes": [{"email": "nobody@example.com", "new_role": "user"}]},
        (200, 200, 200, 403, 403, 403, 403),
    ),
    "POST /users/{id}/token": Row("/users/{id}/token", None, (404, 200, 200, 403, 403, 403, 403)),
    "PUT /users/{id}/password": Row(
        "/users/{id}/password", {"new_password": "another horse entirely"}, (404, 200, 200, 403, 403, 403, 403)
    ),
    "POST /register": Row(
        "/register",
        {"tenant_name": "Newcomer", "email": "newcomer@example.com", "password": PASSWORD},
        (403, 403, 403, 403, 201, 403, 403),
    ),
    "GET /tenants": Row("/tenants", None, (403, 403, 403, 403, 200, 403, 403)),
    "GET /global/tenants/{id}": Row("/global/tenants/{tenant}", None, (403, 403, 403, 403, 200, 403, 403)),
    "PUT /global/tenants/{id}": Row(
        "/global/tenants/{tenant}", {"deletion_protection": True}, (403, 403, 403, 403, 200, 403, 403)
    ),
    "GET /global/tenants/{id}/deletion": Row(
        "/global/tenants/{tenant}/deletion", None, (403, 403, 403, 403, 404, 403, 403)
    ),
    "DELETE /global/tenants/{id}": Row("/global/tenants/{tenant}", None, (403, 403, 403, 403, 200, 403, 403)),
    "POST /global/tenants/{id}/restore": Row(
        "/global/tenants/{tenant}/restore", None, (403, 403, 403, 403, 200, 403, 403)
    ),
    "GET /audit": Row("/audit?tenant_id={tenant}", None, (404, 200, 403, 403, 200, 403, 403)),
    "GET /webhooks": Row("/webhooks", None, (200, 200, 403, 403, 403, 403, 403)),
    "POST /webhooks": Row("/webhooks", {"url": "https://example.com/"}, (201, 201, 403, 403, 403, 403, 403)),
    "DELETE /webhooks/{id}": Row("/webhooks/{webhook}", None, (404, 200, 403, 403, 403, 403, 403)),
    "POST /webhooks/{id}/secret": Row("/webhooks/{webhook}/secret", None, (404, 200, 403, 403, 403, 403, 403)),
    "POST /webhooks/{id}/test": Row("/webhooks/{webhook}/test", None, (404, 202, 403, 403, 403, 403, 403)),
    # platform API
    "PUT /v1/api/superadmin/users/{id}/role": Row(
        "/v1/api/superadmin/users/{account}/role", {"newRole": "ADMIN"}, SUPERADMIN_ONLY
    ),
    **{
        f"PUT /v1/api/superadmin/users/{{id}}/{change}": Row(
            f"/v1/api/superadmin/users/{{account}}/{change}", {"reason": "a test"}, SUPERADMIN_ONLY
        )
        for change in ("ban", "unban", "disable", "enable")
    },
    "POST /v1/api/superadmin/users/{id}/password": Row(
        "/v1/api/superadmin/users/{account}/password", None, SUPERADMIN_ONLY
    ),
    "PUT /v1/api/auth/password": Row(
        "/v1/api/auth/password",
        {"currentPassword": PASSWORD, "newPassword": "another horse entirely"},
        (403, 403, 403, 403, 403, 204, 204),
    ),
    "GET /v1/api/superadmin/users": Row("/v1/api/superadmin/users", None, SUPERADMIN_ONLY),
    "POST /v1/api/superadmin/users": Row(
        "/v1/api/superadmin/users",
        {"email": "third@example.com", "password": PASSWORD, "firstName": "Ada", "lastName": "Byron"},
        (*SUPERADMIN_ONLY[:-1], 201),
    ),
    "GET /v1/api/superadmin/users/{id}": Row("/v1/api/superadmin/users/{account}", None, SUPERADMIN_ONLY),
    "GET /v1/api/superadmin/users/{id}/history": Row(
        "/v1/api/superadmin/users/{account}/history", None, SUPERADMIN_ONLY
    ),
    # The logouts are the last rows, because they end the session of the credential.
    "POST /v1/api/auth/logout": Row(
        "/v1/api/auth/logout", {"refreshToken": "spent"}, (403, 403, 403, 403, 403, 204, 204)
    ),
    "POST /logout": Row("/logout", {"refresh_token": "spent"}, (200, 200, 200, 200, 403, 403, 403)),
}
#: Routes that need no credential.
PUBLIC = {
    "POST /login",
    "POST /login/refresh",
    "POST /v1/api/auth/login",
    "POST /v1/api/auth/refresh",
    "GET /docs",
    "GET /docs/{asset}",
    "GET /console",
    "GET /console/{asset}",
}


def _routes() -> dict[str, bool]:
    return {f"{route.method} {route.path}": route.public for route in gateway.routes()}


def test_the_table_has_every_route() -> None:
    assert TABLE.keys() | PUBLIC == _routes().keys()
    assert {name for name, public in _routes().items() if public} == PUBLIC


def _of_a_deactivated_admin(acme: Tenant) -> str:
    former = acme.add("admin")
    assert acme.admin.request("PUT", f"/users/{former.id}", {"active": False}).status == 200
    return former.token


def _access_token(user: Member) -> str:
    return user.log_in().access_token


def _of_a_user_who_logged_out(acme: Tenant) -> str:
    session = acme.add("admin").log_in()
    assert session.request("POST", "/logout", {"refresh_token": session.refresh_token}).status == 200
    return session.access_token


def _of_a_user_who_was_deactivated_for_a_while(acme: Tenant) -> str:
    user = acme.add("admin")
    token = _access_token(user)
    for active in (False, True):
        assert acme.admin.request("PUT", f"/users/{user.id}", {"active": active}).status == 200
    return token


CREDENTIALS: dict[str, Callable[[Tenant], str | None]] = {
    # No credential, or an invalid one of each kind.
    "none": lambda _: None,
    "garbage": lambda _: "garbage",
    "unknown token": lambda _: "3f1d2c4b-5a69-4788-96a5-b4c3d2e1f0a9",
    "forged jwt": lambda _: "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
    # Credentials that are no longer valid.
    "deactivated": _of_a_deactivated_admin,
    "logged out": _of_a_user_who_logged_out,
    "activated again": _of_a_user_who_was_deactivated_for_a_while,
    "foreign admin": lambda _: register("Globex").admin.token,
    "admin": lambda acme: acme.admin.token,
    "manager": lambda acme: acme.add("manager").token,
    "user": lambda acme: acme.add("user").token,
    "master": lambda _: MASTER_TOKEN,
    "client": lambda _: make_account().access_token,
    "superadmin": lambda _: make_account(PlatformRole.SUPERADMIN).access_token,
}
#: The statuses for the first seven credentials, on every route.
_REFUSED = (401,) * 7
#: The access tokens of users, and whose API token gets the same answers.
ACCESS_TOKENS: dict[str, tuple[str, Callable[[Tenant], str]]] = {
    "access token of a foreign admin": ("foreign admin", lambda _: _access_token(register("Globex").admin)),
    "access token of an admin": ("admin", lambda acme: _access_token(acme.admin)),
    "access token of a manager": ("manager", lambda acme: _access_token(acme.add("manager"))),
    "access token of a user": ("user", lambda acme: _access_token(acme.add("user"))),
}


def _scheduled_tenant() -> Tenant:
    tenant = register("Saved")
    assert delete_tenant(tenant.id, query="?grace_days=7").status == 202
    return tenant


@pytest.mark.parametrize("caller", [*CREDENTIALS, *ACCESS_TOKENS])
def test_every_route_answers_every_credential_as_the_table_says(acme: Tenant, caller: str) -> None:
    alike, make = ACCESS_TOKENS.get(caller, (caller, CREDENTIALS.get(caller)))
    assert make
    credential = make(acme)
    account = make_account()
    position = list(CREDENTIALS).index(alike)
    expected, answered = {}, {}

    for name, row in TABLE.items():
        # Each route gets a new user, and a new tenant if the route deletes it.
        tenant = {
            "DELETE /global/tenants/{id}": lambda: register("Doomed"),
            "POST /global/tenants/{id}/restore": _scheduled_tenant,
        }.get(name, lambda: acme)()
        user = acme.add("user")
        webhook = acme.admin.add_webhook(user.id) if "{webhook}" in row.path else ""
        path = row.path.format(id=user.id, tenant=tenant.id, account=account.id, webhook=webhook)
        expected[name] = (*_REFUSED, *row.statuses)[position]
        answered[name] = gateway.request(name.split()[0], path, credential, row.body).status
        if answered[name] == 204 and name.endswith("logout"):  # the next route gets another session
            credential = make(acme)

    assert answered == expected
