"""What every function behind the API shares: who calls, the parsed request, the answer, the two error dialects."""

from collections.abc import Callable

from rolecall.auth.principals import Principal, PrincipalType
from rolecall.auth.roles import PlatformRole, Role
from rolecall.errors import Forbidden, MasterTokenRequired, RuleViolation

type Guard = Callable[[Principal], None]


def require_tenant_role(*allowed: Role) -> Guard:
    """Users of a tenant with one of these roles; everyone else is `Forbidden`."""

    def guard(principal: Principal) -> None:
        if principal.tenant_role not in allowed:
            raise Forbidden

    return guard


def require_master_token(principal: Principal) -> None:
    """Operators with the master token; everyone else is told `MasterTokenRequired`."""
    if principal.type is not PrincipalType.MASTER:
        raise MasterTokenRequired


def require_either(guard: Guard, other: Guard) -> Guard:
    """Whoever one of the two lets pass; everyone else is told what the first says."""

    def both(principal: Principal) -> None:
        try:
            guard(principal)
        except RuleViolation as refusal:
            try:
                other(principal)
            except RuleViolation:
                raise refusal from None

    return both


def require_account(principal: Principal) -> None:
    """Every platform account; everyone else is `Forbidden`."""
    if principal.type is not PrincipalType.ACCOUNT:
        raise Forbidden


def require_superadmin(principal: Principal) -> None:
    """Accounts with the role superadmin; everyone else is `Forbidden`."""
    if principal.platform_role is not PlatformRole.SUPERADMIN:
        raise Forbidden
