"""Temporary roles: which role is in force, which changes give one, and what may be handed on."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from rolecall.auth.principals import Principal, PrincipalType
from rolecall.auth.roles import (
    HeldRole,
    PlatformRole,
    Power,
    Role,
    check_may_hand_on,
    decide_role_change,
    is_highest,
    may_hand_on,
    powers_new_or_with_another_end,
    powers_of,
    problem_of_end,
    roles_not_below,
)
from rolecall.errors import Forbidden, RoleTransitionDenied, ValidationFailed

END = 1_781_524_800  # 2026-06-15T12:00:00Z
USER, MANAGER, ADMIN = (HeldRole.lasting(role) for role in (Role.USER, Role.MANAGER, Role.ADMIN))
TEMPORARY_ADMIN = HeldRole(Role.ADMIN, Role.USER, END)


def _at(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def test_a_temporary_role_is_in_force_before_its_end_and_the_lasting_one_from_that_second_on() -> None:
    assert TEMPORARY_ADMIN.at(_at(END - 0.001)) == TEMPORARY_ADMIN
    assert TEMPORARY_ADMIN.at(_at(END)) == TEMPORARY_ADMIN.at(_at(END + 9999)) == USER
    assert ADMIN.at(_at(END)) == ADMIN
    assert (TEMPORARY_ADMIN.has_ended_at(_at(END - 1)), TEMPORARY_ADMIN.has_ended_at(_at(END))) == (False, True)


def test_a_role_is_stored_and_read_again() -> None:
    assert TEMPORARY_ADMIN.item_attributes() == {"role": "admin", "lasting_role": "user", "role_until": END}
    assert ADMIN.item_attributes() == {"role": "admin"}
    for held in (TEMPORARY_ADMIN, ADMIN):
        assert HeldRole.from_item(held.item_attributes(), Role) == held


def test_only_a_temporary_role_is_shown_with_its_end() -> None:
    assert ADMIN.to_json() == {"role": "admin"}
    until = "2026-06-15T12:00:00Z"
    assert TEMPORARY_ADMIN.to_json() == {"role": "admin", "lasting_role": "user", "role_until": until}


@pytest.mark.parametrize(("lasting", "new"), list(product(Role, Role)))
def test_an_end_needs_a_role_above_the_lasting_one(lasting: Role, new: Role) -> None:
    order = [Role.USER, Role.MANAGER, Role.ADMIN]
    held = HeldRole.lasting(lasting)
    if order.index(new) > order.index(lasting):
        assert held.changed_to(new, END) == HeldRole(new, lasting, END)
    else:
        with pytest.raises(ValidationFailed) as failed:
            held.changed_to(new, END)
        assert failed.value.fields[0].field == "until"
        assert lasting in failed.value.fields[0].message


def test_a_change_without_an_end_is_a_lasting_one() -> None:
    assert TEMPORARY_ADMIN.changed_to(Role.ADMIN, None) == ADMIN
    assert TEMPORARY_ADMIN.changed_to(Role.MANAGER, END) == HeldRole(Role.MANAGER, Role.USER, END)


def test_the_order_of_the_roles() -> None:
    assert roles_not_below(Role.MANAGER) == [Role.ADMIN, Role.MANAGER]
    assert roles_not_below(PlatformRole.ADMIN) == [PlatformRole.SUPERADMIN, PlatformRole.ADMIN]
    highest = {role for role in (*Role, *PlatformRole) if is_highest(role)}
    assert highest == {Role.ADMIN, PlatformRole.SUPERADMIN}


@pytest.mark.parametrize(
    ("actor", "power", "allowed"),
    [
        (ADMIN, Power(Role.ADMIN), True),
        (ADMIN, Power(Role.ADMIN, END), True),
        (TEMPORARY_ADMIN, Power(Role.USER), True),
        (TEMPORARY_ADMIN, Power(Role.USER, END + 1), True),
        (TEMPORARY_ADMIN, Power(Role.MANAGER), False),
        (TEMPORARY_ADMIN, Power(Role.MANAGER, END), True),
        (TEMPORARY_ADMIN, Power(Role.ADMIN, END), True),
        (TEMPORARY_ADMIN, Power(Role.ADMIN, END + 1), False),
        (HeldRole(Role.ADMIN, Role.MANAGER, END), Power(Role.MANAGER), True),
        (USER, Power(Role.MANAGER, END), False),
    ],
)
def test_no_power_outlives_its_source(actor: HeldRole[Role], power: Power, allowed: bool) -> None:
    assert may_hand_on(actor, power) is allowed
    if allowed:
        check_may_hand_on(actor, [Power(Role.USER), power])
    else:
        with pytest.raises(Forbidden, match="temporary"):
            check_may_hand_on(actor, [Power(Role.USER), power])


def test_which_powers_a_role_and_a_change_give() -> None:
    assert powers_of(ADMIN) == (Power(Role.ADMIN),)
    assert powers_of(TEMPORARY_ADMIN) == (Power(Role.USER), Power(Role.ADMIN, END))
    assert powers_new_or_with_another_end(USER, TEMPORARY_ADMIN) == (Power(Role.ADMIN, END),)
    assert powers_new_or_with_another_end(TEMPORARY_ADMIN, HeldRole(Role.ADMIN, Role.USER, END + 1)) == (
        Power(Role.ADMIN, END + 1),
    )
    assert powers_new_or_with_another_end(TEMPORARY_ADMIN, USER) == powers_new_or_with_another_end(ADMIN, ADMIN) == ()
    assert powers_new_or_with_another_end(TEMPORARY_ADMIN, ADMIN) == (Power(Role.ADMIN),)


def _decide(actor: HeldRole[Role], target: HeldRole[Role], new: Role, until: int | None = None) -> HeldRole[Role]:
    return decide_role_change(actor, target, new, until, target_is_actor=False)


def test_a_change_must_be_allowed_from_the_lasting_role_too() -> None:
    for new, until in [(Role.ADMIN, END + 1), (Role.ADMIN, None), (Role.USER, None)]:
        with pytest.raises(RoleTransitionDenied, match="your role, manager, may not change"):
            _decide(MANAGER, TEMPORARY_ADMIN, new, until)
    assert _decide(MANAGER, TEMPORARY_ADMIN, Role.ADMIN, END) == TEMPORARY_ADMIN
    assert _decide(MANAGER, USER, Role.MANAGER, END) == HeldRole(Role.MANAGER, Role.USER, END)


def test_a_temporary_actor_gives_only_roles_that_end_with_their_own() -> None:
    assert _decide(TEMPORARY_ADMIN, USER, Role.ADMIN, END) == TEMPORARY_ADMIN
    for new, until in [(Role.ADMIN, END + 1), (Role.MANAGER, None)]:
        with pytest.raises(RoleTransitionDenied, match="your role, admin, is temporary: give"):
            _decide(TEMPORARY_ADMIN, USER, new, until)


@pytest.mark.parametrize(
    ("ahead", "allowed"), [(59, False), (60, True), (2 * 86_400, True), (2 * 86_400 + 1, False), (-1, False)]
)
def test_how_far_ahead_an_end_may_lie(ahead: int, allowed: bool) -> None:
    problem = problem_of_end(END + ahead, _at(END), 2)
    assert (problem is None) is allowed
    if problem:
        assert (problem.field, problem.message) == ("until", "must be at least a minute and at most 2 days ahead")
    assert problem_of_end(None, _at(END), 2) is None


@pytest.mark.parametrize(
    "principal",
    [
        Principal(PrincipalType.USER, "u", role="admin", tenant_id="t", lasting_role="user", role_until=END),
        Principal(PrincipalType.ACCOUNT, "7", role="ROLE_ADMIN", lasting_role="ROLE_CLIENT", role_until=END),
        Principal(PrincipalType.USER, "u", role="admin", tenant_id="t"),
    ],
)
def test_the_authorizers_context_keeps_the_end_as_text(principal: Principal) -> None:
    context = principal.to_authorizer_context()
    assert {type(value) for value in context.values()} == {str}
    assert ("role_until" in context) is (principal.role_until is not None)
    assert Principal.from_authorizer_context(context) == principal
    assert principal.at(_at(END - 1)) == principal
    later = principal.at(_at(END))
    assert (later.role, later.role_until) == (principal.lasting_role or principal.role, None)


@pytest.mark.parametrize("changed", [{"lasting_role": ""}, {"lasting_role": "boss"}, {"role_until": "soon"}])
def test_a_context_with_half_a_temporary_role_is_refused(changed: dict[str, Any]) -> None:
    principal = Principal(PrincipalType.USER, "u", role="admin", tenant_id="t", lasting_role="user", role_until=END)
    assert Principal.from_authorizer_context({**principal.to_authorizer_context(), **changed}) is None
