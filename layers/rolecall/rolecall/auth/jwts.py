"""Access tokens of platform accounts: JWTs (RFC 7519), HS256 with a key id.

The algorithm is pinned, as RFC 8725 asks; every claim that we set is required. A token names the
account and the session; whether these still stand is read from the table at every request.

The secret holds the key that signs, `kid` and `key`, and after a rotation in `previous` the one before
with `until`, the second from which none of its tokens can be valid any more.
"""

import secrets
import time
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import jwt

from rolecall.aws import secrets_manager
from rolecall.clock import epoch_seconds
from rolecall.config import config
from rolecall.errors import Unauthorized
from rolecall.ids import new_id

ALGORITHM = "HS256"

ISSUER = "rolecall"

AUDIENCE = "rolecall-platform"

LIFETIME = timedelta(minutes=15)

_CLAIMS = ["iss", "aud", "sub", "sid", "jti", "iat", "exp"]

#: How far the clocks of two functions may be apart.
_SKEW_SECONDS = 5

#: Seconds between two readings of the secret for the sake of an unknown key id, in one process: a flood of
#: made-up ids costs no more than that, and a new key is known everywhere after as long at the latest.
_REREAD_SECONDS = 5.0


class Claims(NamedTuple):
    """What an access token says of its holder."""

    account_id: int
    session_id: str


def issue(claims: Claims, at: datetime) -> str:
    """A signed access token that ends `LIFETIME` after `at`."""
    secret = secrets_manager.read(config().jwt_key_secret_arn)
    return jwt.encode(
        {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(claims.account_id),
            "sid": claims.session_id,
            "jti": new_id(),
            "iat": epoch_seconds(at),
            "exp": epoch_seconds(at + LIFETIME),
        },
        secret["key"],
        algorithm=ALGORITHM,
        headers={"kid": secret["kid"]},
    )


def verify(token: str, at: datetime) -> Claims:
    """Raises `Unauthorized` for a token that is forged, expired, for someone else, or in any way not ours."""
    try:
        key = _find_key(jwt.get_unverified_header(token).get("kid"), at)
        payload = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=AUDIENCE,
            # Times are judged below, by the clock that everything else is judged by.
            options={"require": _CLAIMS, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        now = epoch_seconds(at)
        if payload["exp"] <= now or max(payload["iat"], payload.get("nbf", 0)) > now + _SKEW_SECONDS:
            raise Unauthorized
        return Claims(int(payload["sub"]), str(payload["sid"]))
    except (jwt.InvalidTokenError, ValueError, TypeError) as error:
        raise Unauthorized from error


_reread_at = float("-inf")


def _find_key(kid: str | None, at: datetime) -> str:
    """The key of that id; raises `Unauthorized` if there is none, or no longer."""
    global _reread_at  # noqa: PLW0603 (one clock a process)
    arn = config().jwt_key_secret_arn
    key = _key_in_secret(secrets_manager.read(arn), kid, at)
    if key is None and time.monotonic() - _reread_at >= _REREAD_SECONDS:
        _reread_at = time.monotonic()
        key = _key_in_secret(secrets_manager.read(arn, fresh=True), kid, at)
    if key is None:
        raise Unauthorized
    return key


def _key_in_secret(secret: dict[str, Any], kid: str | None, at: datetime) -> str | None:
    if kid == secret["kid"]:
        return str(secret["key"])
    previous = secret.get("previous")
    if previous and kid == previous["kid"] and previous["until"] > epoch_seconds(at):
        return str(previous["key"])
    return None


def with_new_key(secret: dict[str, Any], at: datetime, *, keep_previous: bool) -> dict[str, Any]:
    """The secret with a new key; the one that signed until now stays for as long as its tokens may live."""
    new = {"kid": new_id(), "key": secrets.token_urlsafe(48)}
    # A function that has read the secret just now signs with the old key until its memory of it ends.
    until = at + LIFETIME + timedelta(seconds=secrets_manager.CACHE_SECONDS + _SKEW_SECONDS)
    previous = {"kid": secret["kid"], "key": secret["key"], "until": epoch_seconds(until)}
    return new | ({"previous": previous} if keep_previous else {})
