"""Which roles a caller could give a user now. The rules that refuse a change of role decide it."""

from enum import StrEnum

from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import Role
from rolecall.errors import RuleViolation
from rolecall.tenants import user_changes
from rolecall.tenants.users import User


class Include(StrEnum):
    """The values of the query parameter `include` of the routes that show users."""

    ALLOWED_ROLES = "allowed_roles"


def allowed_roles(context: RequestContext, user: User) -> list[Role]:
    """Return the roles other than the present one that `promote_user` would give the user, without an end.

    Empty for oneself, and for a caller who is no user of the tenant.
    """
    if context.principal.tenant_role is None:
        return []
    return [role for role in Role if role is not user.role and _is_allowed(context, user, role)]


def _is_allowed(context: RequestContext, user: User, role: Role) -> bool:
    try:
        user_changes.check_change_allowed(context, user, role, None)
    except RuleViolation:
        return False
    return True
