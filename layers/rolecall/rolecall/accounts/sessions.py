"""Sessions of platform accounts: login, refresh and logout.

A session is one item in its account's partition. It holds the hash of the one valid refresh token and the hash
of the token before it. Each spent token leaves a marker item, which exists as long as the token would have been
valid. If a spent token is used again, either that token or its successor was stolen.
"""

import contextlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from typing import Any, NamedTuple, Self

from rolecall.accounts.accounts import Account, password_item_key
from rolecall.audit import trail
from rolecall.auth import jwts, login_attempts, preconditions
from rolecall.auth.passwords import hash_password, needs_rehash, verify_password
from rolecall.auth.principals import RequestContext
from rolecall.clock import epoch_seconds, rfc3339
from rolecall.errors import ConcurrentChange, RateLimited, RolecallError, Unauthorized
from rolecall.ids import new_id
from rolecall.storage import dynamodb, keys, reads, retries, writes
from rolecall.storage.expressions import Attr, Condition
from rolecall.telemetry import count_metric, log_and_count_critical_event, logger

REFRESH_LIFETIME = timedelta(days=7)

#: If an answer with new tokens got lost, the same client may use its old refresh token again within this time after the
#: first use.
RETRY_WINDOW = timedelta(seconds=10)

_REFUSED_LOGIN = "wrong email or password"

_REFUSED_REFRESH = "a valid refresh token is required"


class TokenPair(NamedTuple):
    """The result of a login or a refresh: an access token (JWT) and a refresh token (opaque, single use)."""

    access_token: str
    refresh_token: str

    def to_json(self) -> dict[str, Any]:
        return {
            "accessToken": self.access_token,
            "refreshToken": self.refresh_token,
            "tokenType": "Bearer",
            "expiresIn": int(jwts.LIFETIME.total_seconds()),
        }


#: Account ids are int32 numbers, which have at most ten digits.
_MAX_ID_DIGITS = 10


class _RefreshToken(NamedTuple):
    account_id: int
    session_id: str
    secret: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a token's text; raise `Unauthorized` if it has not the form of a refresh token."""
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
        """Return the token that replaces this one, derived from this token's secret and the session's nonce.

        A client that missed the answer can be given the same successor again. The table holds only the nonce and
        the hash, from which nobody can derive a token.
        """
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
    """Check email and password, and start a session of the account.

    Raises the same `Unauthorized`, after the same work, for an unknown email, a wrong password and an account
    that is banned or disabled. Raises `RateLimited` instead after too many failures.
    """
    attempt = login_attempts.count_attempt_unless_waiting(email, context.ip, context.at)
    reservation = reads.get(keys.email_reservation(email)) or {}
    account_id = int(reservation.get("account_id", 0))
    item, credential = reads.get_many(keys.account(account_id), password_item_key(account_id))
    encoded = credential["password_hash"] if credential else None
    password_correct = verify_password(encoded, password)
    if not password_correct or encoded is None or item is None or not Account.from_item(item).is_active:
        logger.info("login refused", account_id=account_id or None)
        count_metric("LoginRefused")
        count_metric("LoginFailed")
        raise _unauthorized_or_rate_limited(attempt)
    login_attempts.forget_failures_and_remember_network(attempt, context.at)
    if needs_rehash(encoded, password):
        _replace_password_hash(account_id, encoded, password)
    pair = _start_session(context, Account.from_item(item))
    logger.info("account logged in", account_id=account_id)
    return pair


def _unauthorized_or_rate_limited(attempt: login_attempts.Attempt) -> RolecallError:
    wait = attempt.wait_seconds_if_failed
    return Unauthorized(_REFUSED_LOGIN) if wait is None else RateLimited(wait)


def _replace_password_hash(account_id: int, old_hash: str, password: str) -> None:
    with contextlib.suppress(ConcurrentChange):  # another login did it, or the password has changed
        writes.write(
            writes.Update(
                password_item_key(account_id),
                set={"password_hash": hash_password(password)},
                when=Attr("password_hash").eq(old_hash),
            )
        )


def _start_session(context: RequestContext, account: Account) -> TokenPair:
    token = _RefreshToken(account.id, new_id(), secrets.token_bytes(32))
    key = keys.account_session(account.id, token.session_id)
    writes.transact(
        writes.Update(
            keys.account(account.id),
            set={"last_login_at": rfc3339(context.at)},
            when=_account_still_active_in_generation(account.session_generation),
            on_condition_failure=lambda _found: Unauthorized(_REFUSED_LOGIN),
        ),
        writes.Put(
            {
                "pk": key.pk,
                "sk": key.sk,
                "id": token.session_id,
                "generation": account.session_generation,
                "refresh_hash": token.hash,
                "created_at": rfc3339(context.at),
                "expires_at": epoch_seconds(context.at + REFRESH_LIFETIME),
            },
            when=writes.MUST_NOT_EXIST,
        ),
    )
    return _issue_token_pair(token, context)


def _account_still_active_in_generation(generation: int) -> Condition:
    """The write condition that the account is active and that nothing has ended the sessions of that generation."""
    return Attr("enabled").eq(True) & Attr("banned").eq(False) & Attr("session_generation").eq(generation)


def _issue_token_pair(token: _RefreshToken, context: RequestContext) -> TokenPair:
    return TokenPair(jwts.issue(jwts.Claims(token.account_id, token.session_id), context.at), str(token))


