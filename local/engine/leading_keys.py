"""The condition key `dynamodb:LeadingKeys` of IAM policies, which MiniStack lacks.

Without it, a function on this machine could use any partition, whatever its policy says.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.core import iam_actions

_EQUALITY = re.compile(r"(#?\w+) = (:\w+)")
_PARTITION_KEYS = frozenset({"pk", "gsi1pk", "gsi2pk", "gsi3pk", "gsi4pk"})
_CONDITION = "dynamodb:LeadingKeys"


def install() -> None:
    """Makes the engine evaluate the condition key with the partitions that a request names.

    Each action of a transaction is evaluated with the partitions of the whole transaction. AWS does not promise to
    evaluate an action with the partitions of its own items alone, so no policy may rely on that.
    """
    describe = iam_actions.dynamodb_service_context

    def describe_with_keys(body: bytes) -> dict[str, Any]:
        keys = set(leading_keys(json.loads(body or b"{}")))
        return {**describe(body), _CONDITION: sorted(keys)}

    iam_actions.dynamodb_service_context = describe_with_keys


def leading_keys(request: Mapping[str, Any]) -> Iterator[str]:
    """The partition keys that a request of this table's names, of the table itself or of the index that it asks.

    A scan, and what is about the table as a whole, names none.
    """
    for item in _items(request):
        if "pk" in item:
            yield item["pk"]["S"]
    for name, value in _EQUALITY.findall(request.get("KeyConditionExpression", "")):
        if request.get("ExpressionAttributeNames", {}).get(name, name) in _PARTITION_KEYS:
            yield request["ExpressionAttributeValues"][value]["S"]


def _items(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The keys, or the items, of what is read and written."""
    yield from (request[name] for name in ("Key", "Item") if name in request)
    parts = list(request.get("TransactItems", ()))
    for of_table in request.get("RequestItems", {}).values():
        if isinstance(of_table, Mapping):
            yield from of_table["Keys"]
        else:
            parts += of_table
    for part in parts:
        for one in part.values():
            yield from _items(one)
