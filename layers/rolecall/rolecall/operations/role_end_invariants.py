"""The invariants on temporary roles: each is stored and listed as one, and no power outlives its source."""

from datetime import timedelta
from typing import Any

from rolecall import clock
from rolecall.audit import trail
from rolecall.auth.roles import TEMPORARY_ROLE_ATTRIBUTES, HeldRole, PlatformRole, Power, Role, may_hand_on
from rolecall.clock import second_of_rfc3339
from rolecall.storage import dynamodb, indexes

#: Maintenance writes the end of each temporary role into the table within five minutes. An end that is not written
#: after this time is a fault.
_MOST_MINUTES_UNWRITTEN = timedelta(minutes=30)


def is_role_stored_consistently(item: dynamodb.Item, kind: type[Role] | type[PlatformRole]) -> bool:
    """Return whether a user's or account's item has all parts of a temporary role or none, and no end that is overdue.

    The lasting role must be below the temporary one. The item must be in the indexes of ends exactly with its end.
    """
    ends = [item.get(f"{index}sk", "").partition("#")[0] for index in ("gsi3", "gsi4")]
    if not any(name in item for name in TEMPORARY_ROLE_ATTRIBUTES):
        return ends == ["", ""]
    if not all(name in item for name in TEMPORARY_ROLE_ATTRIBUTES):
        return False
    held: HeldRole[Any] = HeldRole.from_item(item, kind)
    sort_key = indexes.role_end_sort_key(int(item["role_until"]), "").rstrip("#")
    is_above = not may_hand_on(HeldRole.lasting(held.lasting_role), Power(held.role))
    return is_above and ends == [sort_key, sort_key] and not held.has_ended_at(clock.now() - _MOST_MINUTES_UNWRITTEN)


def shows_role_given_for_longer_than_actors_own(entry: dynamodb.Item) -> bool:
    """Return whether an audit entry shows that an actor with a temporary role gave a role that outlives it."""
    actor, before, after = entry["actor"], entry["before"] or {}, entry["after"] or {}
    if entry["outcome"] != trail.SUCCEEDED or "role_until" not in actor or "role" not in after:
        return False
    kind: type[Role] | type[PlatformRole] = Role if actor["role"] in Role else PlatformRole
    source: HeldRole[Any] = HeldRole.from_item(actor, kind)
    power = Power(kind(after["role"]), second_of_rfc3339(after["role_until"]) if "role_until" in after else None)
    only_ends_temporary_role = power == Power(kind(before["lasting_role"])) if "lasting_role" in before else False
    return not only_ends_temporary_role and not may_hand_on(source, power)
