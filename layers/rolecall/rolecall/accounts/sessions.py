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
    """The result of a login or a refresh."""

    access_token: str
    refresh_token: str

    def to_json(self) -> dict[str, Any]:
        return {
            "accessToken": self.access_token,
            "refreshToken": self.refresh_token,
            "tokenType": "Bearer",
            "expiresIn": int(jwts.LIFETIME.total_seconds()),
        }


def log_in(context: RequestContext, email: str, password: str) -> AccountTokens:
    """Check email and password, and start a session of the account. Raises what `logins.log_in` raises."""
    return AccountTokens(*logins.log_in(context, email, password, _owner_of_reservation).tokens)


def _owner_of_reservation(reservation: dynamodb.Item) -> AccountOwner:
    return AccountOwner(int(reservation.get("account_id", _NO_ACCOUNT_ID)))


def refresh_session(context: RequestContext, refresh_token: str) -> AccountTokens:
    """Exchange a refresh token for a new pair of tokens. Raises what `sessions.refresh_session` raises."""
    return AccountTokens(*sessions.refresh_session(context, refresh_token, AccountOwner, revocation_entry))


def log_out(context: RequestContext, refresh_token: str) -> None:
    """End the account's session; see `sessions.log_out`."""
    sessions.log_out(context, AccountOwner(int(context.principal.id)), refresh_token)
