"""Reads from the table: by key, by query, and one scan.

Reads are strongly consistent, except on an index, where DynamoDB offers no consistent reads.
"""

import heapq
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby, islice
from typing import Any, NamedTuple

from rolecall.config import config
from rolecall.errors import ServiceUnavailable
from rolecall.storage import dynamodb, retries
from rolecall.storage.expressions import Attr, Condition, deserialize_item
from rolecall.storage.indexes import IndexPartition
from rolecall.storage.keys import HIGHEST_SORT_KEY, LOWEST_SORT_KEY, Key

#: The most items that DynamoDB returns for one BatchGetItem request.
_GET_SIZE = 100

#: A query that merges several partitions reads at least this many items of a partition in each request.
_SMALLEST_CHUNK = 10

#: All longer texts that begin with `text` sort between `text + _LOWEST_CHARACTER` and `text + _HIGHEST_CHARACTER`.
_LOWEST_CHARACTER, _HIGHEST_CHARACTER = "\x00", "\U0010ffff"


class Page[T = dynamodb.Item](NamedTuple):
    """One page of a query. `more` says that more items may follow; continue after the last item."""

    items: list[T]
    more: bool


class KeyWithOwnedKeys(NamedTuple):
    """The key of an item, and its `owned_keys`. Small, because a sweep holds thousands of them in memory."""

    key: Key
    owned_keys: Collection[str]


def get(key: Key) -> dynamodb.Item | None:
    """The item with this key, by a strongly consistent read; None if there is none."""
    answer = dynamodb.call("get_item", Key=dynamodb.serialize_key(key), ConsistentRead=True)
    return deserialize_item(answer["Item"]) if "Item" in answer else None


def get_many(*keys: Key) -> list[dynamodb.Item | None]:
    """The items in the order of the keys, None for each that does not exist, by strongly consistent reads.

    Each request reads up to 100 items. The result is no snapshot: an item can change between the reads of two items.
    """
    found: dict[Key, dynamodb.Item] = {}
    unique = list(dict.fromkeys(keys))
    for start in range(0, len(unique), _GET_SIZE):
        for item in _get_batch(unique[start : start + _GET_SIZE]):
            found[Key(item["pk"], item["sk"])] = item
    return [found.get(key) for key in keys]


def _get_batch(keys: Sequence[Key]) -> Iterator[dynamodb.Item]:
    """Yield the items that exist, in any order. Raises `ServiceUnavailable` if DynamoDB leaves keys unprocessed."""
    request = {config().table_name: {"Keys": [dynamodb.serialize_key(key) for key in keys], "ConsistentRead": True}}
    backoff = retries.Backoff()
    while request:
        answer = dynamodb.call("batch_get_item", RequestItems=request)
        for items in answer["Responses"].values():
            yield from map(deserialize_item, items)
        request = answer.get("UnprocessedKeys", {})
        if request:
            backoff.wait_or_raise(ServiceUnavailable)


def query_partition(pk: str, *, after: str | None = None, limit: int | None = None, newest_first: bool = False) -> Page:
    """A page of one partition, ordered by sort key and beginning after the sort key `after`; strongly consistent."""
    condition: Condition = Attr("pk").eq(pk)
    if after is not None:
        sort_key = Attr("sk")
        condition = condition & (sort_key.lt(after) if newest_first else sort_key.gt(after))
    return _query(condition, {"ConsistentRead": True, "ScanIndexForward": not newest_first}, limit)


def query_keys(
    pk: str, *, first_sort_key: str = "", last_sort_key: str = HIGHEST_SORT_KEY, limit: int | None = None
) -> Page[KeyWithOwnedKeys]:
    """A page of one partition with only the key and `owned_keys` of each item; strongly consistent.

    Returns the items whose sort keys are between `first_sort_key` and `last_sort_key`, both included.
    """
    condition: Condition = Attr("pk").eq(pk)
    if last_sort_key != HIGHEST_SORT_KEY:
        condition = condition & Attr("sk").between(first_sort_key or LOWEST_SORT_KEY, last_sort_key)
    elif first_sort_key:
        condition = condition & Attr("sk").gte(first_sort_key)
    # The query does not read the partition key, because the caller knows the key. Parsing the key of each item would
    # double the time of the query.
    answer = _query_raw(condition, {"ConsistentRead": True, "ProjectionExpression": "sk, owned_keys"}, limit)
    return Page([_to_key_with_owned_keys(pk, item) for item in answer["Items"]], "LastEvaluatedKey" in answer)


def _to_key_with_owned_keys(pk: str, item: dict[str, Any]) -> KeyWithOwnedKeys:
    return KeyWithOwnedKeys(
        Key(pk, item["sk"]["S"]), deserialize_item(item)["owned_keys"] if "owned_keys" in item else ()
    )


def query_sort_key_prefix(pk: str, prefix: str) -> list[dynamodb.Item]:
    """All items of a partition whose sort key begins with `prefix`, ordered by sort key; strongly consistent.

    Reads page after page, so it is for prefixes with few items.
    """
    found: list[dynamodb.Item] = []
    first, last, more = prefix, prefix + _HIGHEST_CHARACTER, True
    while more:
        condition = Attr("pk").eq(pk) & Attr("sk").between(first, last)
        page = _query(condition, {"ConsistentRead": True}, None)
        found += page.items
        first, more = found[-1]["sk"] + _LOWEST_CHARACTER if found else first, page.more
    return found


