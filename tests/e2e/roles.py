"""The roles of a deployed stack's functions, changed for as long as a test looks."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from local.deployment.stack import Stack
from tests.permissions import listed


@contextmanager
def without_permission(stack: Stack, function: str, action: str) -> Iterator[None]:
    """Within the block the function's role lacks the action."""
    iam = stack.client("iam")
    settings = stack.lambda_.get_function_configuration(FunctionName=stack.physical_id(function))
    role = settings["Role"].rpartition("/")[2]
    documents = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    for name, document in documents.items():
        less = [
            {**statement, "Action": [one for one in listed(statement["Action"]) if one != action]}
            for statement in listed(document["Statement"])
        ]
        kept = [statement for statement in less if statement["Action"]]
        if kept:
            less_document = json.dumps({**document, "Statement": kept})
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=less_document)
        else:
            iam.delete_role_policy(RoleName=role, PolicyName=name)
    try:
        yield
    finally:
        for name, document in documents.items():
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
