"""Checking a person's password, at a login or before the password is changed.

Each attempt is counted before its password is checked, and a wrong password may cost a wait. A login that fails takes
as long as any other, so that nobody learns which emails exist.
"""

import contextlib
from collections.abc import Callable
from typing import NamedTuple

from rolecall.auth import login_attempts, sessions
from rolecall.auth.passwords import hash_password, needs_rehash, verify_password
from rolecall.auth.principals import RequestContext
from rolecall.auth.session_owners import SessionOwner
from rolecall.errors import ConcurrentChange, RateLimited, Unauthorized, WrongPassword
from rolecall.storage import dynamodb, keys, reads, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import count_metric, logger

_REFUSED_LOGIN = "wrong email or password"


class Login(NamedTuple):
    """A login that succeeded. `state` holds the items of its owner's `state_keys`, as they were read."""

    state: list[dynamodb.Item | None]
    tokens: sessions.TokenPair


def log_in(
    context: RequestContext, email: str, password: str, owner_of: Callable[[dynamodb.Item], SessionOwner]
) -> Login:
    """Check email and password, and start a session. Raises `Unauthorized` for a refused login, or `RateLimited`.

    An unknown email, a wrong password and an owner who may not act get the same `Unauthorized`, after the same work.
    After too many failures, the error is `RateLimited` instead.

    `owner_of` gets the item of the email's reservation, which is empty for an unknown email, and returns its owner. For
    an empty item and for the reservation of another kind of owner, it returns an owner that does not exist.
    """
    attempt = login_attempts.count_attempt_unless_waiting(email, context.ip, context.at)
    owner = owner_of(reads.get(keys.email_reservation(email)) or {})
    *state, credential = reads.get_many(*owner.state_keys, owner.password_key)
    encoded = credential["password_hash"] if credential else None
    password_correct = verify_password(encoded, password)
    generation = owner.generation_if_active(state)
    if not password_correct or encoded is None or generation is None:
        logger.info("login refused", **(owner.fields_for_log if any(state) else {}))
        raise _count_in_metrics_and_build_error(attempt) or Unauthorized(_REFUSED_LOGIN)
    login_attempts.forget_failures_and_remember_network(attempt, context.at)
    if needs_rehash(encoded, password):
        _replace_password_hash(owner.password_key, encoded, password)
    tokens = sessions.start_session(context, owner, generation, Unauthorized(_REFUSED_LOGIN))
    logger.info("logged in", **owner.fields_for_log)
    return Login(state, tokens)


def check_current_password(context: RequestContext, email: str, password_hash: str | None, password: str) -> None:
    """Check the password of somebody who changes it, and count the attempt like a login.

    Raises `WrongPassword`, or `RateLimited` after too many failures. The hash is None for somebody without a password:
    every password is wrong then.
    """
    attempt = login_attempts.count_attempt_unless_waiting(email, context.ip, context.at)
    if not verify_password(password_hash, password):
        logger.info("password change refused")
        raise _count_in_metrics_and_build_error(attempt) or WrongPassword
    login_attempts.forget_failures_and_remember_network(attempt, context.at)


def _count_in_metrics_and_build_error(attempt: login_attempts.Attempt) -> RateLimited | None:
    """Count a failure in the metrics. Return the error to raise if the next attempt must wait, else None."""
    count_metric("LoginRefused")
    count_metric("LoginFailed")
    wait = attempt.wait_seconds_if_failed
    return None if wait is None else RateLimited(wait)


def _replace_password_hash(password_key: keys.Key, old_hash: str, password: str) -> None:
    """Store a new hash of the password. Does nothing if the stored hash is no longer `old_hash`."""
    with contextlib.suppress(ConcurrentChange):  # another login replaced the hash, or the password has changed
        writes.write(
            writes.Update(
                password_key,
                set={"password_hash": hash_password(password)},
                when=Attr("password_hash").eq(old_hash),
            )
        )
