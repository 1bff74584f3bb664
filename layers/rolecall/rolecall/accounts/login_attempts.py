"""How often logins failed, by account and by source address, and how long the next has to wait.

An attempt is counted before its password is looked at, in one atomic update that also tells what was
counted before: of a hundred guesses at once each gets a number of its own, and only the first few are
looked at. After these, one attempt is looked at whenever the wait is over; every attempt counts and
makes the wait longer. An unknown email is counted like a known one, so that nothing tells them apart.
"""

import contextlib
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address, ip_address, ip_network
from typing import NamedTuple

from rolecall.clock import epoch_seconds
from rolecall.errors import ConcurrentChange, RateLimited
from rolecall.storage import dynamodb, keys, reads, retries, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import count_metric, logger

_EMAIL, _ADDRESS = "EMAIL", "ADDRESS"

#: Failures that cost no wait, by what they are counted by. Behind one address there may be a whole office.
FREE_FAILURES = {_EMAIL: 5, _ADDRESS: 100}

#: The wait after the last of these; it doubles with each further attempt, up to the longest.
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 30, 15 * 60

#: Failures are forgotten once there was no attempt for as long.
MEMORY = timedelta(days=1)


class Attempt(NamedTuple):
    """A login that has been counted and is not yet judged; `number` is its place among the account's failures."""

    email: str
    ip: str
    number: int

    @property
    def wait_if_failed(self) -> int | None:
        """Seconds until the next attempt is looked at, where a failure is answered with them; else None."""
        return wait_after(self.number, _EMAIL) if self.number > FREE_FAILURES[_EMAIL] else None


def begin(email: str, ip: str, at: datetime) -> Attempt:
    """Count an attempt; once this returns, its password may be looked at.

    Raises `RateLimited` for an account or an address that has to wait. What an account's wait stops does
    not count against the address, nor the other way round.
    """
    account, address = _key(_EMAIL, email.lower()), _key(_ADDRESS, _network(ip))
    number = _count(_EMAIL, account, at)
    try:
        # What an address is refused while it waits does not prolong the wait: others sit behind it too.
        _check(_ADDRESS, reads.get(address), at, prolonged=False)
        _count(_ADDRESS, address, at)
    except RateLimited:
        _take_back(account)
        raise
    return Attempt(email, ip, number)


def succeeded(attempt: Attempt) -> None:
    """Forget the account's failures. Of its address only this attempt is forgotten, or else whoever has
    an account could guess at all others without end."""
    writes.write(writes.Delete(_key(_EMAIL, attempt.email.lower())))
    _take_back(_key(_ADDRESS, _network(attempt.ip)))


def wait_after(failures: int, kind: str) -> int:
    """Seconds from the last of so many failures until the next attempt is looked at."""
    beyond = failures - FREE_FAILURES[kind]
    return 0 if beyond < 0 else min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(beyond, 10))


def _count(kind: str, key: keys.Key, at: datetime) -> int:
    former = retries.retry_on_conflict(lambda: _count_once(key, at))
    return _check(kind, former, at, prolonged=True) + 1


def _check(kind: str, counted: dynamodb.Item | None, at: datetime, *, prolonged: bool) -> int:
    """The failures so far; raises `RateLimited` while they have to be waited for, and whether this made it longer."""
    if counted is None:
        return 0
    failures = int(counted["failures"])
    left = int(counted["last_at"]) + wait_after(failures, kind) - epoch_seconds(at)
    if left > 0:
        logger.warning("login throttled", counted_by=kind.lower(), failures=failures)
        count_metric("LoginThrottled")
        count_metric("LoginFailed")
        raise RateLimited(wait_after(failures + 1, kind) if prolonged else left)
    return failures


def _count_once(key: keys.Key, at: datetime) -> dynamodb.Item | None:
    now = epoch_seconds(at)
    try:
        return writes.update_returning_old(
            writes.Update(
                key,
                add={"failures": 1},
                set={"last_at": now, "expires_at": epoch_seconds(at + MEMORY)},
                when=writes.MUST_NOT_EXIST | Attr("expires_at").gt(now),
            )
        )
    except ConcurrentChange:
        # What is to be forgotten is still there: TTL takes its time.
        writes.write(writes.Delete(key, when=writes.MUST_NOT_EXIST | Attr("expires_at").lte(now)))
        raise


def _take_back(key: keys.Key) -> None:
    with contextlib.suppress(ConcurrentChange):  # forgotten by now
        writes.write(writes.Update(key, add={"failures": -1}, when=Attr("failures").gt(0)))


def _key(kind: str, source: str) -> keys.Key:
    # Hashed, so that a key has one length, and emails that nobody has are not kept.
    return keys.login_attempts(kind, sha256(source.encode()).hexdigest())


def _network(ip: str) -> str:
    """The address, or for IPv6 its network of 64 bits: whoever has one address of that has all."""
    try:
        return ip if isinstance(ip_address(ip), IPv4Address) else str(ip_network((ip, 64), strict=False))
    except ValueError:
        return ip
