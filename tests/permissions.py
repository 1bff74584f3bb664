"""What the template lets each function do with the table, and what an operation takes."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from tests import gateway

_IN_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


class Permission(NamedTuple):
    """An action of DynamoDB's, on the table itself or on one of its indexes."""

    action: str
    on_index: bool = False


def needed(operation: str, parameters: Mapping[str, Any]) -> set[Permission]:
    """What IAM asks for: a transaction takes a permission for each kind of its parts."""
    if operation == "TransactWriteItems":
        return {Permission(_IN_TRANSACTION[kind]) for item in parameters["TransactItems"] for kind in item}
    return {Permission(operation, "IndexName" in parameters)}


@cache
def granted(folder: str) -> frozenset[Permission]:
    """A function's permissions on the table, by the policies in the template."""
    return frozenset(
        Permission(action.removeprefix("dynamodb:"), "/index/" in str(resource))
        for statement in statements(folder)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        if action.startswith("dynamodb:")
    )


def statements(folder: str) -> list[dict[str, Any]]:
    policies = gateway.functions()[folder].get("Policies", [])
    return [statement for policy in policies for statement in policy["Statement"]]


def listed(one_or_more: Any) -> list[Any]:
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]
