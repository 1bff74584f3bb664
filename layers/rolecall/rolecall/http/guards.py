"""Guards: each checks whether a caller may use a route, before the request is parsed. It raises a `RuleViolation`."""

from collections.abc import Callable

from rolecall.auth.principals import Principal, PrincipalType
from rolecall.auth.roles import PlatformRole, Role
from rolecall.errors import Forbidden, MasterTokenRequired, RuleViolation

type Guard = Callable[[Principal], None]


def require_tenant_role(*allowed: Role) -> Guard:
    """Returns a guard that allows users of a tenant with one of these roles, and raises `Forbidden` for all others."""

    def guard(principal: Principal) -> None:
        if principal.tenant_role not in allowed:
            raise Forbidden

    return guard


def require_master_token(principal: Principal) -> None:
    """Allows operators with the master token, and raises `MasterTokenRequired` for all others."""
    if principal.type is not PrincipalType.MASTER:
        raise MasterTokenRequired


def require_either(first: Guard, second: Guard) -> Guard:
    """Returns a guard that allows callers whom one of the two allows, and raises the first guard's error for others."""

    def guard_either(principal: Principal) -> None:
        try:
            first(principal)
        except RuleViolation as refusal:
            try:
                second(principal)
            except RuleViolation:
                raise refusal from None

    return guard_either


def require_account(principal: Principal) -> None:
    """Allows every platform account, and raises `Forbidden` for all others."""
    if principal.type is not PrincipalType.ACCOUNT:
        raise Forbidden


def require_superadmin(principal: Principal) -> None:
    """Allows platform accounts with the role superadmin, and raises `Forbidden` for all others."""
    if principal.platform_role is not PlatformRole.SUPERADMIN:
        raise Forbidden
