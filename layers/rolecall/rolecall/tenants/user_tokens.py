"""API tokens of tenant users: replacing a user's token."""

from copy import replace

from rolecall.audit import trail
from rolecall.auth import preconditions, tokens
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import Role, check_may_manage
from rolecall.clock import rfc3339
from rolecall.errors import Unauthorized
from rolecall.storage import keys, reads, retries, writes
from rolecall.telemetry import logger
from rolecall.tenants import users


def rotate_token(context: RequestContext, user_id: str) -> tuple[users.User, str]:
    """Replace the API token of the caller, or of a user whom the caller manages; return the user and the new token.

    One transaction deletes the old token and writes the new one. Raises `UserNotFound`, `Forbidden`,
    `ConcurrentChange`, and `Unauthorized` for an actor who is no longer active.
    """
    user, token = retries.retry_on_conflict(lambda: _attempt_rotation(context, user_id))
    logger.info("token rotated", tenant_id=user.tenant_id, user_id=user.id)
    return user, token


def _attempt_rotation(context: RequestContext, user_id: str) -> tuple[users.User, str]:
    actor = context.principal
    item = users.read_user_item(actor.tenant_id, user_id)
    old = users.User.from_item(item)
    oneself = old.id == actor.id
    if not oneself:
        check_may_manage(Role(actor.role), old.role)
    # A user has one token. If a fault left several, the rotation removes them all.
    old_tokens = {pk for pk in item["owned_keys"] if pk.startswith(keys.TOKEN_PREFIX)}
    # The caller's token may have been rotated after the authorizer accepted it. A dead token must not get a successor.
    is_dead = bool(actor.token_hash) and keys.api_token(actor.token_hash).pk not in old_tokens
    if oneself and (not old.active or is_dead):
        raise Unauthorized
    token = tokens.new_api_token()
    token_key = keys.api_token(tokens.api_token_hash(token))
    old_token_keys = [keys.Key(pk, keys.META) for pk in sorted(old_tokens)]
    last_used = [one["last_used_at"] for one in map(reads.get, old_token_keys) if one and "last_used_at" in one]
    new = replace(old, token_last4=token[-4:], updated_at=rfc3339(context.at), version=old.version + 1)
    writes.transact(
        preconditions.tenant_active(old.tenant_id),
        # A transaction takes one operation per item. For a caller's own token, this one also checks the caller.
        writes.Update(
            keys.user(old.tenant_id, old.id),
            set={
                "token_last4": new.token_last4,
                "owned_keys": item["owned_keys"] - old_tokens | {token_key.pk},
                "updated_at": new.updated_at,
            },
            add={"version": 1},
            when=old.unchanged_condition,
        ),
        *map(writes.Delete, old_token_keys),
        writes.put_if_absent(token_key, {"tenant_id": old.tenant_id, "user_id": old.id, "created_at": new.updated_at}),
        *([] if oneself else preconditions.actor_still_authorized(actor)),
        trail.new_entry(
            context,
            "rotate_token",
            ("user", old.id),
            scope=old.tenant_id,
            before={"token_last4": old.token_last4, "token_last_used_at": max(last_used, default=None)},
            after={"token_last4": new.token_last4},
        ),
    )
    return new, token
