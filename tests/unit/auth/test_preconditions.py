"""What a transaction requires of the tenant and of the actor, as DynamoDB gets it, and the error if it is not so."""

from datetime import UTC, datetime
from typing import Any

import pytest

from rolecall import clock
from rolecall.auth import preconditions
from rolecall.auth.principals import MASTER, Principal, PrincipalType
from rolecall.errors import Forbidden, LastAdmin, Unauthorized
from rolecall.storage import keys, writes

USER = Principal(PrincipalType.USER, "u", role="manager", tenant_id="t")
ACCOUNT = Principal(PrincipalType.ACCOUNT, "7", role="ROLE_SUPERADMIN")


#: The role in force is the one that the authorizer saw: it has not ended, or it has come back.
_IN_FORCE = "((#n0 = :v0 AND (attribute_not_exists(#n1) OR #n2 > :v1)) OR (#n3 = :v2 AND #n4 <= :v3))"
_NAMES_IN_FORCE = {"#n0": "role", "#n1": "role_until", "#n2": "role_until", "#n3": "lasting_role", "#n4": "role_until"}


def _values_in_force(role: str) -> dict[str, Any]:
    return {":v0": {"S": role}, ":v1": {"N": "1000"}, ":v2": {"S": role}, ":v3": {"N": "1000"}}


def _condition(write: Any) -> tuple[str, dict[str, str], dict[str, Any]]:
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    return write.when.expression(names, values), names, values


def test_the_tenant_must_be_active() -> None:
    write = preconditions.tenant_active("t")
    assert isinstance(write, writes.Check)
    assert write.key == keys.tenant("t")
    assert _condition(write) == ("#n0 = :v0", {"#n0": "status"}, {":v0": {"S": "active"}})


def test_a_new_admin_is_counted() -> None:
    write = preconditions.tenant_active("t", admin_delta=1)
    assert isinstance(write, writes.Update)
    assert (write.key, write.add) == (keys.tenant("t"), {"active_admins": 1, "admin_changes": 1})
    assert _condition(write) == ("#n0 = :v0", {"#n0": "status"}, {":v0": {"S": "active"}})


def test_a_lost_admin_must_not_be_the_last_one() -> None:
    write = preconditions.tenant_active("t", admin_delta=-1)
    assert isinstance(write, writes.Update)
    assert (write.key, write.add) == (keys.tenant("t"), {"active_admins": -1, "admin_changes": 1})
    assert _condition(write) == (
        "(#n0 = :v0 AND #n1 > :v1)",
        {"#n0": "status", "#n1": "active_admins"},
        {":v0": {"S": "active"}, ":v1": {"N": "1"}},
    )


@pytest.mark.parametrize("admin_delta", [-1, 0, 1])
def test_a_tenant_that_is_closed_or_gone_makes_its_users_unauthorized(admin_delta: int) -> None:
    failed = preconditions.tenant_active("t", admin_delta=admin_delta).on_condition_failure
    for found in (None, {"status": "deleting"}, {"status": "scheduled"}):
        assert type(failed(found)) is Unauthorized
    assert type(failed({"status": "active"})) is LastAdmin


@pytest.mark.parametrize(
    ("principal", "key", "condition"),
    [
        (
            USER,
            keys.user("t", "u"),
            (
                f"({_IN_FORCE} AND #n5 = :v4)",
                {**_NAMES_IN_FORCE, "#n5": "active"},
                {**_values_in_force("manager"), ":v4": {"BOOL": True}},
            ),
        ),
        (
            ACCOUNT,
            keys.account(7),
            (
                f"((({_IN_FORCE} AND (attribute_not_exists(#n5) OR #n6 = :v4)) AND #n7 = :v5) AND #n8 = :v6)",
                {
                    **_NAMES_IN_FORCE,
                    "#n5": "password_change_required",
                    "#n6": "password_change_required",
                    "#n7": "enabled",
                    "#n8": "banned",
                },
                {
                    **_values_in_force("ROLE_SUPERADMIN"),
                    ":v4": {"BOOL": False},
                    ":v5": {"BOOL": True},
                    ":v6": {"BOOL": False},
                },
            ),
        ),
    ],
    ids=["user", "account"],
)
def test_the_actor_must_be_what_the_authorizer_saw(
    monkeypatch: pytest.MonkeyPatch, principal: Principal, key: keys.Key, condition: object
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime.fromtimestamp(1000.9, UTC))
    [write] = preconditions.actor_still_authorized(principal)
    assert isinstance(write, writes.Check)
    assert write.key == key
    assert _condition(write) == condition


def test_an_actor_with_any_role_must_be_active() -> None:
    [user] = preconditions.actor_active(USER)
    [account] = preconditions.actor_active(ACCOUNT)
    assert _condition(user) == ("#n0 = :v0", {"#n0": "active"}, {":v0": {"BOOL": True}})
    required = "password_change_required"
    assert _condition(account)[1:] == (
        {"#n0": required, "#n1": required, "#n2": "enabled", "#n3": "banned"},
        {":v0": {"BOOL": False}, ":v1": {"BOOL": True}, ":v2": {"BOOL": False}},
    )


def test_an_account_with_a_temporary_password_need_not_have_another_one() -> None:
    account = ACCOUNT._replace(password_change_required=True)
    found = {"enabled": True, "banned": False, "password_change_required": True}
    [any_role], [same_role] = preconditions.actor_active(account), preconditions.actor_still_authorized(account)
    assert _condition(any_role)[1:] == (
        {"#n0": "enabled", "#n1": "banned"},
        {":v0": {"BOOL": True}, ":v1": {"BOOL": False}},
    )
    assert type(same_role.on_condition_failure(found)) is Forbidden
    [reset_since] = preconditions.actor_still_authorized(ACCOUNT)
    assert type(reset_since.on_condition_failure(found)) is Unauthorized


@pytest.mark.parametrize("principal", [MASTER, Principal(PrincipalType.SYSTEM, "maintenance")])
def test_nothing_is_required_of_an_operator_or_of_maintenance(principal: Principal) -> None:
    assert preconditions.actor_still_authorized(principal) == preconditions.actor_active(principal) == []


def test_an_actor_who_is_gone_or_inactive_is_unauthorized_and_another_role_is_forbidden() -> None:
    [user], [account] = (preconditions.actor_still_authorized(one) for one in (USER, ACCOUNT))
    for found in (None, {"active": False}):
        assert type(user.on_condition_failure(found)) is Unauthorized
    assert type(user.on_condition_failure({"active": True})) is Forbidden
    for enabled, banned in ((False, False), (False, True), (True, True)):
        assert type(account.on_condition_failure({"enabled": enabled, "banned": banned})) is Unauthorized
    assert type(account.on_condition_failure({"enabled": True, "banned": False})) is Forbidden
    [any_role] = preconditions.actor_active(USER)
    assert type(any_role.on_condition_failure({"active": True})) is Unauthorized
