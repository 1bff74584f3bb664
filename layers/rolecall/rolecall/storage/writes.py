"""Writes to the table: single writes, transactions and batch deletions.

A write is a value (`Put`, `Update`, `Delete`, `Check`) with its condition and with the error that is raised if the
condition does not hold.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import batched
from types import MappingProxyType
from typing import Any, NamedTuple, cast
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from rolecall import clock, deadline
from rolecall.config import config
from rolecall.errors import ConcurrentChange, RolecallError, ServiceUnavailable, Unauthorized
from rolecall.storage import dynamodb, retries
from rolecall.storage.expressions import Attr, Condition, add_name, add_value, deserialize_item, serialize_item
from rolecall.storage.keys import Key

#: A function that takes the item for which a write's condition failed, or None if no such item exists. The function
#: returns the error that the write raises.
type ConditionFailureHandler = Callable[[dynamodb.Item | None], RolecallError]

#: The most items that DynamoDB deletes in one BatchWriteItem request.
BATCH_SIZE = 25

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def _concurrent_change(_found: dynamodb.Item | None) -> RolecallError:
    """Return a `ConcurrentChange`: the error of each write that names no other."""
    return ConcurrentChange()


class Put(NamedTuple):
    """Write a whole item. Without the condition `when`, it replaces an item with the same key."""

    item: dynamodb.Item
    when: Condition | None = None
    on_condition_failure: ConditionFailureHandler = _concurrent_change


class Update(NamedTuple):
    """Change single attributes of an item: set some, add numbers to some, remove some.

    From the second `send_before` (since 1970) on, `transact` does not send the same request with this update again.
    """

    key: Key
    when: Condition
    set: Mapping[str, Any] = _NOTHING
    add: Mapping[str, int] = _NOTHING
    remove: Sequence[str] = ()
    on_condition_failure: ConditionFailureHandler = _concurrent_change
    send_before: int | None = None


class Delete(NamedTuple):
    """Delete an item. No error if there is none, unless the condition `when` asks for it."""

    key: Key
    when: Condition | None = None
    on_condition_failure: ConditionFailureHandler = _concurrent_change


class Check(NamedTuple):
    """A condition check without a write. The transaction fails if the condition does not hold.

    From the second `send_before` (since 1970) on, `transact` does not send the same request with this check again.
    """

    key: Key
    when: Condition
    on_condition_failure: ConditionFailureHandler = _concurrent_change
    send_before: int | None = None


type Write = Put | Update | Delete | Check

#: A write with this condition fails if an item with the same key exists.
MUST_NOT_EXIST = Attr("pk").not_exists()

#: A write with this condition fails if no item with the same key exists.
MUST_EXIST = Attr("pk").exists()


def write(one: Put | Update | Delete) -> None:
    """Carry out one write. Raises the error of its `on_condition_failure`, `ConcurrentChange` or `ServiceUnavailable`.

    A conflict with a transaction is retried within the time left.
    """
    _write(one)


def update_returning_old(one: Update) -> dynamodb.Item | None:
    """Carry out one update and return the item as it was before, or None if it did not exist.

    Raises the same errors as `write`. Of several concurrent callers, each gets a different old item.
    """
    former = _write(one, ReturnValues="ALL_OLD").get("Attributes")
    return deserialize_item(former) if former else None


def _write(one: Put | Update | Delete, **options: Any) -> dict[str, Any]:
    """Carry out one write and return DynamoDB's response. Raises the same errors as `write`."""
    parameters = _request_parameters(one) | options
    backoff = retries.Backoff()
    while True:
        try:
            return dynamodb.call(_SINGLE_OPERATIONS[type(one)], **parameters)
        except ConcurrentChange:
            backoff.wait_or_raise(ConcurrentChange)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise one.on_condition_failure(dynamodb.item_of_failed_condition(error.response)) from None


