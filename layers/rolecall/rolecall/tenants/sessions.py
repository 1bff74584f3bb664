"""Sessions of tenant users: login, refresh and logout."""

from typing import Any, NamedTuple

from rolecall.audit.session_revocations import revocation_entry
from rolecall.auth import jwts, logins, sessions
from rolecall.auth.principals import RequestContext
from rolecall.auth.session_owners import UserOwner
from rolecall.storage import dynamodb
from rolecall.tenants import users

#: No tenant and no user has this id, because every id is a random UUID.
_NOBODYS_ID = "00000000-0000-0000-0000-000000000000"


class UserTokens(NamedTuple):
    """The result of a login or a refresh. Only a login tells who the user is."""

    access_token: str
    refresh_token: str
    user: users.User | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "token_type": "Bearer",
            "expires_in": int(jwts.LIFETIME.total_seconds()),
            **({"user": self.user.to_json_without_token()} if self.user else {}),
        }


def log_in_user(context: RequestContext, email: str, password: str) -> UserTokens:
    """Check email and password, and start a session of the user; raise `Unauthorized`, `RateLimited`.

    Raises the same `Unauthorized` for an unknown email, a wrong password, a user who is not active and a user of a
    tenant that is not active. Raises `RateLimited` instead after too many failures, `ConcurrentChange` if the user
    changes at the same time.
    """
    login = logins.log_in(context, email, password, _owner_of_reservation_or_nobody)
    _tenant, user = login.state
    return UserTokens(*login.tokens, users.User.from_item(user or {}, context.at))


def _owner_of_reservation_or_nobody(reservation: dynamodb.Item) -> UserOwner:
    """Return the user to whom an email belongs, or a user who does not exist if it belongs to no user."""
    return UserOwner(reservation.get("tenant_id", _NOBODYS_ID), reservation.get("user_id", _NOBODYS_ID))


def refresh_user_session(context: RequestContext, refresh_token: str) -> UserTokens:
    """Exchange a refresh token for a new pair of tokens; raise `Unauthorized` for one that is not valid.

    A refresh token that is used twice ends its session; see `sessions.refresh_session` for the exception. Raises
    `ConcurrentChange` if other requests change the session at the same time.
    """
    return UserTokens(*sessions.refresh_session(context, refresh_token, UserOwner, revocation_entry))


def log_out_user(context: RequestContext, refresh_token_of_session_to_end_too: str) -> None:
    """End the caller's session and the refresh token's session; ignore a refresh token that is not the caller's.

    A caller with an API token has only the refresh token's session. The API token stays valid. Raises `Unauthorized`
    for a caller who is not active any more.
    """
    sessions.log_out_own_session_and_that_of_own_token(
        context, UserOwner(context.principal.tenant_id, context.principal.id), refresh_token_of_session_to_end_too
    )
