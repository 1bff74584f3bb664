"""Compares the demo data with what the stack holds now, and creates the tenants and accounts that were deleted."""

from local.demo.document import Account, Seeds, Tenant, User
from local.demo.seed import ACCOUNT_PLANS, TENANT_PLANS, Conflict, create_account, create_tenant
from local.deployment.layer import use_layer_on
from local.deployment.stack import Stack
from rolecall.accounts import accounts
from rolecall.auth import tokens
from rolecall.auth.passwords import verify_password
from rolecall.auth.preconditions import ACTIVE
from rolecall.auth.principals import MASTER, RequestContext
from rolecall.auth.session_owners import AccountOwner, SessionOwner, UserOwner
from rolecall.clock import now
from rolecall.errors import AccountNotFound, UserNotFound
from rolecall.storage import keys, reads
from rolecall.tenants import users


def refresh_demo_data(stack: Stack, seeds: Seeds) -> Seeds:
    """Returns the demo data as the stack holds it now. Deleted accounts and completely deleted tenants are made again.

    Such a tenant is left out if its name or its first admin's email belongs to something else by now. Such an account
    is shown as inactive if its email does.
    """
    use_layer_on(stack)
    known = {tenant["name"]: tenant for tenant in seeds["tenants"]}
    tenants: list[Tenant] = []
    for plan in TENANT_PLANS:
        current = _current_tenant(known[plan.name]) if plan.name in known else None
        try:
            tenants.append(current or create_tenant(stack, plan))
        except Conflict:
            continue
    return {
        "tenants": tenants,
        "superadmin": _current_account(seeds["superadmin"]),
        "accounts": [_current_account(account) for account in seeds["accounts"]],
    }


def _current_tenant(tenant: Tenant) -> Tenant | None:
    """Returns the tenant as it is now, or None if nothing of it is left."""
    item = reads.get(keys.tenant(tenant["id"]))
    if item is None:
        return None
    if item["status"] != ACTIVE:
        return {**tenant, "status": item["status"]}
    users = [user for user in map(_current_user, tenant["users"]) if user]
    return {**tenant, "status": ACTIVE, "users": users}


def _current_user(known: User) -> User | None:
    """Returns the user as it is now, or None if it was deleted."""
    try:
        user = users.get_user(RequestContext(MASTER, now()), known["id"])
    except UserNotFound:
        return None
    token = known["token"]
    if token and reads.get(keys.api_token(tokens.api_token_hash(token))) is None:
        token = None
    return {
        "id": user.id,
        "email": user.email,
        "role": user.role.value,
        "active": user.active,
        # Demo data of an earlier version has no passwords of users.
        "password": _unless_replaced(known.get("password"), UserOwner(user.tenant_id, user.id)),
        "token": token,
    }


def _current_account(known: Account) -> Account:
    """Returns the platform account as it is now, or a new one if it was deleted."""
    try:
        account = accounts.get_account(known["id"], now())
    except AccountNotFound:
        [plan] = [plan for plan in ACCOUNT_PLANS if plan.email == known["email"]]
        try:
            return create_account(plan)
        except Conflict:
            return {**known, "password": None, "active": False}
    return {
        "id": account.id,
        "email": account.email,
        "password": _unless_replaced(known["password"], AccountOwner(known["id"])),
        "roles": [account.role.value],
        "active": account.enabled and not account.banned,
    }


def _unless_replaced(password: str | None, owner: SessionOwner) -> str | None:
    """Returns the password, or None if another one has replaced it."""
    credential = reads.get(owner.password_key) if password else None
    return password if password and credential and verify_password(credential["password_hash"], password) else None
