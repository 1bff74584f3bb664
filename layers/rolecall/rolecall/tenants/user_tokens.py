"""API tokens of tenant users: replacing a user's token, by a caller or by an operator."""

from copy import replace
from typing import NamedTuple

from rolecall import clock
from rolecall.audit import trail
from rolecall.auth import preconditions, tokens
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import Role, check_may_hand_on, check_may_manage, powers_of
from rolecall.auth.session_owners import UserOwner
from rolecall.clock import rfc3339
from rolecall.errors import TenantNotFound, Unauthorized, UserNotFound
from rolecall.storage import dynamodb, keys, reads, retries, writes
from rolecall.telemetry import count_metric, log_and_count_critical_event, logger
from rolecall.tenants import role_ends, users
from rolecall.tenants.change_rules import require_tenant_user


class UserWithNewToken(NamedTuple):
    user: users.User
    token: str


def rotate_token(context: RequestContext, user_id: str) -> UserWithNewToken:
    """Replace the API token of the caller or of a managed user; raise `UserNotFound`, `Forbidden`, `Unauthorized`.

    One transaction deletes the old token and writes the new one. Raises `ConcurrentChange`, and `Unauthorized` for an
    actor who is no longer active or whose own token was replaced in the meantime. Raises `Forbidden` for a user whom
    the caller does not manage, and for a caller whose temporary role ends before a higher role of the user: the caller
    learns the token.
    """
    user, token = retries.retry_on_conflict(lambda: _attempt_rotation(context, user_id))
    logger.info("token rotated", tenant_id=user.tenant_id, user_id=user.id)
    return UserWithNewToken(user, token)


def _attempt_rotation(context: RequestContext, user_id: str) -> UserWithNewToken:
    """Replace the token once; raise `UserNotFound`, `Forbidden`, `Unauthorized` or `ConcurrentChange`.

    The caller's own token needs no right to manage. It raises `Unauthorized` if the caller is inactive, or if that
    token was replaced already. Another user's token raises `Forbidden` if the caller does not manage that user.
    """
    actor = context.principal
    item = users.read_item_of_undeleted_user(actor.tenant_id, user_id)
    old = users.User.from_item(item, clock.now())
    oneself = old.id == actor.id
    if not oneself:
        check_may_manage(Role(actor.role), old.role)
        check_may_hand_on(require_tenant_user(actor), powers_of(old.held_role))
    old_tokens = {pk for pk in item["owned_keys"] if pk.startswith(keys.TOKEN_PREFIX)}
    # Another request may have replaced the caller's own token after the authorizer accepted it. A caller with such an
    # old token must not get a new one.
    is_dead = bool(actor.token_hash) and keys.api_token(actor.token_hash).pk not in old_tokens
    if oneself and (not old.active or is_dead):
        raise Unauthorized
    return _replace_token(
        context,
        item,
        action="rotate_token",
        actor_checks=(
            _own_session_checks(context, old)
            if oneself
            else preconditions.actor_still_authorized(actor, gives=powers_of(old.held_role))
        ),
    )


def _own_session_checks(context: RequestContext, user: users.User) -> list[writes.Write]:
    """Return the check that the session of a caller's access token is still valid; nothing for an API token.

    A token must not be rotated with a session that has ended since the authorizer accepted it.
    """
    session_id = context.principal.session_id
    owner = UserOwner(user.tenant_id, user.id)
    return [owner.check_of_session(session_id, user.session_generation, context.at)] if session_id else []


def issue_admin_token(context: RequestContext, tenant_id: str, email_of_existing_admin: str) -> UserWithNewToken:
    """Replace the API token of an existing admin; raise `UserNotFound` if no active admin has that email.

    An operator calls this; the audit entry is a critical one. Raises `TenantNotFound` if the tenant's deletion is
    scheduled or runs, and `ConcurrentChange`.
    """

    def attempt() -> UserWithNewToken:
        reservation = reads.get(keys.email_reservation(email_of_existing_admin)) or {}
        if reservation.get("tenant_id") != tenant_id:
            raise UserNotFound("the tenant has no active admin with that email")
        item = users.read_item_of_undeleted_user(tenant_id, reservation["user_id"])
        admin = users.User.from_item(item, clock.now())
        if admin.role is not Role.ADMIN or not admin.active:
            raise UserNotFound("the tenant has no active admin with that email")
        try:
            return _replace_token(context, item, action="issue_admin_token", actor_checks=[], critical=True)
        except Unauthorized:
            # The message of this error is about a credential, which an operator does not have.
            raise TenantNotFound("the tenant is closed: its deletion is scheduled or runs") from None

    admin, token = retries.retry_on_conflict(attempt)
    log_and_count_critical_event("admin token issued by operator", tenant_id=tenant_id, user_id=admin.id)
    count_metric("AdminTokenIssued")
    return UserWithNewToken(admin, token)


def _replace_token(
    context: RequestContext,
    item: dynamodb.Item,
    *,
    action: str,
    actor_checks: list[writes.Write],
    critical: bool = False,
) -> UserWithNewToken:
    """Delete the user's token and write a new one; raise `ConcurrentChange` if the user changed, or `Unauthorized`.

    One transaction writes both and the audit entry of `action`. Raises `Unauthorized` if the tenant is not active, and
    the errors of `actor_checks`. Writes the end of the user's temporary role down before, if that is due.
    """
    old = users.User.from_item(item, clock.now())
    if old.has_unwritten_end:
        context = role_ends.write_end_before_other_change(context, item, actor_checks)
    # A user should have exactly one API token. If a fault left several, the rotation deletes them all.
    old_tokens = {pk for pk in item["owned_keys"] if pk.startswith(keys.TOKEN_PREFIX)}
    token = tokens.new_api_token()
    token_key = keys.api_token(tokens.api_token_hash(token))
    old_token_keys = [keys.Key(pk, keys.META) for pk in sorted(old_tokens)]
    last_used = [one["last_used_at"] for one in map(reads.get, old_token_keys) if one and "last_used_at" in one]
    new = replace(
        old, token_last4=token[-4:], updated_at=rfc3339(context.at), version=old.version + 1, has_unwritten_end=False
    )
    writes.transact(
        preconditions.tenant_active(old.tenant_id),
        # A transaction can't both check and update the same item. If callers rotate their own token, the user's item is
        # also the caller's. So the condition of this update also checks that the caller is unchanged.
        writes.Update(
            keys.user(old.tenant_id, old.id),
            set={
                "token_last4": new.token_last4,
                "owned_keys": item["owned_keys"] - old_tokens | {token_key.pk},
                "updated_at": new.updated_at,
            },
            add={"version": 1},
            when=old.unchanged_condition,
            send_before=old.held_role.until,
        ),
        *map(writes.Delete, old_token_keys),
        writes.put_if_absent(token_key, {"tenant_id": old.tenant_id, "user_id": old.id, "created_at": new.updated_at}),
        *actor_checks,
        trail.new_entry(
            context,
            action,
            ("user", old.id),
            scope=old.tenant_id,
            before={"token_last4": old.token_last4, "token_last_used_at": max(last_used, default=None)},
            after={"token_last4": new.token_last4},
            critical=critical,
        ),
    )
    return UserWithNewToken(new, token)
