"""Deletions whose process dies at any of its calls.

Dying directly before a call leaves the same state as dying directly after the call before it. So the tests die after
each call, and before the first one.
"""

import os
from contextlib import suppress

import pytest

from rolecall.storage import keys, reads
from tests.faults import Crash, crash_at
from tests.integration.conftest import waiting_messages, work
from tests.integration.deletion.deletions import (
    announced,
    assert_deleted,
    audit_of,
    delete,
    expected_counts,
    later,
    leases_run_out,
    some_dozen_items,
    to_the_end,
)

#: The crashes are divided among this many tests, which may run in parallel.
PARTS = 4
#: `make prove` dies at every call, `make test` at every seventeenth.
STEP = 1 if os.environ.get("ROLECALL_PROVE") else 17
pytestmark = pytest.mark.usefixtures("aws")


def _calls_of_a_request() -> int:
    tenant = some_dozen_items()
    with crash_at(0, after=False) as calls:
        assert delete(tenant).status == 200
    return calls.number


@pytest.mark.parametrize("part", range(PARTS))
def test_a_request_that_dies_at_any_call_is_completed_by_maintenance_and_workers(
    part: int, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(part * STEP, _calls_of_a_request() + 1, PARTS * STEP):
        caplog.clear()
        tenant = some_dozen_items()
        counts = expected_counts(tenant.id)
        with crash_at(number or 1, after=number > 0), suppress(Crash):
            delete(tenant)
        if reads.get(keys.deletion_job(tenant.id)) is None:
            # The process died before the tombstone, so nothing has changed and the request is sent again.
            assert expected_counts(tenant.id) == counts
            assert delete(tenant).status == 200
        to_the_end(tenant)
        assert_deleted(tenant, counts)
        entries = {(entry["action"], entry["id"]) for entry in audit_of(tenant.id) if "severity" in entry}
        assert announced(caplog, tenant.id) == entries


@pytest.mark.parametrize("part", range(PARTS))
def test_workers_that_die_at_any_call_are_followed_by_others(part: int, caplog: pytest.LogCaptureFixture) -> None:
    number, died = 1 + part * STEP, True
    while died:
        caplog.clear()
        tenant = some_dozen_items()
        counts = expected_counts(tenant.id)
        # The request has no time to sweep, so the workers do everything.
        assert delete(tenant, seconds=3).status == 202
        died = False
        try:
            with crash_at(number, after=True):
                while bodies := waiting_messages():
                    work(bodies)
        except Crash:
            died = True
        if number % 2:
            waiting_messages()  # its messages are lost
        to_the_end(tenant)
        assert_deleted(tenant, counts)
        assert {action for action, _ in announced(caplog, tenant.id)} == {"delete_tenant", "complete_tenant_deletion"}
        number += PARTS * STEP


def test_maintenance_that_dies_at_any_call_is_followed_by_the_next_run() -> None:
    number, died = 1, True
    while died:
        tenant = some_dozen_items()
        counts = expected_counts(tenant.id)
        assert delete(tenant, seconds=3).status == 202
        waiting_messages()  # all are lost
        leases_run_out(tenant.id)
        died = False
        try:
            with crash_at(number, after=True):
                later()
        except Crash:
            died = True
        to_the_end(tenant)
        assert_deleted(tenant, counts)
        number += STEP
