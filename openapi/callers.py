"""Who may call a route, found out by trying its guard on one caller of each kind."""

from openapi import answers
from rolecall.auth.principals import MASTER, Principal, PrincipalType
from rolecall.auth.roles import PlatformRole, Role
from rolecall.errors import RuleViolation
from rolecall.http.guards import Guard

#: The kinds of credentials by their names. Each has the kind of caller that it belongs to, and its description.
SCHEMES = {
    "ApiToken": (
        PrincipalType.USER,
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "UUID v4",
            "description": "The API token of a tenant's user. It is shown once, when the user is created or the "
            "token is rotated.",
        },
    ),
    "UserAccessToken": (
        PrincipalType.USER,
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token of a tenant's user, from `POST /login`. It is valid for 15 minutes, and "
            "gives the same rights as the user's API token.",
        },
    ),
    "MasterToken": (
        PrincipalType.MASTER,
        {
            "type": "http",
            "scheme": "bearer",
            "description": "The platform's master token, for operators. It is stored in AWS Secrets Manager.",
        },
    ),
    "AccessToken": (
        PrincipalType.ACCOUNT,
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token of a platform account, from `POST /v1/api/auth/login`. It is valid "
            "for 15 minutes.",
        },
    ),
}
#: One caller of each kind. They are used to find out whom a guard allows.
CALLERS = [
    *(Principal(PrincipalType.USER, answers.USER_ID, role=role, tenant_id=answers.TENANT_ID) for role in Role),
    MASTER,
    *(Principal(PrincipalType.ACCOUNT, "1", role=role) for role in PlatformRole),
]


def describe_allowed_callers(guard: Guard | None) -> str:
    """Returns a sentence that names the callers whom the guard allows."""
    if guard is None:
        return "Without a credential."
    passing = [caller for caller in CALLERS if refusal_of(guard, caller) is None]
    groups = []
    tenant = [str(caller.role) for caller in passing if caller.type is PrincipalType.USER]
    if tenant:
        groups.append(f"tenant users with the role {' or '.join(f'`{role}`' for role in tenant)}")
    if MASTER in passing:
        groups.append("operators with the master token")
    platform = [str(caller.role) for caller in passing if caller.type is PrincipalType.ACCOUNT]
    if len(platform) == len(PlatformRole):
        groups.append("every platform account")
    elif platform:
        groups.append(f"platform accounts with the role {' or '.join(f'`{role}`' for role in platform)}")
    return f"**Who may call:** {'; '.join(groups)}."


def security_requirements(guard: Guard | None) -> list[dict[str, list[str]]]:
    """Returns OpenAPI's `security` of a route: the kinds of credentials that its guard allows."""
    if guard is None:
        return []
    kinds = {caller.type for caller in CALLERS if refusal_of(guard, caller) is None}
    return [{name: []} for name, (kind, _) in SCHEMES.items() if kind in kinds]


def refusal_of(guard: Guard, caller: Principal) -> type[RuleViolation] | None:
    """Returns the class of the error with which the guard refuses the caller, or None if it allows the caller."""
    try:
        guard(caller)
    except RuleViolation as refusal:
        return type(refusal)
    return None
