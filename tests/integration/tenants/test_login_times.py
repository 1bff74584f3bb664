"""How long a refused login of a tenant's user takes: no reason for the refusal can be told by its time."""

import time as stopwatch
from statistics import median

import pytest

from tests.integration.accounts.test_sessions import Clock
from tests.integration.accounts.test_sessions import time as time
from tests.integration.conftest import PASSWORD, Tenant, delete_tenant, make_account
from tests.integration.tenants.test_sessions import log_in

ROUNDS = 7


@pytest.mark.real_passwords
def test_refusals_for_different_reasons_take_the_same_time(time: Clock, acme: Tenant, globex: Tenant) -> None:
    inactive = acme.add("user")
    acme.admin.request("PUT", f"/users/{inactive.id}", {"active": False})
    assert delete_tenant(globex.id, query="?grace_days=7").status == 202
    cases = {
        "unknown email": ("nobody@example.com", PASSWORD),
        "wrong password": (acme.admin.email, "wrong " + PASSWORD),
        "inactive user": (inactive.email, PASSWORD),
        "user of a closed tenant": (globex.admin.email, PASSWORD),
        "platform account": (make_account().email, PASSWORD),
    }
    taken: dict[str, list[float]] = {name: [] for name in cases}

    for _ in range(ROUNDS):
        time.forward(minutes=1)
        # Each round measures every case, so that a slower minute of the machine makes all of them slower.
        for name, (email, password) in cases.items():
            started = stopwatch.process_time()  # other processes do not count
            status = log_in(email, password).status
            taken[name].append(stopwatch.process_time() - started)
            assert status == 401
        time.forward(days=2)  # so that no attempt waits

    medians = {name: median(times) for name, times in taken.items()}
    # One check of a password takes more than half of the time. A case that leaves it out, or makes two, is outside.
    assert max(medians.values()) / min(medians.values()) < 1.4, medians
