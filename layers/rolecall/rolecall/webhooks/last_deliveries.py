"""Copies of webhooks for the last events of a user or tenant that is deleted.

A deletion removes the webhooks with everything else. The table's stream announces the deleted users only then, and a
receiver may be down for a while. So whatever deletes the webhook of a deleted user or tenant first copies what a
delivery needs. The copy expires after `COPY_LIFETIME`. Nothing else of the webhook remains, and nothing of the copy.

A webhook that an admin deletes has no copy: nothing is delivered to it any more.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from rolecall import clock
from rolecall.clock import epoch_seconds
from rolecall.storage import indexes, keys, reads, retries, writes
from rolecall.webhooks.webhooks import Webhook, WebhookStatus, is_complete

#: How long a copy is used. The stream and the event bus may need a day for an event, and a delivery is tried again for
#: another day.
COPY_LIFETIME = timedelta(hours=50)

#: A function that calls another one with each of several arguments, such as `pool.Pool.run_all`.
type RunAll = Callable[[Callable[[writes.Put], None], Iterable[writes.Put]], None]


def copy_webhooks_among(keys_to_delete: Iterable[keys.Key], *, run_all: RunAll | None = None) -> None:
    """Copy those items that are webhooks, before they are deleted; raise `ServiceUnavailable`.

    `keys_to_delete` are keys of the tenant's partitions, of any type. Disabled webhooks are left out. Repeating the
    call writes the same copies again, which expire later. `run_all` can write several copies at a time.
    """
    webhook_keys = [key for key in keys_to_delete if key.sk.startswith(keys.WEBHOOK_PREFIX)]
    if not webhook_keys:
        return
    at = clock.now()
    items = retries.retry_while_throttled(lambda: reads.get_many(*webhook_keys))
    webhooks = (Webhook.from_item(item) for item in items if item and is_complete(item))
    copies = [_put_of_copy(webhook, at) for webhook in webhooks if webhook.status is not WebhookStatus.DISABLED]
    if run_all is not None:
        run_all(_write_retrying_throttling, copies)
    else:
        for copy in copies:
            _write_retrying_throttling(copy)


def _write_retrying_throttling(copy: writes.Put) -> None:
    retries.retry_while_throttled(lambda: writes.write(copy))


def _put_of_copy(webhook: Webhook, at: datetime) -> writes.Put:
    """Return the write of a copy with no more than a delivery needs; it replaces an older copy."""
    key = keys.last_delivery_webhook(webhook.tenant_id, webhook.id, webhook.user_id)
    expires_at = epoch_seconds(at + COPY_LIFETIME)
    rotation = {"secret_rotated_at": webhook.secret_rotated_at} if webhook.secret_rotated_at else {}
    return writes.Put(
        {
            "pk": key.pk,
            "sk": key.sk,
            **indexes.LAST_DELIVERIES.index_attributes(indexes.last_delivery_sort_key(expires_at, webhook.id)),
            "tenant_id": webhook.tenant_id,
            "id": webhook.id,
            "url": webhook.url,
            "created_at": webhook.created_at,
            **({"user_id": webhook.user_id} if webhook.user_id else {}),
            "secret_generation": webhook.secret_generation,
            **rotation,
            "status": WebhookStatus.ACTIVE.value,
            "expires_at": expires_at,
        }
    )


def delete_expired_copies(at: datetime, most: int) -> None:
    """Delete up to `most` copies that expired before `at`, the oldest first; raise `ServiceUnavailable`.

    DynamoDB deletes expired items too, but may take days for it.
    """
    last = indexes.last_delivery_sort_key(epoch_seconds(at), "")
    expired = reads.query_index(indexes.LAST_DELIVERIES, last=last, limit=most).items
    writes.delete_all(keys.Key(item["pk"], item["sk"]) for item in expired)
