"""Reads by the beginning of a sort key, counts of an index, and items that are merged into a list."""

from typing import Any

import pytest

from rolecall import deadline
from rolecall.storage import reads, writes
from rolecall.storage.indexes import IndexPartition
from rolecall.storage.keys import Key

INDEX, OTHER = IndexPartition("gsi1", "BY#1"), IndexPartition("gsi1", "BY#2")


@pytest.fixture(autouse=True)
def _table(aws: None) -> None:
    deadline.set_time_left(600.0)


def _put(pk: str, *sort_keys: str, **attributes: Any) -> None:
    for sort_key in sort_keys:
        writes.write(writes.Put({"pk": pk, "sk": sort_key, **attributes}))


def _index(partition: IndexPartition, *sort_keys: str) -> None:
    for sort_key in sort_keys:
        key = Key(f"I#{partition.pk}", sort_key)
        writes.write(writes.Put({"pk": key.pk, "sk": key.sk, **partition.index_attributes(sort_key)}))


def test_all_items_of_a_prefix_are_read_and_no_others() -> None:
    _put("P#1", "A#0", "B", "B#1", "B#2", "B\U0010fffe", "C#1")
    _put("P#2", "B#1")
    found = reads.query_sort_key_prefix("P#1", "B")
    assert [(item["pk"], item["sk"]) for item in found] == [("P#1", one) for one in ("B", "B#1", "B#2", "B\U0010fffe")]
    assert reads.query_sort_key_prefix("P#1", "D") == []


def test_a_prefix_with_more_than_one_page_is_read_to_its_end() -> None:
    _put("P#1", *(f"B#{number}" for number in range(5)), text="x" * 300_000)
    assert [item["sk"] for item in reads.query_sort_key_prefix("P#1", "B#")] == [f"B#{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("after", "limit", "expected"),
    [
        (None, None, (3, None, False)),
        (None, 2, (2, "b", True)),
        ("a", 1, (1, "b", True)),
        ("a", None, (2, None, False)),
        ("c", None, (0, None, False)),
    ],
)
def test_an_index_partition_is_counted_from_a_sort_key_up_to_a_limit(
    after: str | None, limit: int | None, expected: tuple[int, str | None, bool]
) -> None:
    _index(INDEX, "a", "b", "c")
    _index(OTHER, "d", "e")
    count, more = reads.count_index(INDEX, after=after, limit=limit)
    assert (count.number, count.last_sort_key, more) == expected


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, ["a", "ab", "b", "c"]),
        ({"prefix": "a"}, ["a", "ab"]),
        ({"after": "a"}, ["ab", "b", "c"]),
        ({"after": "ab"}, ["b", "c"]),
        ({"after": "b"}, ["c"]),
    ],
)
def test_further_items_are_merged_by_the_same_rules(how: dict[str, Any], expected: list[str]) -> None:
    _index(INDEX, "a", "b")
    further = [(sort_key, {"gsi1sk": sort_key}) for sort_key in ("ab", "c")]
    found = reads.query_merged([INDEX], limit=9, also=further, **how)
    assert [item["gsi1sk"] for item in found] == expected