def is_partition_empty(pk: str) -> bool:
    """Whether a partition holds no item, by a strongly consistent query."""
    condition = Attr("pk").eq(pk)
    return not _query_raw(condition, {"ConsistentRead": True, "Select": "COUNT"}, limit=1)["Count"]


def scan(after: Key | None, limit: int) -> tuple[list[dynamodb.Item], Key | None]:
    """A page of up to `limit` items of the whole table, and the key after which the next page starts, None at the end.

    The order has no meaning. Only the check of the invariants scans; no request of a caller does.
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
    last: str | None = None,
    limit: int | None = None,
    newest_first: bool = False,
) -> Page:
    """A page of one partition of an index, ordered by the index's sort key.

    Returns the items whose sort key begins with `prefix`, comes after `after` and is not higher than `last`. `prefix`
    can't be combined with `newest_first`, and `last` with neither. An index can lag some milliseconds behind the table.
    """
    index, pk = partition
    sort_key = Attr(f"{index}sk")
    condition: Condition = Attr(f"{index}pk").eq(pk)
    if last is not None:
        condition = condition & sort_key.between((after or "") + _LOWEST_CHARACTER, last)
    elif after is not None and prefix:
        condition = condition & sort_key.between(after + _LOWEST_CHARACTER, prefix + _HIGHEST_CHARACTER)
    elif after is not None:
        condition = condition & (sort_key.lt(after) if newest_first else sort_key.gt(after))
    elif prefix:
        condition = condition & sort_key.begins_with(prefix)
    return _query(condition, {"IndexName": index, "ScanIndexForward": not newest_first}, limit)


class IndexCount(NamedTuple):
    """A number of index entries, and the sort key up to which they were counted, None if none was."""

    number: int
    last_sort_key: str | None


def count_index(partition: IndexPartition, *, after: str | None, limit: int | None) -> tuple[IndexCount, bool]:
    """Count up to `limit` items of an index partition after the sort key `after`, and say whether more may follow.

    One request counts what fits into a megabyte. It costs as much as reading the items, but sends none of them. The
    sort key is None, too, if the partition ends.
    """
    index, pk = partition
    condition: Condition = Attr(f"{index}pk").eq(pk)
    if after is not None:
        condition = condition & Attr(f"{index}sk").gt(after)
    answer = _query_raw(condition, {"IndexName": index, "Select": "COUNT"}, limit)
    last = answer.get("LastEvaluatedKey")
    sort_key = deserialize_item(last)[f"{index}sk"] if last else None
    return IndexCount(answer["Count"], sort_key), last is not None


def get_current_items_listed_up_to(partition: IndexPartition, last: str) -> list[dynamodb.Item]:
    """The items that an index partition lists up to the sort key `last`, as they are in the table now."""
    found: list[Key] = []
    after, more = None, True
    while more:
        page = query_index(partition, after=after, last=last)
        found += [Key(item["pk"], item["sk"]) for item in page.items]
        after, more = page.items[-1][f"{partition.index_name}sk"] if page.items else None, page.more
    return [item for item in get_many(*found) if item is not None]


def query_merged(
    partitions: Sequence[IndexPartition],
    *,
    prefix: str = "",
    after: str | None = None,
    limit: int,
    matches: Callable[[str], bool] = lambda _sort_key: True,
    keeps: Callable[[dynamodb.Item], bool] = lambda _item: True,
    also: Sequence[tuple[str, dynamodb.Item]] = (),
) -> list[dynamodb.Item]:
    """The first `limit` items of several index partitions, merged in the order of their sort keys.

    `also` holds further items for the merge: pairs of sort key and item, ordered by sort key. An item is returned if
    its sort key begins with `prefix`, comes after `after` and passes `matches`, and if the item passes `keeps`.

    Reads at most about twice as many items as it returns. An item that moves from one of the partitions to another
    during the read is returned once.
    """
    chunk = max(_SMALLEST_CHUNK, -(-limit // len(partitions)))
    streams = [_iterate_index(partition, prefix, after, chunk) for partition in partitions]
    further = [entry for entry in also if entry[0].startswith(prefix) and entry[0] > (after or "")]
    merged = heapq.merge(further, *streams, key=lambda entry: entry[0])
    by_sort_key = (entry for entry in merged if keeps(entry[1]))
    # All items in the merged partitions have different sort keys. Two neighbours with equal sort keys are the same
    # item, which moved from one partition to the other during the read.
    unique = (next(same) for sort_key, same in groupby(by_sort_key, key=lambda entry: entry[0]) if matches(sort_key))
    return [item for _sort_key, item in islice(unique, limit)]


def _iterate_index(
    partition: IndexPartition, prefix: str, after: str | None, page_size: int
) -> Iterator[tuple[str, dynamodb.Item]]:
    """Yield the sort key and the item of each entry of one partition, reading page by page."""
    more = True
    while more:
        page = query_index(partition, prefix=prefix, after=after, limit=page_size)
        for item in page.items:
            after = item[f"{partition.index_name}sk"]
            yield after, item
        more = page.more


def _query(condition: Condition, options: dict[str, Any], limit: int | None) -> Page:
    """The items of one query to DynamoDB, and whether more follow."""
    answer = _query_raw(condition, options, limit)
    return Page([deserialize_item(item) for item in answer["Items"]], "LastEvaluatedKey" in answer)


def _query_raw(condition: Condition, options: dict[str, Any], limit: int | None) -> dict[str, Any]:
    """DynamoDB's response to one query, with the items in DynamoDB's JSON format."""
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
