"""The roles, also temporary ones, and who may change and manage whom. Pure functions and tables, without AWS.

The rules are in the section "Roles" of the HTTP contract.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, cast

from rolecall.clock import epoch_seconds, rfc3339_of_second
from rolecall.errors import FieldError, Forbidden, RoleTransitionDenied, SelfChangeDenied, ValidationFailed


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

#: The roles whose holders may make at least one role change. The route refuses callers with any other role before it
#: reads the body.
ROLE_CHANGERS = frozenset(role for role, transitions in ALLOWED_TRANSITIONS.items() if transitions)

#: The roles of each kind, from the lowest to the highest.
_ASCENDING: tuple[tuple[Role | PlatformRole, ...], ...] = (
    (Role.USER, Role.MANAGER, Role.ADMIN),
    (PlatformRole.CLIENT, PlatformRole.VERIFIED_USER, PlatformRole.ADMIN, PlatformRole.SUPERADMIN),
)

_RANKS = {role: rank for ascending in _ASCENDING for rank, role in enumerate(ascending)}

#: The end of a temporary role must be at least this many seconds in the future.
_SHORTEST_SECONDS = 60

_SECONDS_OF_DAY = 24 * 60 * 60

#: The attributes that an item has only while it stores a temporary role.
TEMPORARY_ROLE_ATTRIBUTES = ("lasting_role", "role_until")


def roles_not_below[R: Role | PlatformRole](role: R) -> list[R]:
    """The roles of the same kind that have at least the rank of `role`, the highest first."""
    ascending = next(roles for roles in _ASCENDING if role in roles)
    return [cast("R", one) for one in reversed(ascending) if _RANKS[one] >= _RANKS[role]]


def is_highest(role: Role | PlatformRole) -> bool:
    """Whether no role of the same kind has a higher rank. Nobody can have this role and a temporary one above it."""
    return roles_not_below(role) == [role]


class HeldRole[R: Role | PlatformRole](NamedTuple):
    """The role that somebody holds: a lasting one, or a temporary one with its end.

    `until` is the second, since 1970, from which on a temporary role is over and `lasting_role` is in force. A lasting
    role has no `until`, and `role` and `lasting_role` are equal.
    """

    role: R
    lasting_role: R
    until: int | None = None

    @classmethod
    def lasting(cls, role: R) -> "HeldRole[R]":
        """The role without an end."""
        return cls(role, role)

    @classmethod
    def from_item(cls, item: Mapping[str, Any], kind: type[R]) -> "HeldRole[R]":
        """The role as it was last written into an item. It may have ended since then: see `at`."""
        role = kind(item["role"])
        if "role_until" not in item:
            return cls(role, role)
        return cls(role, kind(item["lasting_role"]), int(item["role_until"]))

    def at(self, moment: datetime) -> "HeldRole[R]":
        """The role in force at this moment: from its end on, a temporary role is the lasting one."""
        return HeldRole.lasting(self.lasting_role) if self.has_ended_at(moment) else self

    def has_ended_at(self, moment: datetime) -> bool:
        """Whether this is a temporary role whose end is not after this moment."""
        return self.until is not None and self.until <= epoch_seconds(moment)

    def changed_to(self, new_role: R, until: int | None) -> "HeldRole[R]":
        """The role after a change. Raises `ValidationFailed` for an `until` with a role not above the lasting one.

        It is equal to this role if the change changes nothing. It is not checked who may make the change.
        """
        if until is None:
            return HeldRole.lasting(new_role)
        if _RANKS[new_role] <= _RANKS[self.lasting_role]:
            message = f"needs a role above {self.lasting_role}, which the user has without an end"
            raise ValidationFailed(FieldError("until", message, rfc3339_of_second(until)))
        return HeldRole(new_role, self.lasting_role, until)

    def item_attributes(self) -> dict[str, Any]:
        """The attributes in which an item stores this role."""
        if self.until is None:
            return {"role": self.role}
        return {"role": self.role, "lasting_role": self.lasting_role, "role_until": self.until}

    def to_json(self) -> dict[str, str]:
        """The role as the API and the audit trail show it. Only a temporary one has `lasting_role` and `role_until`."""
        if self.until is None:
            return {"role": self.role}
        return {
            "role": self.role,
            "lasting_role": self.lasting_role,
            "role_until": rfc3339_of_second(self.until),
        }


class Power(NamedTuple):
    """A role that a caller gives to somebody, or makes usable: for good, or until a second since 1970."""

    role: Role | PlatformRole
    until: int | None = None


def powers_of(held: HeldRole[Any]) -> tuple[Power, ...]:
    """The powers of somebody with this role: the lasting role for good, and a temporary role until its end."""
    lasting = Power(held.lasting_role)
    return (lasting,) if held.until is None else (lasting, Power(held.role, held.until))


def powers_new_or_with_another_end(old: HeldRole[Any], new: HeldRole[Any]) -> tuple[Power, ...]:
    """The powers of `new` that `old` does not have in the same form, with the same end."""
    return tuple(power for power in powers_of(new) if power not in powers_of(old))


def may_hand_on(actor: HeldRole[Any], power: Power) -> bool:
    """Whether the power ends no later than the role of the actor from which it comes.

    The actor's lasting role allows every power up to its rank, with or without an end. A temporary role allows powers
    that end no later than itself; their rank is not compared with it.
    """
    if _RANKS[power.role] <= _RANKS[actor.lasting_role]:
        return True
    return power.until is not None and actor.until is not None and power.until <= actor.until


def check_may_hand_on(actor: HeldRole[Any], powers: Iterable[Power]) -> None:
    """Raise `Forbidden` if one of these powers would outlive the role of the actor, such as a temporary one."""
    if not all(may_hand_on(actor, power) for power in powers):
        raise Forbidden("your role is temporary: what you give must not outlast it")


def decide_role_change(
    actor: HeldRole[Role], target: HeldRole[Role], new_role_or_same: Role, until: int | None, *, target_is_actor: bool
) -> HeldRole[Role]:
    """The role after a change. Raises `ValidationFailed`, `SelfChangeDenied` or `RoleTransitionDenied`, in this order.

    - `ValidationFailed`: `until` is given with a role that is not above the lasting one.
    - `SelfChangeDenied`: the user is the actor.
    - `RoleTransitionDenied`: the change is not in `ALLOWED_TRANSITIONS`, from the role in force and from the lasting
      role, or it gives a power that would outlive the actor's own.

    The result equals `target` if nothing changes. `actor` and `target` are the roles in force now. No other function
    decides whether a role change is allowed.
    """
    new = target.changed_to(new_role_or_same, until)
    if target_is_actor:
        raise SelfChangeDenied
    # The change must be allowed from the role in force and also from the lasting role. Otherwise a manager could give a
    # temporary admin a later end, because the role in force is admin before and after that change.
    for old_role in (target.role,) if new == target else (target.role, target.lasting_role):
        if old_role != new_role_or_same and (old_role, new_role_or_same) not in ALLOWED_TRANSITIONS[actor.role]:
            raise RoleTransitionDenied(f"your role, {actor.role}, may not change {old_role} to {new_role_or_same}")
    check_change_outlives_nothing(actor, target, new)
    return new


def check_change_outlives_nothing(actor: HeldRole[Any], old: HeldRole[Any], new: HeldRole[Any]) -> None:
    """Raise `RoleTransitionDenied` if a change from `old` to `new` gives a power that outlives the actor's own role."""
    if not all(may_hand_on(actor, power) for power in powers_new_or_with_another_end(old, new)):
        raise RoleTransitionDenied(
            f"your role, {actor.role}, is temporary: give {new.role} with an until that is no later than yours"
        )


def problem_of_end(until: int | None, at: datetime, most_days: int) -> FieldError | None:
    """What is wrong with the end of a temporary role that is asked for at the time `at`; None if nothing is."""
    if until is None or _SHORTEST_SECONDS <= until - at.timestamp() <= most_days * _SECONDS_OF_DAY:
        return None
    message = f"must be at least a minute and at most {most_days} days ahead"
    return FieldError("until", message, rfc3339_of_second(until))


def check_may_manage(actor_role: Role, target_role: Role) -> None:
    """Raise `Forbidden` unless `actor_role` allows to see and manage users of the tenant with `target_role`."""
    if target_role not in MANAGEABLE_ROLES[actor_role]:
        raise Forbidden(f"your role, {actor_role}, may not see or manage a user with the role {target_role}")


def admin_count_delta(old_counted_role: Role | None, new_counted_role: Role | None) -> int:
    """By how much a change changes the number of admins: 1, 0 or -1.

    The counted role is the lasting role of an active user. It is None for no user and for an inactive one.
    """
    return (new_counted_role is Role.ADMIN) - (old_counted_role is Role.ADMIN)
