"""Changes to the webhooks of a tenant and of its users: making, deleting and testing them, and rotating their secrets.

Each change is one transaction with the conditions that the tenant is active and that the actor is still an admin, and
with its audit entry. The audit entry names the host of the URL only, because the rest of a URL can contain a secret.
"""

from contextlib import suppress
from copy import replace
from datetime import datetime
from math import ceil
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import Power, Role
from rolecall.clock import rfc3339
from rolecall.errors import RolecallError, ServiceUnavailable, UserNotFound, WebhookNotFound, WebhookTestWaiting
from rolecall.ids import time_ordered_id
from rolecall.storage import dynamodb, keys, retries, writes
from rolecall.storage.expressions import Attr
from rolecall.telemetry import logger
from rolecall.webhooks import delivery_messages, delivery_state, signing_secrets, waits, webhook_counts
from rolecall.webhooks.webhooks import Webhook, WebhookStatus, read_item_of_webhook

#: The power that a webhook and its secret give: they deliver events about the tenant's users, which only an admin may
#: see, and they do so without an end.
POWERS_GIVEN = (Power(Role.ADMIN),)


class WebhookWithSecret(NamedTuple):
    """A webhook, with the secret that is shown only now."""

    webhook: Webhook
    secret: str


def prepare_new_webhook(
    context: RequestContext, tenant_id: str, url: str, user_id: str | None
) -> tuple[WebhookWithSecret, writes.Put]:
    """Return a new webhook of a tenant or user with its secret, and the write of its item; raise `ServiceUnavailable`.

    Writes nothing. The caller's transaction must count the webhook too, see `webhook_counts`. Raises
    `ServiceUnavailable` if the deployment's secret can't be read.
    """
    webhook = Webhook(tenant_id, time_ordered_id(context.at), url, rfc3339(context.at), user_id)
    secret = signing_secrets.derive_first_secret(webhook.id)
    return WebhookWithSecret(webhook, secret), writes.put_if_absent(webhook.key, webhook.to_new_item_attributes())


def create_webhook(context: RequestContext, url: str, *, user_id: str | None = None) -> WebhookWithSecret:
    """Make a webhook of the caller's tenant, or of one of its users; raise `UserNotFound`, `WebhookLimit`, `Forbidden`.

    Raises `UserNotFound` for a user of another tenant and for one who is deleted, `WebhookLimit` if there are
    `webhook_counts.MOST_OF_TENANT` or `MOST_OF_USER` already. Raises `Forbidden` if the caller's role of an admin is
    temporary. Raises `Forbidden` or `Unauthorized` if the caller is no longer an admin or no longer active, and
    `ConcurrentChange`.
    """
    preconditions.require_may_hand_on(context.principal, POWERS_GIVEN)
    tenant_id = context.principal.tenant_id
    owner_id = keys.canonical_uuid(user_id) if user_id is not None else None
    if user_id is not None and owner_id is None:
        raise UserNotFound
    made, put = prepare_new_webhook(context, tenant_id, url, owner_id)
    writes.transact(
        *webhook_counts.writes_that_count_one_more(context.principal, tenant_id, owner_id, gives=POWERS_GIVEN),
        put,
        trail.new_entry(
            context, "create_webhook", _target(made.webhook), scope=tenant_id, after=_facts_for_audit(made.webhook)
        ),
    )
    logger.info("webhook created", tenant_id=tenant_id, webhook_id=made.webhook.id, user_id=owner_id)
    return made


def delete_webhook(context: RequestContext, webhook_id: str) -> None:
    """Delete a webhook of the caller's tenant or of its users; raise `WebhookNotFound`, `Forbidden`, `Unauthorized`.

    Nothing is delivered to it any more, also no event that has happened already. Raises `ConcurrentChange`.
    """
    webhook = Webhook.from_item(read_item_of_webhook(context.principal.tenant_id, webhook_id))
    writes.transact(
        *webhook_counts.writes_that_count_one_less(context.principal, webhook.tenant_id, webhook.user_id),
        writes.Delete(webhook.key, when=writes.MUST_EXIST, on_condition_failure=lambda _found: WebhookNotFound()),
        trail.new_entry(
            context, "delete_webhook", _target(webhook), scope=webhook.tenant_id, before=_facts_for_audit(webhook)
        ),
    )
    logger.info("webhook deleted", tenant_id=webhook.tenant_id, webhook_id=webhook.id, user_id=webhook.user_id)


