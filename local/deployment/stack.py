"""A deployed stack: its addresses, names, secrets and clients."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3

from local.engine.engine import API_HOST, Engine
from local.environment import ACCESS_KEY, REGION, SECRET_KEY

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

STACK_NAME = "rolecall"


@dataclass(frozen=True)
class Stack:
    """A stack that is deployed on an engine of this machine.

    Its clients use the engine's root credentials, which no policy restricts.
    """

    engine: Engine
    name: str = STACK_NAME

    @property
    def api(self) -> str:
        """The URL of the API, without a slash at the end."""
        return f"http://{API_HOST}:{self.engine.port}"

    @property
    def endpoint_url(self) -> str:
        """The URL of the AWS services."""
        return self.engine.endpoint_url

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """The values of the template's Outputs by their names."""
        [stack] = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    @property
    def table_name(self) -> str:
        return self.outputs["TableName"]

    @property
    def master_token(self) -> str:
        token: str = self.secret("MasterTokenSecretArn")["token"]
        return token

    def secret(self, output: str) -> dict[str, Any]:
        """Returns the content of the secret whose ARN is in the named Output."""
        text = self.secretsmanager.get_secret_value(SecretId=self.outputs[output])["SecretString"]
        content: dict[str, Any] = json.loads(text)
        return content

    def physical_id(self, logical_id: str) -> str:
        """Returns the name that the deployment gave to a resource of the template."""
        answer = self.cloudformation.describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        return answer["StackResourceDetail"]["PhysicalResourceId"]

    def functions(self) -> dict[str, str]:
        """Returns the names that the deployment gave to the functions, by their names in the template."""
        pages = self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.name)
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for page in pages
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == "AWS::Lambda::Function"
        }

    def environment(self, *functions: str) -> dict[str, str]:
        """Returns the environment in which the layer's code can run here as it runs in the named functions."""
        merged = {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
        }
        for function in functions:
            merged |= self.variables(self.physical_id(function))
        return merged

    def variables(self, function: str) -> dict[str, str]:
        """Returns the environment variables of the function with this deployed name."""
        return self.lambda_.get_function_configuration(FunctionName=function)["Environment"]["Variables"]

    def remember(self, name: str, value: str) -> None:
        """Stores a note in the engine's state, so that it is lost when the data that it is about is lost."""
        try:
            self.secretsmanager.put_secret_value(SecretId=name, SecretString=value)
        except self.secretsmanager.exceptions.ResourceNotFoundException:
            self.secretsmanager.create_secret(Name=name, SecretString=value)

    def recall(self, name: str) -> str | None:
        """Returns the note that `remember` stored under the name, or None."""
        try:
            return self.secretsmanager.get_secret_value(SecretId=name)["SecretString"]
        except self.secretsmanager.exceptions.ResourceNotFoundException:
            return None

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)

    def client(self, service: str) -> Any:
        """Makes a client of a service that has no property here."""
        return self._session.client(service, endpoint_url=self.endpoint_url)  # type: ignore[call-overload]

    def resource(self, service: str) -> Any:
        """Makes the boto3 resource of a service."""
        return self._session.resource(service, endpoint_url=self.endpoint_url)  # type: ignore[call-overload]

    @cached_property
    def apigateway(self) -> "APIGatewayClient":
        return self._session.client("apigateway", endpoint_url=self.endpoint_url)

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        return self._session.client("cloudformation", endpoint_url=self.endpoint_url)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self._session.client("dynamodb", endpoint_url=self.endpoint_url)

    @cached_property
    def lambda_(self) -> "LambdaClient":
        return self._session.client("lambda", endpoint_url=self.endpoint_url)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        return self._session.client("logs", endpoint_url=self.endpoint_url)

    @cached_property
    def secretsmanager(self) -> "SecretsManagerClient":
        return self._session.client("secretsmanager", endpoint_url=self.endpoint_url)
