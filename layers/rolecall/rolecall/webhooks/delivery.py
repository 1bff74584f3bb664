"""Delivers events to webhooks: decides for each message whether it is sent now, later or never, and sends it.

The messages of one webhook are handled one after the other, those of different webhooks at the same time. So a receiver
that does not answer delays no other one. A message that must wait goes back into the queue, and no function sleeps.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Any, NamedTuple

from rolecall import clock, deadline
from rolecall.config import config
from rolecall.errors import ConcurrentChange, ServiceUnavailable, Unauthorized
from rolecall.pool import Pool
from rolecall.randomness import SYSTEM_RANDOM
from rolecall.telemetry import count_metric, log_service_unavailable, logger
from rolecall.webhooks import delivery_messages, delivery_state, receivers, signing_secrets, waits
from rolecall.webhooks.delivery_messages import DeliveryMessage
from rolecall.webhooks.webhooks import Webhook, WebhookStatus, read_webhook_or_last_copy

#: A function that signs a body. It takes the secret, the id of the delivery, the time and the body, and returns a
#: signature in the form of the Standard Webhooks specification, as in `v1,…`.
type Signer = Callable[[str, str, datetime, str], str]

#: The most webhooks to which one invocation delivers at the same time.
MOST_WEBHOOKS_AT_ONCE = 10

#: An attempt starts only if this much time is left: for the request, and for the writes after it.
_SECONDS_FOR_ATTEMPT = receivers.TOTAL_SECONDS + 2

#: A message for which no time was left comes back after this time.
_WAIT_FOR_NEXT_INVOCATION = timedelta(seconds=1)

#: Deliveries that wait for the same webhook come back within this time after the pause, not all at the same second.
_SPREAD_SECONDS = 10


class Outcome(StrEnum):
    """What became of a message. Each value is the name of a metric."""

    DELIVERED = "WebhookDelivered"
    WAITS = "WebhookWaited"
    FAILED = "WebhookAttemptFailed"
    GIVEN_UP = "WebhookGivenUp"
    DROPPED = "WebhookDropped"


class _QueuedMessage(NamedTuple):
    """A message as it came from the queue, with its id there."""

    id: str
    message: DeliveryMessage


def deliver_messages(sqs_messages: Iterable[Mapping[str, Any]], sign: Signer, request_id: str) -> list[str]:
    """Deliver the messages of the queue. Returns the ids of those that the queue must deliver again.

    A message that can't be read, and one whose webhook or successor in the queue is not reachable, is delivered again.
    After some attempts, the queue moves it to the dead-letter queue.
    """
    groups, failed = _group_by_webhook(sqs_messages)
    outcomes: list[Outcome] = []

    def deliver_group(group: Sequence[_QueuedMessage]) -> None:
        for queued in group:
            try:
                outcomes.append(_deliver(queued.message, sign, request_id))
            except ServiceUnavailable as error:
                log_service_unavailable(error)
                failed.append(queued.id)
            except Exception:  # noqa: BLE001 (one message that fails must not stop the others)
                logger.exception("webhook delivery failed", message_id=queued.id)
                failed.append(queued.id)

    with Pool(MOST_WEBHOOKS_AT_ONCE) as pool:
        pool.run_all(deliver_group, groups)
    # The metrics are counted here, in one thread.
    for outcome, number in Counter(outcomes).items():
        count_metric(outcome.value, number)
    return failed


def _group_by_webhook(sqs_messages: Iterable[Mapping[str, Any]]) -> tuple[list[list[_QueuedMessage]], list[str]]:
    """Return the messages in groups, one for each webhook, and the ids of the messages that can't be read."""
    groups: defaultdict[tuple[str, str], list[_QueuedMessage]] = defaultdict(list)
    unreadable = []
    for one in sqs_messages:
        try:
            message = DeliveryMessage.from_json(one["body"])
            groups[message.tenant_id, message.webhook_id].append(_QueuedMessage(one["messageId"], message))
        except (KeyError, TypeError, ValueError):
            logger.exception("webhook message not understood", message_id=one["messageId"])
            unreadable.append(one["messageId"])
    return list(groups.values()), unreadable


def _deliver(message: DeliveryMessage, sign: Signer, request_id: str) -> Outcome:
    """Send one message now, or put it back into the queue, or drop it. Raises `ServiceUnavailable`."""
    now = clock.now()
    if clock.is_waiting(datetime.fromtimestamp(message.due_at, UTC), now, waits.LONGEST_WAIT_WITH_JITTER):
        return _wait_until(message, message.due_at, now)
    webhook = read_webhook_or_last_copy(message.tenant_id, message.webhook_id, message.user_id)
    if webhook is None or (webhook.status is WebhookStatus.DISABLED and not message.is_test):
        return _finish(message, Outcome.DROPPED)
    try:
        _reserve_webhook(webhook, message, now)
    except delivery_state.AttemptMustWait as must_wait:
        return _wait_for_webhook(message, must_wait.until, now)
    except delivery_state.WebhookGone:
        return _finish(message, Outcome.DROPPED)
    answer = _send(webhook, message, sign, now)
    # The clock is read again, because a receiver may have taken ten seconds.
    return _record(webhook, message, answer, clock.now(), request_id)


