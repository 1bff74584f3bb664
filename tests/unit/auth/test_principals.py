"""A principal on its way from the authorizer to a function."""

from typing import Any

import pytest

from rolecall.auth.principals import ANONYMOUS, MASTER, Principal, PrincipalType
from rolecall.auth.roles import HeldRole, PlatformRole, Role

USER = Principal(PrincipalType.USER, "7c2d", "ada@example.com", "manager", "1a2b", token_hash="ff")
ACCOUNT = Principal(PrincipalType.ACCOUNT, "7", "bo@example.com", "ROLE_ADMIN", name="Bo Ek", session_id="s")


def test_the_context_of_a_user_has_the_hash_of_its_token() -> None:
    assert USER.to_authorizer_context() == {
        "principal_type": "user",
        "id": "7c2d",
        "email": "ada@example.com",
        "role": "manager",
        "tenant_id": "1a2b",
        "token_hash": "ff",
    }


def test_the_context_of_an_account_has_its_name_and_session() -> None:
    assert ACCOUNT.to_authorizer_context() == {
        "principal_type": "account",
        "id": "7",
        "email": "bo@example.com",
        "role": "ROLE_ADMIN",
        "tenant_id": "",
        "name": "Bo Ek",
        "session_id": "s",
    }


@pytest.mark.parametrize("principal", [USER, ACCOUNT, MASTER, Principal(PrincipalType.SYSTEM, "maintenance")])
def test_a_context_becomes_the_same_principal(principal: Principal) -> None:
    assert Principal.from_authorizer_context(principal.to_authorizer_context()) == principal


@pytest.mark.parametrize(
    ("principal", "change"),
    [
        (USER, {"principal_type": None}),
        (USER, {"principal_type": "boss"}),
        (USER, {"id": ""}),
        (USER, {"id": None}),
        (USER, {"tenant_id": ""}),
        (USER, {"role": "boss"}),
        (USER, {"role": "ROLE_ADMIN"}),
        (ACCOUNT, {"id": "x"}),
        (ACCOUNT, {"id": ""}),
        (ACCOUNT, {"role": "admin"}),
        (ACCOUNT, {"role": ""}),
    ],
)
def test_a_context_that_lacks_something_is_nobodys(principal: Principal, change: dict[str, Any]) -> None:
    assert Principal.from_authorizer_context({**principal.to_authorizer_context(), **change}) is None


def test_a_role_is_of_the_family_of_its_holder() -> None:
    roles = {principal: (principal.tenant_role, principal.platform_role) for principal in (USER, ACCOUNT, MASTER)}
    assert roles == {USER: (Role.MANAGER, None), ACCOUNT: (None, PlatformRole.ADMIN), MASTER: (None, None)}
    assert (ANONYMOUS.tenant_role, ANONYMOUS.platform_role) == (None, None)


@pytest.mark.parametrize("required", [False, True])
def test_the_context_says_whether_the_password_must_be_changed(required: bool) -> None:
    principal = ACCOUNT._replace(password_change_required=required)
    context = principal.to_authorizer_context()
    assert context.get("password_change_required") == ("true" if required else None)
    assert Principal.from_authorizer_context(context) == principal


def test_the_context_has_the_end_of_a_temporary_role() -> None:
    context = USER._replace(role="admin", lasting_role="user", role_until=1781528400).to_authorizer_context()
    assert (context["role"], context["lasting_role"], context["role_until"]) == ("admin", "user", "1781528400")


def test_a_principal_with_another_role_keeps_the_rest() -> None:
    temporary = USER.with_role(HeldRole(Role.ADMIN, Role.USER, 7))
    assert temporary == USER._replace(role="admin", lasting_role="user", role_until=7)
    assert temporary.with_role(HeldRole.lasting(Role.MANAGER)) == USER
