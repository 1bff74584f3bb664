"""`make doctor`: checks a whole table against the invariants, and says how to repair what breaks one."""

import os
from collections import defaultdict
from itertools import count

import boto3

from local import StackError, options
from local.deployment import running_stack
from local.deployment.layer import use_layer_on
from local.progress import counting
from rolecall import deadline, telemetry
from rolecall.auth.principals import Principal, PrincipalType, RequestContext
from rolecall.clock import now
from rolecall.operations import findings, invariants
from rolecall.operations.findings import Finding

DOCTOR = Principal(PrincipalType.SYSTEM, "doctor")
_SHOWN = 10
#: What a person can do about a violation that can't be repaired from the other items.
_ADVICE = {
    "NO_ADMIN": "make one of the tenant's users an active admin in the table, with an audit entry",
    "CREDENTIALS": "rotate the user's token (POST /users/{id}/token); write a missing email reservation by hand",
    "LEFT_OVER": "delete the item; its tenant is deleted, and nothing can reach it",
    "NO_USER": "delete the item; its user is deleted, and nothing can reach it",
    "ROLE_END": "see that maintenance runs; else promote the user to the role that it shall have, without `until`",
    "OUTLIVING": "look at the audit entry, and take the role back if it should not stay",
    "SECRET": "rotate that secret, remove the attribute, and find what wrote it",
}
_OTHER_ADVICE = "look at the item and at the audit trail of its tenant, and correct what is wrong"
_DAY_SECONDS = 24 * 60 * 60
_REPAIRABLE = "`make doctor REPAIR=1` repairs it from the other items"


def main() -> None:
    """Checks the table of `TABLE`, of the stack `STACK` on AWS, or of the local stack.

    Raises `StackError` if something violates an invariant and was not repaired.
    """
    repair = options.is_on("REPAIR")
    where = _use_table()
    # The layer's functions have seconds. A person waits until the last item is checked.
    deadline.set_time_left(_DAY_SECONDS)
    telemetry.logger.setLevel("CRITICAL")
    found: dict[str, list[Finding]] = defaultdict(list)
    repaired = 0
    with counting(f"check {where}", None) as show_count:
        for pages, (on_page, _) in zip(count(1), invariants.check_table(None, reserve_seconds=0), strict=False):
            for finding in on_page:
                if repair and findings.repair_finding(RequestContext(DOCTOR, now()), finding):
                    repaired += 1
                else:
                    found[finding.kind.name].append(finding)
            show_count(pages * invariants.PAGE)
    for name, violations in sorted(found.items()):
        _explain(name, violations)
    left = sum(map(len, found.values()))
    repairs = f" {repaired} repaired." if repaired else ""
    if left:
        raise StackError(f"{where}: {left} violation{'' if left == 1 else 's'} of the invariants.{repairs}")
    print(f"{where}: every invariant holds.{repairs}")


def _use_table() -> str:
    """Makes the layer use the table that is asked for; returns how messages call it."""
    if table := os.environ.get("TABLE"):
        os.environ["TABLE_NAME"] = table
        return f"table {table}"
    if name := os.environ.get("STACK"):
        [stack] = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        if "TableName" not in outputs:
            raise StackError(f"The stack {name} has no output TableName: is it a stack of Rolecall?")
        os.environ["TABLE_NAME"] = outputs["TableName"]
        return f"stack {name}"
    use_layer_on(running_stack.find())
    return "the local stack"


def _explain(name: str, findings: list[Finding]) -> None:
    """Prints the violations of one kind and what can be done about them."""
    print(f"\n{name}: {findings[0].kind.value}")
    for finding in findings[:_SHOWN]:
        counts = (
            f"  (stored {finding.stored_count}, counted {finding.correct_count})"
            if finding.correct_count is not None
            else ""
        )
        print(f"  {finding.key.pk} / {finding.key.sk}{counts}")
    if len(findings) > _SHOWN:
        print(f"  and {len(findings) - _SHOWN} more")
    print(f"  -> {_REPAIRABLE if findings[0].is_repairable else _ADVICE.get(name, _OTHER_ADVICE)}\n")
