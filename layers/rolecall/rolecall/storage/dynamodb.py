"""The DynamoDB client, and how DynamoDB's failures become the classes in `errors`.

| DynamoDB | Rolecall |
| --- | --- |
| a condition failed | the error that the write's `on_condition_failure` returns |
| conflict with another transaction until the time is up | `ConcurrentChange` |
| throttled, not reachable or internal error until the time is up | `ServiceUnavailable` |
"""

import gc
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from rolecall.aws import clients
from rolecall.config import config, runs_in_lambda
from rolecall.errors import ConcurrentChange, ServiceUnavailable
from rolecall.storage.expressions import deserialize_item
from rolecall.storage.keys import Key

type Item = dict[str, Any]

#: Python's garbage collector runs after this many new objects. At most a few megabytes of garbage accumulate between
#: two runs.
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
    """Whether DynamoDB throttled the request or failed, judged by its error code or else by the HTTP status."""
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    throttled = status == HTTPStatus.TOO_MANY_REQUESTS or error.response["Error"]["Code"] in THROTTLING_CODES
    return throttled or status >= HTTPStatus.INTERNAL_SERVER_ERROR


@cache
def client() -> Any:
    """The DynamoDB client of this process, created at the first call."""
    return clients.create_client(
        "dynamodb",
        connect_timeout=1,
        read_timeout=2,
        # The deletion of a tenant sends up to this many requests to DynamoDB at the same time.
        max_pool_connections=50,
    )


def call(operation: str, **parameters: Any) -> dict[str, Any]:
    """Call DynamoDB and return its response. Raises `ConcurrentChange`, `ServiceUnavailable` or `ClientError`.

    `ConcurrentChange` means a conflict with a transaction. `ServiceUnavailable` means that DynamoDB throttled the
    request, failed or did not answer. All other errors, such as a failed condition, are raised as `ClientError`.
    """
    # The parameters of a batch operation name the table already.
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
    """The key in DynamoDB's JSON format."""
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def item_of_failed_condition(reason: Mapping[str, Any]) -> Item | None:
    """The item for which a condition failed, from DynamoDB's error. None if no such item exists in the table."""
    return deserialize_item(reason["Item"]) if reason.get("Item") else None


if runs_in_lambda():
    # The client is created during the imports, because Lambda gives a full CPU to the imports. The first request may
    # have only a third of a CPU.
    client()
    # Objects that were created by imports live as long as the process. `gc.freeze` excludes them from every later run
    # of the garbage collector.
    gc.freeze()

gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
