"""`make seed`: as many users as asked for, in new tenants, through the layer's own transactions.

Every rule holds at every moment, so it may be stopped at any time; what is there by then is whole.
"""

import csv
import math
import os
import random
import secrets
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from itertools import batched
from unittest.mock import patch

from local import home
from local.progress import counting
from local.seed import SEEDER
from local.stack import Stack
from rolecall import audit, passwords, standing, store, telemetry, tenants, users
from rolecall.calls import Call
from rolecall.clock import now
from rolecall.roles import Role

MOST_USERS = 1_000_000
MOST_TENANTS = 10_000
#: The local engine slows with the size of a tenant.
USERS_OF_A_TENANT = 1000
#: A user is five items with its audit entry, and a transaction holds a hundred.
_AT_ONCE = 19
_NAMES = ("ana", "bruno", "carla", "diego", "elisa", "fabio", "gabriela", "heitor", "iris", "joana", "kaique", "lara")
_SURNAMES = ("alves", "barros", "costa", "dias", "esteves", "farias", "gomes", "lima", "moura", "nunes", "silva")


@dataclass(frozen=True)
class Seeded:
    """One user that was made, with what it takes to be that user."""

    tenant_id: str
    user_id: str
    email: str
    role: str
    token: str
    password: str


def main() -> None:
    """Makes `USERS` users in `TENANTS` tenants of the running stack, and writes who they are to a file."""
    number = home.number("USERS", 1000, range(1, MOST_USERS + 1))
    of_tenants = home.number("TENANTS", math.ceil(number / USERS_OF_A_TENANT), range(1, MOST_TENANTS + 1))
    stack = home.running()
    use(stack)
    start = time.monotonic()
    path = home.HOME / "seeded.csv"
    new = not path.exists()
    home.private(path)
    with path.open("a", newline="") as file, counting("seed", number) as done:
        lines = csv.writer(file)
        if new:
            lines.writerow(Seeded.__dataclass_fields__)
        for made, seeded in enumerate(seed(number, of_tenants), 1):
            lines.writerow(astuple(seeded))
            done(made)
    seconds = time.monotonic() - start
    print(
        f"{number:,} users in {min(number, of_tenants):,} tenant(s), in {seconds:.0f} s. "
        f"Their tokens and their one password are in {path}."
    )


def use(stack: Stack) -> None:
    """The layer works on the stack from here on, as it does in a function."""
    os.environ |= stack.environment("LogIn", "RegisterTenant")
    telemetry.logger.setLevel("WARNING")


def seed(number: int, of_tenants: int) -> Iterator[Seeded]:
    """Makes the users, evenly in new tenants; yields each of them once it is there."""
    password = secrets.token_urlsafe(12)
    hashed = passwords.hash_password(password)
    # Argon2 is slow by design: everyone here has the same password, which is hashed once.
    with patch.object(passwords, "hash_password", lambda _: hashed):
        for index in range(of_tenants):
            share = number // of_tenants + (index < number % of_tenants)
            if share:
                yield from _tenant(share, password)


def _tenant(number: int, password: str) -> Iterator[Seeded]:
    domain = f"seed-{secrets.token_hex(4)}.example.com"

    def person(index: int, role: Role) -> users.NewUser:
        name = f"{random.choice(_NAMES)}.{random.choice(_SURNAMES)}.{index}"  # noqa: S311 (nobody's name)  # nosec B311
        return users.NewUser(f"{name}@{domain}", password, role)

    def seeded(created: users.Created) -> Seeded:
        user = created.user
        return Seeded(user.tenant_id, user.id, user.email, user.role.value, created.token, password)

    tenant, admin = tenants.register_tenant(Call(SEEDER, now()), domain, person(0, Role.ADMIN))
    yield seeded(admin)
    for indices in batched(range(1, number), _AT_ONCE, strict=False):
        call, made, writes = Call(SEEDER, now()), [], list[store.Write]()
        for index in indices:
            new = person(index, _role(index))
            created, puts = users.new_user(call, tenant.id, new)
            after = {"email": new.email, "role": new.role, "active": True}
            writes += [*puts, audit.entry(call, "create_user", ("user", created.user.id), scope=tenant.id, after=after)]
            made.append(created)
        admins = sum(created.user.role is Role.ADMIN for created in made)
        store.transact(standing.tenant_active(tenant.id, admins=admins), *writes)
        yield from map(seeded, made)


def _role(index: int) -> Role:
    """One in a hundred is an admin, one in twenty a manager."""
    if index % 100 == 0:
        return Role.ADMIN
    return Role.MANAGER if index % 20 == 0 else Role.USER
