"""Sessions of platform accounts: login, refresh and logout.

A session is one item beside its account. It holds the hash of the one refresh token that is good, and
of the one before. Every token that was spent leaves a marker of its own for as long as it would have
lived: one that comes back was stolen, or its successor was.
"""

import contextlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from typing import Any, NamedTuple, Self

from rolecall.accounts import login_attempts
from rolecall.accounts.accounts import Account, password_key
from rolecall.audit import trail
from rolecall.auth import jwts, preconditions
from rolecall.auth.passwords import hash_password, needs_rehash, verify_password
from rolecall.auth.principals import RequestContext
from rolecall.clock import epoch, rfc3339
from rolecall.errors import ConcurrentChange, RateLimited, RolecallError, Unauthorized
from rolecall.ids import new_id
from rolecall.storage import dynamodb, keys, reads, retries, writes
from rolecall.storage.expressions import Attr, Condition
from rolecall.telemetry import count, critical, logger

REFRESH_LIFETIME = timedelta(days=7)

#: Within this time the same client may use a refresh token again: the answer to the first use was lost.
RETRY_WINDOW = timedelta(seconds=10)

_REFUSED_LOGIN = "wrong email or password"

_REFUSED_REFRESH = "a valid refresh token is required"


class TokenPair(NamedTuple):
    """What a login or a refresh gives: an access token (JWT) and a refresh token (opaque, single use)."""

    access_token: str
    refresh_token: str

    def to_json(self) -> dict[str, Any]:
        return {
            "accessToken": self.access_token,
            "refreshToken": self.refresh_token,
            "tokenType": "Bearer",
            "expiresIn": int(jwts.LIFETIME.total_seconds()),
        }


#: Ids are int32.
_MAX_ID_DIGITS = 10


