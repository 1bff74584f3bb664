"""The only module that talks to DynamoDB.

Reads are by key or by query, consistent unless they use an index. Writes state their conditions and
what it means when one fails; DynamoDB's own failures become `errors`' classes:

| DynamoDB | Rolecall |
| --- | --- |
| a condition failed | the write's `on_condition_failure` |
| conflict with another transaction, until the time is up | `ConcurrentChange` |
| throttled, out of reach, internal error, until the time is up | `ServiceUnavailable` |
"""

import gc
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from rolecall.aws import clients
from rolecall.config import config, is_lambda_initializing
from rolecall.errors import ConcurrentChange, ServiceUnavailable
from rolecall.storage.expressions import deserialize_item
from rolecall.storage.keys import Key

type Item = dict[str, Any]

#: Garbage is looked for after so many new objects, which bounds what waits for it: a few megabytes.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000

THROTTLING_CODES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        "InternalServerError",
        "ServiceUnavailable",
    }
)

CONFLICT_CODES = frozenset({"TransactionConflict", "TransactionConflictException", "TransactionInProgressException"})


def is_throttled_or_unavailable(error: ClientError) -> bool:
    """Throttled or broken: by DynamoDB's code or, where something before it answers without one, by the status."""
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    throttled = status == HTTPStatus.TOO_MANY_REQUESTS or error.response["Error"]["Code"] in THROTTLING_CODES
    return throttled or status >= HTTPStatus.INTERNAL_SERVER_ERROR


@cache
def client() -> Any:
    """One client a process."""
    return clients.create_client(
        "dynamodb",
        connect_timeout=1,
        read_timeout=2,
        # Together with the waits in between, well within the time that a function has.
        retries={"mode": "standard", "total_max_attempts": 3},
        # As many as a sweep has in flight: removals, queries and slices.
        max_pool_connections=50,
    )


def call(operation: str, **parameters: Any) -> dict[str, Any]:
    """One request, already retried by botocore; raises `ClientError` only for what is not about load or reach."""
    if operation not in {"batch_get_item", "batch_write_item"}:
        parameters["TableName"] = config().table_name
    try:
        return cast("dict[str, Any]", getattr(client(), operation)(**parameters))
    except ClientError as error:
        if error.response["Error"]["Code"] in CONFLICT_CODES:
            raise ConcurrentChange from error
        if is_throttled_or_unavailable(error):
            raise ServiceUnavailable from error
        raise
    except BotoCoreError as error:
        raise ServiceUnavailable from error


def serialize_key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def item_of_failed_condition(reason: Mapping[str, Any]) -> Item | None:
    """The item that a condition failed on, as DynamoDB returned it."""
    return deserialize_item(reason["Item"]) if reason.get("Item") else None


if is_lambda_initializing():
    # Lambda gives the initialization a whole processor, also where the first request would get a third of one.
    client()
    # What there is by now stays: it is not looked at again for garbage.
    gc.freeze()

gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
