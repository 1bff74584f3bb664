"""Idempotent creation: answers stored under the caller's `Idempotency-Key`, with the Powertools utility.

A request first writes a record with the status "in progress", which claims its key. The transaction that
creates the user or tenant also completes the record, so a crash leaves both or neither. A repeated request
gets the answer in the record. A request with the same key and another body is refused.

A record holds no secret. The key and the body are stored as keyed hashes, and the answer without the API
token. `IdempotencyClaim.derive_api_token` computes the same token again from the server's secret.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from rolecall.auth.principals import Principal, RequestContext
from rolecall.aws import secrets_manager
from rolecall.config import config
from rolecall.errors import IdempotencyKeyReused, RequestInProgress, ResultDeleted, RolecallError
from rolecall.ids import new_id
from rolecall.storage import dynamodb, keys, writes
from rolecall.storage.expressions import Attr, Condition

LIFETIME = timedelta(hours=24)

#: No function that executes such a request runs longer.
_LONGEST_ATTEMPT = timedelta(seconds=30)

_IN_PROGRESS, _COMPLETED = "INPROGRESS", "COMPLETED"


@dataclass(frozen=True, slots=True)
class IdempotencyClaim:
    """One attempt to execute a request under the caller's idempotency key.

    `principal` is the caller. `attempt` is a random id: it distinguishes this
    attempt from a later one that takes the key over because this one ran out of time.
    """

    record_key: keys.Key
    principal: Principal
    attempt: str
    _secret: str
    _facts: tuple[str, ...]

    def derive_api_token(self, user_id: str) -> str:
        """Return the API token of the new user; a repeated request gets the same one."""
        return tokens.derive_api_token(self._secret, *self._facts, user_id)

    def completion_write(self, answer: Mapping[str, Any], owner: Mapping[str, Any]) -> writes.Write:
        """Return the write that stores the answer. It fails with `ConcurrentChange` if another attempt holds the key.

        The write belongs into the transaction that executes the request. `owner` has the ids of the
        user, tenant or account that the request creates, such as `tenant_id` and `user_id`. When the owner is deleted,
        the answer is removed from the record.
        """
        return writes.Update(
            self.record_key,
            set={"status": _COMPLETED, "answer": json.dumps(answer), **owner},
            when=self.still_held_condition,
        )

    @property
    def still_held_condition(self) -> Condition:
        """The write condition that this attempt still holds the key."""
        return Attr("status").eq(_IN_PROGRESS) & Attr("attempt").eq(self.attempt)

    @property
    def record_keys_outside_tenant(self) -> frozenset[str]:
        """What the new user must add to `owned_keys`: the record's partition key, if it lies outside a tenant."""
        return frozenset({self.record_key.pk} if self.record_key.sk == keys.META else ())

    @property
    def sort_key_in_tenant(self) -> str | None:
        """The sort key of the record if it lies in the tenant's partition, else None. The new user's item stores it."""
        return self.record_key.sk if self.record_key.sk != keys.META else None

    def hash_content(self, content: Mapping[str, Any]) -> str:
        """Return a keyed hash: the same for equal content, and useless for guessing the content without the secret."""
        return _keyed_hash(self._secret, json.dumps(content, sort_keys=True))


def build_claim(
    context: RequestContext, operation: str, idempotency_key: str, record_key_of: Callable[[str], keys.Key]
) -> IdempotencyClaim:
    """Return a claim on the caller's key, without writing it; `record_key_of` makes a record's key from the hash."""
    secret = secrets_manager.read(config().idempotency_key_secret_arn)["key"]
    principal = context.principal
    facts = (operation, principal.tenant_id, principal.id, idempotency_key)
    record_key = record_key_of(_keyed_hash(secret, json.dumps(facts)))
    return IdempotencyClaim(record_key, principal, new_id(), secret, facts)


def run_idempotent[T](
    claim: IdempotencyClaim,
    request: Mapping[str, Any],
    execute: Callable[[], T],
    *,
    to_record: Callable[[T], dict[str, Any]],
    from_record: Callable[[dict[str, Any]], T],
) -> T:
    """Return `execute()`, or the stored result of the key. Raises `IdempotencyKeyReused` and others.

    A result is stored for `LIFETIME`. The errors are `IdempotencyKeyReused` if the key was used for another `request`,
    `RequestInProgress` while the first request runs, `ResultDeleted` if what it created is deleted, and `Unauthorized`
    if the caller or its tenant is not active. An error of `execute` is raised too, and the key is free again then.
    `execute` must write `claim.completion_write` in its transaction.
    """
    settings = IdempotencyConfig(
        event_key_jmespath="key",
        payload_validation_jmespath="request",
        expires_after_seconds=int(LIFETIME.total_seconds()),
        hash_function="sha256",
        lambda_context=_LambdaContext(),  # type: ignore[arg-type]  # Powertools reads only this part of it
    )

    @idempotent_function(  # type: ignore[untyped-decorator]
        data_keyword_argument="hashes",
        persistence_store=_PutAndDeleteOnlyRecordStore(claim),
        config=settings,
        output_serializer=CustomDictSerializer(to_dict=to_record, from_dict=from_record),
    )
    def run(*, hashes: Mapping[str, str]) -> T:  # noqa: ARG001 (Powertools reads it)
        return execute()

    try:
        # Both values are hashed with a secret before Powertools hashes them without one. A hash without a secret would
        # let a reader of the table guess passwords.
        hashes = {"key": "".join(claim.record_key), "request": claim.hash_content(request)}
        return cast("T", run(hashes=hashes))
    except IdempotencyValidationError:
        raise IdempotencyKeyReused from None
    except (IdempotencyAlreadyInProgressError, IdempotencyInconsistentStateError):
        raise RequestInProgress from None
    except IdempotencyPersistenceLayerError as error:
        if isinstance(error.__cause__, RolecallError):
            raise error.__cause__ from error
        raise


