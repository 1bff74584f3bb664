"""Answers that are kept under the caller's `Idempotency-Key`, with the Powertools utility.

A request claims its key by a record in progress, makes what it was asked for, and completes the record
in the transaction that makes it: a crash leaves both or neither. Whoever repeats the request gets the
record's answer; with another body it is refused.

A record holds no secret: the key and the body only as keyed hashes, the answer without the token,
which is derived from the server's secret again (`Claim.api_token`).
"""

import hmac
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, cast

from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
    IdempotencyPersistenceLayerError,
    IdempotencyValidationError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
from aws_lambda_powertools.utilities.idempotency.serialization.custom_dict import CustomDictSerializer

from rolecall import clock, deadline
from rolecall.auth import preconditions, tokens
from rolecall.auth.principals import RequestContext
from rolecall.aws import secrets_manager
from rolecall.config import config
from rolecall.errors import IdempotencyKeyReused, RequestInProgress, RolecallError
from rolecall.ids import new_id
from rolecall.storage import dynamodb, keys, writes
from rolecall.storage.expressions import Attr, Condition

LIFETIME = timedelta(hours=24)

_IN_PROGRESS, _COMPLETED = "INPROGRESS", "COMPLETED"


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt to make, under a key of the caller's, what is made once.

    `tenant_id` is empty for what is made outside any tenant. `attempt` tells this attempt from one
    that takes over when this one has run out of time.
    """

    record_key: keys.Key
    tenant_id: str
    attempt: str
    _secret: str
    _facts: tuple[str, ...]

    def api_token(self, user_id: str) -> str:
        """The token of the user that is made; the same again for whoever repeats the request."""
        return tokens.derived_api_token(self._secret, *self._facts, user_id)

    def completed(self, answer: Mapping[str, Any], tenant_id: str) -> writes.Write:
        """Belongs into the transaction that makes what was asked for. Raises `ConcurrentChange` once taken over.

        `tenant_id` is whose the record is from then on, wherever it lies.
        """
        return writes.Update(
            self.record_key,
            set={"status": _COMPLETED, "answer": json.dumps(answer), "tenant_id": tenant_id},
            when=self.still_held,
        )

    @property
    def still_held(self) -> Condition:
        return Attr("status").eq(_IN_PROGRESS) & Attr("attempt").eq(self.attempt)

    @property
    def keys_outside_tenant(self) -> frozenset[str]:
        """What someone in the tenant must own, to be swept with it."""
        return frozenset({self.record_key.pk} if self.record_key.sk == keys.META else ())

    def hash_of(self, content: Mapping[str, Any]) -> str:
        return _keyed_hash(self._secret, json.dumps(content, sort_keys=True))


def claim(context: RequestContext, operation: str, idempotency_key: str, place: Callable[[str], keys.Key]) -> Claim:
    """A claim on the caller's own key; `place` tells from its hash where the record lies."""
    secret = secrets_manager.read(config().idempotency_key_secret_arn)["key"]
    principal = context.principal
    facts = (operation, principal.tenant_id, principal.id, idempotency_key)
    record_key = place(_keyed_hash(secret, json.dumps(facts)))
    return Claim(record_key, principal.tenant_id, new_id(), secret, facts)


