"""The only module that talks to DynamoDB.

Reads are by key or by query, consistent unless they use an index. Writes state their conditions and
what it means when one fails; DynamoDB's own failures become `errors`' classes:

| DynamoDB | Rolecall |
| --- | --- |
| a condition failed | the write's `otherwise` |
| conflict with another transaction, until the time is up | `ConcurrentChange` |
| throttled, out of reach, internal error, until the time is up | `ServiceUnavailable` |
"""

import gc
import heapq
import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from functools import cache
from http import HTTPStatus
from itertools import batched, groupby, islice
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn, cast
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from rolecall import clients
from rolecall.attributes import Attr, Condition, from_wire, place_name, place_value, to_wire
from rolecall.config import config, starts_on_lambda
from rolecall.errors import ConcurrentChange, RolecallError, ServiceUnavailable
from rolecall.keys import FIRST, LAST, IndexPartition, Key

type Item = dict[str, Any]
#: Gets the item as it was found, or None if there was none, and says what that means to the caller.
type Otherwise = Callable[[Item | None], RolecallError]

#: Items in one BatchWriteItem request; DynamoDB's limit.
BATCH_SIZE = 25
#: Items in one BatchGetItem request; DynamoDB's limit.
_GET_SIZE = 100
#: Fewest items that a merged read asks of one partition at a time.
_SMALLEST_CHUNK = 10
#: Sorts behind a text and before every continuation of it; sorts behind every continuation of a text.
_LOWEST, _HIGHEST = "\x00", "\U0010ffff"
#: Attempts of an operation whose time is unlimited.
_MAX_ATTEMPTS = 30
_BACKOFF_BASE_SECONDS = 0.02
_BACKOFF_CAP_SECONDS = 1.0

#: Garbage is looked for after so many new objects, which bounds what waits for it: a few megabytes.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000

