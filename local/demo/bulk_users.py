"""Creates many users in new tenants, through the layer's own transactions.

Each transaction keeps every rule, so the work may be stopped at any time: the users that exist then are complete.
"""

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched
from unittest.mock import patch

from local.demo.seed import SEEDER
from rolecall.audit import trail
from rolecall.auth import passwords, preconditions
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import Role
from rolecall.clock import now
from rolecall.storage import writes
from rolecall.tenants import tenants, user_creation

#: A user is five items with its audit entry, and a transaction holds a hundred.
_USERS_PER_TRANSACTION = 19
_NAMES = ("ana", "bruno", "carla", "diego", "elisa", "fabio", "gabriela", "heitor", "iris", "joana", "kaique", "lara")
_SURNAMES = ("alves", "barros", "costa", "dias", "esteves", "farias", "gomes", "lima", "moura", "nunes", "silva")


@dataclass(frozen=True)
class BulkUser:
    """A user that was created, with its credentials."""

    tenant_id: str
    user_id: str
    email: str
    role: str
    token: str
    password: str


def create_bulk_users(user_count: int, tenant_count: int) -> Iterator[BulkUser]:
    """Creates the users in equal shares in new tenants, and yields each one after it was created.

    No tenant is created without a user.
    """
    password = secrets.token_urlsafe(12)
    hashed = passwords.hash_password(password)
    # Argon2 is slow by design. All these users have the same password, so that it is hashed only once.
    with patch.object(passwords, "hash_password", lambda _: hashed):
        for index in range(tenant_count):
            share = user_count // tenant_count + (index < user_count % tenant_count)
            if share:
                yield from _create_tenant(share, password)


def _create_tenant(user_count: int, password: str) -> Iterator[BulkUser]:
    domain = f"seed-{secrets.token_hex(4)}.example.com"

    def new_user(index: int, role: Role) -> user_creation.NewUser:
        name = f"{random.choice(_NAMES)}.{random.choice(_SURNAMES)}.{index}"  # noqa: S311 (no secret)  # nosec B311
        return user_creation.NewUser(f"{name}@{domain}", password, role)

    def bulk_user(created: user_creation.CreatedUser) -> BulkUser:
        user = created.user
        return BulkUser(user.tenant_id, user.id, user.email, user.role.value, created.token, password)

    tenant, admin = tenants.register_tenant(RequestContext(SEEDER, now()), domain, new_user(0, Role.ADMIN))
    yield bulk_user(admin)
    for indices in batched(range(1, user_count), _USERS_PER_TRANSACTION, strict=False):
        call, batch, changes = RequestContext(SEEDER, now()), [], list[writes.Write]()
        for index in indices:
            new = new_user(index, _role(index))
            created, puts = user_creation.prepare_user_writes(call, tenant.id, new)
            after = {"email": new.email, "role": new.role, "active": True}
            changes += [
                *puts,
                trail.new_entry(call, "create_user", ("user", created.user.id), scope=tenant.id, after=after),
            ]
            batch.append(created)
        admins = sum(created.user.role is Role.ADMIN for created in batch)
        writes.transact(preconditions.tenant_active(tenant.id, admin_delta=admins), *changes)
        yield from map(bulk_user, batch)


def _role(index: int) -> Role:
    """One user in a hundred is an admin, one in twenty a manager."""
    if index % 100 == 0:
        return Role.ADMIN
    return Role.MANAGER if index % 20 == 0 else Role.USER
