"""People sign in and change their passwords over HTTP, under the permissions that the template gives."""

from collections.abc import Callable
from typing import Any

from local.deployment.stack import Stack
from local.http import Answer, call
from tests.e2e.conftest import PASSWORD, Member, Tenant
from tests.superadmins import create_superadmin

USERS = "/v1/api/superadmin/users"
NEW = "another horse entirely"


def _log_in(stack: Stack, member: Member, password: str = PASSWORD) -> dict[str, Any]:
    answer = call("POST", f"{stack.api}/login", body={"email": member.email, "password": password})
    assert answer.status == 200, answer.text
    tokens: dict[str, Any] = answer.json()["data"]
    return tokens


def test_a_manager_signs_in_promotes_and_changes_the_password(stack: Stack, register: Callable[[str], Tenant]) -> None:
    # Given a manager who is signed in on two devices
    tenant = register("Signed in")
    manager, user = tenant.add("manager"), tenant.add("user")
    here, there = _log_in(stack, manager), _log_in(stack, manager)
    assert here["user"]["id"] == manager.id

    def ask(tokens: dict[str, Any], method: str, path: str, body: Any = None) -> Answer:
        return call(method, stack.api + path, tokens["access_token"], body)

    # When the manager promotes a user, then the trail names the manager
    assert ask(here, "POST", f"/users/{user.id}/promote", {"new_role": "manager"}).status == 200
    entries = tenant.request(tenant.admin, "GET", f"/audit?target={user.id}&action=promote_user").json()["entries"]
    assert [one["actor"]["id"] for one in entries] == [manager.id]

    # When the manager changes the password, then the other device is signed out and this one is not
    wrong = {"current_password": "wrong horse battery", "new_password": NEW}
    assert ask(here, "PUT", f"/users/{manager.id}/password", wrong).json()["error_code"] == "WRONG_PASSWORD"
    change = {"current_password": PASSWORD, "new_password": NEW}
    assert ask(here, "PUT", f"/users/{manager.id}/password", change).status == 200
    assert ask(there, "GET", f"/users/{manager.id}").status == 401
    assert call("POST", f"{stack.api}/login/refresh", body={"refresh_token": there["refresh_token"]}).status == 401
    refreshed = call("POST", f"{stack.api}/login/refresh", body={"refresh_token": here["refresh_token"]})
    assert refreshed.status == 200
    here = refreshed.json()["data"]
    assert tenant.request(manager, "GET", f"/users/{manager.id}").status == 200

    # And only the new password signs in
    old = {"email": manager.email, "password": PASSWORD}
    assert call("POST", f"{stack.api}/login", body=old).status == 401
    again = _log_in(stack, manager, NEW)

    # When an admin sets the manager's password, then every session ends
    body = {"new_password": "set by an admin"}
    assert tenant.request(tenant.admin, "PUT", f"/users/{manager.id}/password", body).status == 200
    for tokens in (here, again):
        assert ask(tokens, "GET", f"/users/{manager.id}").status == 401

    # When the manager signs in and out again, then that session is over
    last = _log_in(stack, manager, "set by an admin")
    assert ask(last, "POST", "/logout", {"refresh_token": last["refresh_token"]}).status == 200
    assert ask(last, "GET", f"/users/{manager.id}").status == 401


def test_a_superadmin_resets_a_colleagues_password_who_must_change_it_first(stack: Stack) -> None:
    # Given two superadmins, each with a session
    root, other = create_superadmin(stack, "reset-1@example.com"), create_superadmin(stack, "reset-2@example.com")

    def log_in(account: dict[str, Any], password: str) -> dict[str, Any]:
        body = {"email": account["email"], "password": password}
        answer = call("POST", f"{stack.api}/v1/api/auth/login", body=body)
        assert answer.status == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    def ask(tokens: dict[str, Any], method: str, path: str, body: Any = None) -> Answer:
        return call(method, stack.api + path, tokens["accessToken"], body)

    by, before = log_in(root, root["password"]), log_in(other, other["password"])

    # When one resets the password of the other
    reset = ask(by, "POST", f"{USERS}/{other['id']}/password")

    # Then the other's session is over, and the temporary password is good for one thing
    assert reset.status == 200
    assert ask(before, "GET", USERS).status == 401
    temporary = reset.json()["temporaryPassword"]
    session = log_in(other, temporary)
    assert session["passwordChangeRequired"] is True
    refused = ask(session, "GET", f"{USERS}/{other['id']}")
    assert (refused.status, refused.json()["code"]) == (403, "PASSWORD_CHANGE_REQUIRED")
    change = {"currentPassword": temporary, "newPassword": NEW}
    assert ask(session, "PUT", "/v1/api/auth/password", change).status == 204
    assert ask(session, "GET", f"{USERS}/{other['id']}").status == 200

    # And the history tells of both
    history = ask(by, "GET", f"{USERS}/{other['id']}/history").json()
    assert [one["action"] for one in history[:2]] == ["USER_PASSWORD_CHANGE", "USER_PASSWORD_RESET"]