_THROTTLED = frozenset(
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
_CONFLICTED = frozenset({"TransactionConflict", "TransactionConflictException", "TransactionInProgressException"})

#: When, on `time.monotonic()`, the current invocation must have its answer.
_deadline: ContextVar[float] = ContextVar("deadline")


def set_time_left(seconds: float) -> None:
    """From here on, in this thread, operations stop retrying when `seconds` have passed."""
    _deadline.set(time.monotonic() + seconds)


def time_left() -> float:
    """Seconds until the current invocation must have its answer."""
    return _deadline.get(time.monotonic() + 10.0) - time.monotonic()


_NOTHING: Mapping[str, Any] = MappingProxyType({})


def _concurrent_change(_found: Item | None) -> RolecallError:
    return ConcurrentChange()


class Put(NamedTuple):
    """Write a whole item. Without `when` it may replace one."""

    item: Item
    when: Condition | None = None
    otherwise: Otherwise = _concurrent_change


class Update(NamedTuple):
    """Set attributes, and add numbers to others."""

    key: Key
    when: Condition
    set: Mapping[str, Any] = _NOTHING
    add: Mapping[str, int] = _NOTHING
    remove: Sequence[str] = ()
    otherwise: Otherwise = _concurrent_change


class Delete(NamedTuple):
    """Remove an item."""

    key: Key
    when: Condition | None = None
    otherwise: Otherwise = _concurrent_change


class Check(NamedTuple):
    """Change nothing, but let the transaction pass only while the condition holds."""

    key: Key
    when: Condition
    otherwise: Otherwise = _concurrent_change


type Write = Put | Update | Delete | Check

#: The condition of a Put that must not replace anything.
NEW = Attr("pk").not_exists()
#: The condition of a write on something that must be there.
EXISTS = Attr("pk").exists()


class Page[T = Item](NamedTuple):
    """One answer of a query. `more` says that the query stopped early; go on behind the last item."""

    items: list[T]
    more: bool


class Listed(NamedTuple):
    """An item by its key, and the partition keys of what it owns elsewhere: little to hold, for lists of thousands."""

    key: Key
    owned_keys: Collection[str]


# --- Reading ---------------------------------------------------------------------------------------


def get(key: Key) -> Item | None:
    """The item as it is now (a consistent read)."""
    answer = _call("get_item", Key=_key(key), ConsistentRead=True)
    return from_wire(answer["Item"]) if "Item" in answer else None


def get_many(*keys: Key) -> list[Item | None]:
    """The items as they are now, in the order of the keys; up to 100 in one request."""
    found: dict[Key, Item] = {}
    unique = list(dict.fromkeys(keys))
    for start in range(0, len(unique), _GET_SIZE):
        for item in _get_batch(unique[start : start + _GET_SIZE]):
            found[Key(item["pk"], item["sk"])] = item
    return [found.get(key) for key in keys]


def _get_batch(keys: Sequence[Key]) -> Iterator[Item]:
    request = {config().table_name: {"Keys": [_key(key) for key in keys], "ConsistentRead": True}}
    backoff = _Backoff()
    while request:
        answer = _call("batch_get_item", RequestItems=request)
        for items in answer["Responses"].values():
            yield from map(from_wire, items)
        request = answer.get("UnprocessedKeys", {})
        if request:
            backoff.wait(ServiceUnavailable)


def query_partition(pk: str, *, after: str | None = None, limit: int | None = None, newest_first: bool = False) -> Page:
    """Items of one partition in the order of their sort keys, or backwards, behind `after`; consistent."""
    condition: Condition = Attr("pk").eq(pk)
    if after is not None:
        sort_key = Attr("sk")
        condition = condition & (sort_key.lt(after) if newest_first else sort_key.gt(after))
    return _query(condition, {"ConsistentRead": True, "ScanIndexForward": not newest_first}, limit)


def query_keys(pk: str, *, first: str = "", last: str = LAST, limit: int | None = None) -> Page[Listed]:
    """What one partition holds, nothing of each item but its key and `owned_keys`; consistent.

    Only those whose sort key is between `first` and `last`, both included.
    """
    condition: Condition = Attr("pk").eq(pk)
    if last != LAST:
        condition = condition & Attr("sk").between(first or FIRST, last)
    elif first:
        condition = condition & Attr("sk").gte(first)
    # Without the partition key, which is known: to parse it again for each item takes as long as all the rest.
    answer = _asked(condition, {"ConsistentRead": True, "ProjectionExpression": "sk, owned_keys"}, limit)
    return Page([_listed(pk, item) for item in answer["Items"]], "LastEvaluatedKey" in answer)


def _listed(pk: str, item: dict[str, Any]) -> Listed:
    return Listed(Key(pk, item["sk"]["S"]), from_wire(item)["owned_keys"] if "owned_keys" in item else ())


def is_empty(pk: str) -> bool:
    """Whether a partition holds nothing at all, as it is now (a consistent read)."""
    condition = Attr("pk").eq(pk)
    return not _asked(condition, {"ConsistentRead": True, "Select": "COUNT"}, limit=1)["Count"]


def scan(after: Key | None, limit: int) -> tuple[list[Item], Key | None]:
    """A page of the whole table behind `after`, in no meaningful order, and where the next one starts.

    For the checker of the invariants only: nothing that serves a caller reads more than it was asked for.
    """
    start = {"ExclusiveStartKey": _key(after)} if after else {}
    answer = _call("scan", Limit=limit, **start)
    last = from_wire(answer["LastEvaluatedKey"]) if "LastEvaluatedKey" in answer else None
    return [from_wire(item) for item in answer["Items"]], Key(last["pk"], last["sk"]) if last else None


def query_index(
    partition: IndexPartition,
    *,
    prefix: str = "",
    after: str | None = None,
    limit: int | None = None,
    newest_first: bool = False,
) -> Page:
    """Items of one partition of an index in the order of its sort key, or backwards.

    Only those whose sort key begins with `prefix` (forwards only) and lies behind `after`. An index may
    lag some milliseconds behind the table.
    """
    index, pk = partition
    sort_key = Attr(f"{index}sk")
    condition: Condition = Attr(f"{index}pk").eq(pk)
    if after is not None and prefix:
        condition = condition & sort_key.between(after + _LOWEST, prefix + _HIGHEST)
    elif after is not None:
        condition = condition & (sort_key.lt(after) if newest_first else sort_key.gt(after))
    elif prefix:
        condition = condition & sort_key.begins_with(prefix)
    return _query(condition, {"IndexName": index, "ScanIndexForward": not newest_first}, limit)


def merged(
    partitions: Sequence[IndexPartition], *, prefix: str = "", after: str | None = None, limit: int
) -> list[Item]:
    """The first `limit` items of several index partitions together, in the order of their sort keys.

    Reads at most about twice as many items as it returns, however many there are. An item that moves
    from one of the partitions to another while they are read is returned once.
    """
    chunk = max(_SMALLEST_CHUNK, -(-limit // len(partitions)))
    streams = [_stream(partition, prefix, after, chunk) for partition in partitions]
    by_sort_key = heapq.merge(*streams, key=lambda entry: entry[0])
    # Sort keys are unique across the partitions, so the two sights of a moving item follow on each other.
    unique = (next(same) for _sort_key, same in groupby(by_sort_key, key=lambda entry: entry[0]))
    return [item for _sort_key, item in islice(unique, limit)]


def _stream(partition: IndexPartition, prefix: str, after: str | None, chunk: int) -> Iterator[tuple[str, Item]]:
    more = True
    while more:
        page = query_index(partition, prefix=prefix, after=after, limit=chunk)
        for item in page.items:
            after = item[f"{partition.index_name}sk"]
            yield after, item
        more = page.more


def _query(condition: Condition, options: dict[str, Any], limit: int | None) -> Page:
    answer = _asked(condition, options, limit)
    return Page([from_wire(item) for item in answer["Items"]], "LastEvaluatedKey" in answer)


def _asked(condition: Condition, options: dict[str, Any], limit: int | None) -> dict[str, Any]:
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    expression = condition.expression(names, values)
    if limit is not None:
        options = {**options, "Limit": limit}
    return _call(
        "query",
        KeyConditionExpression=expression,
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
        **options,
    )


# --- Writing ---------------------------------------------------------------------------------------


def write(one: Put | Update | Delete) -> None:
    """A single write; raises what its `otherwise` says if its condition fails."""
    _write(one)


def swap(one: Update) -> Item | None:
    """A single update that returns the item as it was before, or None if it was not there.

    No two callers get the same former item, however many there are at once.
    """
    former = _write(one, ReturnValues="ALL_OLD").get("Attributes")
    return from_wire(former) if former else None


def _write(one: Put | Update | Delete, **options: Any) -> dict[str, Any]:
    parameters = _parameters(one) | options
    backoff = _Backoff()
    while True:
        try:
            return _call(_ALONE[type(one)], **parameters)
        except ConcurrentChange:
            backoff.wait(ConcurrentChange)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise one.otherwise(_found(error.response)) from None


def transact(*writes: Write) -> None:
    """All of the writes or none.

    If conditions fail, raises what the first of these writes says in its `otherwise`, so the order
    of the writes is the precedence of their errors. Conflicts and throttling are retried with full
    jitter within the time left. A retry of the same call after a lost answer changes nothing twice.
    """
    parameters: dict[str, Any] = {
        "TransactItems": [_transact_item(one) for one in writes],
        "ClientRequestToken": str(uuid4()),
    }
    backoff = _Backoff()
    while True:
        try:
            _client().transact_write_items(**parameters)
        except ClientError as error:
            backoff.wait(_after_cancellation(error, writes))
        except BotoCoreError as error:
            raise ServiceUnavailable from error
        else:
            return


def _after_cancellation(error: ClientError, writes: Sequence[Write]) -> type[RolecallError]:
    """What to raise if trying again does not help; raises at once where it can't."""
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        # The service model has the reasons; the type stubs don't.
        reasons = cast("list[dict[str, Any]]", error.response.get("CancellationReasons", []))
        for one, reason in zip(writes, reasons, strict=True):
            if reason["Code"] == "ConditionalCheckFailed":
                raise one.otherwise(_found(reason)) from None
        codes = {reason["Code"] for reason in reasons}
        if codes & _CONFLICTED:
            return ConcurrentChange
        if codes & _THROTTLED:
            return ServiceUnavailable
        raise error
    if code in _CONFLICTED:
        return ConcurrentChange
    if _is_unavailable(error):
        return ServiceUnavailable
    raise error


def _is_unavailable(error: ClientError) -> bool:
    """Throttled or broken: by DynamoDB's code or, where something before it answers without one, by the status."""
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    throttled = status == HTTPStatus.TOO_MANY_REQUESTS or error.response["Error"]["Code"] in _THROTTLED
    return throttled or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def settle[T](attempt: Callable[[], T]) -> T:
    """Repeat a read-check-write that finds its target changed in between, within the time left."""
    backoff = _Backoff()
    while True:
        try:
            return attempt()
        except ConcurrentChange:
            backoff.wait(ConcurrentChange)


def patiently[T](attempt: Callable[[], T]) -> T:
    """Repeat what was throttled, within the time left; for work that nobody waits for."""
    backoff = _Backoff()
    while True:
        try:
            return attempt()
        except ServiceUnavailable:
            backoff.wait(ServiceUnavailable)


def delete_all(keys: Iterable[Key]) -> None:
    """Remove any number of items, batch after batch, as `delete_batch` does."""
    for batch in batched(dict.fromkeys(keys), BATCH_SIZE, strict=False):
        delete_batch(batch)


def delete_batch(keys: Iterable[Key]) -> None:
    """Remove up to `BATCH_SIZE` items without a condition; unprocessed ones are retried with full jitter.

    Removing what is gone already changes nothing, so this can be repeated after a crash.
    """
    # A batch must not name a key twice.
    requests = [{"DeleteRequest": {"Key": _key(key)}} for key in dict.fromkeys(keys)]
    request = {config().table_name: requests} if requests else {}
    backoff = _Backoff()
    while request:
        request = _call("batch_write_item", RequestItems=request).get("UnprocessedItems", {})
        if request:
            backoff.wait(ServiceUnavailable)


def next_number(key: Key, attribute: str) -> int:
    """Count `attribute` up by one, from 0, and return it; no two callers get the same."""
    answer = _call(
        "update_item",
        Key=_key(key),
        UpdateExpression="ADD #n :one",
        ExpressionAttributeNames={"#n": attribute},
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="UPDATED_NEW",
    )
    return int(answer["Attributes"][attribute]["N"])


# --- The wire --------------------------------------------------------------------------------------


@cache
def _client() -> Any:
    """One client a process."""
    return clients.make(
        "dynamodb",
        connect_timeout=1,
        read_timeout=2,
        # Together with the waits in between, well within the time that a function has.
        retries={"mode": "standard", "total_max_attempts": 3},
        # As many as a sweep has in flight: removals, queries and slices.
        max_pool_connections=50,
    )


def _call(operation: str, **parameters: Any) -> dict[str, Any]:
    """One request, already retried by botocore; raises `ClientError` only for what is not about load or reach."""
    if operation not in {"batch_get_item", "batch_write_item"}:
        parameters["TableName"] = config().table_name
    try:
        return cast("dict[str, Any]", getattr(_client(), operation)(**parameters))
    except ClientError as error:
        if error.response["Error"]["Code"] in _CONFLICTED:
            raise ConcurrentChange from error
        if _is_unavailable(error):
            raise ServiceUnavailable from error
        raise
    except BotoCoreError as error:
        raise ServiceUnavailable from error


class _Backoff:
    """Waits between attempts: exponential with full jitter, within the time left."""

    def __init__(self) -> None:
        self._attempt = 0

    def wait(self, gives_up_with: type[RolecallError]) -> None:
        """Raises `gives_up_with` once there is no time for another attempt."""
        ceiling = min(_BACKOFF_CAP_SECONDS, _BACKOFF_BASE_SECONDS * 2**self._attempt)
        pause = random.uniform(0, ceiling)  # noqa: S311 (jitter, not a secret)  # nosec B311
        self._attempt += 1
        if pause >= time_left() or self._attempt >= _MAX_ATTEMPTS:
            _give_up(gives_up_with)
        time.sleep(pause)


def _give_up(error: type[RolecallError]) -> NoReturn:
    raise error


def _key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def _found(reason: Mapping[str, Any]) -> Item | None:
    """The item that a condition failed on, as DynamoDB returned it."""
    return from_wire(reason["Item"]) if reason.get("Item") else None


def _parameters(one: Write) -> dict[str, Any]:
    """A write as DynamoDB takes it, on its own and in a transaction alike."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    parameters: dict[str, Any] = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    if one.when is not None:
        parameters["ConditionExpression"] = one.when.expression(names, values)
    if isinstance(one, Put):
        parameters["Item"] = to_wire(one.item)
    else:
        parameters["Key"] = _key(one.key)
    if isinstance(one, Update):
        parameters["UpdateExpression"] = _update_expression(one, names, values)
    if names:
        parameters["ExpressionAttributeNames"] = names
    if values:
        parameters["ExpressionAttributeValues"] = values
    return parameters


def _update_expression(one: Update, names: dict[str, str], values: dict[str, Any]) -> str:
    def name_of(attribute: str) -> str:
        return place_name(attribute, names)

    def value_of(value: Any) -> str:
        return place_value(value, values)

    clauses = {
        "SET": [f"{name_of(attribute)} = {value_of(value)}" for attribute, value in one.set.items()],
        "ADD": [f"{name_of(attribute)} {value_of(number)}" for attribute, number in one.add.items()],
        "REMOVE": [name_of(attribute) for attribute in one.remove],
    }
    return " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts)


def _transact_item(one: Write) -> dict[str, Any]:
    return {_IN_TRANSACTION[type(one)]: {"TableName": config().table_name, **_parameters(one)}}


_ALONE = {Put: "put_item", Update: "update_item", Delete: "delete_item"}
_IN_TRANSACTION = {Put: "Put", Update: "Update", Delete: "Delete", Check: "ConditionCheck"}

if starts_on_lambda():
    # Lambda gives the initialization a whole processor, also where the first request would get a third of one.
    _client()
    # What there is by now stays: it is not looked at again for garbage.
    gc.freeze()
gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