def _reserve_webhook(webhook: Webhook, message: DeliveryMessage, now: datetime) -> None:
    """Take the lease of a webhook that is not working; raise `AttemptMustWait` or `WebhookGone`.

    A test does not wait for the end of a pause. Raises `AttemptMustWait` too if this invocation has too little time
    left.
    """
    if not message.is_test:
        delivery_state.check_not_paused(webhook, now)
    if deadline.time_left() < _SECONDS_FOR_ATTEMPT:
        raise delivery_state.AttemptMustWait(now + _WAIT_FOR_NEXT_INVOCATION)
    if webhook.status is not WebhookStatus.ACTIVE or message.is_test:
        delivery_state.take_lease(webhook, now, during_pause=message.is_test)


def _send(webhook: Webhook, message: DeliveryMessage, sign: Signer, now: datetime) -> receivers.Answer:
    """Sign and send the body. Raises `ServiceUnavailable` if the deployment's secret can't be read."""
    body = message.to_body()
    secrets = signing_secrets.derive_valid_secrets(webhook, now)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Rolecall-Webhooks",
        "webhook-id": message.delivery_id,
        "webhook-timestamp": str(clock.epoch_seconds(now)),
        "webhook-signature": " ".join(sign(secret, message.delivery_id, now, body) for secret in secrets),
    }
    return receivers.post(webhook.url, headers, body.encode(), allow_local=config().allow_local_webhooks)


def _record(
    webhook: Webhook, message: DeliveryMessage, answer: receivers.Answer, now: datetime, request_id: str
) -> Outcome:
    """Write down what the attempt gave, and queue the next attempt after a failure. Raises `ServiceUnavailable`."""
    if answer.is_success:
        # The event has arrived. If the state can't be written, the message must not be sent again for that.
        try:
            with suppress(ConcurrentChange, Unauthorized, delivery_state.WebhookGone):
                delivery_state.record_success(webhook, now, request_id, is_test=message.is_test)
        except ServiceUnavailable as error:
            log_service_unavailable(error)
        except Exception:  # noqa: BLE001 (whatever it is, the event has arrived)
            logger.exception("webhook state not written", tenant_id=message.tenant_id, webhook_id=message.webhook_id)
        return _finish(message, Outcome.DELIVERED)
    pause_ends: datetime | None = now
    with suppress(ConcurrentChange, Unauthorized, delivery_state.WebhookGone):
        pause_ends = delivery_state.record_failure(webhook, answer, now, request_id, is_test=message.is_test)
    logger.info(
        "webhook attempt failed",
        tenant_id=message.tenant_id,
        webhook_id=message.webhook_id,
        delivery_id=message.delivery_id,
        attempt=message.attempt,
        error=answer.error,
    )
    if message.is_test:  # a test is tried once: somebody waits for its result
        return Outcome.FAILED
    if pause_ends is None:
        return _finish(message, Outcome.DROPPED)
    first_at = datetime.fromtimestamp(message.first_at, UTC)
    due = waits.next_attempt_at(message.attempt, first_at, now, SYSTEM_RANDOM.uniform)
    if due is None:
        return _finish(message, Outcome.GIVEN_UP)
    second = ceil(max(due, pause_ends).timestamp())
    _wait_until(message._replace(attempt=message.attempt + 1), second, now)
    return Outcome.FAILED


def _wait_for_webhook(message: DeliveryMessage, until: datetime, now: datetime) -> Outcome:
    """Queue a message again for some seconds after `until`, or give it up if it is too old. The attempt is not counted.

    Raises `ServiceUnavailable`.
    """
    lifetime = waits.TEST_LIFETIME if message.is_test else waits.DELIVERY_LIFETIME
    if now >= datetime.fromtimestamp(message.first_at, UTC) + lifetime:
        return _finish(message, Outcome.GIVEN_UP)
    return _wait_until(message, ceil(until.timestamp() + SYSTEM_RANDOM.uniform(0, _SPREAD_SECONDS)), now)


def _wait_until(message: DeliveryMessage, due_at: int, now: datetime) -> Outcome:
    """Put a message back into the queue. It comes back at `due_at`, or after the queue's longest delay."""
    delivery_messages.send_all([message._replace(due_at=due_at)], now)
    return Outcome.WAITS


def _finish(message: DeliveryMessage, outcome: Outcome) -> Outcome:
    """Log the end of a message, and return the outcome."""
    logger.info(
        "webhook message finished",
        tenant_id=message.tenant_id,
        webhook_id=message.webhook_id,
        delivery_id=message.delivery_id,
        event_type=message.event_type,
        outcome=outcome.value,
    )
    return outcome
