"""`make shell`: a Python prompt with the layer, the local table and the demo data at hand."""

import code
import contextlib
import json
import os
from typing import Any

from local.demo.document import Demo
from local.deployment import running_stack
from local.deployment.layer import use_layer_on
from rolecall import clock, errors
from rolecall.accounts import account_changes, account_creation, accounts
from rolecall.audit import trail
from rolecall.auth import authorizer, roles
from rolecall.auth.preconditions import ACTIVE
from rolecall.auth.principals import Principal, PrincipalType, RequestContext
from rolecall.auth.roles import PlatformRole, Role
from rolecall.deletion import jobs, requests
from rolecall.operations import invariants
from rolecall.storage import keys, reads, writes
from rolecall.tenants import devices, tenants, user_changes, user_creation, users

_MODULES = (
    accounts, account_changes, account_creation, authorizer, clock, devices, errors, invariants, jobs, keys, reads,
    requests, roles, tenants, trail, user_changes, user_creation, users, writes,
)  # fmt: skip
BANNER = """\
The layer's modules, on the table of the local stack. `demo` is the demo data, `table` is boto3's resource.

  acme = demo["tenants"][0]
  tenants.get_tenant(acme["id"])
  users.list_users(caller(), limit=5)                            # caller(): an admin of acme, or caller(token)
  user_changes.promote_user(caller(), acme["users"][-1]["id"], Role.MANAGER)
  reads.query_partition(keys.tenant_partition(acme["id"])).items
  list(invariants.check_table(None, reserve_seconds=0))          # violated invariants

Ctrl-D leaves."""


def main() -> None:
    """Runs the Python that a person types, until the input ends."""
    stack = running_stack.find()
    use_layer_on(stack)
    # The modules of all functions can be used, so the variables of all functions are needed.
    for physical_id in stack.functions().values():
        os.environ |= stack.variables(physical_id)
    demo: Demo = json.loads((running_stack.STATE_FOLDER / "demo.json").read_text())
    table = stack.resource("dynamodb").Table(stack.table_name)

    def caller(token: str = _admin_token(demo)) -> RequestContext:
        """Returns the context of a request with the token, authorized as it would be now."""
        return RequestContext(authorizer.authenticate(token, clock.now()), clock.now())

    names: dict[str, Any] = {module.__name__.rpartition(".")[2]: module for module in _MODULES}
    names |= {kind.__name__: kind for kind in (RequestContext, PlatformRole, Principal, PrincipalType, Role)}
    names |= {"caller": caller, "demo": demo, "stack": stack, "table": table}
    with contextlib.suppress(ImportError):  # some builds of Python lack readline
        import readline  # noqa: PLC0415
        import rlcompleter  # noqa: PLC0415

        readline.set_completer(rlcompleter.Completer(names).complete)
        readline.parse_and_bind("tab: complete")
    code.interact(BANNER, local=names, exitmsg="")


def _admin_token(demo: Demo) -> str:
    """Returns the token of an admin of the first demo tenant that has one, or an empty text."""
    users = (user for tenant in demo["tenants"] if tenant["status"] == ACTIVE for user in tenant["users"])
    return next((user["token"] for user in users if user["token"] and user["active"] and user["role"] == "admin"), "")
