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


#: For each role of a caller: the role changes, as pairs of old and new role, that the caller may make for other users
#: of its tenant.
ALLOWED_TRANSITIONS: dict[Role, frozenset[tuple[Role, Role]]] = {
    Role.ADMIN: frozenset((old, new) for old in Role for new in Role if old != new),
    Role.MANAGER: frozenset({(Role.USER, Role.MANAGER), (Role.MANAGER, Role.USER)}),
    Role.USER: frozenset(),
}

#: For each role of a caller: the roles of the other users whom the caller may see and manage. Callers may always see
#: themselves.
MANAGEABLE_ROLES: dict[Role, frozenset[Role]] = {
    Role.ADMIN: frozenset(Role),
    Role.MANAGER: frozenset({Role.MANAGER, Role.USER}),
    Role.USER: frozenset(),
}

#: Callers with one of these roles may make at least one role change. The route refuses callers with any other role
#: before it reads the body.
ROLE_CHANGERS = frozenset(role for role, transitions in ALLOWED_TRANSITIONS.items() if transitions)


def check_role_change_allowed(
    actor_role: Role, old_role: Role, new_role_or_same: Role, *, target_is_actor: bool
) -> None:
    """Raise an error unless a caller with `actor_role` may change a user's role from `old_role` to `new_role_or_same`.

    Raises `SelfChangeDenied` if the user is the actor (`target_is_actor`), and `RoleTransitionDenied` for a change that
    is not in `ALLOWED_TRANSITIONS`. Equal roles are allowed: a repeated request changes nothing and is safe.
    """
    if target_is_actor:
        raise SelfChangeDenied
    if old_role != new_role_or_same and (old_role, new_role_or_same) not in ALLOWED_TRANSITIONS[actor_role]:
        raise RoleTransitionDenied(f"your role, {actor_role}, may not change {old_role} to {new_role_or_same}")


def check_may_manage(actor_role: Role, target_role: Role) -> None:
    """Raise `Forbidden` unless `actor_role` allows to see and manage users of the tenant with `target_role`."""
    if target_role not in MANAGEABLE_ROLES[actor_role]:
        raise Forbidden(f"your role, {actor_role}, may not see or manage a user with the role {target_role}")


def admin_count_delta(old_role_if_active: Role | None, new_role_if_active: Role | None) -> int:
    """By how much a change of role changes the number of admins: 1, 0 or -1. None means: no active user."""
    return (new_role_if_active is Role.ADMIN) - (old_role_if_active is Role.ADMIN)
