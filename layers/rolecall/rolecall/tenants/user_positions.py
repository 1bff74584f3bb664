"""Reading the list of a tenant's users by position, with their number."""

from typing import NamedTuple

from rolecall import deadline
from rolecall.auth.principals import RequestContext
from rolecall.storage import indexes, reads
from rolecall.tenants.users import User

#: No further users are counted with less than this many seconds left.
_RESERVE_SECONDS = 1.0


class PositionedPage(NamedTuple):
    """A page of a tenant's users, by email, and the number of all users of the tenant."""

    users: list[User]
    total: int


def list_users_from_position(context: RequestContext, *, skip: int, limit: int) -> PositionedPage | None:
    """Return up to `limit` users of the caller's tenant after the first `skip` ones; None if the time is too short.

    It reads each index entry of the tenant once, so its cost grows with the tenant. Whoever is added, renamed or
    deleted between two pages moves the positions of others, who may then be on both pages or on none.
    """
    partition = indexes.users_by_email(context.principal.tenant_id)
    skipped = _count(partition, after=None, limit=skip) if skip else reads.IndexCount(0, None)
    if skipped is None:
        return None
    if skip and (skipped.number < skip or skipped.last_sort_key is None):
        return PositionedPage([], skipped.number)
    found = reads.query_merged([partition], after=skipped.last_sort_key, limit=limit) if limit else []
    users = [User.from_item(item, context.at) for item in found]
    last_sort_key = users[-1].email.lower() if users else skipped.last_sort_key
    rest = _count(partition, after=last_sort_key, limit=None)
    return None if rest is None else PositionedPage(users, skip + len(users) + rest.number)


def _count(partition: indexes.IndexPartition, *, after: str | None, limit: int | None) -> reads.IndexCount | None:
    """Count entries after a sort key, up to `limit`; return None if the time does not suffice."""
    counted, more = reads.IndexCount(0, after), True
    while more and (limit is None or counted.number < limit):
        if deadline.time_left() < _RESERVE_SECONDS:
            return None
        rest = None if limit is None else limit - counted.number
        one, more = reads.count_index(partition, after=counted.last_sort_key, limit=rest)
        counted = reads.IndexCount(counted.number + one.number, one.last_sort_key)
    return counted
