"""Failed logins: how many there were for a login name and from an address, and how long the next attempt must wait.

A login name is what a person types to log in, such as an email. Failures are counted in three ways:

| counted by | what it holds back |
| --- | --- |
| address | guesses at many login names from one place |
| login name and network, for a network from which that name has logged in before | guesses from such a network |
| login name, for all other networks together | guesses at one login name from anywhere |

So an attacker in another network can't lock the owner out of a network that the owner has used before. (OWASP calls the
idea "device cookies"; here the network takes the cookie's place.) The address is checked first. An attempt that is
refused because of its address does not count against the login name.

An attempt is counted before its password is checked, by one atomic update that also returns the count before it. Each
of a hundred simultaneous guesses gets its own number, and only the passwords of the first few are checked. After those,
one password is checked each time the wait is over. Every attempt counts and makes the wait longer. An unknown login
name is counted like a known one, so that an answer does not tell which names exist.
"""

import contextlib
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final, NamedTuple

from rolecall.clock import CLOCK_TOLERANCE, epoch_seconds, is_waiting
from rolecall.errors import ConcurrentChange, RateLimited
from rolecall.storage import dynamodb, keys, reads, retries, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import count_metric, logger

_ADDRESS: Final = "ADDRESS"
_KNOWN_NETWORK: Final = "KNOWN"
_OTHER_NETWORKS: Final = "EMAIL"

#: The number of failed logins after which the next login must wait, for each kind of counter. The number for an IP
#: address is larger, because a whole office may share one address.
FREE_FAILURES = {_OTHER_NETWORKS: 5, _KNOWN_NETWORK: 5, _ADDRESS: 100}

#: The shortest and the longest wait between two logins, in seconds. The wait doubles with each further attempt.
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 30, 15 * 60

#: A count of failed logins is forgotten after this time without an attempt.
MEMORY = timedelta(days=1)

#: The table keeps this many known networks of a login name. A login from a further network replaces the network that
#: was used longest ago.
MAX_KNOWN_NETWORKS = 10

#: The known networks of a login name are forgotten after this time without a login.
NETWORK_MEMORY = timedelta(days=90)

#: A login from a known network updates the time of that network at most once in this time.
_NETWORK_REFRESH = timedelta(days=1)


class Attempt(NamedTuple):
    """A login attempt that is counted as failed already, until its password turns out to be correct.

    `number` is the number of failures of `counter`, this attempt included.
    """

    login_name: str
    network: str
    kind: str
    counter: keys.Key
    number: int

    @property
    def wait_seconds_if_failed(self) -> int | None:
        """Seconds until the next attempt is checked, or None while a failure costs no wait."""
        return wait_seconds_after(self.number, self.kind) if self.number > FREE_FAILURES[self.kind] else None


def count_attempt_unless_waiting(login_name: str, ip: str, at: datetime) -> Attempt:
    """Count an attempt, before its password is checked. Raises `RateLimited` if it must wait; then check no password.

    The address has to wait, or the login name in this network. An attempt that is refused
    because of its login name does not count against the address.
    """
    login_name, network, now = login_name.lower(), _address_or_ipv6_network(ip), epoch_seconds(at)
    address = _address_counter(network)
    address_item, networks = reads.get_many(address, _known_networks_key(login_name))
    is_known = networks is not None and networks["expires_at"] > now and _hash(network) in networks["networks"]
    if is_known:
        kind, counter = _KNOWN_NETWORK, keys.login_attempts_item(_KNOWN_NETWORK, _hash(login_name, network))
    else:
        kind, counter = _OTHER_NETWORKS, keys.login_attempts_item(_OTHER_NETWORKS, _hash(login_name))
    # An attempt that is refused because of its IP address is not counted. It must not prolong the wait of other people
    # who share the address.
    _raise_if_waiting(_ADDRESS, address_item, at, refused_attempt_prolongs_wait=False)
    before = _count_or_raise_if_waiting(_ADDRESS, address, at)
    try:
        number = _failures_in(_count_or_raise_if_waiting(kind, counter, at)) + 1
    except RateLimited:
        _uncount_one_failure(address, restored_last_at=None if before is None else int(before["last_at"]))
        raise
    return Attempt(login_name, network, kind, counter, number)


def forget_failures_and_remember_network(attempt: Attempt, at: datetime) -> None:
    """Forget the failures of the attempt's counter, and remember its network for the login name.

    Of the address, only this attempt is forgotten. Otherwise the owner of one account could guess at all others without
    a limit.
    """
    writes.write(writes.Delete(attempt.counter))
    _uncount_one_failure(_address_counter(attempt.network))
    with contextlib.suppress(ConcurrentChange):  # other logins with this name write the same item at the same time
        retries.retry_on_conflict(lambda: _remember_network(attempt, at))


def wait_seconds_after(failures: int, kind: str) -> int:
    """Return how many seconds after the last of so many failures the next attempt is checked; 0 for no wait."""
    beyond = failures - FREE_FAILURES[kind]
    return 0 if beyond < 0 else min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(beyond, 10))


