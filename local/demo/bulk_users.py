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
from rolecall import audit, passwords, standing, store, tenants, users
from rolecall.calls import Call
from rolecall.clock import now
from rolecall.roles import Role

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

    def new_user(index: int, role: Role) -> users.NewUser:
        name = f"{random.choice(_NAMES)}.{random.choice(_SURNAMES)}.{index}"  # noqa: S311 (no secret)  # nosec B311
        return users.NewUser(f"{name}@{domain}", password, role)

    def bulk_user(created: users.Created) -> BulkUser:
        user = created.user
        return BulkUser(user.tenant_id, user.id, user.email, user.role.value, created.token, password)

    tenant, admin = tenants.register_tenant(Call(SEEDER, now()), domain, new_user(0, Role.ADMIN))
    yield bulk_user(admin)
    for indices in batched(range(1, user_count), _USERS_PER_TRANSACTION, strict=False):
        call, batch, writes = Call(SEEDER, now()), [], list[store.Write]()
        for index in indices:
            new = new_user(index, _role(index))
            created, puts = users.new_user(call, tenant.id, new)
            after = {"email": new.email, "role": new.role, "active": True}
            writes += [*puts, audit.entry(call, "create_user", ("user", created.user.id), scope=tenant.id, after=after)]
            batch.append(created)
        admins = sum(created.user.role is Role.ADMIN for created in batch)
        store.transact(standing.tenant_active(tenant.id, admins=admins), *writes)
        yield from map(bulk_user, batch)


def _role(index: int) -> Role:
    """One user in a hundred is an admin, one in twenty a manager."""
    if index % 100 == 0:
        return Role.ADMIN
    return Role.MANAGER if index % 20 == 0 else Role.USER
