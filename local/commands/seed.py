"""`make seed`: creates many users on the stack that runs, and writes their tokens to a file."""

import csv
import math
import time
from dataclasses import astuple, fields

from local import options
from local.demo.bulk_users import BulkUser, create_bulk_users
from local.deployment import running_stack
from local.deployment.layer import use_layer_on
from local.progress import counting

_MOST_USERS = 1_000_000
_MOST_TENANTS = 10_000
#: The local engine answers more slowly the more users a tenant has.
_USERS_PER_TENANT = 1000


def main() -> None:
    """Creates `USERS` users in `TENANTS` new tenants, and appends them to `.local/seeded.csv`."""
    users = options.read_number("USERS", 1000, range(1, _MOST_USERS + 1))
    tenants = options.read_number("TENANTS", math.ceil(users / _USERS_PER_TENANT), range(1, _MOST_TENANTS + 1))
    use_layer_on(running_stack.find())
    start = time.monotonic()
    path = running_stack.STATE_FOLDER / "seeded.csv"
    is_new = not path.exists()
    running_stack.make_private(path)
    with path.open("a", newline="") as file, counting("create users", users) as show_count:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(field.name for field in fields(BulkUser))
        for count, user in enumerate(create_bulk_users(users, tenants), 1):
            writer.writerow(astuple(user))
            show_count(count)
    seconds = time.monotonic() - start
    print(
        f"{users:,} users in {min(users, tenants):,} tenant(s) were created in {seconds:.0f} s. "
        f"Their tokens and their common password are in {path}."
    )
