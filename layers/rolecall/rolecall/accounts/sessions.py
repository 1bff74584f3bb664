"""Sessions of platform accounts: login, refresh and logout."""

from typing import Any, NamedTuple

from rolecall.audit.session_revocations import revocation_entry
from rolecall.auth import jwts, logins, sessions
from rolecall.auth.principals import RequestContext
from rolecall.auth.session_owners import AccountOwner
from rolecall.storage import dynamodb

#: No account has this id.
_NO_ACCOUNT_ID = 0


class AccountTokens(NamedTuple):
    """The result of a login or a refresh. Only a login tells whether the password must be changed."""

    access_token: str
    refresh_token: str
    password_change_required: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "accessToken": self.access_token,
            "refreshToken": self.refresh_token,
            "tokenType": "Bearer",
            "expiresIn": int(jwts.LIFETIME.total_seconds()),
            **({"passwordChangeRequired": True} if self.password_change_required else {}),
        }


def log_in(context: RequestContext, email: str, password: str) -> AccountTokens:
    """Check email and password, and start a session of the account; raise `Unauthorized`, `RateLimited`.

    Raises the same `Unauthorized` for an unknown email, a wrong password, and an account that is disabled or banned.
    Raises `RateLimited` instead after too many failures, `ConcurrentChange` if the account changes at the same time.
    """
    login = logins.log_in(context, email, password, _owner_of_reservation_or_nobody)
    [account] = login.state
    return AccountTokens(*login.tokens, (account or {}).get("password_change_required", False))


def _owner_of_reservation_or_nobody(reservation: dynamodb.Item) -> AccountOwner:
    """Return the account to which an email belongs, or one that does not exist if the email belongs to no account."""
    return AccountOwner(int(reservation.get("account_id", _NO_ACCOUNT_ID)))


def refresh_session(context: RequestContext, refresh_token: str) -> AccountTokens:
    """Exchange a refresh token for a new pair of tokens; raise `Unauthorized` for one that is not valid.

    A refresh token that is used twice ends its session; see `sessions.refresh_session` for the exception. Raises
    `ConcurrentChange` if other requests change the session at the same time.
    """
    return AccountTokens(*sessions.refresh_session(context, refresh_token, AccountOwner, revocation_entry))


def log_out(context: RequestContext, refresh_token_of_session_to_end_too: str) -> None:
    """End the caller's session and the refresh token's session; ignore a refresh token that is not the caller's.

    Raises `Unauthorized` for an account that is not active any more.
    """
    sessions.log_out_own_session_and_that_of_own_token(
        context, AccountOwner(int(context.principal.id)), refresh_token_of_session_to_end_too
    )
