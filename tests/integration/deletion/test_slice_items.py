"""The items of a slice, read chunk by chunk from any position on."""

import pytest

from rolecall import deadline
from rolecall.deletion.executors import SINGLE_SLICE, ChunkLimits, open_executors
from rolecall.deletion.slice_items import read_chunks
from rolecall.deletion.slice_ranges import TENANT_SLICE
from rolecall.deletion.slices import AFTER_LAST_CHILD, START, SWEPT, Position, Slice
from rolecall.storage import keys, reads
from tests.integration.deletion.deletions import plant_user, put

TENANT = "1c3a4f6e-0000-4000-8000-000000000000"
USERS = [f"0{number}000000-0000-4000-8000-000000000000" for number in range(3)]


@pytest.fixture(autouse=True)
def _three_users(aws: None) -> None:
    """Three users in the slice `0`, each with three devices, and an item that no sweep of users knows."""
    deadline.set_time_left(60)
    for user_id in USERS:
        plant_user(TENANT, user_id, children=3)


def _device(user: int, number: int) -> keys.Key:
    return keys.item_of_user(TENANT, USERS[user], "DEVICE", str(number))


def _position(user: int, child: str) -> Position:
    return Position(keys.user(TENANT, USERS[user]).sk, child)


def _own(slice_: Slice, limits: ChunkLimits = SINGLE_SLICE) -> list[list[keys.Key]]:
    """The keys that each chunk of the slice deletes."""
    with open_executors(limits) as executors:
        return [chunk.own for chunk in read_chunks(slice_, executors)]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """The page sizes of the reads."""
    sizes: list[int | None] = []
    query_keys = reads.query_keys

    def note(pk: str, *, first_sort_key: str, last_sort_key: str, limit: int) -> reads.Page[reads.KeyWithOwnedKeys]:
        sizes.append(limit)
        return query_keys(pk, first_sort_key=first_sort_key, last_sort_key=last_sort_key, limit=limit)

    monkeypatch.setattr(reads, "query_keys", note)
    return sizes


def test_the_items_of_the_users_come_first_and_the_users_stay_for_the_proof() -> None:
    with open_executors() as executors:
        [chunk] = read_chunks(Slice(TENANT, "0"), executors)
    assert chunk.own == [_device(user, number) for user in range(3) for number in range(3)]
    assert chunk.kept == {"users": 3, "tokens": 3, "emails": 3}
    assert chunk.end == _position(2, AFTER_LAST_CHILD)


@pytest.mark.parametrize(
    ("position", "first"),
    [
        (START, (0, 0)),
        (_position(0, "DEVICE#0"), (0, 1)),
        (_position(1, "DEVICE#1"), (1, 2)),
        (_position(1, "DEVICE#2"), (2, 0)),
        (_position(0, AFTER_LAST_CHILD), (1, 0)),
    ],
)
def test_a_slice_continues_after_its_position_even_within_a_user(position: Position, first: tuple[int, int]) -> None:
    [own] = _own(Slice(TENANT, "0", position=position))
    everything = [(user, number) for user in range(3) for number in range(3)]
    assert own == [_device(*one) for one in everything[everything.index(first) :]]


def test_after_the_last_user_no_item_is_found() -> None:
    assert _own(Slice(TENANT, "0", position=_position(2, AFTER_LAST_CHILD))) == []


def test_a_recorded_chunk_is_read_completely_before_the_items_after_it() -> None:
    """It ends within a user, whose other items come with the next chunk."""
    recorded = Slice(TENANT, "0", position=_position(0, "DEVICE#0"), pending_to=_position(1, "DEVICE#0"))
    with open_executors() as executors:
        first, second = read_chunks(Slice.from_item(recorded.to_item() | {"pending": {"devices": 9}}), executors)
    assert (first.resumed, first.end) == (True, _position(1, "DEVICE#0"))
    assert first.own == [_device(0, 1), _device(0, 2), _device(1, 0)]
    assert (second.resumed, second.own[0]) == (False, _device(1, 1))


def test_the_limits_set_the_sizes_of_chunks_and_of_pages(calls: list[int | None]) -> None:
    limits = ChunkLimits(items=4, users=2, users_ahead=1, chunk_ahead=False)
    assert [len(own) for own in _own(Slice(TENANT, "0"), limits)] == [4, 4, 1]
    assert set(calls) == {2, 4}


def test_no_partition_is_read_for_an_item_that_is_not_a_user(calls: list[int | None]) -> None:
    put(keys.Key(keys.tenant_partition(TENANT), "GADGET#1"))
    with open_executors() as executors:
        [chunk] = read_chunks(Slice(TENANT, TENANT_SLICE), executors)
    assert [key.sk for key in chunk.own] == ["GADGET#1"]
    assert len(calls) == 2  # the two ranges of the slice


def test_the_proof_marks_a_user_that_still_has_items() -> None:
    with open_executors() as executors:
        [chunk] = read_chunks(Slice(TENANT, "0", state=SWEPT), executors)
    assert chunk.has_unexpected
