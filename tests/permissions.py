"""The permissions on the table that the template gives to each function, and those that an operation needs."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, NamedTuple

from local.engine.leading_keys import leading_keys
from tests import gateway

_IN_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


#: Actions of functions that no check of `make verify` uses. The walk compares the roles with the template, so it finds
#: a missing permission without its use too.
UNUSED_BY_WALK = {
    # Used when a temporary role has ended, a minute after it was given at the earliest.
    ("ListAccounts", "dynamodb:BatchGetItem"),
    ("ListUsers", "dynamodb:BatchGetItem"),
    ("RunMaintenance", "dynamodb:ConditionCheckItem"),
    # Used for a record of the stream from which no event can be made.
    ("PublishRoleEvent", "sqs:SendMessage"),
    # Used when a webhook has failed for days, and after the attempt that the walk waits for.
    ("DeliverWebhook", "dynamodb:ConditionCheckItem"),
    ("DeliverWebhook", "dynamodb:PutItem"),
    ("DeliverWebhook", "sqs:SendMessage"),
    # Used when a deletion outlasts its request, or stopped.
    ("DeleteTenant", "sqs:SendMessage"),
    ("RunMaintenance", "dynamodb:BatchWriteItem"),
    ("RunMaintenance", "dynamodb:DeleteItem"),
    ("RunMaintenance", "dynamodb:PutItem"),
    ("RunMaintenance", "sqs:SendMessage"),
    # Used when the part of the table that it checks has a user.
    ("RunMaintenance", "dynamodb:BatchGetItem"),
    # Used by rotations, which the walk spares the platform.
    ("RunOperation", "secretsmanager:PutSecretValue"),
    ("RunOperation", "secretsmanager:UpdateSecretVersionStage"),
    # Used by Lambda in the function's name; the engine does not ask the role.
    ("SweepTenant", "sqs:DeleteMessage"),
    ("SweepTenant", "sqs:GetQueueAttributes"),
    ("SweepTenant", "sqs:ReceiveMessage"),
}


class Permission(NamedTuple):
    """An IAM action of DynamoDB, on the table itself or on one of its indexes."""

    action: str
    on_index: bool = False


def refused(folder: str, operation: str, parameters: Mapping[str, Any]) -> list[tuple[Permission, str]]:
    """The parts of a request that the function's policies do not allow: pairs of permission and partition."""
    return [
        (permission, partition)
        for permission, partitions in parts(operation, parameters)
        for partition in partitions or [""]
        # One statement must allow all partitions of a request. IAM does not combine several statements.
        if not any(
            all(_allows(statement, permission, each) for each in partitions or [""]) for statement in statements(folder)
        )
    ]


def parts(operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[Permission, list[str]]]:
    """The permissions that an operation needs, each with the partitions that must be allowed.

    Each action of a transaction needs all partitions of the transaction, because AWS does not promise to check an
    action against the partitions of its own items only.
    """
    partitions = sorted(set(leading_keys(parameters)))
    if operation != "TransactWriteItems":
        yield Permission(operation, "IndexName" in parameters), partitions
    for action in {_IN_TRANSACTION[kind] for item in parameters.get("TransactItems", ()) for kind in item}:
        yield Permission(action), partitions


def _allows(statement: Mapping[str, Any], permission: Permission, partition: str) -> bool:
    if f"dynamodb:{permission.action}" not in listed(statement["Action"]):
        return False
    if permission.on_index not in {"/index/" in str(resource) for resource in listed(statement["Resource"])}:
        return False
    patterns = limits(statement)
    if not partition or patterns is None:
        return True  # a scan names no partition
    matches = any(fnmatchcase(partition, pattern) for pattern in patterns)
    return matches is ("ForAllValues:StringLike" in statement["Condition"])


def limits(statement: Mapping[str, Any]) -> list[str] | None:
    """The patterns of the partitions that a statement allows, or with `StringNotLike` those that it excludes."""
    for one in statement.get("Condition", {}).values():
        patterns: list[str] = one["dynamodb:LeadingKeys"]
        return patterns
    return None


@cache
def granted(folder: str) -> frozenset[Permission]:
    """The permissions on the table that the template's policies give to a function."""
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
