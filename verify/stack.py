"""A deployed stack, as CloudFormation describes it."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import NoCredentialsError

from local import StackError

#: AWS's control planes take few requests a second, so a refused call is repeated for a while. An answer may take
#: as long as maintenance does, since a call that is repeated for want of one would do its work twice.
_PATIENT = Config(
    connect_timeout=5, read_timeout=250, max_pool_connections=20, retries={"mode": "standard", "max_attempts": 8}
)
_CALLS_AT_ONCE = 8
_AWS_DOMAINS = ("amazonaws.com", "api.aws")


@dataclass(frozen=True)
class Resource:
    """A resource of the stack: its name in the template, its type, and the name that the deployment gave to it."""

    logical_id: str
    type: str
    physical_id: str


class DeployedStack:
    """A stack that is reached with the AWS credentials and the region of the environment."""

    def __init__(self, name: str, api: str | None = None) -> None:
        """`api` is where the API answers, if that is not the stack's output `ApiUrl`."""
        self.name = name
        self._api = api
        self._clients: dict[str, Any] = {}
        self._session = boto3.Session()

    def client(self, service: str) -> Any:
        """The client of an AWS service."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, config=_PATIENT)  # type: ignore[call-overload]
        return self._clients[service]

    def credentials(self) -> dict[str, str]:
        """The credentials and the region as environment variables, for a client that knows no profiles."""
        found = self._session.get_credentials()
        if found is None:
            raise NoCredentialsError
        frozen = found.get_frozen_credentials()
        variables = {
            "AWS_ACCESS_KEY_ID": frozen.access_key,
            "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
            "AWS_SESSION_TOKEN": frozen.token,
            "AWS_DEFAULT_REGION": self._session.region_name,
        }
        return {name: value for name, value in variables.items() if value}

    @cached_property
    def _description(self) -> Mapping[str, Any]:
        [found] = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        outputs = {one["OutputKey"] for one in found.get("Outputs", [])}
        if not {"ApiId", "TableName", "MasterTokenSecretArn"} <= outputs:
            raise StackError(f"The stack {self.name} has not the outputs of Rolecall: is it one?")
        return dict(found)

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """The template's outputs."""
        return {one["OutputKey"]: one["OutputValue"] for one in self._description["Outputs"]}

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """The template's parameters, with their values in this deployment."""
        return {one["ParameterKey"]: one["ParameterValue"] for one in self._description.get("Parameters", [])}

    @property
    def created_at(self) -> float:
        """When the stack was made, in seconds since the epoch."""
        return float(self._description["CreationTime"].timestamp())

    @cached_property
    def resources(self) -> Mapping[str, Resource]:
        """All resources, by their names in the template."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
        return {
            one["LogicalResourceId"]: Resource(
                one["LogicalResourceId"], one["ResourceType"], one.get("PhysicalResourceId", "")
            )
            for page in pages
            for one in page["StackResourceSummaries"]
        }

    def resources_of(self, kind: str) -> list[Resource]:
        """The resources of a CloudFormation type, such as `AWS::SQS::Queue`."""
        return [one for one in self.resources.values() if one.type == kind]

    @cached_property
    def functions(self) -> Mapping[str, Mapping[str, Any]]:
        """Lambda's settings of each function, by its name in the template."""

        def settings(function: Resource) -> tuple[str, Mapping[str, Any]]:
            answer = self.client("lambda").get_function_configuration(FunctionName=function.physical_id)
            return function.logical_id, answer

        return dict(self.each(settings, self.resources_of("AWS::Lambda::Function")))

    @cached_property
    def api(self) -> str:
        """Where the API answers, without a slash at the end."""
        if self._api:
            return self._api.rstrip("/")
        endpoint = self.client("apigateway").meta.endpoint_url
        if not any(domain in endpoint for domain in _AWS_DOMAINS):
            # An emulator, which serves every stage under a path of its own.
            return f"{endpoint}/restapis/{self.outputs['ApiId']}/live/_user_request_"
        return self.outputs["ApiUrl"].rstrip("/")

    @property
    def master_token(self) -> str:
        """The platform's master token, read anew from Secrets Manager."""
        answer = self.client("secretsmanager").get_secret_value(SecretId=self.outputs["MasterTokenSecretArn"])
        token: str = json.loads(answer["SecretString"])["token"]
        return token

    def invoke(self, function: str, event: Mapping[str, Any]) -> tuple[Any, str | None]:
        """Call a function by its alias; returns its answer, and the kind of its error if it failed."""
        name = self.resources[function].physical_id
        answer = self.client("lambda").invoke(FunctionName=name, Qualifier="live", Payload=json.dumps(event).encode())
        return json.loads(answer["Payload"].read() or b"null"), answer.get("FunctionError")

    def each[T, R](self, call: Callable[[T], R], over: list[T]) -> Iterator[R]:
        """Call several at a time; yields the answers in their order."""
        for service in ("iam", "lambda", "logs"):  # made here, since making clients is not safe in threads
            self.client(service)
        with ThreadPoolExecutor(_CALLS_AT_ONCE) as pool:
            yield from pool.map(call, over)
