"""Which callers each guard allows, and with which error it refuses the others."""

from collections.abc import Callable

import pytest

from rolecall.auth.principals import Principal, PrincipalType
from rolecall.auth.roles import PlatformRole, Role
from rolecall.errors import Forbidden, MasterTokenRequired, RuleViolation
from rolecall.http.guards import (
    Guard,
    require_account,
    require_either,
    require_master_token,
    require_superadmin,
    require_tenant_role,
)

CALLERS = {
    "admin": Principal(PrincipalType.USER, "1", role=Role.ADMIN, tenant_id="t"),
    "manager": Principal(PrincipalType.USER, "1", role=Role.MANAGER, tenant_id="t"),
    "user": Principal(PrincipalType.USER, "1", role=Role.USER, tenant_id="t"),
    "superadmin": Principal(PrincipalType.ACCOUNT, "7", role=PlatformRole.SUPERADMIN),
    "client": Principal(PrincipalType.ACCOUNT, "7", role=PlatformRole.CLIENT),
    "operator": Principal(PrincipalType.MASTER, "master"),
}


def _refusal(guard: Guard, principal: Principal) -> type[RuleViolation] | None:
    try:
        guard(principal)
    except RuleViolation as refusal:
        return type(refusal)
    return None


@pytest.mark.parametrize(
    ("guard", "allowed", "error"),
    [
        (require_tenant_role(Role.ADMIN), {"admin"}, Forbidden),
        (require_tenant_role(Role.ADMIN, Role.MANAGER), {"admin", "manager"}, Forbidden),
        (require_master_token, {"operator"}, MasterTokenRequired),
        (require_account, {"superadmin", "client"}, Forbidden),
        (require_superadmin, {"superadmin"}, Forbidden),
        (require_either(require_master_token, require_superadmin), {"operator", "superadmin"}, MasterTokenRequired),
        (require_either(require_superadmin, require_master_token), {"operator", "superadmin"}, Forbidden),
        (
            require_either(require_master_token, require_tenant_role(Role.USER)),
            {"operator", "user"},
            MasterTokenRequired,
        ),
    ],
)
def test_a_guard_allows_those_whom_it_names(
    guard: Callable[[Principal], None], allowed: set[str], error: type[RuleViolation]
) -> None:
    expected = {name: None if name in allowed else error for name in CALLERS}
    assert {name: _refusal(guard, principal) for name, principal in CALLERS.items()} == expected
