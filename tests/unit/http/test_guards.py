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


# The guards are made by the test, and not when this file is loaded: mutation changes the code only afterwards.
@pytest.mark.parametrize(
    ("make_guard", "allowed", "error"),
    [
        (lambda: require_tenant_role(Role.ADMIN), {"admin"}, Forbidden),
        (lambda: require_tenant_role(Role.ADMIN, Role.MANAGER), {"admin", "manager"}, Forbidden),
        (lambda: require_master_token, {"operator"}, MasterTokenRequired),
        (lambda: require_account, {"superadmin", "client"}, Forbidden),
        (lambda: require_superadmin, {"superadmin"}, Forbidden),
        (
            lambda: require_either(require_master_token, require_superadmin),
            {"operator", "superadmin"},
            MasterTokenRequired,
        ),
        (lambda: require_either(require_superadmin, require_master_token), {"operator", "superadmin"}, Forbidden),
        (
            lambda: require_either(require_account, require_tenant_role(Role.USER)),
            {"superadmin", "client", "user"},
            Forbidden,
        ),
    ],
)
def test_a_guard_allows_those_whom_it_names(
    make_guard: Callable[[], Guard], allowed: set[str], error: type[RuleViolation]
) -> None:
    guard = make_guard()
    expected = {name: None if name in allowed else error for name in CALLERS}
    assert {name: _refusal(guard, principal) for name, principal in CALLERS.items()} == expected
