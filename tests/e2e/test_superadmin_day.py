"""A superadmin's day over HTTP, with the accounts' routes under the permissions that the template gives."""

from itertools import count
from typing import Any

import pytest

from local import StackError
from local.commands.operate import operate
from local.deployment.stack import Stack
from local.http import Answer, call
from tests.e2e.conftest import PASSWORD
from tests.superadmins import create_superadmin

USERS = "/v1/api/superadmin/users"
_numbers = count(1)


class Person:
    """Someone with a platform account, logged in."""

    def __init__(self, stack: Stack, email: str, password: str) -> None:
        self.stack = stack
        answer = call("POST", f"{stack.api}/v1/api/auth/login", body={"email": email, "password": password})
        assert answer.status == 200, answer.text
        self.email, self.tokens = email, answer.json()

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        return call(method, self.stack.api + path, self.tokens["accessToken"], body)


def _superadmin(stack: Stack) -> tuple[int, Person]:
    made = create_superadmin(stack, f"root-{next(_numbers)}@example.com")
    return made["id"], Person(stack, made["email"], made["password"])


def _colleague(root: Person) -> dict[str, Any]:
    email = f"colleague-{next(_numbers)}@example.com"
    body = {"email": email, "password": PASSWORD, "firstName": "Grace", "lastName": "Hopper"}
    made = root.ask("POST", USERS, body)
    assert made.status == 201, made.text
    profile: dict[str, Any] = made.json()
    return profile


def test_a_superadmins_day(stack: Stack) -> None:
    # Given a superadmin, who can be made once without force
    root_id, root = _superadmin(stack)
    with pytest.raises(StackError, match="enabled superadmin"):
        operate(stack, "create_superadmin", ["email=other@example.com"])

    # When they make a colleague and find them by the beginning of their email
    colleague = _colleague(root)
    found = root.ask("GET", f"{USERS}?email={colleague['email'][:13]}&enabled=true&role=ROLE_CLIENT").json()["users"]
    assert colleague in found
    page = root.ask("GET", f"{USERS}?limit=1").json()
    assert root.ask("GET", f"{USERS}?limit=1&cursor={page['nextCursor']}").status == 200

    # And promote them with a reason
    user = f"{USERS}/{colleague['id']}"
    promoted = root.ask("PUT", f"{user}/role", {"newRole": "admin", "reason": "runs the support team now"})
    assert (promoted.status, promoted.json()["roles"]) == (200, ["ROLE_ADMIN"])
    assert root.ask("GET", user).json() == promoted.json()

    # Then the history says who did it and why
    history = root.ask("GET", f"{user}/history?limit=1")
    (entry,) = history.json()
    assert (entry["action"], entry["adminId"], entry["adminEmail"]) == ("USER_ROLE_CHANGE", root_id, root.email)
    assert "runs the support team now" in entry["description"]
    link = history.headers["link"]
    (created,) = root.ask("GET", f"{user}/history{link[1 : link.index('>')]}").json()
    assert created["action"] == "USER_CREATE"

    # And they are refused on themselves
    refused = root.ask("PUT", f"{USERS}/{root_id}/role", {"newRole": "client"})
    assert (refused.status, refused.json()["code"]) == (403, "SELF_CHANGE_DENIED")

    # When they refresh, then the new pair works, and when they log out, nothing does
    refreshed = call("POST", f"{stack.api}/v1/api/auth/refresh", body={"refreshToken": root.tokens["refreshToken"]})
    assert refreshed.status == 200
    root.tokens = refreshed.json()
    assert root.ask("GET", user).status == 200
    out = root.ask("POST", "/v1/api/auth/logout", {"refreshToken": root.tokens["refreshToken"]})
    assert (out.status, out.text) == (204, "")
    assert root.ask("GET", user).status == 401
    body = {"refreshToken": root.tokens["refreshToken"]}
    assert call("POST", f"{stack.api}/v1/api/auth/refresh", body=body).status == 401


def test_a_ban_and_a_disabling_end_every_session_for_good(stack: Stack) -> None:
    _, root = _superadmin(stack)
    colleague = _colleague(root)
    user = f"{USERS}/{colleague['id']}"

    for end, lift in (("ban", "unban"), ("disable", "enable")):
        person = Person(stack, colleague["email"], PASSWORD)
        assert person.ask("GET", USERS).status == 403
        assert root.ask("PUT", f"{user}/{end}", {"reason": "spam"}).status == 200
        assert person.ask("GET", USERS).status == 401
        assert root.ask("PUT", f"{user}/{lift}", {"reason": "an error"}).status == 200
        assert person.ask("GET", USERS).status == 401
        body = {"refreshToken": person.tokens["refreshToken"]}
        assert call("POST", f"{stack.api}/v1/api/auth/refresh", body=body).status == 401


def test_a_spent_refresh_token_from_elsewhere_ends_the_session(stack: Stack) -> None:
    _, root = _superadmin(stack)
    body = {"refreshToken": root.tokens["refreshToken"]}
    assert call("POST", f"{stack.api}/v1/api/auth/refresh", body=body).status == 200

    stolen = call("POST", f"{stack.api}/v1/api/auth/refresh", body=body, headers={"User-Agent": "another"})

    assert stolen.status == 401
    assert root.ask("GET", USERS).status == 401


def test_a_rotated_secret_counts_at_once_and_what_it_signed_before_stays_good(stack: Stack) -> None:
    _, root = _superadmin(stack)
    old = stack.master_token
    assert call("GET", f"{stack.api}/users", old).status == 403

    rotated = operate(stack, "rotate_master_token", [])
    operate(stack, "rotate_jwt_key", [])

    assert call("GET", f"{stack.api}/users", old).status == 401
    assert call("GET", f"{stack.api}/users", rotated["token"]).status == 403
    assert root.ask("GET", USERS).status == 200
    with pytest.raises(StackError, match="valid tokens"):
        operate(stack, "rotate_jwt_key", [])
