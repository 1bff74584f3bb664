"""Webhooks: the record of one, where it lies in the table, and reading them.

When a user or a tenant is deleted, its webhooks are deleted too, but the events of the deletion arrive later. So a
deletion first copies the webhooks to a partition of their own, see `last_deliveries`. Every read here that is for a
delivery finds the copies too.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple, Self

from rolecall import clock
from rolecall.clock import epoch_seconds
from rolecall.errors import WebhookNotFound
from rolecall.storage import dynamodb, indexes, keys, reads

#: The generation of a new webhook's secret. Each rotation adds 1.
FIRST_SECRET_GENERATION = 1

#: The attributes of a webhook's item that tell about its deliveries. A webhook without a failure has none of the last
#: four.
STATE_ATTRIBUTES = (
    *("status", "last_delivered_at", "failing_since", "last_failure_at", "last_failure", "next_attempt_at"),
)

#: The attributes that a webhook has while its deliveries fail.
FAILURE_ATTRIBUTES = ("failing_since", "last_failure_at", "last_failure", "next_attempt_at")


class WebhookStatus(StrEnum):
    """The state of a webhook. Nothing but a `webhook.test` is delivered to a disabled one."""

    ACTIVE = "active"
    FAILING = "failing"
    DISABLED = "disabled"


class Webhook(NamedTuple):
    """A webhook of a tenant, or with a `user_id` one of that user.

    All times are texts of RFC 3339. `last_failure` is the status or the cause of the last failure, never a body. It is
    None after a success. `is_last_copy` is true for a copy that was made because the user or the tenant is deleted.
    """

    tenant_id: str
    id: str
    url: str
    created_at: str
    user_id: str | None = None
    secret_generation: int = FIRST_SECRET_GENERATION
    secret_rotated_at: str | None = None
    status: WebhookStatus = WebhookStatus.ACTIVE
    last_delivered_at: str | None = None
    failing_since: str | None = None
    last_failure_at: str | None = None
    last_failure: str | None = None
    next_attempt_at: str | None = None
    is_last_copy: bool = False

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        """Make a webhook of its item, or of the copy of its item."""
        return cls(
            item["tenant_id"],
            item["id"],
            item["url"],
            item["created_at"],
            item.get("user_id"),
            int(item["secret_generation"]),
            item.get("secret_rotated_at"),
            WebhookStatus(item["status"]),
            item.get("last_delivered_at"),
            item.get("failing_since"),
            item.get("last_failure_at"),
            item.get("last_failure"),
            item.get("next_attempt_at"),
            item["pk"] == keys.last_deliveries_partition(item["tenant_id"]),
        )

    @property
    def key(self) -> keys.Key:
        """The key of the webhook's item, also for a copy, which has another key."""
        return keys.webhook(self.tenant_id, self.id, self.user_id)

    def to_new_item_attributes(self) -> dict[str, Any]:
        """Return the attributes of the item of a new webhook, beside its key, with the index entry."""
        return {
            **indexes.webhooks_of_tenant(self.tenant_id).index_attributes(self.id),
            "tenant_id": self.tenant_id,
            "id": self.id,
            "url": self.url,
            "created_at": self.created_at,
            **({"user_id": self.user_id} if self.user_id else {}),
            "secret_generation": self.secret_generation,
            "status": self.status.value,
        }

    def to_json(self) -> dict[str, Any]:
        """Return the webhook as the API shows it, without its secret."""
        failure = {"at": self.last_failure_at, "error": self.last_failure} if self.last_failure_at else None
        return {
            "id": self.id,
            "url": self.url,
            "user_id": self.user_id,
            "status": self.status.value,
            "created_at": self.created_at,
            "last_delivered_at": self.last_delivered_at,
            "last_failure": failure,
        }


def read_item_of_webhook(tenant_id: str, webhook_id: str) -> dynamodb.Item:
    """Return the item of a webhook of this tenant or of one of its users; raise `WebhookNotFound` if there is none.

    A webhook of a user that was made some milliseconds ago may not be found, because an index finds it.
    """
    canonical = keys.canonical_uuid(webhook_id)
    if not canonical:
        raise WebhookNotFound
    item = reads.get(keys.webhook(tenant_id, canonical))
    if item is None:
        listed = reads.query_index(indexes.webhooks_of_tenant(tenant_id), prefix=canonical, limit=1).items
        item = reads.get(keys.Key(listed[0]["pk"], listed[0]["sk"])) if listed else None
    if item is None or not is_complete(item):
        raise WebhookNotFound
    return item


def find_webhooks_for_user_event(tenant_id: str, user_id: str) -> list[Webhook]:
    """Return the webhooks that hear of an event about a user: those of the tenant, and the user's own.

    Leaves disabled webhooks out. A webhook that is deleted because its user or tenant is deleted is found for a while
    too. The reads are strongly consistent.
    """
    # A deletion writes the copy before it deletes the webhook. So the copies are read last: a webhook that the first
    # two reads miss has a copy by then.
    items = [
        *reads.query_sort_key_prefix(keys.tenant_partition(tenant_id), keys.WEBHOOK_PREFIX),
        *reads.query_sort_key_prefix(keys.user_partition(tenant_id, user_id), keys.WEBHOOK_PREFIX),
        *(
            copy
            for owner_id in (None, user_id)
            for copy in reads.query_sort_key_prefix(
                keys.last_deliveries_partition(tenant_id), keys.prefix_of_last_deliveries(owner_id)
            )
            if not _has_expired(copy)
        ),
    ]
    # The dictionary keeps the first webhook of each id. That is the webhook itself, if it still exists.
    found: dict[str, Webhook] = {}
    for webhook in map(Webhook.from_item, filter(is_complete, items)):
        found.setdefault(webhook.id, webhook)
    return [webhook for webhook in found.values() if webhook.status is not WebhookStatus.DISABLED]


def read_webhook_or_last_copy(tenant_id: str, webhook_id: str, user_id: str | None) -> Webhook | None:
    """Return a webhook as it is now, or its copy if its user or tenant is deleted; None for no webhook.

    `user_id` is None for a webhook of the tenant. A webhook that somebody has deleted has no copy. The reads are
    strongly consistent.
    """
    item = reads.get(keys.webhook(tenant_id, webhook_id, user_id))
    if item is None:
        item = reads.get(keys.last_delivery_webhook(tenant_id, webhook_id, user_id))
        if item is not None and _has_expired(item):
            return None
    return Webhook.from_item(item) if item is not None else None


def is_complete(item: Mapping[str, Any]) -> bool:
    """Return whether an item has all that a webhook needs; false for items that earlier versions of Rolecall wrote.

    Those versions stored only the URL and delivered nothing. Nobody knows a secret of such a webhook.
    """
    return "secret_generation" in item


def _has_expired(copy: Mapping[str, Any]) -> bool:
    """Return whether a copy is too old to be used. DynamoDB and maintenance delete it some time later."""
    return int(copy["expires_at"]) <= epoch_seconds(clock.now())
