"""What an operator does by hand, with AWS rights and no route: the first superadmin, new secrets, deleted accounts.

A generated secret is in the answer, this once, and in no log. Nothing here can lock everyone out: what
would is refused, or has to be asked for by name.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from rolecall.accounts import account_creation, account_deletion
from rolecall.audit import trail
from rolecall.auth import jwts
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import PlatformRole
from rolecall.aws import secrets_manager
from rolecall.clock import epoch_seconds
from rolecall.config import config
from rolecall.errors import ConcurrentChange, PreviousKeyInUse, ValidationFailed
from rolecall.http import bodies
from rolecall.storage import keys, writes
from rolecall.telemetry import logger

_MASTER_TOKEN_BYTES = 48  # 64 characters, as many as the one that the deployment made


class NewSuperadmin(bodies.Body):
    email: bodies.Email
    first_name: bodies.Name = "Super"
    last_name: bodies.Name = "Admin"
    force: bool = False


class AccountDeletion(bodies.Body):
    email: bodies.Email
    force: bool = False


class MasterTokenRotation(bodies.Body):
    pass


class JwtKeyRotation(bodies.Body):
    revoke_previous: bool = False


def run(context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
    """Do what `request["operation"]` names, with the request's other fields as its arguments.

    The answer holds whatever secret was made. Raises `ValidationFailed`, and what the operation raises.
    """
    name = request.get("operation")
    if name not in _OPERATIONS:
        raise ValidationFailed(message=f"operation must be one of {', '.join(_OPERATIONS)}")
    model, operation = _OPERATIONS[name]
    try:
        arguments = model.parse(orjson.dumps({key: value for key, value in request.items() if key != "operation"}))
    except ValidationFailed as failed:
        raise ValidationFailed(message="; ".join(f"{one.field} {one.message}" for one in failed.fields)) from None
    answer = operation(context, arguments)
    logger.warning("operation done", operation=name)
    return answer


def create_superadmin(context: RequestContext, asked: NewSuperadmin) -> dict[str, Any]:
    """A superadmin with a generated password; refused with `SuperadminExists` if there is an enabled one.

    `force` makes another anyway, for a platform whose superadmins can't log in.
    """
    password = secrets.token_urlsafe(18)
    new = account_creation.NewAccount(asked.email, password, asked.first_name, asked.last_name, PlatformRole.SUPERADMIN)
    account = account_creation.create_account(context, new, only_superadmin=not asked.force)
    return {"id": account.id, "email": account.email, "password": password}


def delete_account(context: RequestContext, asked: AccountDeletion) -> dict[str, Any]:
    """Delete a platform account for good; refused with `LastSuperadmin` for the only enabled superadmin.

    `force` deletes that one too, for a platform that is to begin anew with `create_superadmin`.
    """
    account = account_deletion.delete_account(context, asked.email, force=asked.force)
    return {"id": account.id, "email": account.email}


def rotate_master_token(context: RequestContext, _asked: MasterTokenRotation) -> dict[str, Any]:
    """A new master token; the old one is dead from the answer on.

    Raises `ConcurrentChange` if someone else rotated it at the same time: their token counts.
    """
    arn = config().master_token_secret_arn
    _, version = secrets_manager.read_with_version(arn)
    token = secrets.token_urlsafe(_MASTER_TOKEN_BYTES)
    _replace(context, "rotate_master_token", "master_token", arn, version, {"token": token})
    return {"token": token}


def rotate_jwt_key(context: RequestContext, asked: JwtKeyRotation) -> dict[str, Any]:
    """A new key for access tokens; the one before is good until its tokens have expired.

    Refused with `PreviousKeyInUse` while the key before that one still has valid tokens, as every session
    would lose its access token. `revoke_previous` keeps no key, for one that has leaked: all access
    tokens end within `vault.CACHE_SECONDS`, while refresh tokens still work. Raises `ConcurrentChange` if
    someone else rotated it at the same time.
    """
    arn = config().jwt_key_secret_arn
    secret, version = secrets_manager.read_with_version(arn)
    until = secret.get("previous", {}).get("until", 0)
    if not asked.revoke_previous and until > epoch_seconds(context.at):
        raise PreviousKeyInUse(until - epoch_seconds(context.at))
    rotated = jwts.with_new_key(secret, context.at, keep_previous=not asked.revoke_previous)
    _replace(context, "rotate_jwt_key", "jwt_key", arn, version, rotated)
    return {"kid": rotated["kid"], "previous_until": rotated.get("previous", {}).get("until")}


def _replace(
    context: RequestContext, action: str, name: str, arn: str, version: str, content: Mapping[str, Any]
) -> None:
    target = ("secret", name)
    # Before the change, which is in another service and in no transaction: none goes unrecorded.
    writes.write(trail.new_entry(context, action, target, scope=keys.PLATFORM))
    try:
        secrets_manager.replace_if_version(arn, version, content)
    except ConcurrentChange as lost:
        trail.record_refusal(context, action, target, asked={}, code=lost.code)
        raise


_OPERATIONS: dict[str, tuple[type[Any], Callable[[RequestContext, Any], dict[str, Any]]]] = {
    "create_superadmin": (NewSuperadmin, create_superadmin),
    "delete_account": (AccountDeletion, delete_account),
    "rotate_master_token": (MasterTokenRotation, rotate_master_token),
    "rotate_jwt_key": (JwtKeyRotation, rotate_jwt_key),
}
