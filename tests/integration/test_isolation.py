"""An id of another tenant gets exactly the same answer as an id that never existed, on every route and in every place.

`test_two_tenants` shows that no data of another tenant can be reached. These tests show that a caller can't even find
out whether an id exists.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import (
    MASTER_TOKEN,
    NO_TIME_TO_SWEEP,
    PASSWORD,
    Member,
    Tenant,
    delete_tenant,
    make_account,
    register,
    unchanged,
)

USERS = "/v1/api/superadmin/users"
_NO_WEBHOOK = "01980000-0000-7000-8000-000000000000"
_TIME = re.compile(r'"timestamp":"[^"]*"')


@dataclass(frozen=True)
class Place:
    """A place for an identifier in a request of Acme: `{it}` in the path, the query or the body.

    `kind` is the kind of identifier, and `status` the status that both requests must get.
    """

    kind: str
    path: str
    status: int
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)


def _user(path: str = "", **more: Any) -> Place:
    return Place("user", f"/users/{{it}}{path}", 404, **more)


def _of_no_business(kind: str, path: str, body: dict[str, Any] | None = None) -> Place:
    """A route that refuses all users of tenants."""
    return Place(kind, path, 403, body)


#: For each route, all places that take an identifier. A route without such a place has an empty list.
PLACES: dict[str, list[Place]] = {
    "GET /users/{id}": [_user()],
    "PUT /users/{id}": [
        _user(body={"active": False}),
        _user(body={"role": "user"}),
        _user(body={"role": "user"}, headers={"If-Match": '"1"'}),
        _user(body={"email": "x@example.com"}),
        Place("user", "/users/{me}", 400, {"active": True, "user_id": "{it}"}),
    ],
    "DELETE /users/{id}": [_user(), _user(headers={"If-Match": '"1"'})],
    "POST /users/{id}/promote": [
        _user("/promote", body={"new_role": "user"}),
        _user("/promote", body={"new_role": "admin"}),
        _user("/promote", body={"new_role": "user"}, headers={"If-Match": '"1"'}),
        Place("user", "/users/{me}/promote", 400, {"new_role": "user", "user_id": "{it}"}),
        Place("tenant", "/users/{me}/promote", 400, {"new_role": "user", "tenant_id": "{it}"}),
    ],
    "POST /users/promote": [
        Place("user", "/users/promote", 200, {"changes": [{"user_id": "{it}", "new_role": "user"}]}),
        Place("user", "/users/promote", 200, {"changes": [{"user_id": "{it}", "new_role": "user"}], "dry_run": True}),
        Place("email", "/users/promote", 200, {"changes": [{"email": "{it}", "new_role": "admin"}]}),
        Place("email", "/users/promote", 200, {"changes": [{"email": "{it}", "new_role": "admin"}], "dry_run": True}),
        Place(
            "tenant", "/users/promote", 400, {"changes": [{"user_id": "{me}", "new_role": "user", "tenant_id": "{it}"}]}
        ),
    ],
    "POST /users/{id}/token": [_user("/token")],
    "PUT /users/{id}/password": [
        _user("/password", body={"new_password": "another horse entirely"}),
        _user("/password", body={"new_password": "another horse entirely", "current_password": PASSWORD}),
        Place("user", "/users/{me}/password", 400, {"new_password": "another horse entirely", "user_id": "{it}"}),
    ],
    "GET /users": [
        Place("users cursor", "/users?cursor={it}", 400),
        Place("tenant", "/users?tenant_id={it}", 400),
        Place("email", "/users?email={it}", 200),
    ],
    "POST /users": [
        Place("tenant", "/users", 400, {"email": "x@example.com", "password": PASSWORD, "tenant_id": "{it}"}),
        Place("user", "/users", 400, {"email": "x@example.com", "password": PASSWORD, "role": "user", "id": "{it}"}),
    ],
    "GET /webhooks": [
        Place("webhooks cursor", "/webhooks?cursor={it}", 400),
        Place("tenant", "/webhooks?tenant_id={it}", 400),
    ],
    "POST /webhooks": [
        Place("user", "/webhooks", 404, {"url": "https://example.com/", "user_id": "{it}"}),
        Place("tenant", "/webhooks", 400, {"url": "https://example.com/", "tenant_id": "{it}"}),
    ],
    "DELETE /webhooks/{id}": [Place("webhook", "/webhooks/{it}", 404)],
    "POST /webhooks/{id}/secret": [Place("webhook", "/webhooks/{it}/secret", 404)],
    "POST /webhooks/{id}/test": [Place("webhook", "/webhooks/{it}/test", 404)],
    "GET /audit": [
        Place("tenant", "/audit?tenant_id={it}", 404),
        Place("user", "/audit?actor={it}", 200),
        Place("user", "/audit?target={it}", 200),
        Place("tenant", "/audit?target={it}", 200),
        Place("user", "/audit?actor={it}&target={it}&action=create_user", 200),
        Place("audit cursor", "/audit?cursor={it}", 400),
    ],
    "POST /register": [
        _of_no_business("name", "/register", {"tenant_name": "{it}", "email": "x@example.com", "password": PASSWORD}),
        _of_no_business("email", "/register", {"tenant_name": "New", "email": "{it}", "password": PASSWORD}),
    ],
    "GET /tenants": [
        _of_no_business("tenants cursor", "/tenants?cursor={it}"),
        _of_no_business("name", "/tenants?name={it}"),
    ],
    "GET /global/tenants/{id}": [_of_no_business("tenant", "/global/tenants/{it}")],
    "PUT /global/tenants/{id}": [_of_no_business("tenant", "/global/tenants/{it}", {"deletion_protection": True})],
    "DELETE /global/tenants/{id}": [
        _of_no_business("tenant", "/global/tenants/{it}"),
        _of_no_business("tenant", "/global/tenants/{it}?dry_run=true"),
        _of_no_business("tenant", "/global/tenants/{it}?grace_days=7"),
    ],
    "POST /global/tenants/{id}/restore": [_of_no_business("tenant", "/global/tenants/{it}/restore")],
    "GET /global/tenants/{id}/deletion": [_of_no_business("tenant", "/global/tenants/{it}/deletion")],
    f"GET {USERS}": [_of_no_business("email", f"{USERS}?email={{it}}")],
    f"POST {USERS}": [
        _of_no_business("email", USERS, {"email": "{it}", "password": PASSWORD, "firstName": "A", "lastName": "B"})
    ],
    f"GET {USERS}/{{id}}": [_of_no_business("account", f"{USERS}/{{it}}")],
    f"GET {USERS}/{{id}}/history": [_of_no_business("account", f"{USERS}/{{it}}/history")],
    f"PUT {USERS}/{{id}}/role": [_of_no_business("account", f"{USERS}/{{it}}/role", {"newRole": "ADMIN"})],
    **{
        f"PUT {USERS}/{{id}}/{verb}": [_of_no_business("account", f"{USERS}/{{it}}/{verb}", {"reason": "spite"})]
        for verb in ("ban", "unban", "enable", "disable")
    },
    f"POST {USERS}/{{id}}/password": [_of_no_business("account", f"{USERS}/{{it}}/password")],
    "PUT /v1/api/auth/password": [],
    "POST /login": [
        Place("email", "/login", 401, {"email": "{it}", "password": "wrong battery staple"}),
        Place("account email", "/login", 401, {"email": "{it}", "password": PASSWORD}),
    ],
    "POST /login/refresh": [
        Place("token", "/login/refresh", 401, {"refresh_token": "{it}"}),
        Place("session", "/login/refresh", 401, {"refresh_token": "{it}"}),
    ],
    "POST /logout": [Place("user session", "/logout", 200, {"refresh_token": "{it}"})],
    "POST /v1/api/auth/login": [
        Place("email", "/v1/api/auth/login", 401, {"email": "{it}", "password": PASSWORD}),
        Place("account email", "/v1/api/auth/login", 401, {"email": "{it}", "password": "wrong battery staple"}),
    ],
    "POST /v1/api/auth/refresh": [
        Place("token", "/v1/api/auth/refresh", 401, {"refreshToken": "{it}"}),
        Place("user session", "/v1/api/auth/refresh", 401, {"refreshToken": "{it}"}),
    ],
    # Files, the same for everyone.
    "GET /docs": [],
    "GET /docs/{asset}": [],
    "GET /console": [],
    "GET /console/{asset}": [],
    "POST /v1/api/auth/logout": [_of_no_business("session", "/v1/api/auth/logout", {"refreshToken": "{it}"})],
}


class There:
    """For each kind, an identifier that belongs to Globex, and one of the same form that never existed."""

    def __init__(self, globex: Tenant) -> None:
        admin, manager, inactive, gone = (globex.add(role) for role in ("admin", "manager", "user", "user"))
        assert globex.admin.request("PUT", f"/users/{inactive.id}", {"active": False}).status == 200
        assert globex.admin.request("DELETE", f"/users/{gone.id}").status == 200
        closed, account = register("Closed"), make_account()
        assert delete_tenant(closed.id, seconds=NO_TIME_TO_SWEEP).status == 202
        self.pairs: dict[str, list[tuple[str, str]]] = {
            "user": [(user.id, str(uuid4())) for user in (admin, manager, inactive, gone)],
            "tenant": [(globex.id, str(uuid4())), (closed.id, str(uuid4()))],
            "name": [(globex.name, "Nobodys")],
            "email": [(globex.admin.email, "nobody-1@example.com")],
            "account": [(str(account.id), "999999")],
            "account email": [(account.email, "nobody@example.com")],
            "session": [(account.refresh_token, "bm9ib2R5")],
            "user session": [(manager.log_in().refresh_token, "bm9ib2R5")],
            "token": [(globex.admin.token, str(uuid4()))],
            "users cursor": [_cursors("/users", globex.admin.token)],
            "webhook": [
                (globex.admin.add_webhook(), _NO_WEBHOOK),
                (globex.admin.add_webhook(admin.id), _NO_WEBHOOK),
                (admin.id, _NO_WEBHOOK),
            ],
            "webhooks cursor": [_cursors("/webhooks", globex.admin.token)],
            "audit cursor": [_cursors("/audit", globex.admin.token)],
            "tenants cursor": [_cursors("/tenants", MASTER_TOKEN)],
        }


def _cursors(path: str, credential: str) -> tuple[str, str]:
    theirs = gateway.request("GET", f"{path}?limit=1", credential).body["next_cursor"]
    # The invented cursor is well-formed and has the same length.
    return theirs, theirs[:-8] + "AAAAAAAA"


def test_every_route_says_where_it_takes_an_identifier() -> None:
    assert PLACES.keys() == {f"{route.method} {route.path}" for route in gateway.routes()}
    for name, places in PLACES.items():
        taken = "{id}" in name
        assert any("{it}" in place.path.partition("?")[0] for place in places) is taken


@pytest.mark.parametrize("role", ["admin", "manager", "user"])
def test_another_tenants_id_gets_the_same_answer_as_an_unknown_id(acme: Tenant, globex: Tenant, role: str) -> None:
    actor = acme.admin if role == "admin" else acme.add(role)
    there = There(globex)

    with unchanged():
        for route, places in PLACES.items():
            for place in places:
                for theirs, nobodys in there.pairs[place.kind]:
                    of_theirs, of_nobodys = (_ask(actor, route, place, one) for one in (theirs, nobodys))
                    if role == "admin":
                        assert of_theirs.status == place.status, (route, of_theirs.text)
                    assert _comparable(of_theirs, theirs) == _comparable(of_nobodys, nobodys), route


def _ask(actor: Member, route: str, place: Place, identifier: str) -> Response:
    def named(text: str) -> str:
        return text.replace("{it}", identifier).replace("{me}", actor.id)

    body = None if place.body is None else named(json.dumps(place.body))
    return actor.request(route.partition(" ")[0], named(place.path), body, headers=place.headers)


def _comparable(answer: Response, identifier: str) -> tuple[Any, ...]:
    """Status, headers and body of an answer, without the time, the request id and the identifier that was sent."""
    headers = {name: value for name, value in answer.headers.items() if name != "X-Request-Id"}
    sent = f"/{identifier}" if identifier.isdecimal() else identifier
    return answer.status, headers, _TIME.sub("", answer.text).replace(sent, "{it}")


def test_a_difference_would_be_seen(acme: Tenant) -> None:
    """The comparison would find a difference: the answer about a visible user is another one."""
    own, nobodys = acme.add("user").id, str(uuid4())
    found, missing = (acme.admin.request("GET", f"/users/{one}") for one in (own, nobodys))

    assert _comparable(found, own) != _comparable(missing, nobodys)
