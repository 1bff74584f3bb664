"""The Lambda authorizer's decision: who is behind the credential of a request, and is the credential valid now.

Only secrets are cached. Role, state and tenant are read from the table for each request.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rolecall.auth import preconditions, token_use
from rolecall.auth.principals import MASTER, Principal, PrincipalType
from rolecall.auth.roles import HeldRole, PlatformRole, Role
from rolecall.auth.session_owners import AccountOwner, Audience, Claims, SessionOwner, UserOwner
from rolecall.auth.tokens import (
    CredentialForm,
    api_token_hash,
    parse_credential_with_optional_bearer,
    recognize_credential,
)
from rolecall.aws import secrets_manager
from rolecall.clock import rfc3339
from rolecall.config import config
from rolecall.errors import Unauthorized
from rolecall.storage import dynamodb, keys, reads
from rolecall.telemetry import logger


def authenticate(authorization: str | None, at: datetime) -> Principal:
    """The principal who owns the credential in an `Authorization` header. Raises `Unauthorized` for an invalid one.

    Invalid credentials are unknown, malformed, expired or revoked, or their owner is inactive or deleted.
    """
    credential = parse_credential_with_optional_bearer(authorization)
    if credential is None:
        raise Unauthorized
    match recognize_credential(credential):
        case CredentialForm.API_TOKEN:
            return _authenticate_api_token_and_report_use(credential, at)
        case CredentialForm.JWT:
            return _authenticate_jwt(credential, at)
        case CredentialForm.MASTER_TOKEN:
            return _authenticate_master_token(credential)


def _authenticate_api_token_and_report_use(token: str, at: datetime) -> Principal:
    """The token's user. Raises `Unauthorized` unless the token exists, and its user and tenant are active."""
    token_hash = api_token_hash(token)
    found = reads.get(keys.api_token(token_hash))
    if found is None:
        raise Unauthorized
    tenant_id, user_id = found["tenant_id"], found["user_id"]
    tenant, user = reads.get_many(keys.tenant(tenant_id), keys.user(tenant_id, user_id))
    if tenant is None or tenant["status"] != preconditions.ACTIVE or user is None or not user["active"]:
        raise Unauthorized
    token_use.queue_use_at_most_hourly(token_hash, found.get("last_used_at"), at)
    return _to_principal_without_checks(user, at)._replace(token_hash=token_hash)


def _to_principal_without_checks(user_item: dynamodb.Item, at: datetime) -> Principal:
    """A user's item as a principal with the role in force at `at`. Checks nothing, so the caller must have checked it.

    The rights are the same for an API token and for an access token.
    """
    principal = Principal(PrincipalType.USER, user_item["id"], user_item["email"], tenant_id=user_item["tenant_id"])
    return principal.with_role(HeldRole.from_item(user_item, Role).at(at))


def _authenticate_jwt(token: str, at: datetime) -> Principal:
    """The owner of an access token. Raises `Unauthorized` for an invalid token, session or owner."""
    # PyJWT is imported only for requests with a JWT, because the import would slow every other cold start.
    from rolecall.auth import jwts  # noqa: PLC0415

    match jwts.read_unverified_audience(token):
        case Audience.PLATFORM:
            return _authenticate_account(jwts.verify(token, Audience.PLATFORM, at), at)
        case Audience.TENANT:
            return _authenticate_user(jwts.verify(token, Audience.TENANT, at), at)


def _authenticate_account(claims: Claims, at: datetime) -> Principal:
    """The account in verified claims. Raises `Unauthorized` unless account and session are valid now."""
    owner = AccountOwner.from_claims(claims)
    if owner is None:
        raise Unauthorized
    [account] = _read_state_if_session_valid(owner, claims.session_id, at)
    principal = Principal(
        PrincipalType.ACCOUNT,
        str(owner.account_id),
        account["email"],
        name=f"{account['first_name']} {account['last_name']}",
        session_id=claims.session_id,
        password_change_required=account.get("password_change_required", False),
    )
    return principal.with_role(HeldRole.from_item(account, PlatformRole).at(at))


