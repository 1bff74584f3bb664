"""What the deliveries write into a webhook's item: whether it works, since when it fails, and when it is disabled.

Every write has the condition that the item still exists, so a deleted webhook never comes back. A webhook that is not
working has at most one connection at a time: an attempt first takes the webhook's lease.
"""

from datetime import datetime, timedelta
from typing import Any

from rolecall.audit import trail
from rolecall.auth import preconditions
from rolecall.auth.principals import Principal, PrincipalType, RequestContext
from rolecall.clock import is_waiting, latest_end_of_wait, rfc3339
from rolecall.errors import ConcurrentChange, RolecallError
from rolecall.randomness import SYSTEM_RANDOM
from rolecall.storage import keys, writes
from rolecall.storage.expressions import Attr, Condition
from rolecall.telemetry import count_metric, logger
from rolecall.webhooks import waits
from rolecall.webhooks.receivers import TOTAL_SECONDS, Answer
from rolecall.webhooks.webhooks import FAILURE_ATTRIBUTES, Webhook, WebhookStatus

#: Who disables and enables webhooks in the audit trail, when no person does.
DELIVERIES = Principal(PrincipalType.SYSTEM, "webhooks")

#: The attribute with the end of the lease.
_LEASED_UNTIL = "leased_until"

#: The attribute with the time until which a test of the webhook can wait. While there is one, no other test is queued.
TEST_WAITS_UNTIL = "test_waits_until"

#: A lease ends by itself after this time, so that a process that died does not hold it. It is longer than a request.
_LEASE = timedelta(seconds=TOTAL_SECONDS + 5)

#: While a webhook works, its last success is written down at most this often.
_SUCCESS_INTERVAL = timedelta(minutes=1)

_EXISTS_AND_NOT_DISABLED = writes.MUST_EXIST & (
    Attr("status").eq(WebhookStatus.ACTIVE.value) | Attr("status").eq(WebhookStatus.FAILING.value)
)