def refresh_session(context: RequestContext, refresh_token: str) -> TokenPair:
    """Exchange a refresh token for a new pair of tokens; the refresh token is spent then.

    The same client may repeat the request within `RETRY_WINDOW` and gets the same new refresh token. Any other
    use of a spent token ends the session and writes an audit entry. Raises `Unauthorized` for a token that is
    spent, expired or unknown, and for a session or account that is no longer valid.
    """
    token = _RefreshToken.parse(refresh_token)
    # If another refresh of the same session commits first, the next attempt finds that this refresh token is spent.
    pair = retries.retry_on_conflict(lambda: _attempt_refresh_or_revoke(context, token))
    if pair is None:
        raise Unauthorized(_REFUSED_REFRESH)
    logger.info("session refreshed", account_id=token.account_id, session_id=token.session_id)
    return pair


def _attempt_refresh_or_revoke(context: RequestContext, token: _RefreshToken) -> TokenPair | None:
    account, session, spent = reads.get_many(
        keys.account(token.account_id),
        keys.account_session(token.account_id, token.session_id),
        keys.spent_refresh_token(token.account_id, token.hash),
    )
    if session is None or not preconditions.is_session_valid(account, session, context.at):
        return None
    if session["refresh_hash"] == token.hash:
        return _spend_token_and_issue_successor(context, token, session)
    if _is_retry_of_lost_answer(context, token, session):
        return _issue_token_pair(token.successor(session["nonce"]), context)
    if _is_spent(context, token, session, spent):
        _revoke_session_of_reused_token(context, token, session)
    return None


def _is_spent(
    context: RequestContext, token: _RefreshToken, session: dynamodb.Item, marker: dynamodb.Item | None
) -> bool:
    """Return whether the token was used before and would still be valid otherwise.

    A batch read is no snapshot: the marker may be read before a rotation, and the session after it. So the token
    before the present one counts as spent without a marker, and a marker that was not found is read once more.
    """
    now = epoch_seconds(context.at)
    if session.get("previous_hash") == token.hash and marker is None:
        return bool(session.get("previous_expires_at", now + 1) > now)
    if marker is None:
        [marker] = reads.get_many(keys.spent_refresh_token(token.account_id, token.hash))
    return marker is not None and bool(marker["expires_at"] > now)


def _spend_token_and_issue_successor(
    context: RequestContext, token: _RefreshToken, session: dynamodb.Item
) -> TokenPair:
    nonce = secrets.token_hex(32)
    successor = token.successor(nonce)
    spent = keys.spent_refresh_token(token.account_id, token.hash)
    writes.transact(
        writes.Check(
            keys.account(token.account_id),
            when=_account_still_active_in_generation(int(session["generation"])),
            on_condition_failure=lambda _found: Unauthorized(_REFUSED_REFRESH),
        ),
        writes.Update(
            keys.account_session(token.account_id, token.session_id),
            set={
                "refresh_hash": successor.hash,
                "previous_hash": token.hash,
                "previous_expires_at": session["expires_at"],
                "nonce": nonce,
                "rotated_at_ms": _request_time_ms(context),
                "rotated_by": _client_fingerprint(context),
                "expires_at": epoch_seconds(context.at + REFRESH_LIFETIME),
            },
            when=Attr("refresh_hash").eq(token.hash),
        ),
        writes.Put({"pk": spent.pk, "sk": spent.sk, "expires_at": session["expires_at"]}),
    )
    return _issue_token_pair(successor, context)


def _is_retry_of_lost_answer(context: RequestContext, token: _RefreshToken, session: dynamodb.Item) -> bool:
    return (
        session.get("previous_hash") == token.hash
        and session["rotated_by"] == _client_fingerprint(context)
        and _request_time_ms(context) - session["rotated_at_ms"] <= RETRY_WINDOW.total_seconds() * 1000
    )


def _revoke_session_of_reused_token(context: RequestContext, token: _RefreshToken, session: dynamodb.Item) -> None:
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
    log_and_count_critical_event("spent refresh token reused", account_id=token.account_id, session_id=token.session_id)
    count_metric("RefreshTokenReused")


def _request_time_ms(context: RequestContext) -> int:
    return int(context.at.timestamp() * 1000)


def _client_fingerprint(context: RequestContext) -> str:
    """Return a hash of the client's address and User-Agent, so that the table stores neither."""
    return sha256(f"{context.ip}\n{context.user_agent}".encode()).hexdigest()


def log_out(context: RequestContext, refresh_token: str) -> None:
    """End the caller's session, and the refresh token's session if that is another one of the same account.

    An invalid refresh token, or one of another account, is no error and ends nothing, as in RFC 7009,
    section 2.2: the caller's own session ends all the same.
    """
    session_ids = {context.principal.session_id}
    with contextlib.suppress(Unauthorized):
        session_ids |= _other_session_of_token(
            int(context.principal.id), _RefreshToken.parse(refresh_token), session_ids
        )
    writes.delete_all(keys.account_session(int(context.principal.id), session_id) for session_id in session_ids)
    logger.info("account logged out", account_id=int(context.principal.id))


def _other_session_of_token(account_id: int, token: _RefreshToken, other_than: set[str]) -> set[str]:
    if token.account_id != account_id or token.session_id in other_than:
        return set()
    session = reads.get(keys.account_session(account_id, token.session_id))
    good = session is not None and token.hash in {session["refresh_hash"], session.get("previous_hash")}
    return {token.session_id} if good else set()
