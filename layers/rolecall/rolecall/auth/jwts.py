"""Access tokens of sessions: JWTs (RFC 7519), signed with HS256 and a key id.

The algorithm is fixed, as RFC 8725 demands. Each claim that we set is required. A token names the owner of the session
and the session. Whether both are still valid is read from the table for each request. The audience says which kind of
owner it is, so that a token of one kind is never accepted as one of another kind.

The secret contains the signing key as `kid` and `key`. After a rotation it also contains the previous key, in
`previous`, with `until`: from this second on, every token of the previous key has expired.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

import jwt

from rolecall.auth.session_owners import Audience, Claims
from rolecall.aws import secrets_manager
from rolecall.clock import epoch_seconds
from rolecall.config import config
from rolecall.errors import Unauthorized
from rolecall.ids import new_id

ALGORITHM = "HS256"

ISSUER = "rolecall"

LIFETIME = timedelta(minutes=15)


#: The claims that a token must have, for each audience.
_CLAIMS = {
    Audience.PLATFORM: ["iss", "aud", "sub", "sid", "jti", "iat", "exp"],
    Audience.TENANT: ["iss", "aud", "sub", "tid", "sid", "jti", "iat", "exp"],
}

#: Seconds by which the clocks of two functions may differ. A token from the near future is accepted within this time.
_SKEW_SECONDS = 5


def issue(claims: Claims, at: datetime) -> str:
    """A signed access token that expires `LIFETIME` after `at`."""
    secret = secrets_manager.read(config().jwt_key_secret_arn)
    return jwt.encode(
        {
            "iss": ISSUER,
            "aud": claims.audience,
            "sub": claims.subject,
            **({"tid": claims.tenant_id} if claims.tenant_id else {}),
            "sid": claims.session_id,
            "jti": new_id(),
            "iat": epoch_seconds(at),
            "exp": epoch_seconds(at + LIFETIME),
        },
        secret["key"],
        algorithm=ALGORITHM,
        headers={"kid": secret["kid"]},
    )


def read_unverified_audience(token: str) -> Audience:
    """The audience that a token claims to have. Raises `Unauthorized` if the token has none or an unknown one.

    Nothing else of the token is checked. The caller may use the audience only as the one that `verify` must find.
    """
    try:
        return Audience(str(jwt.decode(token, options={"verify_signature": False}).get("aud")))
    except (jwt.InvalidTokenError, ValueError, TypeError) as error:
        raise Unauthorized from error


def verify(token: str, audience: Audience, at: datetime) -> Claims:
    """The claims of a token. Raises `Unauthorized` if the token is forged, expired or issued for another audience."""
    try:
        key = _find_key_rereading_secret_once(jwt.get_unverified_header(token).get("kid"), at)
        payload = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=audience.value,
            # PyJWT would compare the times of the token with the machine's clock, so its checks are switched off. The
            # lines below compare the times with `at`, the time of the request.
            options={
                "require": _CLAIMS[audience],
                "strict_aud": True,
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
        now = epoch_seconds(at)
        if payload["exp"] <= now or max(payload["iat"], payload.get("nbf", 0)) > now + _SKEW_SECONDS:
            raise Unauthorized
        return Claims(audience, str(payload["sub"]), str(payload["sid"]), str(payload.get("tid", "")))
    except (jwt.InvalidTokenError, ValueError, TypeError) as error:
        raise Unauthorized from error


def _find_key_rereading_secret_once(kid: str | None, at: datetime) -> str:
    """The key with this id, after rereading the secret if the cached one lacks it. Raises `Unauthorized` for none."""
    arn = config().jwt_key_secret_arn
    key = _current_or_unexpired_previous_key(secrets_manager.read(arn), kid, at)
    if key is None and (current := secrets_manager.read_fresh_unless_just_reread(arn)):
        key = _current_or_unexpired_previous_key(current, kid, at)
    if key is None:
        raise Unauthorized
    return key


def _current_or_unexpired_previous_key(secret: dict[str, Any], kid: str | None, at: datetime) -> str | None:
    """The key with this id in the secret. None if there is no such key, or if it is a previous key that has expired."""
    if kid == secret["kid"]:
        return str(secret["key"])
    previous = secret.get("previous")
    if previous and kid == previous["kid"] and previous["until"] > epoch_seconds(at):
        return str(previous["key"])
    return None


def prepare_secret_with_new_key(old_secret: dict[str, Any], at: datetime, *, keep_old_key: bool) -> dict[str, Any]:
    """The secret's content with a new key, to be stored. With `keep_old_key`, tokens of the old key stay valid."""
    new = {"kid": new_id(), "key": secrets.token_urlsafe(48)}
    # A process that cached the secret just before the rotation signs with the old key until its cache expires. So the
    # old key must stay valid for the lifetime of a cache entry plus the lifetime of a token.
    until = at + LIFETIME + timedelta(seconds=secrets_manager.CACHE_SECONDS + _SKEW_SECONDS)
    previous = {"kid": old_secret["kid"], "key": old_secret["key"], "until": epoch_seconds(until)}
    return new | ({"previous": previous} if keep_old_key else {})