class _LambdaContext:
    """Tells Powertools how long a record may stay in progress: until the function's deadline."""

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(deadline.time_left() * 1000))


class _RecordFound(RolecallError):
    """The key has a record that has not expired. Only this module raises and catches it."""

    def __init__(self, item: dynamodb.Item) -> None:
        super().__init__()
        self.item = item


class _PutAndDeleteOnlyRecordStore(BasePersistenceLayer):
    """Stores Powertools' records in the table; a record is written only while the caller and its tenant are active."""

    def __init__(self, claim: IdempotencyClaim) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._claim = claim

    def _put_record(self, data_record: DataRecord) -> None:
        """Store the attempt's record. Raises `IdempotencyItemAlreadyExistsError` and others.

        A record that has expired, or whose attempt ran out of time, is replaced. Does nothing if this attempt has
        stored its record already. Raises `IdempotencyItemAlreadyExistsError` if another attempt has stored one,
        `IdempotencyValidationError` if the other attempt had another request, `ResultDeleted` if what it created is
        deleted, and `Unauthorized` if the caller or its tenant is not active.
        """

        def record_found(found: dynamodb.Item | None) -> RolecallError:
            return _RecordFound(found or {})

        at = clock.now()
        # DynamoDB deletes an expired item late. So a record may still exist after its expiry, and the condition of the
        # write allows to replace it then.
        expired = Attr("expires_at").lte(clock.epoch_seconds(at))
        until, latest = Attr("in_progress_until"), clock.latest_end_of_wait(at, _LONGEST_ATTEMPT)
        is_over = until.lt(_milliseconds(at)) | until.gt(_milliseconds(latest))
        abandoned = Attr("status").eq(_IN_PROGRESS) & is_over
        put = writes.Put(
            {
                "pk": self._claim.record_key.pk,
                "sk": self._claim.record_key.sk,
                "status": _IN_PROGRESS,
                "attempt": self._claim.attempt,
                "request_hash": data_record.payload_hash,
                "in_progress_until": data_record.in_progress_expiry_timestamp,
                "expires_at": data_record.expiry_timestamp,
            },
            when=writes.MUST_NOT_EXIST | expired | abandoned,
            on_condition_failure=record_found,
        )
        try:
            checks = preconditions.tenant_active_and_actor_still_authorized(self._claim.principal)
            if checks:
                writes.transact(*checks, put)
            else:
                writes.write(put)
        except _RecordFound as found:
            if found.item.get("attempt") == self._claim.attempt:
                return  # this attempt wrote the record, and the answer to the write got lost
            existing = _to_powertools(data_record.idempotency_key, found.item)
            self._validate_payload(data_payload=data_record, stored_data_record=existing)
            if found.item.get("status") == keys.RESULT_DELETED:
                raise ResultDeleted from None
            raise IdempotencyItemAlreadyExistsError(old_data_record=existing) from None

    def _update_record(self, data_record: DataRecord) -> None:
        """Do nothing: the transaction that executed the request has completed the record already."""

    def _delete_record(self, data_record: DataRecord) -> None:  # noqa: ARG002 (the claim has the key)
        """Delete the record of a failed attempt. Raises nothing.

        The record stays if it can't be deleted now, if another attempt holds the key, or if the request was executed.
        """
        with suppress(Exception):
            writes.write(writes.Delete(self._claim.record_key, when=self._claim.still_held_condition))

    def _get_record(self, idempotency_key: str) -> DataRecord:  # noqa: ARG002
        """Raise `IdempotencyItemNotFoundError`. Never called, because a failed put returns the record."""
        raise IdempotencyItemNotFoundError


def _to_powertools(idempotency_key: str, item: dynamodb.Item) -> DataRecord:
    """The stored record in the form of Powertools. A record without an answer gets an empty text."""
    return DataRecord(
        idempotency_key=idempotency_key,
        status=item["status"],
        expiry_timestamp=int(item["expires_at"]),
        in_progress_expiry_timestamp=int(item["in_progress_until"]),
        payload_hash=item["request_hash"],
        response_data=item.get("answer", ""),
    )


def _milliseconds(at: datetime) -> int:
    """The milliseconds since 1970, as Powertools stores the end of an attempt."""
    return int(at.timestamp() * 1000)


def _keyed_hash(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), sha256).hexdigest()
