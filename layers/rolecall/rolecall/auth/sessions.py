"""Sessions: issuing and refreshing their tokens, and ending them.

A session is one item in its owner's partition. It holds the hash of the one valid refresh token and the hash of the
token before it. Each spent token leaves a marker item, which exists as long as the token would have been valid. If a
spent token is used again, either that token or its successor was stolen.
"""

import contextlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple, Self

from rolecall.auth import jwts
from rolecall.auth.principals import RequestContext
from rolecall.auth.session_owners import REFRESH_LIFETIME, SessionOwner
from rolecall.clock import CLOCK_TOLERANCE, epoch_seconds, rfc3339
from rolecall.errors import Unauthorized
from rolecall.ids import new_id
from rolecall.storage import dynamodb, keys, reads, retries, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import count_metric, log_and_count_critical_event, logger

#: The same client may use its old refresh token again within this time after the first use, because the answer with the
#: new tokens may have got lost.
RETRY_WINDOW = timedelta(seconds=10)

_REFUSED_REFRESH = "a valid refresh token is required"

#: A function that returns the write of the audit entry of a session's revocation. It is passed as an argument, because
#: the modules in `auth` may not import the audit trail.
type RevocationEntry = Callable[[RequestContext, SessionOwner, str], writes.Put]


class TokenPair(NamedTuple):
    """The result of a login or a refresh: an access token (JWT) and a refresh token (opaque, single use)."""

    access_token: str
    refresh_token: str


class _RefreshToken(NamedTuple):
    """A refresh token, taken apart. `str` gives the text that the client gets."""

    owner: SessionOwner
    session_id: str
    secret: bytes

    @classmethod
    def parse(cls, text: str, owner_type: type[SessionOwner]) -> Self:
        """Read a token's text; raise `Unauthorized` if it has not the form of an owner's refresh token."""
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            # A token has its parts separated by colons. The last part is the random secret, which may contain colons
            # itself. So only the colons before it separate parts.
            *ids, session_id, secret = raw.split(b":", owner_type.number_of_ids + 1)
            owner = owner_type.from_ids([one.decode() for one in ids])
            canonical = keys.canonical_uuid(session_id.decode())
        except ValueError:
            raise Unauthorized(_REFUSED_REFRESH) from None
        if owner is None or canonical is None:
            raise Unauthorized(_REFUSED_REFRESH)
        return cls(owner, canonical, secret)

    def __str__(self) -> str:
        return urlsafe_b64encode(self._to_bytes).decode().rstrip("=")

    def successor(self, nonce: str) -> Self:
        """Return the token that replaces this one, derived from this token's secret and the session's nonce.

        A client that missed the answer can be given the same successor again. The table holds only the nonce and
        the hash, from which nobody can derive a token.
        """
        return type(self)(
            self.owner, self.session_id, hmac.digest(self.secret, f"{nonce}:{self.session_id}".encode(), sha256)
        )

    @property
    def hash(self) -> str:
        return sha256(self._to_bytes).hexdigest()

    @property
    def session_key(self) -> keys.Key:
        return self.owner.session_key(self.session_id)

    @property
    def spent_key(self) -> keys.Key:
        """The key of the marker item that the first use of this token writes. A second use finds it."""
        return self.owner.item_key("SPENT", self.hash)

    @property
    def _to_bytes(self) -> bytes:
        """The ids and the secret, as the text of the token encodes them."""
        return ":".join([*self.owner.ids, self.session_id, ""]).encode() + self.secret


def start_session(context: RequestContext, owner: SessionOwner, generation: int, refused: Unauthorized) -> TokenPair:
    """Write a session and return its tokens. Raises `refused` if the owner may not act any more.

    `refused` is also raised if the owner's sessions have another generation by now. The password is not checked.
    """
    token = _RefreshToken(owner, new_id(), secrets.token_bytes(32))
    key = token.session_key
    writes.transact(
        *owner.writes_of_login(generation, refused, context.at),
        writes.Put(
            {
                "pk": key.pk,
                "sk": key.sk,
                "id": token.session_id,
                "generation": generation,
                "refresh_hash": token.hash,
                "created_at": rfc3339(context.at),
                "expires_at": epoch_seconds(context.at + REFRESH_LIFETIME),
            },
            when=writes.MUST_NOT_EXIST,
        ),
    )
    return _issue_token_pair(token, context)


def _issue_token_pair(token: _RefreshToken, context: RequestContext) -> TokenPair:
    return TokenPair(jwts.issue(token.owner.to_claims(token.session_id), context.at), str(token))


def refresh_session(
    context: RequestContext, refresh_token: str, owner_type: type[SessionOwner], revocation_entry: RevocationEntry
) -> TokenPair:
    """Exchange a refresh token for a new pair of tokens. Raises `Unauthorized` for an invalid or spent one.

    The refresh token is spent then. The same client may repeat the request within `RETRY_WINDOW` and gets the same new
    refresh token. Any other use of a spent token ends the session and writes an audit entry. A token is also invalid if
    it is expired, unknown or of another kind of owner, or if its session or owner is no longer valid.
    """
    token = _RefreshToken.parse(refresh_token, owner_type)
    # If another refresh of the same session is written first, this attempt raises `ConcurrentChange`. The next attempt
    # then finds that this refresh token is spent.
    pair = retries.retry_on_conflict(
        lambda: _refresh_once_or_refuse_and_revoke_if_reused(context, token, revocation_entry)
    )
    logger.info("session refreshed", **token.owner.fields_for_log, session_id=token.session_id)
    return pair


