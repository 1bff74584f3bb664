"""Deletions with random faults of the storage and the queue, from fixed seeds."""

import os
import random

import pytest

from tests.faults import flaky
from tests.integration.conftest import waiting_messages, work
from tests.integration.deletion.deletions import (
    assert_deleted,
    delete,
    expected_counts,
    later,
    leases_run_out,
    some_dozen_items,
    to_the_end,
)

pytestmark = pytest.mark.usefixtures("aws")
#: `make prove` does all of the runs, `make test` only the first few.
RUNS, PARTS = 200 if os.environ.get("ROLECALL_PROVE") else 8, 8


@pytest.mark.parametrize("part", range(PARTS))
def test_a_deletion_is_complete_and_exactly_counted_whatever_goes_wrong(
    part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The waits between attempts are removed, to save time.
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    for seed in range(part, RUNS, PARTS):
        dice = random.Random(seed)
        tenant = some_dozen_items()
        counts = expected_counts(tenant.id)
        with flaky(dice, share=dice.choice([0.02, 0.1, 0.25])) as dependable:
            answer = delete(tenant, seconds=dice.choice([3, 8, 20]))
            assert answer.status in {200, 202, 409, 503}
            for _ in range(3):
                with dependable():
                    bodies = waiting_messages()
                    leases_run_out(tenant.id)
                dice.shuffle(bodies)
                work([body for body in bodies for _ in range(dice.choice([0, 1, 1, 2]))])
                later()
        if answer.status in {409, 503} and delete(tenant).status == 404:
            pass  # the deletion had been accepted, and only the answer was lost
        to_the_end(tenant)
        assert_deleted(tenant, counts)