def _authenticate_user(claims: Claims, at: datetime) -> Principal:
    """The user in verified claims. Raises `Unauthorized` unless user, tenant and session are valid now."""
    owner = UserOwner.from_claims(claims)
    if owner is None:
        raise Unauthorized
    _tenant, user = _read_state_if_session_valid(owner, claims.session_id, at)
    return _to_principal_without_checks(user, at)._replace(session_id=claims.session_id)


def _read_state_if_session_valid(owner: SessionOwner, session_id: str, at: datetime) -> list[dynamodb.Item]:
    """The items of the owner's `state_keys`. Raises `Unauthorized` unless the session is valid."""
    *state, session = reads.get_many(*owner.state_keys, owner.session_key(session_id))
    if not owner.is_session_valid(state, session, at):
        raise Unauthorized
    return [item for item in state if item is not None]


def _authenticate_master_token(token: str) -> Principal:
    """The principal `MASTER`. Raises `Unauthorized` if the token is not the current master token."""
    arn = config().master_token_secret_arn
    cached = secrets_manager.read(arn)["token"]
    if len(token) != len(cached):
        raise Unauthorized
    # The cached secret may be out of date, so the current secret decides. If the token equals the cached secret, the
    # current secret is read for each request: a rotated token stops working at once. If the token differs, it may be
    # the new master token or a guess. Then the current secret is read at most once every few seconds, so that many
    # guesses cause few calls to Secrets Manager.
    matches_cache = _equal_in_constant_time(token, cached)
    current = (
        secrets_manager.read(arn, fresh=True) if matches_cache else secrets_manager.read_fresh_unless_just_reread(arn)
    )
    if current is None or not _equal_in_constant_time(token, current["token"]):
        raise Unauthorized
    return MASTER


def _equal_in_constant_time(one: str, other: str) -> bool:
    """Whether two texts are equal. The time of the comparison does not show where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def read_authorization_header(event: Mapping[str, Any]) -> str | None:
    """The `Authorization` header of a request; None if it was not sent, or if it was sent more than once.

    Of several headers, API Gateway names only the last one in `headers`. Other systems could read the first one.
    """
    repeated = (event.get("multiValueHeaders") or {}).items()
    values = [value for name, several in repeated if name.lower() == "authorization" for value in several or ()]
    single = [value for name, value in (event.get("headers") or {}).items() if name.lower() == "authorization"]
    return single[0] if len(single) == 1 and len(values) <= 1 else None


def authorize_request(authorization: str | None, method_arn: str, at: datetime) -> dict[str, Any]:
    """The policy for an `Authorization` header: `Allow` for a valid credential, the same `Deny` for every other one."""
    try:
        principal = authenticate(authorization, at)
    except Unauthorized:
        logger.info("request denied")
        return policy_denying_all_routes(method_arn, at)
    return policy_allowing_all_routes(principal, method_arn)


def policy_allowing_all_routes(principal: Principal, method_arn: str) -> dict[str, Any]:
    """The policy that lets a principal call every route. Each route checks by itself who may use it."""
    return _policy_for_all_routes("Allow", principal.id, method_arn, principal.to_authorizer_context())


def policy_denying_all_routes(method_arn: str, at: datetime) -> dict[str, Any]:
    """The policy that denies every route. API Gateway answers the request with 401 then."""
    return _policy_for_all_routes("Deny", "unknown", method_arn, {"denied_at": rfc3339(at)})


def _policy_for_all_routes(effect: str, principal_id: str, method_arn: str, context: dict[str, str]) -> dict[str, Any]:
    """The policy with this effect for every route of the stage, not only for the one that is called."""
    # The policy covers all routes of the stage, because API Gateway may cache a policy and apply it to other routes. A
    # method ARN has the form arn:…:<api>/<stage>/<METHOD>/<path>.
    api, stage, *_ = method_arn.split("/")
    return {
        "principalId": principal_id,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{api}/{stage}/*"}],
        },
        "context": context,
    }
