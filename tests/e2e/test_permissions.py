"""IAM is enforced: a function can do what its policy says and nothing else."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.deployment.stack import Stack
from local.environment import REGION
from tests.e2e.conftest import Tenant


def _role_of(stack: Stack, function: str) -> tuple[str, str]:
    """Name and ARN of a function's role."""
    arn = stack.lambda_.get_function_configuration(FunctionName=stack.physical_id(function))["Role"]
    return arn.rpartition("/")[2], arn


def _client_of(stack: Stack, function: str, service: str) -> Any:
    """A client with the rights of a function, and no others."""
    _, arn = _role_of(stack, function)
    credentials = stack.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    session = boto3.Session(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"], region_name=REGION
    )
    return session.client(service, endpoint_url=stack.endpoint_url)  # type: ignore[call-overload]


def test_a_permission_that_is_taken_out_of_a_policy_is_missed(stack: Stack, register: Callable[[str], Tenant]) -> None:
    tenant = register("Permission")
    user = tenant.add("user")
    name, _ = _role_of(stack, "PromoteUser")
    iam = stack.client("iam")
    (policy_name,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    document = iam.get_role_policy(RoleName=name, PolicyName=policy_name)["PolicyDocument"]
    less = json.loads(json.dumps(document))
    for statement in less["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != "dynamodb:UpdateItem"]

    iam.put_role_policy(RoleName=name, PolicyName=policy_name, PolicyDocument=json.dumps(less))
    try:
        refused = tenant.promote(tenant.admin, user, "manager")
    finally:
        iam.put_role_policy(RoleName=name, PolicyName=policy_name, PolicyDocument=json.dumps(document))

    assert (refused.status, refused.json()["error_code"]) == (500, "INTERNAL_ERROR")
    assert tenant.promote(tenant.admin, user, "manager").json()["data"]["old_role"] == "user"


@pytest.mark.parametrize("function", ["AuthorizeRequest", "ListUsers", "GetUser"])
def test_a_function_that_only_reads_can_write_nothing(stack: Stack, function: str) -> None:
    dynamodb = _client_of(stack, function, "dynamodb")
    key = {"pk": {"S": "TENANT#x"}, "sk": {"S": "META"}}
    writes: dict[str, Callable[[], object]] = {
        "PutItem": lambda: dynamodb.put_item(TableName=stack.table_name, Item=key),
        "DeleteItem": lambda: dynamodb.delete_item(TableName=stack.table_name, Key=key),
        "UpdateItem": lambda: dynamodb.update_item(
            TableName=stack.table_name,
            Key=key,
            UpdateExpression="SET a = :a",
            ExpressionAttributeValues={":a": {"S": "a"}},
        ),
        "TransactWriteItems": lambda: dynamodb.transact_write_items(
            TransactItems=[{"Put": {"TableName": stack.table_name, "Item": key}}]
        ),
        "BatchWriteItem": lambda: dynamodb.batch_write_item(
            RequestItems={stack.table_name: [{"PutRequest": {"Item": key}}]}
        ),
    }

    for write in writes.values():
        with pytest.raises(ClientError, match="AccessDenied"):
            write()


def test_a_function_without_a_secret_cannot_read_it(stack: Stack) -> None:
    secrets = _client_of(stack, "PromoteUser", "secretsmanager")

    with pytest.raises(ClientError, match="AccessDenied"):
        secrets.get_secret_value(SecretId=stack.outputs["MasterTokenSecretArn"])


def test_a_function_is_kept_to_its_partitions(stack: Stack) -> None:
    of_tenant, of_account = ({"pk": {"S": pk}, "sk": {"S": "META"}} for pk in ("TENANT#x", "ACCOUNT#0"))
    for function, own, others in (
        ("PromoteUser", of_tenant, of_account),
        ("DeleteTenant", of_tenant, of_account),
        ("LogIn", of_account, of_tenant),
    ):
        dynamodb = _client_of(stack, function, "dynamodb")
        assert "Item" not in dynamodb.get_item(TableName=stack.table_name, Key=own)
        with pytest.raises(ClientError, match="AccessDenied"):
            dynamodb.get_item(TableName=stack.table_name, Key=others)
        with pytest.raises(ClientError, match="AccessDenied"):
            dynamodb.transact_write_items(
                TransactItems=[{"Put": {"TableName": stack.table_name, "Item": {**others, "planted": {"BOOL": True}}}}]
            )
