"""The condition `dynamodb:LeadingKeys` of a policy, which IAM knows and MiniStack does not.

Without it, the policies' conditions on partition keys would let everything pass on this machine.
"""

# ruff: noqa: SLF001 (there is no public way to complete it)

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.core import iam_actions, iam_evaluator

_EQUALITY = re.compile(r"(#?\w+) = (:\w+)")
_PARTITION_KEYS = frozenset({"pk", "gsi1pk", "gsi2pk"})
_CONDITION = "dynamodb:LeadingKeys"
#: In the engine's context of a transaction: the partitions by the action that each item takes.
_OF_ACTIONS = "rolecall:LeadingKeysOfActions"


def install() -> None:
    """Teach the engine which partitions a request is about, and each item of a transaction."""
    describe, enforce = iam_actions.dynamodb_service_context, iam_evaluator.enforce

    def describe_with_keys(body: bytes) -> dict[str, Any]:
        request = json.loads(body or b"{}")
        of_actions: defaultdict[str, list[str]] = defaultdict(list)
        for part in request.get("TransactItems", ()):
            for kind, one in part.items():
                of_actions[iam_actions._DYNAMODB_TRANSACT_ITEM_ACTIONS[kind]] += leading_keys(one)
        return {**describe(body), _CONDITION: sorted(set(leading_keys(request))), _OF_ACTIONS: of_actions}

    def enforce_with_keys(access_key: Any, action: str, *rest: Any, service_context: Any = None, **more: Any) -> Any:
        if of_actions := (service_context or {}).get(_OF_ACTIONS):
            service_context = {**service_context, _CONDITION: of_actions[action]}
        return enforce(access_key, action, *rest, service_context=service_context, **more)

    iam_actions.dynamodb_service_context = describe_with_keys
    iam_evaluator.enforce = enforce_with_keys


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
