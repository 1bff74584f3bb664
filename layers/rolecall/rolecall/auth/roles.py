"""Who may change which role into which: pure, a table and two functions.

The rules are the contract's section "Roles".
"""

from enum import StrEnum

from rolecall.errors import Forbidden, RoleTransitionDenied, SelfChangeDenied


class Role(StrEnum):
    """A tenant user holds exactly one."""

    ADMIN = "admin"
    MANAGER = "manager"
    USER = "user"


class PlatformRole(StrEnum):
    """A platform account holds exactly one."""

    CLIENT = "ROLE_CLIENT"
    VERIFIED_USER = "ROLE_VERIFIED_USER"
    ADMIN = "ROLE_ADMIN"
    SUPERADMIN = "ROLE_SUPERADMIN"


#: The changes of role that each role may make for someone else in its tenant.
ALLOWED_TRANSITIONS: dict[Role, frozenset[tuple[Role, Role]]] = {
    Role.ADMIN: frozenset((old, new) for old in Role for new in Role if old != new),
    Role.MANAGER: frozenset({(Role.USER, Role.MANAGER), (Role.MANAGER, Role.USER)}),
    Role.USER: frozenset(),
}

#: Whom each role may see and manage, beside itself.
MANAGEABLE_ROLES: dict[Role, frozenset[Role]] = {
    Role.ADMIN: frozenset(Role),
    Role.MANAGER: frozenset({Role.MANAGER, Role.USER}),
    Role.USER: frozenset(),
}

#: The roles that may change a role at all; everyone else is refused before the body is looked at.
ROLE_CHANGERS = frozenset(role for role, transitions in ALLOWED_TRANSITIONS.items() if transitions)


def check_transition(actor: Role, old: Role, new: Role, *, oneself: bool) -> None:
    """Let a change of role pass, or a request that changes nothing, which makes a retry safe.

    Raises `SelfChangeDenied` for one's own role, whatever the change, and `RoleTransitionDenied`
    for a change that is not in `ALLOWED_TRANSITIONS`.
    """
    if oneself:
        raise SelfChangeDenied
    if old != new and (old, new) not in ALLOWED_TRANSITIONS[actor]:
        raise RoleTransitionDenied(f"your role, {actor}, may not change {old} to {new}")


def check_may_manage(actor: Role, target: Role) -> None:
    """Raises `Forbidden` unless `actor` may see and manage a user with the role `target` in its tenant."""
    if target not in MANAGEABLE_ROLES[actor]:
        raise Forbidden(f"your role, {actor}, may not see or manage one with the role {target}")


def admin_count_delta(old: Role | None, new: Role | None) -> int:
    """How many admins a change adds: 1, 0 or -1. None stands for no user, or one who is not active."""
    return (new is Role.ADMIN) - (old is Role.ADMIN)