def _count_or_raise_if_waiting(kind: str, counter: keys.Key, at: datetime) -> dynamodb.Item | None:
    """Count one attempt; return the counter's item before it, or None. Raise `RateLimited` if the attempt must wait."""
    before = retries.retry_on_conflict(lambda: _increment_returning_old_or_delete_expired(counter, at))
    _raise_if_waiting(kind, before, at, refused_attempt_prolongs_wait=True)
    return before


def _failures_in(counter_item: dynamodb.Item | None) -> int:
    return 0 if counter_item is None else int(counter_item["failures"])


def _raise_if_waiting(
    kind: str, counter_item: dynamodb.Item | None, at: datetime, *, refused_attempt_prolongs_wait: bool
) -> None:
    """Raise `RateLimited` during the wait, after a log line and two metrics.

    With `refused_attempt_prolongs_wait`, the caller counts the refused attempt as a failure. So the error names the
    wait after one more failure, instead of the seconds that are left.
    """
    if counter_item is None:
        return
    failures = _failures_in(counter_item)
    wait_seconds = wait_seconds_after(failures, kind)
    seconds = int(counter_item["last_at"]) + wait_seconds - epoch_seconds(at)
    # `seconds` can be positive without a wait, or more than the wait, if a machine whose clock was ahead counted the
    # last failure. Nobody is refused for that reason.
    end = at + timedelta(seconds=seconds)
    if wait_seconds and is_waiting(end, at, timedelta(seconds=wait_seconds)):
        logger.warning("login throttled", counted_by=kind.lower(), failures=failures)
        count_metric("LoginThrottled")
        count_metric("LoginFailed")
        raise RateLimited(wait_seconds_after(failures + 1, kind) if refused_attempt_prolongs_wait else seconds)


def _increment_returning_old_or_delete_expired(counter: keys.Key, at: datetime) -> dynamodb.Item | None:
    """Add 1 to a counter; return its item before, None if there was none. Raise `ConcurrentChange` if it had expired.

    An expired counter is deleted first, so that the caller can repeat the call.
    """
    now = epoch_seconds(at)
    try:
        return writes.update_returning_old(
            writes.Update(
                counter,
                add={"failures": 1},
                set={"last_at": now, "expires_at": epoch_seconds(at + MEMORY)},
                when=writes.MUST_NOT_EXIST | Attr("expires_at").gt(now),
            )
        )
    except ConcurrentChange:
        # The counter has expired, but still exists, because DynamoDB's TTL deletes expired items late.
        writes.write(writes.Delete(counter, when=writes.MUST_NOT_EXIST | Attr("expires_at").lte(now)))
        raise


def _uncount_one_failure(counter: keys.Key, restored_last_at: int | None = None) -> None:
    """Subtract 1, or do nothing if the counter is gone or 0. `restored_last_at` also becomes the counter's time."""
    with contextlib.suppress(ConcurrentChange):  # the counter was deleted in the meantime
        writes.write(
            writes.Update(
                counter,
                add={"failures": -1},
                set={} if restored_last_at is None else {"last_at": restored_last_at},
                when=Attr("failures").gt(0),
            )
        )


def _remember_network(attempt: Attempt, at: datetime) -> None:
    """Write the attempt's network into the login name's item, unless that was done within `_NETWORK_REFRESH`.

    Raise `ConcurrentChange` if another login has changed the item since it was read.
    """
    key, now, network = _known_networks_key(attempt.login_name), epoch_seconds(at), _hash(attempt.network)
    item = reads.get(key)
    known = {} if item is None or item["expires_at"] <= now else dict(item["networks"])
    # A time that is still to come was written by a clock that was ahead. It is replaced.
    if epoch_seconds(at - _NETWORK_REFRESH) < int(known.get(network, 0)) <= epoch_seconds(at + CLOCK_TOLERANCE):
        return
    newest = sorted((known | {network: now}).items(), key=lambda entry: int(entry[1]))[-MAX_KNOWN_NETWORKS:]
    unchanged = writes.MUST_NOT_EXIST if item is None else Attr("networks").eq(item["networks"])
    content = {"networks": dict(newest), "expires_at": epoch_seconds(at + NETWORK_MEMORY)}
    writes.write(writes.Put({"pk": key.pk, "sk": key.sk, **content}, when=unchanged))


def _address_counter(network: str) -> keys.Key:
    return keys.login_attempts_item(_ADDRESS, _hash(network))


def _known_networks_key(login_name: str) -> keys.Key:
    return keys.login_attempts_item("NETWORKS", _hash(login_name))


def _hash(*parts: str) -> str:
    """Return a SHA-256 hash, so that the table holds no IP address, and no login name that someone only tried."""
    return sha256("\n".join(parts).encode()).hexdigest()


def _address_or_ipv6_network(ip: str) -> str:
    """Return the /64 network of an IPv6 address, because it has one owner; any other text is returned as it is.

    For an IPv4 address in the form of an IPv6 address, as in `::ffff:192.0.2.1`, it returns the IPv4 address.
    """
    try:
        address = ip_address(ip)
        if isinstance(address, IPv4Address):
            return ip
        return str(address.ipv4_mapped or ip_network((ip, 64), strict=False))
    except ValueError:
        return ip
