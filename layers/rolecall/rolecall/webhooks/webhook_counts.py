"""How many webhooks a tenant and a user may have, and the writes that count them.

The number is an attribute of the tenant's item or of the user's item. The transaction that makes a webhook has the
condition that the number is below the limit. So several requests at once can't exceed it.
"""

from collections.abc import Iterable

from rolecall.auth import preconditions
from rolecall.auth.principals import Principal
from rolecall.auth.roles import Power
from rolecall.errors import RolecallError, Unauthorized, UserNotFound, WebhookLimit, WebhookNotFound
from rolecall.storage import dynamodb, keys, writes
from rolecall.storage.expressions import Attr

#: The most webhooks of a tenant, beside those of its users.
MOST_OF_TENANT = 10

#: The most webhooks of one user.
MOST_OF_USER = 5

#: The attribute of a tenant's item, and of a user's item, with the number of webhooks.
COUNT = "webhook_count"

_BELOW_LIMIT_OF_TENANT = Attr(COUNT).not_exists() | Attr(COUNT).lt(MOST_OF_TENANT)
_BELOW_LIMIT_OF_USER = Attr(COUNT).not_exists() | Attr(COUNT).lt(MOST_OF_USER)
_NOT_DELETED = writes.MUST_EXIST & Attr("deleted_at").not_exists()


def writes_that_count_one_more(
    actor: Principal, tenant_id: str, user_id: str | None, *, gives: Iterable[Power]
) -> list[writes.Write]:
    """Return writes that check tenant and actor and count a new webhook; at the limit they fail with `WebhookLimit`.

    They fail with `Unauthorized` or `Forbidden` if the tenant or the actor does not allow the change any more, and with
    `UserNotFound` if the user of the webhook does not exist or is deleted. `user_id` is None for the tenant's webhook.
    `gives` are the powers that the webhook gives, as for `preconditions.actor_still_authorized`.
    """
    actor_checks = preconditions.actor_still_authorized(actor, gives=gives)
    if user_id is None:

        def tenant_inactive_or_limit(found: dynamodb.Item | None) -> RolecallError:
            return WebhookLimit() if found and found["status"] == preconditions.ACTIVE else Unauthorized()

        count = writes.Update(
            keys.tenant(tenant_id),
            add={COUNT: 1},
            when=Attr("status").eq(preconditions.ACTIVE) & _BELOW_LIMIT_OF_TENANT,
            on_condition_failure=tenant_inactive_or_limit,
        )
        return [count, *actor_checks]

    def user_not_found_or_limit(found: dynamodb.Item | None) -> RolecallError:
        return WebhookLimit() if found and "deleted_at" not in found else UserNotFound()

    count = writes.Update(
        keys.user(tenant_id, user_id),
        add={COUNT: 1},
        when=_NOT_DELETED & _BELOW_LIMIT_OF_USER,
        on_condition_failure=user_not_found_or_limit,
    )
    return [preconditions.tenant_active(tenant_id), *_merge_if_actor_is_counted(count, actor_checks)]


def writes_that_count_one_less(actor: Principal, tenant_id: str, user_id: str | None) -> list[writes.Write]:
    """Return the writes that check tenant and actor, and count a deleted webhook; raise nothing.

    They fail with `Unauthorized` or `Forbidden` if the tenant or the actor does not allow the change any more, and with
    `WebhookNotFound` if the user of the webhook is deleted. `user_id` is None for the tenant's webhook.
    """
    actor_checks = preconditions.actor_still_authorized(actor)
    if user_id is None:
        count = writes.Update(
            keys.tenant(tenant_id),
            add={COUNT: -1},
            when=Attr("status").eq(preconditions.ACTIVE),
            on_condition_failure=lambda _found: Unauthorized(),
        )
        return [count, *actor_checks]
    count = writes.Update(
        keys.user(tenant_id, user_id),
        add={COUNT: -1},
        when=_NOT_DELETED,
        on_condition_failure=lambda _found: WebhookNotFound(),
    )
    return [preconditions.tenant_active(tenant_id), *_merge_if_actor_is_counted(count, actor_checks)]


def _merge_if_actor_is_counted(count: writes.Update, actor_checks: list[writes.Write]) -> list[writes.Write]:
    """Return the update and the checks; for an actor who is the counted user, one update with both conditions.

    DynamoDB allows one operation per item in a transaction. An admin can make a webhook of their own.
    """
    merged: list[writes.Write] = [count]
    for check in actor_checks:
        if isinstance(check, writes.Check) and check.key == count.key:
            merged = [_with_conditions_of_check(count, check)]
        else:
            merged.append(check)
    return merged


def _with_conditions_of_check(count: writes.Update, check: writes.Check) -> writes.Update:
    """Return the update with the check's condition too; its failure is `Unauthorized` if the check says so.

    A failed condition does not tell which of its parts failed. An actor who is active and whose count is below the
    limit must have lost the role.
    """

    def on_condition_failure(found: dynamodb.Item | None) -> RolecallError:
        of_check, of_count = check.on_condition_failure(found), count.on_condition_failure(found)
        at_limit = bool(found) and int((found or {}).get(COUNT, 0)) >= MOST_OF_USER
        return of_count if at_limit and not isinstance(of_check, Unauthorized) else of_check

    return count._replace(
        when=count.when & check.when, on_condition_failure=on_condition_failure, send_before=check.send_before
    )
