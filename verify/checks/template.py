"""The stack is the one that the template in this working copy describes, and its functions may do what it says."""

from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from local.deployment.build import without_unsupported
from openapi.template import template
from verify.check import check
from verify.results import Unknown, Wrong
from verify.stack import DeployedStack
from verify.walk import Walk

#: What becomes of the template's own types.
_DEPLOYED_AS = {
    "AWS::Serverless::Api": "AWS::ApiGateway::RestApi",
    "AWS::Serverless::Function": "AWS::Lambda::Function",
}
#: Its name in the stack holds a hash of its content.
_RENAMED = {"AWS::Serverless::LayerVersion"}


def expected_resources(stack: DeployedStack) -> Mapping[str, str]:
    """The type of each resource that a deployment of the template always has, by its name."""
    described = template()
    if stack.parameters.get("Stage") == "local":
        described = without_unsupported(deepcopy(described))
    return {
        name: _DEPLOYED_AS.get(resource["Type"], resource["Type"])
        for name, resource in described["Resources"].items()
        if "Condition" not in resource and resource["Type"] not in _RENAMED
    }


@check("The stack has every resource of the template.")
def find_resources(walk: Walk) -> str:
    found = {name: one.type for name, one in walk.stack.resources.items()}
    missing = sorted(name for name, kind in expected_resources(walk.stack).items() if found.get(name) != kind)
    if missing:
        raise Wrong(f"Missing: {_few(missing)}.")
    return f"{len(found)} in all."


@check("The role of every function allows what the template says.")
def compare_policies(walk: Walk) -> None:
    functions = [name for name, kind in expected_resources(walk.stack).items() if kind == "AWS::Lambda::Function"]
    differ = [
        difference
        for difference in walk.stack.each(lambda name: _difference(walk.stack, name), functions)
        if difference is not None
    ]
    if differ:
        raise Wrong(f"{'; '.join(differ[:3])}{'; and more' if len(differ) > 3 else ''}.")  # noqa: PLR2004


def _difference(stack: DeployedStack, function: str) -> str | None:
    """What is missing in a function's inline policies. SAM adds some, which read a queue or a stream."""
    if function not in stack.functions:
        raise Unknown(f"{function} is not in the stack.")
    wanted = Counter(_actions(template()["Resources"][function]["Properties"].get("Policies", [])))
    found = Counter(_actions(_inline_policies(stack, stack.functions[function]["Role"].rpartition("/")[2])))
    if missing := sorted(wanted - found):
        return f"{function} may not use {_few(missing)}"
    return None


def _inline_policies(stack: DeployedStack, role: str) -> list[Mapping[str, Any]]:
    iam = stack.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]


def _actions(policies: list[Mapping[str, Any]]) -> list[str]:
    """The actions of all statements, each as often as it is in one."""
    statements = [one for policy in policies for one in _listed(policy["Statement"])]
    return [action for one in statements if one["Effect"] == "Allow" for action in _listed(one["Action"])]


def _listed(one_or_more: Any) -> list[Any]:
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")  # noqa: PLR2004