class AttemptMustWait(RolecallError):
    """The attempt must wait until a moment. The delivery handles this error."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


class WebhookGone(RolecallError):
    """The webhook was deleted meanwhile. The delivery handles this error."""


def check_not_paused(webhook: Webhook, now: datetime) -> None:
    """Raise `AttemptMustWait` while a failing webhook is left alone."""
    if webhook.next_attempt_at:
        end = datetime.fromisoformat(webhook.next_attempt_at)
        if is_waiting(end, now, waits.LONGEST_PAUSE_WITH_JITTER):
            raise AttemptMustWait(end)


def wait_is_over(attribute: str, now: datetime, longest: timedelta) -> Condition:
    """Return the condition that the wait of up to `longest` whose end is in this attribute is over, or not there.

    An end that is too far ahead was written before a clock went back, and counts as over.
    """
    latest = latest_end_of_wait(now, longest)
    return Attr(attribute).not_exists() | Attr(attribute).lte(rfc3339(now)) | Attr(attribute).gt(rfc3339(latest))


def take_lease(webhook: Webhook, now: datetime, *, during_pause: bool) -> None:
    """Reserve a webhook for one attempt; raise `AttemptMustWait` or `WebhookGone`. The attempt's record ends the lease.

    Raises `AttemptMustWait` while another attempt has the lease, and during a pause unless `during_pause`.
    """
    free = wait_is_over(_LEASED_UNTIL, now, _LEASE)
    if not during_pause:
        free = free & wait_is_over("next_attempt_at", now, waits.LONGEST_PAUSE_WITH_JITTER)
    writes.write(
        writes.Update(
            _key(webhook),
            set={_LEASED_UNTIL: rfc3339(now + _LEASE)},
            when=writes.MUST_EXIST & free,
            # Whoever waits comes back when the lease that was just taken is over.
            on_condition_failure=lambda found: AttemptMustWait(now + _LEASE) if found else WebhookGone(),
        )
    )


def record_success(webhook: Webhook, now: datetime, request_id: str, *, is_test: bool) -> None:
    """Write down that a delivery succeeded; raise `ServiceUnavailable` or `ConcurrentChange`.

    A failing webhook is active again. A test that succeeds enables a disabled webhook, with an audit entry; any other
    success does not. Nothing is written for an active webhook whose last success is less than a minute ago.
    """
    at = rfc3339(now)
    enables = webhook.status is WebhookStatus.DISABLED and is_test
    works = webhook.status is WebhookStatus.ACTIVE and not is_test
    written_at = webhook.last_delivered_at
    if (
        works
        and written_at
        and rfc3339(now - _SUCCESS_INTERVAL) < written_at <= rfc3339(latest_end_of_wait(now, _SUCCESS_INTERVAL))
    ):
        return
    if webhook.status is WebhookStatus.DISABLED and not enables:
        return
    update = writes.Update(
        _key(webhook),
        set={"status": WebhookStatus.ACTIVE.value, "last_delivered_at": at},
        remove=(*FAILURE_ATTRIBUTES, *_attributes_to_remove_after_attempt(is_test)),
        when=writes.MUST_EXIST & Attr("status").eq(webhook.status.value) if enables else _EXISTS_AND_NOT_DISABLED,
        on_condition_failure=lambda found: ConcurrentChange() if found else WebhookGone(),
    )
    if enables:
        _write_with_audit(webhook, update, "enable_webhook", now, request_id, {"cause": "test succeeded"})
        count_metric("WebhooksEnabled")
    else:
        _write_unless_gone(update)


def record_failure(
    webhook: Webhook, answer: Answer, now: datetime, request_id: str, *, is_test: bool
) -> datetime | None:
    """Write down that an attempt failed, and return the end of the pause that follows; None for a disabled webhook.

    Disables the webhook, with an audit entry, after a 410 or if it has had no success for five days. A webhook that is
    disabled stays so. Raises `ServiceUnavailable`, and `ConcurrentChange` if the webhook was enabled, disabled or
    changed at the same time. Raises `Unauthorized` if it must be disabled and the tenant is no longer active.
    """
    at = rfc3339(now)
    since = webhook.failing_since or at
    failing_for = now - datetime.fromisoformat(since)
    pause_ends = now + waits.pause_after_failure(failing_for, SYSTEM_RANDOM.uniform)
    facts, ended = {"last_failure_at": at, "last_failure": answer.error}, _attributes_to_remove_after_attempt(is_test)
    if webhook.status is WebhookStatus.DISABLED:
        _write_unless_gone(writes.Update(_key(webhook), set=facts, remove=ended, when=writes.MUST_EXIST))
        return None
    if answer.is_gone or failing_for >= waits.FAILING_LIFETIME:
        _disable(webhook, {**facts, "failing_since": since}, ended, now, request_id)
        return None
    state = {"status": WebhookStatus.FAILING.value, "failing_since": since, "next_attempt_at": rfc3339(pause_ends)}
    _write_unless_gone(
        writes.Update(_key(webhook), set={**facts, **state}, remove=ended, when=_EXISTS_AND_NOT_DISABLED)
    )
    return pause_ends


def _attributes_to_remove_after_attempt(is_test: bool) -> tuple[str, ...]:
    """Return the attributes that the end of an attempt removes: its lease, and for a test also that a test waits."""
    return (_LEASED_UNTIL, TEST_WAITS_UNTIL) if is_test else (_LEASED_UNTIL,)


def _disable(webhook: Webhook, facts: dict[str, str], ended: tuple[str, ...], now: datetime, request_id: str) -> None:
    """Disable a webhook. Raises `ConcurrentChange` if its status has changed, `Unauthorized`, or `WebhookGone`.

    `facts` are the attributes to set beside the status, `ended` those to remove.
    """
    unchanged = Attr("status").eq(webhook.status.value)
    if webhook.failing_since:  # it differs if the webhook has worked in between
        unchanged = unchanged & Attr("failing_since").eq(webhook.failing_since)
    update = writes.Update(
        _key(webhook),
        set={**facts, "status": WebhookStatus.DISABLED.value},
        remove=("next_attempt_at", *ended),
        when=writes.MUST_EXIST & unchanged,
        on_condition_failure=lambda found: ConcurrentChange() if found else WebhookGone(),
    )
    cause = {name: facts[name] for name in ("last_failure", "failing_since")}
    _write_with_audit(webhook, update, "disable_webhook", now, request_id, cause)
    count_metric("WebhooksDisabled")


def _key(webhook: Webhook) -> keys.Key:
    """Return the key of the item that was read: the webhook's own, or that of its copy for last deliveries."""
    if webhook.is_last_copy:
        return keys.last_delivery_webhook(webhook.tenant_id, webhook.id, webhook.user_id)
    return webhook.key


def _write_unless_gone(update: writes.Update) -> None:
    """Carry out an update; do nothing if its condition fails, because the webhook was deleted or disabled meanwhile."""
    try:
        writes.write(update._replace(on_condition_failure=lambda _found: WebhookGone()))
    except WebhookGone:
        return


def _write_with_audit(
    webhook: Webhook, update: writes.Update, action: str, now: datetime, request_id: str, cause: dict[str, Any]
) -> None:
    """Change the status of a webhook with an audit entry; raise `ConcurrentChange` if the status has changed.

    Raises `Unauthorized` if the tenant is no longer active, `WebhookGone` if the webhook is gone. The copy of a webhook
    whose user or tenant is deleted is changed without an audit entry.
    """
    if webhook.is_last_copy:
        writes.write(update)
        return
    status = update.set["status"]
    writes.transact(
        preconditions.tenant_active(webhook.tenant_id),
        update,
        trail.new_entry(
            RequestContext(DELIVERIES, now, request_id),
            action,
            ("webhook", webhook.id),
            scope=webhook.tenant_id,
            before={"status": webhook.status.value},
            after={"status": status, **cause},
        ),
    )
    logger.info(
        "webhook status changed", tenant_id=webhook.tenant_id, webhook_id=webhook.id, action=action, status=status
    )
