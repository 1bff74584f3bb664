"""The list of the scheduled deletions that are due."""

from datetime import UTC, datetime

import pytest

from rolecall.deletion import jobs
from rolecall.storage import indexes, keys
from tests.integration.deletion.deletions import put

pytestmark = pytest.mark.usefixtures("aws")


def _schedule(name: str, deletes_at: str) -> None:
    put(keys.deletion_job(name), **indexes.SCHEDULED_DELETIONS.index_attributes(f"{deletes_at}#{name}"))


def test_the_jobs_that_are_due_are_listed_the_earliest_first_and_page_by_page() -> None:
    _schedule("later", "2026-06-15T12:00:01Z")
    _schedule("this-second", "2026-06-15T12:00:00Z")
    _schedule("yesterday", "2026-06-14T12:00:00Z")
    at = datetime(2026, 6, 15, 12, tzinfo=UTC)

    first = jobs.list_entries_of_due_jobs(at, None, 1)
    second = jobs.list_entries_of_due_jobs(at, first.items[0]["gsi2sk"], 1)
    both = jobs.list_entries_of_due_jobs(at, None, 9)

    keys_of_both = [keys.deletion_job(name).pk for name in ("yesterday", "this-second")]
    assert [one["pk"] for one in (*first.items, *second.items)] == keys_of_both
    assert [one["pk"] for one in both.items] == keys_of_both
    assert (len(first.items), first.more, both.more) == (1, True, False)
