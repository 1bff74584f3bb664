"""`make deploy`: deploys the build to AWS, and the first time so that a failure leaves nothing behind."""

import os
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any, cast

import boto3
import yaml
from botocore.exceptions import ClientError

from local import ROOT, StackError
from local.deployment import built_architecture
from local.deployment.sources import SETTINGS

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

BUILD = ROOT / ".aws-sam" / "build"
#: What a failed first deployment leaves when everything that it made is gone again.
_EMPTY = "ROLLBACK_COMPLETE"
_DEPLOYED = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def main(stage: str) -> None:
    """Deploys the build with the profile of samconfig.toml.

    The first deployment of a stack with a protected table goes in two steps, and the second one protects the table: a
    protected table can't be deleted when the creation fails, and the stack could then be neither updated nor deleted.
    Raises `StackError` if the build is not for the profile's architecture, or a deployment fails.
    """
    settings = _settings(stage)
    overrides = cast("list[str]", settings.get("parameter_overrides", []))
    given = dict(word.split("=", 1) for word in overrides)
    parameters = {name: about["Default"] for name, about in _template()["Parameters"].items()} | given
    built_architecture.check(BUILD, str(parameters["Architecture"]))
    session = boto3.Session(profile_name=settings.get("profile"), region_name=settings.get("region"))
    cloudformation = session.client("cloudformation")
    name = settings["stack_name"]
    if _status(cloudformation, name) == _EMPTY:
        print(f"The stack {name} holds nothing, because its first deployment failed. It is deleted and created again.")
        cloudformation.delete_stack(StackName=name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=name)
    others = [word for word in overrides if not word.startswith("ProtectTable=")]
    if not _exists(cloudformation, name) and parameters["Stage"] == "prod" and parameters["ProtectTable"] == "true":
        print(f"The first deployment of {name} goes in two steps. The second one protects the table.", flush=True)
        _deploy(stage, *others, "ProtectTable=false")
        if _status(cloudformation, name) not in _DEPLOYED:
            raise StackError(f"The stack {name} was not deployed.")
    # Named always, as `sam deploy` keeps the last value of a parameter that is not.
    _deploy(stage, *others, f"ProtectTable={parameters['ProtectTable']}")


def _settings(stage: str) -> dict[str, Any]:
    """What the profile says to `sam deploy`."""
    profiles = tomllib.loads(SETTINGS.read_text())
    if stage not in profiles:
        raise StackError(f"There is no profile {stage!r} in samconfig.toml.")
    found: dict[str, Any] = {}
    for command in ("global", "deploy"):
        found |= profiles[stage].get(command, {}).get("parameters", {})
    return found


def _template() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((BUILD / "template.yaml").read_text())
    return content


def _exists(cloudformation: "CloudFormationClient", name: str) -> bool:
    # A stack of which only a change set was made, and not carried out, is in review.
    return _status(cloudformation, name) not in {"", "REVIEW_IN_PROGRESS"}


def _status(cloudformation: "CloudFormationClient", name: str) -> str:
    """The stack's status; empty if there is no such stack."""
    try:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return ""
        raise
    return stack["StackStatus"]


def _deploy(stage: str, *overrides: str) -> None:
    command = [
        *(sys.executable, "-m", "samcli", "deploy"),
        *("--config-file", str(SETTINGS), "--config-env", stage, "--parameter-overrides", *overrides),
    ]
    done = subprocess.run(  # nosec B603  # the arguments are samconfig.toml's
        command, cwd=BUILD.parents[1], env=os.environ | {"SAM_CLI_TELEMETRY": "0"}, check=False
    )
    if done.returncode:
        raise StackError(f"`sam deploy` failed. If the stack is new, `make deploy STAGE={stage}` begins again.")
