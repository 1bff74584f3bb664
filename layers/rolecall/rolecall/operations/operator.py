"""Operations that an operator invokes by hand, with AWS rights: the first superadmin, new secrets, deleted accounts, an
admin's token.

The answer holds the generated secret, and no log does. An operation that could lock out all users is refused, unless
the operator asks for exactly that.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from rolecall.accounts import account_creation, account_deletion
from rolecall.audit import refusals, trail
from rolecall.auth import jwts
from rolecall.auth.passwords import generate_password
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import PlatformRole
from rolecall.aws import secrets_manager
from rolecall.clock import epoch_seconds
from rolecall.config import config
from rolecall.errors import ConcurrentChange, PreviousKeyInUse, ValidationFailed
from rolecall.http.field_types import Email, Name
from rolecall.http.models import Body
from rolecall.storage import keys, writes
from rolecall.telemetry import logger
from rolecall.tenants import user_tokens

_MASTER_TOKEN_BYTES = 48  # 64 characters, as many as the one that the deployment made


class FirstOrForcedSuperadmin(Body):
    email: Email
    first_name: Name = "Super"
    last_name: Name = "Admin"
    force: bool = False


class AccountDeletion(Body):
    email: Email
    force: bool = False


class TenantAdminTokenReplacement(Body):
    tenant_id: str
    email: Email


class MasterTokenRotation(Body):
    pass


class JwtKeyRotation(Body):
    revoke_previous: bool = False


def run_operation(context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
    """Run the operation that `request["operation"]` names; raise `ValidationFailed` for unknown names and arguments.

    The other fields of the request are the arguments. The answer holds the new secret, if there is one. Raises
    `ValidationFailed` for an unknown operation or wrong arguments, and the errors that the docstring of the operation
    names.
    """
    name = request.get("operation")
    if name not in _OPERATIONS:
        raise ValidationFailed(message=f"operation must be one of {', '.join(_OPERATIONS)}")
    model, operation = _OPERATIONS[name]
    try:
        arguments = model.from_object({key: value for key, value in request.items() if key != "operation"})
    except ValidationFailed as failed:
        raise ValidationFailed(message="; ".join(f"{one.field} {one.message}" for one in failed.fields)) from None
    answer = operation(context, arguments)
    logger.warning("operation done", operation=name)
    return answer


def create_superadmin(context: RequestContext, arguments: FirstOrForcedSuperadmin) -> dict[str, Any]:
    """Create a superadmin with a temporary password; raise `SuperadminExists`, `EmailTaken` or `UsernameTaken`.

    The superadmin can do nothing before it has changed the password. Returns its `id`, `email` and `password`. Raises
    `SuperadminExists` if the platform has an active superadmin. `force` creates another anyway, for a platform whose
    superadmins can't log in.
    """
    password = generate_password()
    new = account_creation.NewAccount(
        arguments.email, password, arguments.first_name, arguments.last_name, PlatformRole.SUPERADMIN
    )
    account = account_creation.create_account(
        context, new, only_if_no_active_superadmin=not arguments.force, password_change_required=True
    )
    return {"id": account.id, "email": account.email, "password": password}


def delete_account(context: RequestContext, arguments: AccountDeletion) -> dict[str, Any]:
    """Delete a platform account for good; raise `AccountNotFound`, or `LastSuperadmin` for the only active superadmin.

    `force` deletes that one too, for a platform that starts again with `create_superadmin`. Returns the account's `id`
    and `email`. Raises `ConcurrentChange`.
    """
    account = account_deletion.delete_account(context, arguments.email, even_last_superadmin=arguments.force)
    return {"id": account.id, "email": account.email}


def issue_admin_token(context: RequestContext, arguments: TenantAdminTokenReplacement) -> dict[str, Any]:
    """Replace the API token of an existing admin, named by tenant and email; raise `UserNotFound` and others.

    This is for a tenant whose admins have all lost their tokens. Returns the new token in full. The admin's old token
    is invalid from the answer on. Raises `ValidationFailed` for an id that is no UUID, `UserNotFound` if the tenant has
    no active admin with that email, `TenantNotFound` if its deletion is scheduled or runs, `ConcurrentChange`.
    """
    tenant_id = keys.canonical_uuid(arguments.tenant_id)
    if tenant_id is None:
        raise ValidationFailed(message="tenant_id must be a UUID")
    admin, token = user_tokens.issue_admin_token(context, tenant_id, arguments.email)
    return {"tenant_id": tenant_id, "user_id": admin.id, "email": admin.email, "token": token}


def rotate_master_token(context: RequestContext, _arguments: MasterTokenRotation) -> dict[str, Any]:
    """Replace the master token and return the new one in full as `token`; raise `ConcurrentChange`.

    The old token is invalid from the answer on. Raises `ConcurrentChange` if another operator replaced it at the same
    time: then the token of that operator is valid.
    """
    arn = config().master_token_secret_arn
    _, version = secrets_manager.read_current_with_version(arn)
    token = secrets.token_urlsafe(_MASTER_TOKEN_BYTES)
    _write_audit_entry_then_replace_secret(
        context, "rotate_master_token", "master_token", arn, version, {"token": token}
    )
    return {"token": token}


def rotate_jwt_key(context: RequestContext, arguments: JwtKeyRotation) -> dict[str, Any]:
    """Replace the key that signs access tokens; raise `PreviousKeyInUse` or `ConcurrentChange`.

    The key before stays valid until its tokens have expired. Returns the new key's `kid` and that time, never a key.
    Raises `PreviousKeyInUse` while the key before that one still has valid tokens, since only two keys are kept.
    `revoke_previous` keeps no old key, for a key that has leaked: all access tokens become invalid within
    `secrets_manager.CACHE_SECONDS`, and refresh tokens still work. Raises `ConcurrentChange` if another operator
    replaced the key at the same time.
    """
    arn = config().jwt_key_secret_arn
    secret, version = secrets_manager.read_current_with_version(arn)
    until = secret.get("previous", {}).get("until", 0)
    if not arguments.revoke_previous and until > epoch_seconds(context.at):
        raise PreviousKeyInUse(until - epoch_seconds(context.at))
    rotated = jwts.prepare_secret_with_new_key(secret, context.at, keep_old_key=not arguments.revoke_previous)
    _write_audit_entry_then_replace_secret(context, "rotate_jwt_key", "jwt_key", arn, version, rotated)
    return {"kid": rotated["kid"], "previous_until": rotated.get("previous", {}).get("until")}


def _write_audit_entry_then_replace_secret(
    context: RequestContext,
    audit_action: str,
    secret_name: str,
    arn: str,
    version_as_read: str,
    new_content: Mapping[str, Any],
) -> None:
    """Write an audit entry, then replace the secret; raise `ConcurrentChange` if its version is another one by then.

    A refused replacement is recorded in the audit trail too.
    """
    target = ("secret", secret_name)
    # The audit entry is written before the secret changes, so that no change is without an entry. One transaction for
    # both is impossible, because Secrets Manager takes no part in DynamoDB's transactions.
    writes.write(trail.new_entry(context, audit_action, target, scope=keys.PLATFORM))
    try:
        secrets_manager.replace_unless_version_changed(arn, version_as_read, new_content)
    except ConcurrentChange as lost:
        refusals.record_refusal(context, audit_action, target, asked={}, code=lost.code)
        raise


_OPERATIONS: dict[str, tuple[type[Body], Callable[[RequestContext, Any], dict[str, Any]]]] = {
    "create_superadmin": (FirstOrForcedSuperadmin, create_superadmin),
    "delete_account": (AccountDeletion, delete_account),
    "issue_admin_token": (TenantAdminTokenReplacement, issue_admin_token),
    "rotate_master_token": (MasterTokenRotation, rotate_master_token),
    "rotate_jwt_key": (JwtKeyRotation, rotate_jwt_key),
}
