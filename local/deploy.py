"""Deploys the build to the engine, and completes what the engine leaves out of a deployment."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local import build
from local.environment import architecture

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient

    from local.stack import Stack

API_HOST = "127.0.0.1"


def deploy(stack: "Stack", built: build.Build) -> None:
    """The stack runs the build, and its API answers at `http://127.0.0.1:<port>/`."""
    build.sam(
        "deploy",
        "--template-file",
        str(built.template),
        "--parameter-overrides",
        f"Architecture={architecture()}",
        "Stage=local",
        endpoint_url=stack.endpoint_url,
    )
    for name, resource in built.content()["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Api":
            _complete_api(stack.apigateway, stack.physical_id(name), resource["Properties"])


def _complete_api(apigateway: "APIGatewayClient", api_id: str, properties: dict[str, Any]) -> None:
    for kind, response in properties.get("GatewayResponses", {}).items():
        status = {"statusCode": str(response["StatusCode"])} if "StatusCode" in response else {}
        apigateway.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            responseParameters=_parameters(response.get("ResponseParameters", {})),
            responseTemplates=response.get("ResponseTemplates", {}),
            **status,
        )
    stage = properties["StageName"]
    # Gateway responses count from the next deployment of the stage on.
    apigateway.create_deployment(restApiId=api_id, stageName=stage)
    answer_at_host(apigateway, api_id, stage)


def answer_at_host(apigateway: "APIGatewayClient", api_id: str, stage: str) -> None:
    """The API has no stage in its paths at `API_HOST`, as behind a custom domain on AWS."""
    try:
        found = apigateway.get_base_path_mapping(domainName=API_HOST, basePath="(none)")
    except ClientError:
        apigateway.create_domain_name(domainName=API_HOST)
    else:
        if found["restApiId"] == api_id:
            return
        # The engine makes another API of one whose routes changed.
        apigateway.delete_base_path_mapping(domainName=API_HOST, basePath="(none)")
    apigateway.create_base_path_mapping(domainName=API_HOST, basePath="(none)", restApiId=api_id, stage=stage)


def _parameters(parameters: dict[str, dict[str, str]]) -> dict[str, str]:
    kinds = {"Headers": "header", "Paths": "path", "QueryStrings": "querystring"}
    return {
        f"gatewayresponse.{kinds[kind]}.{name}": value
        for kind, values in parameters.items()
        for name, value in values.items()
    }