def _refresh_once_or_refuse_and_revoke_if_reused(
    context: RequestContext, token: _RefreshToken, revocation_entry: RevocationEntry
) -> TokenPair:
    """New tokens; raise `Unauthorized` for a refused token, `ConcurrentChange` if another refresh commits first.

    A spent token that is used again also ends the session. Raises `Unauthorized` also if the owner has lost its access.
    """
    *state, session, spent = reads.get_many(*token.owner.state_keys, token.session_key, token.spent_key)
    if session is None or not token.owner.is_session_valid(state, session, context.at):
        raise Unauthorized(_REFUSED_REFRESH)
    if session["refresh_hash"] == token.hash:
        return _spend_token_and_issue_successor(context, token, session)
    if _is_retry_of_lost_answer(context, token, session):
        return _issue_token_pair(token.successor(session["nonce"]), context)
    if _is_spent_rereading_missing_marker(context, token, session, spent):
        _revoke_session_of_reused_token(context, token, session, revocation_entry)
    raise Unauthorized(_REFUSED_REFRESH)


def _is_spent_rereading_missing_marker(
    context: RequestContext,
    token: _RefreshToken,
    session: dynamodb.Item,
    marker: dynamodb.Item | None,
) -> bool:
    """Return whether the token was used before and would still be valid otherwise.

    The marker may have been read before another refresh wrote it, and the session after that refresh. So the token that
    was spent last counts as spent without a marker, and a marker that was not found is read once more.
    """
    now = epoch_seconds(context.at)
    if session.get("previous_hash") == token.hash and marker is None:
        return bool(session.get("previous_expires_at", now + 1) > now)
    if marker is None:
        [marker] = reads.get_many(token.spent_key)
    return marker is not None and bool(marker["expires_at"] > now)


def _spend_token_and_issue_successor(
    context: RequestContext, token: _RefreshToken, session: dynamodb.Item
) -> TokenPair:
    """Write the successor's hash and the marker of the spent token. Raises `ConcurrentChange` or `Unauthorized`."""
    nonce = secrets.token_hex(32)
    successor = token.successor(nonce)
    spent = token.spent_key
    writes.transact(
        *token.owner.checks_of_generation(int(session["generation"]), Unauthorized(_REFUSED_REFRESH)),
        writes.Update(
            token.session_key,
            set={
                "refresh_hash": successor.hash,
                "previous_hash": token.hash,
                "previous_expires_at": session["expires_at"],
                "nonce": nonce,
                "rotated_at_ms": _request_time_ms(context),
                "rotated_by": _hash_of_client_address_and_user_agent(context),
                "expires_at": epoch_seconds(context.at + REFRESH_LIFETIME),
            },
            when=Attr("refresh_hash").eq(token.hash),
        ),
        writes.Put({"pk": spent.pk, "sk": spent.sk, "expires_at": session["expires_at"]}),
    )
    return _issue_token_pair(successor, context)


def _is_retry_of_lost_answer(context: RequestContext, token: _RefreshToken, session: dynamodb.Item) -> bool:
    """Whether the same client sends the token that was spent last, within `RETRY_WINDOW`.

    If the clock was set back since the first use, the window counts as over.
    """
    if session.get("previous_hash") != token.hash:
        return False
    since_first_use = timedelta(milliseconds=_request_time_ms(context) - int(session["rotated_at_ms"]))
    is_same_client = bool(session["rotated_by"] == _hash_of_client_address_and_user_agent(context))
    return is_same_client and -CLOCK_TOLERANCE <= since_first_use <= RETRY_WINDOW


def _revoke_session_of_reused_token(
    context: RequestContext, token: _RefreshToken, session: dynamodb.Item, revocation_entry: RevocationEntry
) -> None:
    """Delete the session, write its audit entry and report a critical event.

    Raises `ConcurrentChange` if the session was refreshed meanwhile, and `Unauthorized` if the tenant is closed.
    """
    writes.transact(
        writes.Delete(token.session_key, when=Attr("refresh_hash").eq(session["refresh_hash"])),
        *token.owner.checks_that_audit_trail_is_open(),
        revocation_entry(context, token.owner, token.session_id),
    )
    fields = {**token.owner.fields_for_log, "session_id": token.session_id}
    log_and_count_critical_event("spent refresh token reused", **fields)
    count_metric("RefreshTokenReused")


def _request_time_ms(context: RequestContext) -> int:
    return int(context.at.timestamp() * 1000)


def _hash_of_client_address_and_user_agent(context: RequestContext) -> str:
    """Return a hash of the client's address and User-Agent, so that the table stores neither."""
    return sha256(f"{context.ip}\n{context.user_agent}".encode()).hexdigest()


def log_out_own_session_and_that_of_own_token(context: RequestContext, owner: SessionOwner, refresh_token: str) -> None:
    """End the caller's session, and the refresh token's session if that is another one of the same owner.

    An invalid refresh token, or one of another owner, is no error (RFC 7009, section 2.2). Then only the caller's own
    session ends. Raises `Unauthorized` for an owner who may not act any more.
    """
    if owner.generation_if_active([reads.get(key) for key in owner.state_keys]) is None:
        raise Unauthorized
    session_ids = {context.principal.session_id} - {""}
    with contextlib.suppress(Unauthorized):
        session_ids |= _session_id_of_own_token_if_another(
            owner, _RefreshToken.parse(refresh_token, type(owner)), session_ids
        )
    writes.delete_all(owner.session_key(session_id) for session_id in session_ids)
    logger.info("logged out", **owner.fields_for_log)


def _session_id_of_own_token_if_another(owner: SessionOwner, token: _RefreshToken, other_than: set[str]) -> set[str]:
    """The session id of the token. Empty if the token is invalid, of another owner or of a session in `other_than`."""
    if token.owner != owner or token.session_id in other_than:
        return set()
    session = reads.get(token.session_key)
    good = session is not None and token.hash in {session.get("refresh_hash"), session.get("previous_hash")}
    return {token.session_id} if good else set()
