"""The only module that talks to DynamoDB.

Reads are by key or by query, consistent unless they use an index. Writes state their conditions and
what it means when one fails; DynamoDB's own failures become `errors`' classes:

| DynamoDB | Rolecall |
| --- | --- |
| a condition failed | the write's `on_condition_failure` |
| conflict with another transaction, until the time is up | `ConcurrentChange` |
| throttled, out of reach, internal error, until the time is up | `ServiceUnavailable` |
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import batched
from types import MappingProxyType
from typing import Any, NamedTuple, cast
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from rolecall.config import config
from rolecall.errors import ConcurrentChange, RolecallError, ServiceUnavailable
from rolecall.storage import dynamodb, retries
from rolecall.storage.expressions import Attr, Condition, add_name, add_value, deserialize_item, serialize_item
from rolecall.storage.keys import Key

#: Gets the item as it was found, or None if there was none, and says what that means to the caller.
type ConditionFailureHandler = Callable[[dynamodb.Item | None], RolecallError]

#: Items in one BatchWriteItem request; DynamoDB's limit.
BATCH_SIZE = 25

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def _concurrent_change(_found: dynamodb.Item | None) -> RolecallError:
    return ConcurrentChange()


class Put(NamedTuple):
    """Write a whole item. Without `when` it may replace one."""

    item: dynamodb.Item
    when: Condition | None = None
    on_condition_failure: ConditionFailureHandler = _concurrent_change


class Update(NamedTuple):
    """Set attributes, and add numbers to others."""

    key: Key
    when: Condition
    set: Mapping[str, Any] = _NOTHING
    add: Mapping[str, int] = _NOTHING
    remove: Sequence[str] = ()
    on_condition_failure: ConditionFailureHandler = _concurrent_change


class Delete(NamedTuple):
    """Remove an item."""

    key: Key
    when: Condition | None = None
    on_condition_failure: ConditionFailureHandler = _concurrent_change


class Check(NamedTuple):
    """Change nothing, but let the transaction pass only while the condition holds."""

    key: Key
    when: Condition
    on_condition_failure: ConditionFailureHandler = _concurrent_change


type Write = Put | Update | Delete | Check

#: The condition of a Put that must not replace anything.
MUST_NOT_EXIST = Attr("pk").not_exists()

#: The condition of a write on something that must be there.
MUST_EXIST = Attr("pk").exists()


def write(one: Put | Update | Delete) -> None:
    """A single write; raises what its `on_condition_failure` says if its condition fails."""
    _write(one)


def update_returning_old(one: Update) -> dynamodb.Item | None:
    """A single update that returns the item as it was before, or None if it was not there.

    No two callers get the same former item, however many there are at once.
    """
    former = _write(one, ReturnValues="ALL_OLD").get("Attributes")
    return deserialize_item(former) if former else None


def _write(one: Put | Update | Delete, **options: Any) -> dict[str, Any]:
    parameters = _request_parameters(one) | options
    backoff = retries.Backoff()
    while True:
        try:
            return dynamodb.call(_SINGLE_OPERATIONS[type(one)], **parameters)
        except ConcurrentChange:
            backoff.wait(ConcurrentChange)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise one.on_condition_failure(dynamodb.item_of_failed_condition(error.response)) from None


def transact(*writes: Write) -> None:
    """All of the writes or none.

    If conditions fail, raises what the first of these writes says in its `on_condition_failure`, so the order
    of the writes is the precedence of their errors. Conflicts and throttling are retried with full
    jitter within the time left. A retry of the same call after a lost answer changes nothing twice.
    """
    parameters: dict[str, Any] = {
        "TransactItems": [_transact_item(one) for one in writes],
        "ClientRequestToken": str(uuid4()),
    }
    backoff = retries.Backoff()
    while True:
        try:
            dynamodb.client().transact_write_items(**parameters)
        except ClientError as error:
            backoff.wait(_error_of_failed_transaction(error, writes))
        except BotoCoreError as error:
            raise ServiceUnavailable from error
        else:
            return


def _error_of_failed_transaction(error: ClientError, writes: Sequence[Write]) -> type[RolecallError]:
    """What to raise if trying again does not help; raises at once where it can't."""
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        # The service model has the reasons; the type stubs don't.
        reasons = cast("list[dict[str, Any]]", error.response.get("CancellationReasons", []))
        for one, reason in zip(writes, reasons, strict=True):
            if reason["Code"] == "ConditionalCheckFailed":
                raise one.on_condition_failure(dynamodb.item_of_failed_condition(reason)) from None
        codes = {reason["Code"] for reason in reasons}
        if codes & dynamodb.CONFLICT_CODES:
            return ConcurrentChange
        if codes & dynamodb.THROTTLING_CODES:
            return ServiceUnavailable
        raise error
    if code in dynamodb.CONFLICT_CODES:
        return ConcurrentChange
    if dynamodb.is_throttled_or_unavailable(error):
        return ServiceUnavailable
    raise error


