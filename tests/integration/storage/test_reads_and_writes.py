"""The room `storage`, function by function: what it reads and writes, and which errors it raises for failures."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import Context
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rolecall import clock, deadline, randomness
from rolecall.errors import ConcurrentChange, LastAdmin, RolecallError, ServiceUnavailable, Unauthorized, UserNotFound
from rolecall.storage import dynamodb, reads, retries, writes
from rolecall.storage.expressions import Attr
from rolecall.storage.indexes import IndexPartition
from rolecall.storage.keys import Key
from tests.integration.clock import MovedClock
from tests.integration.conftest import table
from tests.integration.test_failures import (
    answering,
    conflicting,
    contended,
    failing_dynamodb,
    forbidden,
    nameless,
    out_of_reach,
    refused_within,
    throttled,
    throttled_within,
    unread,
    unwritten,
)

pytestmark = pytest.mark.usefixtures("aws", "time_enough")

A, B, C = (Key("P#1", sort_key) for sort_key in "ABC")
NOBODY = Key("P#1", "Z")
INDEX = IndexPartition("gsi1", "BY#1")


@pytest.fixture
def time_enough() -> None:
    """Set a deadline that is far away, whatever the test before has set."""
    deadline.set_time_left(600.0)


def _item(key: Key, **attributes: Any) -> dict[str, Any]:
    return {"pk": key.pk, "sk": key.sk, **attributes}


def _put(*keys: Key, **attributes: Any) -> None:
    for key in keys:
        writes.write(writes.Put(_item(key, **attributes)))


def _index(partition: IndexPartition, *sort_keys: str) -> None:
    for sort_key in sort_keys:
        key = Key(f"I#{partition.pk}", sort_key)
        writes.write(writes.Put(_item(key, **partition.index_attributes(sort_key))))


def _last_admin(found: dynamodb.Item | None) -> RolecallError:
    return UserNotFound() if found is None else LastAdmin(f"found {found['n']}")


@contextmanager
def _sent(operation: str) -> Iterator[list[dict[str, Any]]]:
    """Record the parameters of each request of an operation."""
    seen: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        seen.append(dict(params))

    events, name = dynamodb.client().meta.events, f"before-parameter-build.dynamodb.{operation}"
    events.register(name, note)
    try:
        yield seen
    finally:
        events.unregister(name, note)


# --- Reading ---------------------------------------------------------------------------------------


def test_an_item_is_read_consistently() -> None:
    _put(A, n=1)
    with _sent("GetItem") as sent:
        assert reads.get(A) == _item(A, n=1)
        assert reads.get(NOBODY) is None
    assert [one["ConsistentRead"] for one in sent] == [True, True]


def test_many_items_come_in_the_order_of_their_keys_a_hundred_in_a_request() -> None:
    keys = [Key("P#1", f"{number:03}") for number in range(101)]
    _put(*keys)
    asked = [*reversed(keys), NOBODY, keys[0]]

    with _sent("BatchGetItem") as sent:
        assert reads.get_many(*asked) == [*(_item(key) for key in reversed(keys)), None, _item(keys[0])]

    assert [len(one["RequestItems"]["rolecall"]["Keys"]) for one in sent] == [100, 2]
    assert all(one["RequestItems"]["rolecall"]["ConsistentRead"] is True for one in sent)


def test_unprocessed_keys_are_read_again_until_the_time_is_up() -> None:
    _put(A)
    with failing_dynamodb(unread, "BatchGetItem", times=2):
        assert reads.get_many(A, B) == [_item(A), None]
    with failing_dynamodb(unread, "BatchGetItem"), pytest.raises(ServiceUnavailable):
        reads.get_many(A)


def test_a_partition_is_read_forwards_and_backwards_behind_an_item() -> None:
    _put(A, B, C, Key("P#2", "A"))

    def read(**how: Any) -> tuple[str, bool]:
        page = reads.query_partition("P#1", **how)
        return "".join(item["sk"] for item in page.items), page.more

    with _sent("Query") as sent:
        assert read() == ("ABC", False)
        assert read(after="A") == ("BC", False)
        assert read(after="C", newest_first=True) == ("BA", False)
        assert read(newest_first=True) == ("CBA", False)
        assert read(limit=2) == ("AB", True)
        assert read(limit=4) == ("ABC", False)
    assert all(one["ConsistentRead"] is True for one in sent)


def test_only_keys_and_owned_keys_are_read_between_two_sort_keys() -> None:
    _put(A, B, C, n=1, owned_keys=["TOKEN#1"])
    found = {key.sk: reads.KeyWithOwnedKeys(key, ["TOKEN#1"]) for key in (A, B, C)}

    def read(**how: Any) -> tuple[list[reads.KeyWithOwnedKeys], bool]:
        page = reads.query_keys("P#1", **how)
        return page.items, page.more

    with _sent("Query") as sent:
        assert read() == ([found["A"], found["B"], found["C"]], False)
        assert read(first_sort_key="B") == ([found["B"], found["C"]], False)
        assert read(last_sort_key="B") == ([found["A"], found["B"]], False)
        assert read(first_sort_key="B", last_sort_key="B") == ([found["B"]], False)
        assert read(limit=1) == ([found["A"]], True)
    assert all(one["ConsistentRead"] is True for one in sent)
    assert {one["ProjectionExpression"] for one in sent} == {"sk, owned_keys"}


def test_a_partition_is_empty_or_not_without_a_look_at_its_items() -> None:
    _put(A, B)
    with _sent("Query") as sent:
        assert reads.is_partition_empty("P#1") is False
        assert reads.is_partition_empty("P#2") is True
    assert [(one["ConsistentRead"], one["Select"], one["Limit"]) for one in sent] == [(True, "COUNT", 1)] * 2


def test_a_scan_goes_through_the_whole_table_page_by_page() -> None:
    _put(A, B, C)
    found, after = reads.scan(None, 2)
    assert len(found) == 2
    assert after == Key(found[-1]["pk"], found[-1]["sk"])
    rest, end = reads.scan(after, 2)
    assert (len(rest), end) == (1, None)
    assert sorted(item["sk"] for item in found + rest) == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, ["a", "ab", "ac", "b"]),
        ({"prefix": "a"}, ["a", "ab", "ac"]),
        ({"after": "a"}, ["ab", "ac", "b"]),
        ({"after": "ab", "prefix": "a"}, ["ac"]),
        ({"after": "a", "prefix": "a"}, ["ab", "ac"]),
        ({"after": "b", "newest_first": True}, ["ac", "ab", "a"]),
        ({"newest_first": True}, ["b", "ac", "ab", "a"]),
        ({"limit": 2}, ["a", "ab"]),
    ],
)
def test_an_index_is_read_by_prefix_and_behind_an_item(how: dict[str, Any], expected: list[str]) -> None:
    _index(INDEX, "a", "ab", "ac", "b")
    _index(IndexPartition("gsi1", "BY#2"), "aa")

    page = reads.query_index(INDEX, **how)

    assert [item["gsi1sk"] for item in page.items] == expected
    assert page.more is ("limit" in how)


def test_index_partitions_are_merged_in_order_and_an_item_that_moves_is_seen_once() -> None:
    other = IndexPartition("gsi1", "BY#2")
    _index(INDEX, *(f"{number:02}" for number in range(0, 30, 2)), "98")
    _index(other, *(f"{number:02}" for number in range(1, 30, 2)), "98")

    def read(**how: Any) -> list[str]:
        return [item["gsi1sk"] for item in reads.query_merged([INDEX, other], **how)]

    whole = [*(f"{number:02}" for number in range(30)), "98"]
    assert read(limit=100) == whole
    assert read(limit=25) == whole[:25]
    assert read(limit=5, after="03") == whole[4:9]
    assert read(limit=100, prefix="1") == whole[10:20]
    assert read(limit=100, prefix="1", after="14") == whole[15:20]


def test_a_merged_read_goes_on_in_a_partition_that_holds_most(aws: None) -> None:
    _index(INDEX, *(f"{number:02}" for number in range(25)))
    found = reads.query_merged([INDEX, IndexPartition("gsi1", "BY#2")], limit=20)
    assert [item["gsi1sk"] for item in found] == [f"{number:02}" for number in range(20)]


def test_a_merged_read_asks_for_little_more_than_it_returns() -> None:
    other = IndexPartition("gsi1", "BY#2")
    with _sent("Query") as sent:
        reads.query_merged([INDEX, other], limit=5)
        reads.query_merged([INDEX, other], limit=101)
    assert [one["Limit"] for one in sent] == [10, 10, 51, 51]


# --- Writing ---------------------------------------------------------------------------------------


def test_a_failed_condition_raises_the_error_for_the_item_that_was_found() -> None:
    _put(A, n=7)
    before = table()

    with pytest.raises(LastAdmin, match="found 7"):
        writes.write(writes.Put(_item(A, n=8), when=writes.MUST_NOT_EXIST, on_condition_failure=_last_admin))
    with pytest.raises(UserNotFound):
        writes.write(writes.Update(B, set={"n": 1}, when=writes.MUST_EXIST, on_condition_failure=_last_admin))
    with pytest.raises(LastAdmin, match="found 7"):
        writes.write(writes.Delete(A, when=Attr("n").eq(8), on_condition_failure=_last_admin))
    with pytest.raises(ConcurrentChange):
        writes.write(writes.Put(_item(A), when=writes.MUST_NOT_EXIST))

    assert table() == before


def test_an_update_sets_adds_and_removes() -> None:
    _put(A, n=1, gone="x", kept="y", name="z")
    writes.write(
        writes.Update(
            A, when=writes.MUST_EXIST, set={"name": "new", "list": [1]}, add={"n": 2, "m": 5}, remove=["gone"]
        )
    )
    assert table() == [_item(A, n=3, m=5, kept="y", name="new", list=[1])]


def test_a_delete_without_a_condition_removes_also_what_is_gone() -> None:
    _put(A)
    writes.write(writes.Delete(A))
    writes.write(writes.Delete(A))
    assert table() == []


def test_update_returning_old_returns_the_item_before_the_update() -> None:
    _put(A, n=1)
    swap = writes.Update(A, set={"n": 2}, when=Attr("pk").exists() | Attr("pk").not_exists())
    assert writes.update_returning_old(swap) == _item(A, n=1)
    assert writes.update_returning_old(writes.Update(B, set={"n": 2}, when=writes.MUST_NOT_EXIST)) is None
    with pytest.raises(ConcurrentChange):
        writes.update_returning_old(writes.Update(B, set={"n": 3}, when=writes.MUST_NOT_EXIST))


def test_a_transaction_is_all_or_nothing_and_its_first_failure_is_told() -> None:
    _put(A, n=7)
    before = table()
    good = writes.Put(_item(C), when=writes.MUST_NOT_EXIST)
    missing = writes.Check(B, when=writes.MUST_EXIST, on_condition_failure=_last_admin)
    taken = writes.Put(_item(A), when=writes.MUST_NOT_EXIST, on_condition_failure=_last_admin)

    with pytest.raises(UserNotFound):
        writes.transact(good, missing, taken)
    with pytest.raises(LastAdmin, match="found 7"):
        writes.transact(good, taken, missing)
    assert table() == before

    writes.transact(
        good,
        writes.Update(A, when=writes.MUST_EXIST, add={"n": 1}),
        writes.Check(Key("P#2", "A"), when=writes.MUST_NOT_EXIST),
        writes.Put(_item(B)),
    )
    assert table() == [_item(A, n=8), _item(B), _item(C)]
    writes.transact(writes.Delete(A), writes.Delete(B, when=writes.MUST_EXIST))
    assert table() == [_item(C)]


def test_a_transaction_is_tried_again_under_one_token_of_its_own() -> None:
    with _sent("TransactWriteItems") as sent, failing_dynamodb(contended, "TransactWriteItems", times=2):
        writes.transact(writes.Put(_item(A)))
        writes.transact(writes.Put(_item(B)))
    tokens = [one["ClientRequestToken"] for one in sent]
    assert len(tokens) == 4
    assert tokens[0] == tokens[1] == tokens[2] != tokens[3]


@contextmanager
def _requests(operation: str) -> Iterator[list[str]]:
    """Record the body of each request that is sent, also of those that botocore sends again by itself."""
    seen: list[str] = []

    def note(request: Any, **_: Any) -> None:
        seen.append(request.data)

    events, name = dynamodb.client().meta.events, f"request-created.dynamodb.{operation}"
    events.register(name, note)
    try:
        yield seen
    finally:
        events.unregister(name, note)


def _second_after(time: MovedClock, seconds: float) -> int:
    return clock.epoch_seconds(time.at) + int(seconds)


def _failing_once_and_late(failure: Any, time: MovedClock, seconds: float) -> AbstractContextManager[None]:
    """The first request to write a transaction fails, and its answer comes after so many seconds."""

    def fail(request: Any) -> Any:
        time.forward(seconds)
        return failure(request)

    return failing_dynamodb(fail, "TransactWriteItems", times=1)


def test_after_a_cancellation_a_new_transaction_compares_with_the_present_time(time: MovedClock) -> None:
    _put(A, n=1, until=_second_after(time, 60))
    check = writes.Check(A, when=Attr("until").is_after_now(), on_condition_failure=_last_admin)

    with _sent("TransactWriteItems") as sent, _failing_once_and_late(conflicting, time, 30):
        writes.transact(check, writes.Put(_item(B)))
    with pytest.raises(LastAdmin), _failing_once_and_late(conflicting, time, 60):
        writes.transact(check, writes.Put(_item(C)))

    assert len({one["ClientRequestToken"] for one in sent}) == 2
    first, second = (one["TransactItems"][0]["ConditionCheck"]["ExpressionAttributeValues"] for one in sent)
    assert [int(next(iter(second.values()))["N"]) - int(next(iter(first.values()))["N"])] == [30]
    assert reads.get(C) is None


@pytest.mark.parametrize("failure", [contended, throttled])
def test_after_an_unknown_outcome_the_same_transaction_is_sent_only_before_its_last_second(
    time: MovedClock, failure: Any
) -> None:
    """Afterwards only an identical request could be repeated safely, but the time in its conditions is over."""
    _put(A, n=1)
    end = _second_after(time, 60)
    check = writes.Check(A, when=Attr("n").eq(1), send_before=end + 30)

    def put_before(key: Key, second: int) -> None:
        update = writes.Update(key, when=writes.MUST_NOT_EXIST, set={"n": 1}, send_before=second)
        writes.transact(check, update)

    with _requests("TransactWriteItems") as sent, _failing_once_and_late(failure, time, 58):
        put_before(B, end)
    assert len(sent) == 2
    assert sent[0] == sent[1]

    # The earliest of the seconds counts, and a request in that very second is too late.
    with (
        _requests("TransactWriteItems") as sent,
        _failing_once_and_late(failure, time, end - clock.epoch_seconds(time.at)),
        pytest.raises(ServiceUnavailable),
    ):
        put_before(C, end)
    assert len(sent) == 1
    assert reads.get(C) is None


def test_after_a_cancellation_a_transaction_is_sent_although_its_last_second_is_over(time: MovedClock) -> None:
    update = writes.Update(B, when=writes.MUST_NOT_EXIST, set={"n": 1}, send_before=_second_after(time, 60))
    with _failing_once_and_late(conflicting, time, 90):
        writes.transact(update)
    assert reads.get(B) == _item(B, n=1)


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (throttled, ServiceUnavailable),
        (out_of_reach, ServiceUnavailable),
        *((failure, ServiceUnavailable) for failure in nameless),
        (contended, ConcurrentChange),
        (forbidden, ClientError),
        (answering(428, ""), ClientError),
        (answering(430, ""), ClientError),
        (answering(499, ""), ClientError),
    ],
)
def test_an_error_of_dynamodb_becomes_the_right_class(failure: Any, told: type[Exception]) -> None:
    _put(A)
    with failing_dynamodb(failure, "GetItem"), pytest.raises(told):
        reads.get(A)
    with failing_dynamodb(failure, "PutItem"), pytest.raises(told):
        writes.write(writes.Put(_item(A)))
    with failing_dynamodb(failure, "TransactWriteItems"), pytest.raises(told):
        writes.transact(writes.Put(_item(A)))


@pytest.mark.parametrize(
    ("failure", "told"),
    [(conflicting, ConcurrentChange), (throttled_within, ServiceUnavailable), (refused_within, ClientError)],
)
def test_the_reasons_of_a_cancelled_transaction_determine_the_error(failure: Any, told: type[Exception]) -> None:
    with failing_dynamodb(failure, "TransactWriteItems"), pytest.raises(told):
        writes.transact(writes.Put(_item(A)), writes.Put(_item(B)))


def test_a_conflict_of_a_single_write_is_tried_again() -> None:
    with failing_dynamodb(contended, "PutItem", times=2):
        writes.write(writes.Put(_item(A)))
    assert table() == [_item(A)]


@pytest.mark.parametrize(
    ("again", "error"),
    [(retries.retry_on_conflict, ConcurrentChange), (retries.retry_while_throttled, ServiceUnavailable)],
)
def test_an_attempt_is_repeated_for_its_own_failure_until_the_time_is_up(again: Any, error: type[Exception]) -> None:
    tries = 0

    def third_time_lucky() -> int:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise error
        return tries

    def never() -> None:
        nonlocal tries
        tries += 1
        raise error

    def otherwise_wrong() -> None:
        nonlocal tries
        tries += 1
        raise UserNotFound

    assert again(third_time_lucky) == 3
    tries = 0
    with pytest.raises(error):
        again(never)
    assert tries == retries._MAX_ATTEMPTS
    tries = 0
    with pytest.raises(UserNotFound):
        again(otherwise_wrong)
    assert tries == 1


def test_waits_grow_to_a_second_with_full_jitter_and_end_before_the_time_does(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    asked: list[tuple[float, float]] = []

    def longest(least: float, most: float) -> float:
        asked.append((least, most))
        return most

    monkeypatch.setattr("time.sleep", waits.append)
    monkeypatch.setattr(randomness.SYSTEM_RANDOM, "uniform", longest)
    deadline.set_time_left(1_000_000.0)
    assert 999_000 < deadline.time_left() <= 1_000_000
    backoff = retries.Backoff()
    for _ in range(8):
        backoff.wait_or_raise(ConcurrentChange)
    assert waits == [0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.0, 1.0]
    assert asked == [(0, wait) for wait in waits]

    deadline.set_time_left(0.5)
    with pytest.raises(ServiceUnavailable):
        backoff.wait_or_raise(ServiceUnavailable)
    assert len(waits) == 8


def test_where_no_time_was_set_there_are_ten_seconds_from_now_on() -> None:
    assert 9.9 < Context().run(deadline.time_left) <= 10


def test_any_number_of_items_is_removed_in_batches_and_none_is_named_twice() -> None:
    keys = [Key("P#1", f"{number:02}") for number in range(30)]
    _put(*keys)

    with _sent("BatchWriteItem") as sent:
        writes.delete_all([*keys, *keys, NOBODY])
        writes.delete_batch([])

    assert [len(one["RequestItems"]["rolecall"]) for one in sent] == [25, 6]
    assert table() == []
    _put(A)
    writes.delete_batch([A, A])
    assert table() == []


def test_unprocessed_deletes_are_retried_until_the_time_is_up() -> None:
    _put(A, B)
    with failing_dynamodb(unwritten, "BatchWriteItem", times=2):
        writes.delete_batch([A])
    assert table() == [_item(B)]
    with failing_dynamodb(unwritten, "BatchWriteItem"), pytest.raises(ServiceUnavailable):
        writes.delete_batch([B])


def test_numbers_count_up_from_one_each_attribute_by_itself() -> None:
    assert [writes.increment_counter(A, "n"), writes.increment_counter(A, "n"), writes.increment_counter(A, "m")] == [
        1,
        2,
        1,
    ]
    assert table() == [_item(A, n=2, m=1)]


def test_an_actor_without_access_is_told_so_whatever_else_failed() -> None:
    last_admin = writes.Check(A, when=writes.MUST_EXIST, on_condition_failure=_last_admin)
    no_access = writes.Check(B, when=writes.MUST_EXIST, on_condition_failure=lambda _: Unauthorized())
    for order in ([last_admin, no_access], [no_access, last_admin]):
        with pytest.raises(Unauthorized):
            writes.transact(*order, writes.Put(_item(C)))
    assert table() == []


def test_the_client_gives_up_in_time() -> None:
    config = dynamodb.client().meta.config
    assert (config.connect_timeout, config.read_timeout) == (1, 2)
    # botocore's own retries, which do not know the deadline, are off.
    assert (config.retries["mode"], config.retries["total_max_attempts"]) == ("standard", 1)
