"""The only module that talks to DynamoDB.

Reads are by key or by query, consistent unless they use an index. Writes state their conditions and
what it means when one fails; DynamoDB's own failures become `errors`' classes:

| DynamoDB | Rolecall |
| --- | --- |
| a condition failed | the write's `on_condition_failure` |
| conflict with another transaction, until the time is up | `ConcurrentChange` |
| throttled, out of reach, internal error, until the time is up | `ServiceUnavailable` |
"""

import heapq
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby, islice
from typing import Any, NamedTuple

from rolecall.config import config
from rolecall.errors import ServiceUnavailable
from rolecall.storage import dynamodb, retries
from rolecall.storage.expressions import Attr, Condition, deserialize_item
from rolecall.storage.keys import HIGHEST_SORT_KEY, LOWEST_SORT_KEY, IndexPartition, Key

#: Items in one BatchGetItem request; DynamoDB's limit.
_GET_SIZE = 100

#: Fewest items that a merged read asks of one partition at a time.
_SMALLEST_CHUNK = 10

#: Sorts behind a text and before every continuation of it; sorts behind every continuation of a text.
_LOWEST_CHARACTER, _HIGHEST_CHARACTER = "\x00", "\U0010ffff"


class Page[T = dynamodb.Item](NamedTuple):
    """One answer of a query. `more` says that the query stopped early; go on behind the last item."""

    items: list[T]
    more: bool


class KeyWithOwnedKeys(NamedTuple):
    """An item by its key, and the partition keys of what it owns elsewhere: little to hold, for lists of thousands."""

    key: Key
    owned_keys: Collection[str]


def get(key: Key) -> dynamodb.Item | None:
    """The item as it is now (a consistent read)."""
    answer = dynamodb.call("get_item", Key=dynamodb.serialize_key(key), ConsistentRead=True)
    return deserialize_item(answer["Item"]) if "Item" in answer else None


def get_many(*keys: Key) -> list[dynamodb.Item | None]:
    """The items as they are now, in the order of the keys; up to 100 in one request."""
    found: dict[Key, dynamodb.Item] = {}
    unique = list(dict.fromkeys(keys))
    for start in range(0, len(unique), _GET_SIZE):
        for item in _get_batch(unique[start : start + _GET_SIZE]):
            found[Key(item["pk"], item["sk"])] = item
    return [found.get(key) for key in keys]


def _get_batch(keys: Sequence[Key]) -> Iterator[dynamodb.Item]:
    request = {config().table_name: {"Keys": [dynamodb.serialize_key(key) for key in keys], "ConsistentRead": True}}
    backoff = retries.Backoff()
    while request:
        answer = dynamodb.call("batch_get_item", RequestItems=request)
        for items in answer["Responses"].values():
            yield from map(deserialize_item, items)
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


def query_keys(
    pk: str, *, first: str = "", last: str = HIGHEST_SORT_KEY, limit: int | None = None
) -> Page[KeyWithOwnedKeys]:
    """What one partition holds, nothing of each item but its key and `owned_keys`; consistent.

    Only those whose sort key is between `first` and `last`, both included.
    """
    condition: Condition = Attr("pk").eq(pk)
    if last != HIGHEST_SORT_KEY:
        condition = condition & Attr("sk").between(first or LOWEST_SORT_KEY, last)
    elif first:
        condition = condition & Attr("sk").gte(first)
    # Without the partition key, which is known: to parse it again for each item takes as long as all the rest.
    answer = _query_raw(condition, {"ConsistentRead": True, "ProjectionExpression": "sk, owned_keys"}, limit)
    return Page([_to_key_with_owned_keys(pk, item) for item in answer["Items"]], "LastEvaluatedKey" in answer)


def _to_key_with_owned_keys(pk: str, item: dict[str, Any]) -> KeyWithOwnedKeys:
    return KeyWithOwnedKeys(
        Key(pk, item["sk"]["S"]), deserialize_item(item)["owned_keys"] if "owned_keys" in item else ()
    )


def is_empty(pk: str) -> bool:
    """Whether a partition holds nothing at all, as it is now (a consistent read)."""
    condition = Attr("pk").eq(pk)
    return not _query_raw(condition, {"ConsistentRead": True, "Select": "COUNT"}, limit=1)["Count"]


def scan(after: Key | None, limit: int) -> tuple[list[dynamodb.Item], Key | None]:
    """A page of the whole table behind `after`, in no meaningful order, and where the next one starts.

    For the checker of the invariants only: nothing that serves a caller reads more than it was asked for.
    """
    start = {"ExclusiveStartKey": dynamodb.serialize_key(after)} if after else {}
    answer = dynamodb.call("scan", Limit=limit, **start)
    last = deserialize_item(answer["LastEvaluatedKey"]) if "LastEvaluatedKey" in answer else None
    return [deserialize_item(item) for item in answer["Items"]], Key(last["pk"], last["sk"]) if last else None


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
        condition = condition & sort_key.between(after + _LOWEST_CHARACTER, prefix + _HIGHEST_CHARACTER)
    elif after is not None:
        condition = condition & (sort_key.lt(after) if newest_first else sort_key.gt(after))
    elif prefix:
        condition = condition & sort_key.begins_with(prefix)
    return _query(condition, {"IndexName": index, "ScanIndexForward": not newest_first}, limit)


def query_merged(
    partitions: Sequence[IndexPartition], *, prefix: str = "", after: str | None = None, limit: int
) -> list[dynamodb.Item]:
    """The first `limit` items of several index partitions together, in the order of their sort keys.

    Reads at most about twice as many items as it returns, however many there are. An item that moves
    from one of the partitions to another while they are read is returned once.
    """
    chunk = max(_SMALLEST_CHUNK, -(-limit // len(partitions)))
    streams = [_iterate_index(partition, prefix, after, chunk) for partition in partitions]
    by_sort_key = heapq.merge(*streams, key=lambda entry: entry[0])
    # Sort keys are unique across the partitions, so the two sights of a moving item follow on each other.
    unique = (next(same) for _sort_key, same in groupby(by_sort_key, key=lambda entry: entry[0]))
    return [item for _sort_key, item in islice(unique, limit)]


def _iterate_index(
    partition: IndexPartition, prefix: str, after: str | None, chunk: int
) -> Iterator[tuple[str, dynamodb.Item]]:
    more = True
    while more:
        page = query_index(partition, prefix=prefix, after=after, limit=chunk)
        for item in page.items:
            after = item[f"{partition.index_name}sk"]
            yield after, item
        more = page.more


def _query(condition: Condition, options: dict[str, Any], limit: int | None) -> Page:
    answer = _query_raw(condition, options, limit)
    return Page([deserialize_item(item) for item in answer["Items"]], "LastEvaluatedKey" in answer)


def _query_raw(condition: Condition, options: dict[str, Any], limit: int | None) -> dict[str, Any]:
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    expression = condition.expression(names, values)
    if limit is not None:
        options = {**options, "Limit": limit}
    return dynamodb.call(
        "query",
        KeyConditionExpression=expression,
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
        **options,
    )