def transact(*writes: Write) -> None:
    """Carry out all writes or none. Raises the failed condition's error, `ConcurrentChange` or `ServiceUnavailable`.

    If several conditions fail, `Unauthorized` takes precedence: a caller whose access has ended learns nothing else.
    Otherwise the first of these writes determines the error, so the order of the writes is the precedence of their
    errors. Conflicts and throttling are retried within the time left. If a response is lost, the retry changes nothing
    twice.

    From the earliest `send_before` of the writes on, the same request is not sent again. After a conflict, the
    transaction is built anew, with the present time in its conditions, and may be sent later too.
    """
    send_before = min(
        (one.send_before for one in writes if isinstance(one, Check | Update) and one.send_before), default=None
    )
    parameters = _transaction_parameters(writes)
    backoff = retries.Backoff()
    while True:
        try:
            with deadline.no_retries_from(send_before):
                dynamodb.client().transact_write_items(**parameters)
        except ClientError as error:
            backoff.wait_or_raise(_raise_unless_retry_may_help(error, writes))
            if error.response["Error"]["Code"] == "TransactionCanceledException":
                # DynamoDB has refused the transaction and changed nothing. So the retry may be a new transaction, and
                # its conditions compare with the present time.
                parameters = _transaction_parameters(writes)
            elif send_before is not None and send_before <= clock.epoch_seconds(clock.now()):
                # The answer is an error, but DynamoDB may have carried out the transaction. Only the identical request
                # could be repeated safely, and the time limit in its conditions is over.
                raise ServiceUnavailable from error
        except BotoCoreError as error:
            raise ServiceUnavailable from error
        else:
            return


def _transaction_parameters(writes: Sequence[Write]) -> dict[str, Any]:
    return {"TransactItems": [_transact_item(one) for one in writes], "ClientRequestToken": str(uuid4())}


def _raise_unless_retry_may_help(error: ClientError, writes: Sequence[Write]) -> type[RolecallError]:
    """The error to raise if retries do not help: `ConcurrentChange` or `ServiceUnavailable`.

    Raises the error of a failed condition, and a `ClientError` that no retry can help against, at once.
    """
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        # The cast is needed because botocore's type stubs lack the field `CancellationReasons` of the error response.
        reasons = cast("list[dict[str, Any]]", error.response.get("CancellationReasons", []))
        failures = [
            one.on_condition_failure(dynamodb.item_of_failed_condition(reason))
            for one, reason in zip(writes, reasons, strict=True)
            if reason["Code"] == "ConditionalCheckFailed"
        ]
        if failures:
            raise next((one for one in failures if isinstance(one, Unauthorized)), failures[0]) from None
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
    """Delete items without a condition, in batches. Raises `ServiceUnavailable`; then some items may be deleted."""
    for batch in batched(dict.fromkeys(keys), BATCH_SIZE, strict=False):
        delete_batch(batch)


def delete_batch(keys: Iterable[Key]) -> None:
    """Delete up to `BATCH_SIZE` items without a condition. Raises `ServiceUnavailable` if some remain after retries.

    An item that does not exist is no error, so the call can be repeated after a crash.
    """
    # `dict.fromkeys` removes repeated keys, because DynamoDB refuses a batch that contains a key twice.
    requests = [{"DeleteRequest": {"Key": dynamodb.serialize_key(key)}} for key in dict.fromkeys(keys)]
    request = {config().table_name: requests} if requests else {}
    backoff = retries.Backoff()
    while request:
        request = dynamodb.call("batch_write_item", RequestItems=request).get("UnprocessedItems", {})
        if request:
            backoff.wait_or_raise(ServiceUnavailable)


def increment_counter(key: Key, attribute: str) -> int:
    """Add 1 to `attribute`, which starts at 0, and return the new number. It may skip numbers, but repeats none."""
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
    """The parameters of a write for DynamoDB. They are the same for a single write and in a transaction."""
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
    """The write of a new item, for `write` or `transact`. It fails if an item with this key exists."""
    item = {"pk": key.pk, "sk": key.sk, **attributes}
    return Put(item, when=MUST_NOT_EXIST, on_condition_failure=on_condition_failure)
