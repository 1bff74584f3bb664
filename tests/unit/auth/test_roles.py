"""Who may change which role into which: the whole table, written out from the contract."""

from itertools import product

import pytest

from rolecall.auth.roles import (
    ROLE_CHANGERS,
    HeldRole,
    Role,
    admin_count_delta,
    check_may_manage,
    decide_role_change,
)
from rolecall.errors import Forbidden, RoleTransitionDenied, SelfChangeDenied

#: What each actor may do to each current role: `y` for yes, `-` for no; a role that is held already is always a yes.
#: The columns are the new role: admin, manager, user.
TABLE = {
    Role.ADMIN: {Role.ADMIN: "yyy", Role.MANAGER: "yyy", Role.USER: "yyy"},
    Role.MANAGER: {Role.ADMIN: "y--", Role.MANAGER: "-yy", Role.USER: "-yy"},
    Role.USER: {Role.ADMIN: "y--", Role.MANAGER: "-y-", Role.USER: "--y"},
}
ALL = [
    (actor, old, new, mark == "y")
    for actor, rows in TABLE.items()
    for old, marks in rows.items()
    for new, mark in zip(Role, marks, strict=True)
]


def _decide(actor: Role, old: Role, new: Role, *, target_is_actor: bool = False) -> HeldRole[Role]:
    return decide_role_change(
        HeldRole.lasting(actor), HeldRole.lasting(old), new, None, target_is_actor=target_is_actor
    )


@pytest.mark.parametrize(("actor", "old", "new", "allowed"), ALL)
def test_someone_elses_role_changes_as_the_table_says(actor: Role, old: Role, new: Role, allowed: bool) -> None:
    if allowed:
        assert _decide(actor, old, new) == HeldRole.lasting(new)
    else:
        with pytest.raises(RoleTransitionDenied, match=f"your role, {actor}, may not change {old} to {new}"):
            _decide(actor, old, new)


@pytest.mark.parametrize(("actor", "new"), list(product(Role, Role)))
def test_nobody_changes_their_own_role_not_even_into_the_same(actor: Role, new: Role) -> None:
    with pytest.raises(SelfChangeDenied):
        _decide(actor, actor, new, target_is_actor=True)


def test_admins_and_managers_may_change_roles_at_all() -> None:
    assert {Role.ADMIN, Role.MANAGER} == ROLE_CHANGERS


@pytest.mark.parametrize(
    ("actor", "managed"),
    [
        (Role.ADMIN, {Role.ADMIN, Role.MANAGER, Role.USER}),
        (Role.MANAGER, {Role.MANAGER, Role.USER}),
        (Role.USER, set()),
    ],
)
def test_who_sees_and_manages_whom(actor: Role, managed: set[Role]) -> None:
    for target in Role:
        if target in managed:
            check_may_manage(actor, target)
        else:
            with pytest.raises(Forbidden, match=f"{actor}, may not see or manage a user with the role {target}"):
                check_may_manage(actor, target)


@pytest.mark.parametrize(
    ("old", "new", "gained"),
    [
        (Role.USER, Role.ADMIN, 1),
        (None, Role.ADMIN, 1),
        (Role.ADMIN, Role.MANAGER, -1),
        (Role.ADMIN, None, -1),
        (Role.ADMIN, Role.ADMIN, 0),
        (Role.USER, Role.MANAGER, 0),
        (None, None, 0),
    ],
)
def test_admins_are_gained_and_lost(old: Role | None, new: Role | None, gained: int) -> None:
    assert admin_count_delta(old, new) == gained