class _RefreshToken(NamedTuple):
    account_id: int
    session_id: str
    secret: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `Unauthorized` for what can be no token of ours."""
        try:
            account_id, session_id, secret = urlsafe_b64decode(text + "=" * (-len(text) % 4)).split(b":", 2)
            canonical = keys.canonical_uuid(session_id.decode())
            if canonical is None or not account_id.isdigit() or len(account_id) > _MAX_ID_DIGITS:
                raise Unauthorized(_REFUSED_REFRESH)
            return cls(int(account_id), canonical, secret)
        except ValueError:
            raise Unauthorized(_REFUSED_REFRESH) from None

    def __str__(self) -> str:
        return urlsafe_b64encode(self._raw).decode().rstrip("=")

    def successor(self, nonce: str) -> Self:
        """The token that follows. It takes this token and the session's nonce to know it, so it can be
        said again to a client that missed the answer, while the table holds nothing that opens anything."""
        return type(self)(
            self.account_id, self.session_id, hmac.digest(self.secret, f"{nonce}:{self.session_id}".encode(), sha256)
        )

    @property
    def hash(self) -> str:
        return sha256(self._raw).hexdigest()

    @property
    def _raw(self) -> bytes:
        return f"{self.account_id}:{self.session_id}:".encode() + self.secret


def log_in(context: RequestContext, email: str, password: str) -> TokenPair:
    """Start a session of an account.

    Raises one and the same `Unauthorized`, after the same work, for an unknown email, a wrong password
    and an account that is banned or disabled; `RateLimited` in its place after too many failures.
    """
    attempt = login_attempts.begin(email, context.ip, context.at)
    reservation = reads.get(keys.email(email)) or {}
    account_id = int(reservation.get("account_id", 0))
    item, credential = reads.get_many(keys.account(account_id), password_key(account_id))
    encoded = credential["password_hash"] if credential else None
    known = verify_password(encoded, password)
    if not known or encoded is None or item is None or not Account.from_item(item).may_act:
        logger.info("login refused", account_id=account_id or None)
        count("LoginRefused")
        count("LoginFailed")
        raise _login_refusal(attempt)
    login_attempts.succeeded(attempt)
    if needs_rehash(encoded):
        _rehash(account_id, encoded, password)
    pair = _start_session(context, Account.from_item(item))
    logger.info("account logged in", account_id=account_id)
    return pair


def _login_refusal(attempt: login_attempts.Attempt) -> RolecallError:
    wait = attempt.wait_if_failed
    return Unauthorized(_REFUSED_LOGIN) if wait is None else RateLimited(wait)


def _rehash(account_id: int, encoded: str, password: str) -> None:
    with contextlib.suppress(ConcurrentChange):  # another login did it, or the password is another by now
        writes.write(
            writes.Update(
                password_key(account_id),
                set={"password_hash": hash_password(password)},
                when=Attr("password_hash").eq(encoded),
            )
        )


def _start_session(context: RequestContext, account: Account) -> TokenPair:
    token = _RefreshToken(account.id, new_id(), secrets.token_bytes(32))
    key = keys.account_session(account.id, token.session_id)
    writes.transact(
        writes.Update(
            keys.account(account.id),
            set={"last_login_at": rfc3339(context.at)},
            when=_stands(account.session_generation),
            otherwise=lambda _found: Unauthorized(_REFUSED_LOGIN),
        ),
        writes.Put(
            {
                "pk": key.pk,
                "sk": key.sk,
                "id": token.session_id,
                "generation": account.session_generation,
                "refresh_hash": token.hash,
                "created_at": rfc3339(context.at),
                "expires_at": epoch(context.at + REFRESH_LIFETIME),
            },
            when=writes.NEW,
        ),
    )
    return _pair(token, context)


def _stands(generation: int) -> Condition:
    """The account may act, and did so ever since sessions of that generation began."""
    return Attr("enabled").eq(True) & Attr("banned").eq(False) & Attr("session_generation").eq(generation)


def _pair(token: _RefreshToken, context: RequestContext) -> TokenPair:
    return TokenPair(jwts.issue(jwts.Claims(token.account_id, token.session_id), context.at), str(token))


def refresh_session(context: RequestContext, refresh_token: str) -> TokenPair:
    """Spend a refresh token for a new pair.

    The same client may do so again within `RETRY_WINDOW` and gets the same refresh token. A spent token
    that comes back otherwise ends the session, with an entry in the audit trail. Raises `Unauthorized`
    for a token that is spent, expired, unknown, or of a session or account that no longer stands.
    """
    token = _RefreshToken.parse(refresh_token)
    # Another refresh of the same session may win in between; then this one is a retry or a theft.
    pair = retries.retry_on_conflict(lambda: _refresh_once(context, token))
    if pair is None:
        raise Unauthorized(_REFUSED_REFRESH)
    logger.info("session refreshed", account_id=token.account_id, session_id=token.session_id)
    return pair


def _refresh_once(context: RequestContext, token: _RefreshToken) -> TokenPair | None:
    account, session, spent = reads.get_many(
        keys.account(token.account_id),
        keys.account_session(token.account_id, token.session_id),
        keys.spent_refresh_token(token.account_id, token.hash),
    )
    if session is None or not preconditions.session_alive(account, session, context.at):
        return None
    if session["refresh_hash"] == token.hash:
        return _rotate(context, token, session)
    if _is_retry(context, token, session):
        return _pair(token.successor(session["nonce"]), context)
    if spent is not None and spent["expires_at"] > epoch(context.at):
        _revoke(context, token, session)
    return None


def _rotate(context: RequestContext, token: _RefreshToken, session: dynamodb.Item) -> TokenPair:
    nonce = secrets.token_hex(32)
    successor = token.successor(nonce)
    spent = keys.spent_refresh_token(token.account_id, token.hash)
    writes.transact(
        writes.Check(
            keys.account(token.account_id),
            when=_stands(int(session["generation"])),
            otherwise=lambda _found: Unauthorized(_REFUSED_REFRESH),
        ),
        writes.Update(
            keys.account_session(token.account_id, token.session_id),
            set={
                "refresh_hash": successor.hash,
                "previous_hash": token.hash,
                "nonce": nonce,
                "rotated_at_ms": _milliseconds(context),
                "rotated_by": _client(context),
                "expires_at": epoch(context.at + REFRESH_LIFETIME),
            },
            when=Attr("refresh_hash").eq(token.hash),
        ),
        writes.Put({"pk": spent.pk, "sk": spent.sk, "expires_at": session["expires_at"]}),
    )
    return _pair(successor, context)


def _is_retry(context: RequestContext, token: _RefreshToken, session: dynamodb.Item) -> bool:
    return (
        session.get("previous_hash") == token.hash
        and session["rotated_by"] == _client(context)
        and _milliseconds(context) - session["rotated_at_ms"] <= RETRY_WINDOW.total_seconds() * 1000
    )


def _revoke(context: RequestContext, token: _RefreshToken, session: dynamodb.Item) -> None:
    writes.transact(
        writes.Delete(
            keys.account_session(token.account_id, token.session_id),
            when=Attr("refresh_hash").eq(session["refresh_hash"]),
        ),
        trail.new_entry(
            context,
            "revoke_session",
            ("account", str(token.account_id)),
            scope=keys.PLATFORM,
            before={"session_id": token.session_id},
            reason="a spent refresh token was used again",
        ),
    )
    critical("spent refresh token reused", account_id=token.account_id, session_id=token.session_id)
    count("RefreshTokenReused")


def _milliseconds(context: RequestContext) -> int:
    return int(context.at.timestamp() * 1000)


def _client(context: RequestContext) -> str:
    """Tells clients apart, without keeping what they say of themselves."""
    return sha256(f"{context.ip}\n{context.user_agent}".encode()).hexdigest()


def log_out(context: RequestContext, refresh_token: str) -> None:
    """End the caller's session, and that of the refresh token if it is another one of the same account.

    A refresh token that is good for nothing any more, or for another account, changes nothing, as in
    RFC 7009, section 2.2: whoever logs out is logged out, whatever they still hold.
    """
    ending = {context.principal.session_id}
    with contextlib.suppress(Unauthorized):
        ending |= _other_session(int(context.principal.id), _RefreshToken.parse(refresh_token), ending)
    writes.delete_all(keys.account_session(int(context.principal.id), session_id) for session_id in ending)
    logger.info("account logged out", account_id=int(context.principal.id))


def _other_session(account_id: int, token: _RefreshToken, known: set[str]) -> set[str]:
    if token.account_id != account_id or token.session_id in known:
        return set()
    session = reads.get(keys.account_session(account_id, token.session_id))
    good = session is not None and token.hash in {session["refresh_hash"], session.get("previous_hash")}
    return {token.session_id} if good else set()