def rotate_webhook_secret(context: RequestContext, webhook_id: str) -> WebhookWithSecret:
    """Give a webhook a new secret, and enable it if it is disabled; raise `WebhookNotFound`, `Forbidden`.

    Deliveries are signed with the former secret too for `signing_secrets.FORMER_SECRET_LIFETIME`. Raises `Forbidden`
    for a caller whose role of an admin is temporary, `Unauthorized` if the caller or the tenant is no longer active,
    and `ConcurrentChange`.
    """
    preconditions.require_may_hand_on(context.principal, POWERS_GIVEN)
    rotated = retries.retry_on_conflict(lambda: _attempt_rotation(context, webhook_id))
    logger.info("webhook secret rotated", tenant_id=rotated.webhook.tenant_id, webhook_id=rotated.webhook.id)
    return rotated


def _attempt_rotation(context: RequestContext, webhook_id: str) -> WebhookWithSecret:
    """Write the next generation of the secret; raise `ConcurrentChange` if the webhook has changed since it was read.

    Raises `WebhookNotFound`, `Forbidden`, `Unauthorized` and `ServiceUnavailable` too.
    """
    old = Webhook.from_item(read_item_of_webhook(context.principal.tenant_id, webhook_id))
    is_disabled = old.status is WebhookStatus.DISABLED
    new = replace(
        old,
        secret_generation=old.secret_generation + 1,
        secret_rotated_at=rfc3339(context.at),
        status=WebhookStatus.ACTIVE if is_disabled else old.status,
    )
    secret = signing_secrets.derive_secret(new.id, new.secret_generation)
    writes.transact(
        preconditions.tenant_active(new.tenant_id),
        writes.Update(
            new.key,
            set={
                "secret_generation": new.secret_generation,
                "secret_rotated_at": new.secret_rotated_at,
                "status": new.status.value,
            },
            remove=("failing_since", "next_attempt_at") if is_disabled else (),
            when=Attr("secret_generation").eq(old.secret_generation) & Attr("status").eq(old.status.value),
        ),
        *preconditions.actor_still_authorized(context.principal, gives=POWERS_GIVEN),
        trail.new_entry(
            context,
            "rotate_webhook_secret",
            _target(new),
            scope=new.tenant_id,
            before={"secret_generation": old.secret_generation, "status": old.status.value},
            after={"secret_generation": new.secret_generation, "status": new.status.value},
        ),
    )
    return WebhookWithSecret(new, secret)


def send_webhook_test(context: RequestContext, webhook_id: str) -> delivery_messages.DeliveryMessage:
    """Queue a `webhook.test` for a webhook, also for a disabled one; raise `WebhookNotFound` and others.

    Returns the message. One test of a webhook waits at a time: raises `WebhookTestWaiting` until it has been sent, or
    for `waits.TEST_LIFETIME` at most. Raises `Forbidden` or `Unauthorized` if the caller is no longer an admin or no
    longer active, `ConcurrentChange`, and `ServiceUnavailable`.
    """
    webhook = Webhook.from_item(read_item_of_webhook(context.principal.tenant_id, webhook_id))
    message = delivery_messages.build_test_message(webhook, context.at)
    waits_until = rfc3339(context.at + waits.TEST_LIFETIME)

    def gone_or_waiting(found: dynamodb.Item | None) -> RolecallError:
        end = datetime.fromisoformat(found[delivery_state.TEST_WAITS_UNTIL]) if found else None
        return WebhookTestWaiting(max(1, ceil((end - context.at).total_seconds()))) if end else WebhookNotFound()

    writes.transact(
        preconditions.tenant_active(webhook.tenant_id),
        *preconditions.actor_still_authorized(context.principal),
        writes.Update(
            webhook.key,
            set={delivery_state.TEST_WAITS_UNTIL: waits_until},
            when=writes.MUST_EXIST
            & delivery_state.wait_is_over(delivery_state.TEST_WAITS_UNTIL, context.at, waits.TEST_LIFETIME),
            on_condition_failure=gone_or_waiting,
        ),
    )
    try:
        delivery_messages.send_all([message], context.at)
    except ServiceUnavailable:
        _forget_waiting_test(webhook, waits_until)
        raise
    logger.info("webhook test queued", tenant_id=webhook.tenant_id, webhook_id=webhook.id)
    return message


def _forget_waiting_test(webhook: Webhook, waits_until: str) -> None:
    """Allow the next test at once, because this one was not queued. If that fails, it is allowed in five minutes."""
    unchanged = Attr(delivery_state.TEST_WAITS_UNTIL).eq(waits_until)
    with suppress(Exception):
        writes.write(writes.Update(webhook.key, remove=(delivery_state.TEST_WAITS_UNTIL,), when=unchanged))


def _target(webhook: Webhook) -> tuple[str, str]:
    return "webhook", webhook.id


def _facts_for_audit(webhook: Webhook) -> dict[str, Any]:
    """Return what an audit entry shows of a webhook: the host of its URL and the user whose webhook it is."""
    return {"host": urlsplit(webhook.url).hostname, **({"user_id": webhook.user_id} if webhook.user_id else {})}
