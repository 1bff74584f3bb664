"""The state of a slice: only one of two workers writes it, and a write whose answer was lost counts as done."""

import pytest

from rolecall.deletion.slices import Slice, StaleSlice
from rolecall.storage import writes


@pytest.fixture
def new(aws: None) -> Slice:
    """A slice as the request has written it."""
    made = Slice("tenant", "0")
    writes.write(writes.Put(made.to_item()))
    return made


def test_a_slice_that_another_worker_has_written_is_not_written(new: Slice) -> None:
    first = new.save("one")

    with pytest.raises(StaleSlice, match=r"^another worker has written this slice$") as stale:
        new.save("two")

    assert stale.value.stored
    assert stale.value.stored["owner"] == first.owner == "one"


def test_a_write_whose_answer_was_lost_counts_as_done(new: Slice) -> None:
    assert new.save("one").version == new.save("one").version == 1


def test_of_the_same_worker_only_the_same_write_counts_as_done(new: Slice) -> None:
    new.save("one").save("one")
    with pytest.raises(StaleSlice):
        new.save("one")
