"""Which role may change which role, and manage which users. Pure functions and tables, without AWS.

The rules are in the section "Roles" of the HTTP contract.
"""

from enum import StrEnum

from rolecall.errors import Forbidden, RoleTransitionDenied, SelfChangeDenied


class Role(StrEnum):
    """The roles of a tenant's users. Each user has exactly one."""

    ADMIN = "admin"
    MANAGER = "manager"
    USER = "user"


class PlatformRole(StrEnum):
    """The roles of platform accounts. Each account has exactly one."""

    CLIENT = "ROLE_CLIENT"
    VERIFIED_USER = "ROLE_VERIFIED_USER"
    ADMIN = "ROLE_ADMIN"
    SUPERADMIN = "ROLE_SUPERADMIN"


#: For each role of an actor: the changes (old role, new role) that it may make for other users of its tenant.
ALLOWED_TRANSITIONS: dict[Role, frozenset[tuple[Role, Role]]] = {
    Role.ADMIN: frozenset((old, new) for old in Role for new in Role if old != new),
    Role.MANAGER: frozenset({(Role.USER, Role.MANAGER), (Role.MANAGER, Role.USER)}),
    Role.USER: frozenset(),
}

#: For each role of an actor: the roles of the users that it may see and manage, beside itself.
MANAGEABLE_ROLES: dict[Role, frozenset[Role]] = {
    Role.ADMIN: frozenset(Role),
    Role.MANAGER: frozenset({Role.MANAGER, Role.USER}),
    Role.USER: frozenset(),
}

#: The roles that may change some role. All others are refused before the body is read.
ROLE_CHANGERS = frozenset(role for role, transitions in ALLOWED_TRANSITIONS.items() if transitions)


def check_transition(actor: Role, old: Role, new: Role, *, oneself: bool) -> None:
    """Raise an error unless `actor` may change a user's role from `old` to `new`.

    Raises `SelfChangeDenied` if the user is the actor (`oneself`), and `RoleTransitionDenied` for a change that is not
    in `ALLOWED_TRANSITIONS`. Equal roles pass: a repeated request changes nothing and is safe.
    """
    if oneself:
        raise SelfChangeDenied
    if old != new and (old, new) not in ALLOWED_TRANSITIONS[actor]:
        raise RoleTransitionDenied(f"your role, {actor}, may not change {old} to {new}")


def check_may_manage(actor: Role, target: Role) -> None:
    """Raise `Forbidden` unless `actor` may see and manage users with the role `target` in its tenant."""
    if target not in MANAGEABLE_ROLES[actor]:
        raise Forbidden(f"your role, {actor}, may not see or manage a user with the role {target}")


def admin_count_delta(old: Role | None, new: Role | None) -> int:
    """By how much a change of role changes the number of admins: 1, 0 or -1. None means: no active user."""
    return (new is Role.ADMIN) - (old is Role.ADMIN)
