"""Listing the webhooks of a tenant and of its users."""

from typing import NamedTuple

from rolecall.auth.principals import RequestContext
from rolecall.storage import cursors, indexes, reads
from rolecall.webhooks.webhooks import Webhook


class WebhookPage(NamedTuple):
    webhooks: list[Webhook]
    next_cursor: str | None


def list_webhooks(context: RequestContext, *, limit: int, cursor: str | None = None) -> WebhookPage:
    """Return a page of all webhooks of the caller's tenant, the oldest first; raise `ValidationFailed` for the cursor.

    The page also has the webhooks of the tenant's users. A cursor of another list raises `ValidationFailed`. A webhook
    that was made some milliseconds ago may be missing.
    """
    tenant_id = context.principal.tenant_id
    scope = ("list_webhooks", tenant_id)
    position = cursors.decode(cursor, *scope) if cursor is not None else None
    items = reads.query_merged([indexes.webhooks_of_tenant(tenant_id)], after=position, limit=limit + 1)
    webhooks = [Webhook.from_item(item) for item in items[:limit]]
    return WebhookPage(webhooks, cursors.encode(webhooks[-1].id, *scope) if len(items) > limit else None)