def run_idempotent[T](
    held: Claim,
    request: Mapping[str, Any],
    make: Callable[[], T],
    *,
    to_record: Callable[[T], dict[str, Any]],
    from_record: Callable[[dict[str, Any]], T],
) -> T:
    """What `make` makes, or what it made when it was called for this claim's key within `LIFETIME`.

    Raises `IdempotencyKeyReused` for another request, `RequestInProgress` while the first one runs, and
    what `make` raises, which frees the key.
    """
    settings = IdempotencyConfig(
        event_key_jmespath="key",
        payload_validation_jmespath="request",
        expires_after_seconds=int(LIFETIME.total_seconds()),
        hash_function="sha256",
        lambda_context=_TimeLeft(),  # type: ignore[arg-type]  # of a Lambda context it asks this much only
    )

    @idempotent_function(  # type: ignore[untyped-decorator]
        data_keyword_argument="hashes",
        persistence_store=_Records(held),
        config=settings,
        output_serializer=CustomDictSerializer(to_dict=to_record, from_dict=from_record),
    )
    def made(*, hashes: Mapping[str, str]) -> T:  # noqa: ARG001 (Powertools reads it)
        return make()

    try:
        # Powertools hashes both once more; without the key of ours a hash could be tried out on passwords.
        hashes = {"key": "".join(held.record_key), "request": held.hash_of(request)}
        return cast("T", made(hashes=hashes))
    except IdempotencyValidationError:
        raise IdempotencyKeyReused from None
    except (IdempotencyAlreadyInProgressError, IdempotencyInconsistentStateError):
        raise RequestInProgress from None
    except IdempotencyPersistenceLayerError as error:
        if isinstance(error.__cause__, RolecallError):
            raise error.__cause__ from error
        raise


class _TimeLeft:
    """As long as the function has, a record may be in progress."""

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(deadline.time_left() * 1000))


class _RecordFound(RolecallError):
    """There is a live record; never leaves this module."""

    def __init__(self, item: dynamodb.Item) -> None:
        super().__init__()
        self.item = item


class _Records(BasePersistenceLayer):
    """Records in the one table, written under the same conditions as everything else in a tenant."""

    def __init__(self, held: Claim) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._held = held

    def _put_record(self, data_record: DataRecord) -> None:
        def otherwise(found: dynamodb.Item | None) -> RolecallError:
            return _RecordFound(found or {})

        at = clock.now()
        # Checked here at the second: DynamoDB takes its time to remove what has expired.
        expired = Attr("expires_at").lte(clock.epoch(at))
        given_up = Attr("status").eq(_IN_PROGRESS) & Attr("in_progress_until").lt(int(at.timestamp() * 1000))
        put = writes.Put(
            {
                "pk": self._held.record_key.pk,
                "sk": self._held.record_key.sk,
                "status": _IN_PROGRESS,
                "attempt": self._held.attempt,
                "request_hash": data_record.payload_hash,
                "in_progress_until": data_record.in_progress_expiry_timestamp,
                "expires_at": data_record.expiry_timestamp,
            },
            when=writes.NEW | expired | given_up,
            otherwise=otherwise,
        )
        try:
            if self._held.tenant_id:
                writes.transact(preconditions.tenant_active(self._held.tenant_id), put)
            else:
                writes.write(put)
        except _RecordFound as found:
            if found.item.get("attempt") == self._held.attempt:
                return  # this very one, whose answer got lost
            existing = _to_powertools(data_record.idempotency_key, found.item)
            self._validate_payload(data_payload=data_record, stored_data_record=existing)
            raise IdempotencyItemAlreadyExistsError(old_data_record=existing) from None

    def _update_record(self, data_record: DataRecord) -> None:
        """The transaction that made the thing has done it already, so there is no moment between the two."""

    def _delete_record(self, data_record: DataRecord) -> None:  # noqa: ARG002 (the claim says which)
        # If it fails, or someone took over, or the change did happen although its answer was lost: let it be.
        with suppress(RolecallError):
            writes.write(writes.Delete(self._held.record_key, when=self._held.still_held))

    def _get_record(self, idempotency_key: str) -> DataRecord:  # noqa: ARG002
        raise IdempotencyItemNotFoundError  # never asked for: the put that failed has brought the record along


def _to_powertools(idempotency_key: str, item: dynamodb.Item) -> DataRecord:
    return DataRecord(
        idempotency_key=idempotency_key,
        status=item["status"],
        expiry_timestamp=int(item["expires_at"]),
        in_progress_expiry_timestamp=int(item["in_progress_until"]),
        payload_hash=item["request_hash"],
        response_data=item.get("answer", ""),
    )


def _keyed_hash(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), sha256).hexdigest()
