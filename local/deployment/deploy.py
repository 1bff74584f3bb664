"""Deploys the build to the engine, and adds what the engine leaves out of a deployment."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from botocore.exceptions import ClientError

from local.deployment.sam_cli import run_sam
from local.deployment.stack import Stack
from local.engine.engine import API_HOST
from local.environment import REGION, architecture

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient


def deploy(stack: Stack, template: Path) -> None:
    """Deploys the built template. When it returns, the API answers at `http://127.0.0.1:<port>/`.

    Raises `StackError` if the deployment fails.
    """
    run_sam(
        "deploy",
        "--template-file",
        str(template),
        "--parameter-overrides",
        f"Architecture={architecture()}",
        "Stage=local",
        "AllowLocalWebhooks=true",
        endpoint_url=stack.endpoint_url,
    )
    resources = yaml.safe_load(template.read_text())["Resources"]
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Serverless::Api":
            api_id = stack.physical_id(name)
            _add_any_methods(stack, api_id, resources)
            _complete_api(stack.apigateway, api_id, resource["Properties"])


def _add_any_methods(stack: Stack, api_id: str, resources: dict[str, Any]) -> None:
    """Adds the methods `ANY` of the template, which the engine does not import."""
    paths = {found["path"]: found for found in stack.apigateway.get_resources(restApiId=api_id, limit=500)["items"]}
    authorizers = stack.apigateway.get_authorizers(restApiId=api_id)["items"]
    for function, path, is_public in _any_methods(resources):
        if "ANY" in paths[path].get("resourceMethods", {}):
            continue
        alias = stack.lambda_.get_alias(FunctionName=stack.physical_id(function), Name="live")["AliasArn"]
        resource_id = paths[path]["id"]
        if is_public:
            stack.apigateway.put_method(
                restApiId=api_id, resourceId=resource_id, httpMethod="ANY", authorizationType="NONE"
            )
        else:
            [authorizer] = authorizers
            stack.apigateway.put_method(
                restApiId=api_id,
                resourceId=resource_id,
                httpMethod="ANY",
                authorizationType="CUSTOM",
                authorizerId=authorizer["id"],
            )
        stack.apigateway.put_integration(
            restApiId=api_id,
            resourceId=resource_id,
            httpMethod="ANY",
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{alias}/invocations",
        )


def _any_methods(resources: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Yields function and path of each route for any method, and whether the route asks for no credential."""
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Serverless::Function":
            for event in resource["Properties"].get("Events", {}).values():
                about = event["Properties"]
                if about.get("Method") == "ANY":
                    yield name, about["Path"], about.get("Auth", {}).get("Authorizer") == "NONE"


def _complete_api(apigateway: "APIGatewayClient", api_id: str, properties: dict[str, Any]) -> None:
    """Adds the gateway responses of the template, which the engine does not import."""
    for kind, response in properties.get("GatewayResponses", {}).items():
        status = {"statusCode": str(response["StatusCode"])} if "StatusCode" in response else {}
        apigateway.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            responseParameters=_response_parameters(response.get("ResponseParameters", {})),
            responseTemplates=response.get("ResponseTemplates", {}),
            **status,
        )
    stage = properties["StageName"]
    # A stage uses gateway responses only from its next deployment on.
    apigateway.create_deployment(restApiId=api_id, stageName=stage)
    map_host(apigateway, API_HOST, api_id, stage)


def map_host(apigateway: "APIGatewayClient", host: str, api_id: str, stage: str) -> None:
    """Serves the stage of the API at the host, without the stage's name in the path, as a custom domain does on AWS."""
    try:
        mapping = apigateway.get_base_path_mapping(domainName=host, basePath="(none)")
    except ClientError:
        apigateway.create_domain_name(domainName=host)
    else:
        if mapping["restApiId"] == api_id:
            return
        # The engine replaced the API, as it does when routes change.
        apigateway.delete_base_path_mapping(domainName=host, basePath="(none)")
    apigateway.create_base_path_mapping(domainName=host, basePath="(none)", restApiId=api_id, stage=stage)


def _response_parameters(parameters: dict[str, dict[str, str]]) -> dict[str, str]:
    """Returns the template's response parameters in the form that API Gateway's own interface takes."""
    kinds = {"Headers": "header", "Paths": "path", "QueryStrings": "querystring"}
    return {
        f"gatewayresponse.{kinds[kind]}.{name}": value
        for kind, values in parameters.items()
        for name, value in values.items()
    }