def delete_all(keys: Iterable[Key]) -> None:
    """Remove any number of items, batch after batch, as `delete_batch` does."""
    for batch in batched(dict.fromkeys(keys), BATCH_SIZE, strict=False):
        delete_batch(batch)


def delete_batch(keys: Iterable[Key]) -> None:
    """Remove up to `BATCH_SIZE` items without a condition; unprocessed ones are retried with full jitter.

    Removing what is gone already changes nothing, so this can be repeated after a crash.
    """
    # A batch must not name a key twice.
    requests = [{"DeleteRequest": {"Key": dynamodb.serialize_key(key)}} for key in dict.fromkeys(keys)]
    request = {config().table_name: requests} if requests else {}
    backoff = retries.Backoff()
    while request:
        request = dynamodb.call("batch_write_item", RequestItems=request).get("UnprocessedItems", {})
        if request:
            backoff.wait(ServiceUnavailable)


def increment_counter(key: Key, attribute: str) -> int:
    """Count `attribute` up by one, from 0, and return it; no two callers get the same."""
    answer = dynamodb.call(
        "update_item",
        Key=dynamodb.serialize_key(key),
        UpdateExpression="ADD #n :one",
        ExpressionAttributeNames={"#n": attribute},
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="UPDATED_NEW",
    )
    return int(answer["Attributes"][attribute]["N"])


def _request_parameters(one: Write) -> dict[str, Any]:
    """A write as DynamoDB takes it, on its own and in a transaction alike."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    parameters: dict[str, Any] = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    if one.when is not None:
        parameters["ConditionExpression"] = one.when.expression(names, values)
    if isinstance(one, Put):
        parameters["Item"] = serialize_item(one.item)
    else:
        parameters["Key"] = dynamodb.serialize_key(one.key)
    if isinstance(one, Update):
        parameters["UpdateExpression"] = _update_expression(one, names, values)
    if names:
        parameters["ExpressionAttributeNames"] = names
    if values:
        parameters["ExpressionAttributeValues"] = values
    return parameters


def _update_expression(one: Update, names: dict[str, str], values: dict[str, Any]) -> str:
    def name_of(attribute: str) -> str:
        return add_name(attribute, names)

    def value_of(value: Any) -> str:
        return add_value(value, values)

    clauses = {
        "SET": [f"{name_of(attribute)} = {value_of(value)}" for attribute, value in one.set.items()],
        "ADD": [f"{name_of(attribute)} {value_of(number)}" for attribute, number in one.add.items()],
        "REMOVE": [name_of(attribute) for attribute in one.remove],
    }
    return " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts)


def _transact_item(one: Write) -> dict[str, Any]:
    return {_TRANSACTION_OPERATIONS[type(one)]: {"TableName": config().table_name, **_request_parameters(one)}}


_SINGLE_OPERATIONS = {Put: "put_item", Update: "update_item", Delete: "delete_item"}

_TRANSACTION_OPERATIONS = {Put: "Put", Update: "Update", Delete: "Delete", Check: "ConditionCheck"}


def put_if_absent(
    key: Key, attributes: dynamodb.Item, on_condition_failure: ConditionFailureHandler = _concurrent_change
) -> Put:
    """A write of a new item with this key and these attributes; refused if an item with this key exists."""
    item = {"pk": key.pk, "sk": key.sk, **attributes}
    return Put(item, when=MUST_NOT_EXIST, on_condition_failure=on_condition_failure)
