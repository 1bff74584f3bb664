"""Passwords of tenant users: changing one's own, or setting that of a user whom one manages."""

from copy import replace

from rolecall import clock
from rolecall.audit import trail
from rolecall.auth import logins, password_changes, preconditions
from rolecall.auth.passwords import hash_password
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import Role, check_may_hand_on, check_may_manage, powers_of
from rolecall.auth.session_owners import UserOwner
from rolecall.clock import rfc3339
from rolecall.errors import FieldError, Unauthorized, UserNotFound, ValidationFailed
from rolecall.storage import dynamodb, keys, reads, retries, writes
from rolecall.telemetry import count_metric, logger
from rolecall.tenants import role_ends, users
from rolecall.tenants.change_rules import require_tenant_user


def change_password(
    context: RequestContext, user_id: str, new_password: str, *, current_password: str | None = None
) -> users.User:
    """Replace the caller's own password, or set the password of a user whom the caller manages; return the user.

    One transaction writes the new hash and ends all sessions of the user but the caller's own. API tokens stay valid.
    `current_password` is needed for one's own password, and refused for another user's. A user who has no password gets
    the first one from somebody who manages the user. Raises, in this order:
    `UserNotFound`; `Forbidden` for a user whom the caller does not manage, and for a caller whose temporary role ends
    before a higher role of the user; `WrongPassword` or `RateLimited`; `ValidationFailed` for the present password and
    for the email; `ConcurrentChange`. Raises `Unauthorized` for an actor who is no longer active, and for a caller
    whose own token or session has ended.
    """
    new_hashes: dict[str | None, str] = {}  # for each present hash with which both passwords were checked, the new hash

    def attempt() -> users.User:
        item, present_hash = _read_user_and_password_hash(context, user_id)
        user = users.User.from_item(item, clock.now())
        oneself = user.id == context.principal.id
        if oneself:
            _check_caller_active_and_token_current(context, item)
        else:
            check_may_manage(Role(context.principal.role), user.role)
            # The caller knows the new password, and so can log in as the user. So the caller must be allowed to give
            # somebody all roles of the user.
            check_may_hand_on(require_tenant_user(context.principal), powers_of(user.held_role))
        if present_hash not in new_hashes:
            _check_passwords(context, user, present_hash, new_password, current_password)
            new_hashes[present_hash] = hash_password(new_password)
        after_end = context
        if user.has_unwritten_end:
            after_end = role_ends.write_end_before_other_change(context, item, _actor_checks(context, user))
        return _write_new_password_and_end_other_sessions(after_end, user, present_hash, new_hashes[present_hash])

    changed = retries.retry_on_conflict(attempt)
    logger.info("password changed", tenant_id=changed.tenant_id, user_id=changed.id)
    count_metric("PasswordChanged")
    return changed


def _read_user_and_password_hash(context: RequestContext, user_id: str) -> tuple[dynamodb.Item, str | None]:
    """Return the user's item and password hash, or None for no hash; raise `UserNotFound`, also for a deleted user."""
    tenant_id, canonical = context.principal.tenant_id, keys.canonical_uuid(user_id)
    if canonical is None:
        raise UserNotFound
    user, credential = reads.get_many(keys.user(tenant_id, canonical), UserOwner(tenant_id, canonical).password_key)
    if user is None or user.get("deleted_at"):
        raise UserNotFound
    return user, credential["password_hash"] if credential else None


def _check_caller_active_and_token_current(context: RequestContext, item: dynamodb.Item) -> None:
    """Raise `Unauthorized` if the caller is not active any more, or if its API token was rotated meanwhile."""
    token_hash = context.principal.token_hash
    if not item["active"] or (token_hash and keys.api_token(token_hash).pk not in item["owned_keys"]):
        raise Unauthorized


def _check_passwords(
    context: RequestContext, user: users.User, present_hash: str | None, new_password: str, current_password: str | None
) -> None:
    """Check both passwords; raise `ValidationFailed`, `WrongPassword` or `RateLimited`.

    Raises `ValidationFailed` if one's own current password is missing, if one is given for another user, or for a new
    password that is the email or the present password.
    """
    if user.id != context.principal.id:
        if current_password is not None:
            raise ValidationFailed(FieldError("current_password", "is only for one's own password"))
    elif current_password is None:
        raise ValidationFailed(FieldError("current_password", "is required for one's own password"))
    else:
        logins.check_current_password(context, user.email, present_hash, current_password)
    password_changes.check_new_password("new_password", new_password, user.email, present_hash)


def _actor_checks(context: RequestContext, user: users.User) -> list[writes.Write]:
    """Return the checks that the caller may still do this: of its own session, or of its role."""
    actor, owner = context.principal, UserOwner(user.tenant_id, user.id)
    if user.id != actor.id:
        return preconditions.actor_still_authorized(actor, gives=powers_of(user.held_role))
    if not actor.session_id:
        return []
    return [owner.check_of_session(actor.session_id, user.session_generation, context.at)]


def _write_new_password_and_end_other_sessions(
    context: RequestContext, old: users.User, present_hash: str | None, new_hash: str
) -> users.User:
    """Write the new hash, end the user's other sessions and return the user; raise `ConcurrentChange` and others.

    Raises `Unauthorized` too. Raises `Forbidden` if the caller changes another user's password and has another role by
    now.
    """
    actor, owner = context.principal, UserOwner(old.tenant_id, old.id)
    new = replace(
        old,
        updated_at=rfc3339(context.at),
        version=old.version + 1,
        session_generation=old.session_generation + 1,
        has_unwritten_end=False,
    )
    writes.transact(
        preconditions.tenant_active(old.tenant_id),
        # A transaction can't both check and update the same item. If callers change their own password, the user's item
        # is also the caller's. So the condition of this update also checks that the caller is unchanged.
        writes.Update(
            keys.user(old.tenant_id, old.id),
            set={"session_generation": new.session_generation, "updated_at": new.updated_at},
            add={"version": 1},
            when=old.unchanged_condition,
            send_before=old.held_role.until,
        ),
        password_changes.password_update(owner, present_hash, new_hash, context.at),
        *(
            password_changes.prepare_update_that_keeps_own_session(
                owner, actor.session_id, old.session_generation, context.at
            )
            if old.id == actor.id
            else _actor_checks(context, old)
        ),
        trail.new_entry(context, "change_password", ("user", old.id), scope=old.tenant_id),
    )
    return new
