"""Access tokens of platform accounts: JWTs (RFC 7519), HS256 with a key id.

The algorithm is pinned; every claim we set is required. A token names the account and the session;
whether these still stand is read from the table at every request.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from rolecall import vault
from rolecall.clock import epoch
from rolecall.config import config
from rolecall.errors import Unauthorized
from rolecall.ids import new_id

ALGORITHM = "HS256"
ISSUER = "rolecall"
AUDIENCE = "rolecall-platform"
LIFETIME = timedelta(minutes=15)
_CLAIMS = ["iss", "aud", "sub", "sid", "jti", "iat", "exp"]


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says of its holder."""

    account_id: int
    session_id: str


def issue(claims: Claims, at: datetime) -> str:
    """A signed access token that ends `LIFETIME` after `at`."""
    secret = vault.read(config().jwt_key_secret_arn)
    return jwt.encode(
        {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(claims.account_id),
            "sid": claims.session_id,
            "jti": new_id(),
            "iat": epoch(at),
            "exp": epoch(at + LIFETIME),
        },
        secret["key"],
        algorithm=ALGORITHM,
        headers={"kid": secret["kid"]},
    )


def verify(token: str) -> Claims:
    """Raises `Unauthorized` for a token that is forged, expired, for someone else, or in any way not ours."""
    secret = vault.read(config().jwt_key_secret_arn)
    try:
        if jwt.get_unverified_header(token).get("kid") != secret["kid"]:
            raise Unauthorized
        payload = jwt.decode(
            token,
            secret["key"],
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=AUDIENCE,
            options={"require": _CLAIMS},
        )
        return Claims(int(payload["sub"]), str(payload["sid"]))
    except (jwt.InvalidTokenError, ValueError) as error:
        raise Unauthorized from error
