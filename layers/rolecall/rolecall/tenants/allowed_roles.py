"""Which roles a caller could give to users now. The rules that refuse a change of role decide it."""

from collections.abc import Sequence
from enum import StrEnum

from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import Role
from rolecall.errors import RuleViolation
from rolecall.storage import keys, reads
from rolecall.tenants import change_rules
from rolecall.tenants.users import User


class Include(StrEnum):
    """The values of the query parameter `include` of the routes that show users."""

    ALLOWED_ROLES = "allowed_roles"


def find_allowed_roles(context: RequestContext, shown: Sequence[User]) -> list[list[Role]]:
    """Return, for each user, the roles other than the present one that `promote_user` would give now, without an end.

    They are none for oneself, and none for a caller who is no user of the tenant.
    """
    if context.principal.tenant_role is None:
        return [[] for _ in shown]
    admins = _read_count_of_admins_if_one_shown_may_be_last(context, shown)
    return [
        [role for role in Role if role is not user.role and _would_promotion_be_allowed(context, user, role, admins)]
        for user in shown
    ]


def _read_count_of_admins_if_one_shown_may_be_last(context: RequestContext, shown: Sequence[User]) -> int | None:
    """Return the number of active admins, or None if no user who is shown can be the last one.

    A caller who is an admin without an end is counted too. So nobody else is the last admin.
    """
    held = change_rules.require_tenant_user(context.principal)
    if held.lasting_role is Role.ADMIN or all(user.counted_role is not Role.ADMIN for user in shown):
        return None
    [tenant] = reads.get_many(keys.tenant(context.principal.tenant_id))
    return int(tenant["active_admins"]) if tenant else 0


def _would_promotion_be_allowed(context: RequestContext, user: User, role: Role, active_admins: int | None) -> bool:
    """Return whether no rule refuses this role; without `active_admins`, the rule of the last admin is skipped."""
    try:
        changed = change_rules.decide_change(context, user, change_rules.UserChange(role=role))
        if active_admins is not None:
            change_rules.require_remaining_admin(active_admins, user, changed)
    except RuleViolation:
        return False
    return True
