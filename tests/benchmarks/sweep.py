"""`python -m tests.benchmarks.sweep [distance|speed|growth] [items …]`: the sweep against bare loops, on dynalite.

All of them remove the same kinds of items, which the same run has written: users with a token, an email and devices,
none of them in an index. All of them have the same number of batches in flight.

| candidate | what it knows | what it does |
| --- | --- | --- |
| bare loop | every key | `BatchWriteItem`, 25 keys at a time, on a client with botocore's defaults |
| bare loop, same client | every key | the same, through the layer's client |
| loop with queries | the tenant | one query for each user, and batches of the found keys, through the layer's client |
| sweep | the tenant | the real sweep: also counts, excludes other workers and proves that nothing is left |

The rounds are interleaved and the figures are medians.

On DynamoDB, a client mostly waits, and reads do not slow down writes. dynalite runs in one process on the same machine,
so each read of the sweep takes CPU time from its writes. Therefore the rates are measured twice: on dynalite as it is,
and "at a distance", where each request of each candidate first waits for `LATENCY`. This is several times the latency
of DynamoDB, so that the waits and not the CPU time determine the result. Only the ratio between the latencies of a
batch and of other requests matters.
"""

import gc
import json
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from itertools import batched
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import botocore.session
from botocore.config import Config as BotoConfig

from local import ROOT
from local.engine.engine import free_port, in_use
from rolecall import config, deadline
from rolecall.deletion import slice_ranges, slices, sweep
from rolecall.storage import dynamodb, expressions, keys, reads, writes
from tests import gateway

#: The numbers of items of one user, including the user's token and email.
SHAPES = (1000, 100, 10)
#: The number of items of one user with which growth is measured.
SHAPE = 100
SPEED_SIZE, GROWTH_SIZES, ROUNDS = 10_000, (10_000, 100_000), 3
#: Seconds that a request waits in the measurements at a distance.
LATENCY = {"BatchWriteItem": 0.1}
OTHER_LATENCY = 0.04

type Row = dict[str, float]


@contextmanager
def dynalite() -> Iterator[None]:
    """Run a new dynalite with the template's table. The layer uses it as its DynamoDB."""
    port = free_port()
    command = ["node", str(ROOT / "node_modules/dynalite/cli.js"), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen([*command, "--createTableMs", "0"], stdout=subprocess.DEVNULL)
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "TABLE_NAME": "rolecall",
    }
    try:
        deadline = time.monotonic() + 20
        while not in_use(port):
            if time.monotonic() > deadline:
                raise TimeoutError("dynalite did not start")
            time.sleep(0.05)
        config.config.cache_clear()
        dynamodb.client.cache_clear()
        plain_client.cache_clear()
        properties = gateway.template()["Resources"]["Table"]["Properties"]
        names = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
        dynamodb.client().create_table(TableName="rolecall", **{name: properties[name] for name in names})
        time.sleep(1)
        yield
    finally:
        process.terminate()
        process.wait()
        config.config.cache_clear()
        dynamodb.client.cache_clear()


class Tenant:
    """A tenant with about `number` items, `of_each_user` for each user, written directly into the table."""

    def __init__(self, number: int, of_each_user: int) -> None:
        self.id = str(uuid4())
        self.keys: list[keys.Key] = []
        users = (str(uuid4()) for _ in range(number // of_each_user))
        items = (item for user_id in users for item in self._items_of(user_id, of_each_user))
        each_batch(self._put, items)

    def _items_of(self, user_id: str, number: int) -> Iterator[dynamodb.Item]:
        token, email = keys.api_token(user_id), keys.email_reservation(f"{user_id}@example.com")
        user = keys.user(self.id, user_id)
        owner = {"tenant_id": self.id, "user_id": user_id}
        yield {"pk": user.pk, "sk": user.sk, **owner, "owned_keys": {token.pk, email.pk}}
        devices = (keys.item_of_user(self.id, user_id, "DEVICE", str(uuid4())) for _ in range(number - 3))
        for key in (token, email, *devices):
            yield {"pk": key.pk, "sk": key.sk, **owner}

    def _put(self, batch: Iterable[dynamodb.Item]) -> None:
        put_batch(batch)
        self.keys += [keys.Key(item["pk"], item["sk"]) for item in batch]


def put_batch(items: Iterable[dynamodb.Item]) -> None:
    requests = [{"PutRequest": {"Item": expressions.serialize_item(item)}} for item in items]
    dynamodb.client().batch_write_item(RequestItems={"rolecall": requests})


def each_batch(work: Callable[[Any], object], things: Iterable[Any]) -> None:
    with ThreadPoolExecutor(config.config().sweep_concurrency) as pool:
        for done in [pool.submit(work, batch) for batch in batched(things, writes.BATCH_SIZE, strict=False)]:
            done.result()


# --- What is compared ------------------------------------------------------------------------------


@cache
def plain_client() -> Any:
    return botocore.session.get_session().create_client("dynamodb", config=BotoConfig(max_pool_connections=24))


def bare_loop(tenant: Tenant) -> None:
    client = plain_client()

    def delete(batch: Iterable[keys.Key]) -> None:
        requests = [{"DeleteRequest": {"Key": {"pk": {"S": key.pk}, "sk": {"S": key.sk}}}} for key in batch]
        answer = client.batch_write_item(RequestItems={"rolecall": requests})
        assert not answer.get("UnprocessedItems")

    each_batch(delete, tenant.keys)


def bare_loop_same_client(tenant: Tenant) -> None:
    each_batch(writes.delete_batch, tenant.keys)


def loop_with_queries(tenant: Tenant) -> None:
    users = reads.query_keys(keys.tenant_partition(tenant.id)).items

    def empty(user: reads.KeyWithOwnedKeys) -> None:
        partition = keys.user_partition(tenant.id, user.key.sk.removeprefix("USER#"))
        writes.delete_all(item.key for item in reads.query_keys(partition).items)

    with ThreadPoolExecutor(config.config().sweep_concurrency) as pool:
        list(pool.map(empty, users))
    owned = [keys.Key(pk, keys.META) for user in users for pk in user.owned_keys]
    each_batch(writes.delete_batch, [*owned, *(user.key for user in users)])


def whole_sweep(tenant: Tenant) -> None:
    # One batch writes all slices. The real deletion writes them in a transaction, which dynalite does not support.
    put_batch(slices.Slice(tenant.id, name).to_item() for name in slice_ranges.SLICES)
    while True:
        deadline.set_time_left(900)
        found = [slices.Slice.from_item(item) for item in reads.query_partition(keys.deletion_job(tenant.id).pk).items]
        todo = slices.runnable_slices(found)
        if not todo:
            break
        sweep.sweep_or_prove_slices(todo, "benchmark")
    deleted = sum((one.deleted for one in found), Counter[str]()).total()
    assert deleted == len(tenant.keys), (deleted, len(tenant.keys))


@contextmanager
def distance(client: Any) -> Iterator[None]:
    """Delay each request of the client."""

    def travel(event_name: str, **_: Any) -> None:
        time.sleep(LATENCY.get(event_name.rpartition(".")[2], OTHER_LATENCY))

    client.meta.events.register("before-send.dynamodb", travel)
    yield
    client.meta.events.unregister("before-send.dynamodb", travel)


CONTENDERS: dict[str, Callable[[Tenant], None]] = {
    "bare loop": bare_loop,
    "bare loop, same client": bare_loop_same_client,
    "loop with queries": loop_with_queries,
    "sweep": whole_sweep,
}


# --- Measurements ------------------------------------------------------------------------------------


def speed(
    number: int,
    of_each_user: int,
    *,
    at_a_distance: bool = False,
    rounds: int = ROUNDS,
    names: Iterable[str] = tuple(CONTENDERS),
) -> Row:
    """The microseconds for one item of each contender, and the sweep's rate divided by each of the others'."""
    contenders = {name: CONTENDERS[name] for name in names}
    times: dict[str, list[float]] = defaultdict(list)
    with dynalite():
        for _ in range(rounds):
            for name, remove in contenders.items():
                tenant = Tenant(number, of_each_user)
                with ExitStack() as stack:
                    if at_a_distance:
                        stack.enter_context(distance(dynamodb.client()))
                        stack.enter_context(distance(plain_client()))
                    times[name].append(seconds_to_remove(remove, tenant) / len(tenant.keys) * 1e6)
                assert not reads.query_partition(keys.tenant_partition(tenant.id)).items
    median = {name: statistics.median(seconds) for name, seconds in times.items()}
    return {
        "items": number,
        "items a user": of_each_user,
        "at a distance": at_a_distance,
        **{f"{name}, µs/item": figure for name, figure in median.items()},
        **{f"sweep / {name}": median[name] / median["sweep"] for name in contenders if name != "sweep"},
    }


def growth(number: int, of_each_user: int = SHAPE) -> Row:
    """One sweep's time and rate, the peak memory of this process, and the write units for one item.

    The write units include the writes of the slices' own items.
    """
    with dynalite():
        # The first sweep also pays for one-time work, so it is not measured.
        whole_sweep(Tenant(number // 10, of_each_user))
        tenant = Tenant(number, of_each_user)
        with write_units() as units:
            seconds = seconds_to_remove(whole_sweep, tenant)
        bare = seconds_to_remove(bare_loop, Tenant(number, of_each_user))
        held = peak_bytes(partial(whole_sweep, Tenant(number, of_each_user)))
    return {
        "items": number,
        "items a user": of_each_user,
        "sweep, µs/item": seconds / len(tenant.keys) * 1e6,
        "sweep / bare loop": bare / seconds,
        "write units/item": units.total() / len(tenant.keys),
        "peak MB": held / 2**20,
    }


def seconds_to_remove(remove: Callable[[Tenant], None], tenant: Tenant) -> float:
    """The seconds that it takes to remove the tenant."""
    start = time.perf_counter()
    remove(tenant)
    return time.perf_counter() - start


def peak_bytes(work: Callable[[], object]) -> int:
    """The peak memory of `work` in bytes, sampled twenty times a second, without uncollected garbage.

    The amount of uncollected garbage depends on the garbage collector's settings and not on what `work` keeps.
    """
    seen = [0]
    over = Event()

    def sample() -> None:
        while not over.wait(0.05):
            gc.collect()
            seen.append(tracemalloc.get_traced_memory()[0])

    gc.collect()
    # `gc.freeze` excludes all earlier objects from the collections, which makes each sample faster.
    gc.freeze()
    tracemalloc.start()
    sampling = Thread(target=sample)
    sampling.start()
    try:
        work()
    finally:
        over.set()
        sampling.join()
        tracemalloc.stop()
        gc.unfreeze()
    return max(seen)


@contextmanager
def write_units() -> Iterator[Counter[str]]:
    """Count the write units by operation, as the engine reports them."""
    units: Counter[str] = Counter()
    events = dynamodb.client().meta.events
    writes = ("BatchWriteItem", "DeleteItem", "UpdateItem", "PutItem")

    def ask(params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def add(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        found = parsed.get("ConsumedCapacity", [])
        for one in found if isinstance(found, list) else [found]:
            units[model.name] += one["CapacityUnits"]

    for name in writes:
        events.register(f"provide-client-params.dynamodb.{name}", ask)
        events.register(f"after-call.dynamodb.{name}", add)
    yield units
    for name in writes:
        events.unregister(f"provide-client-params.dynamodb.{name}", ask)
        events.unregister(f"after-call.dynamodb.{name}", add)


def _print(row: Row) -> None:
    sys.stdout.write(json.dumps({name: round(figure, 3) for name, figure in row.items()}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    what, sizes = sys.argv[1:2], [int(text) for text in sys.argv[2:]]
    for part in ("distance", "speed"):
        if what in ([], [part]):
            for shape in SHAPES:
                for size in sizes or [SPEED_SIZE]:
                    _print(speed(size, shape, at_a_distance=part == "distance"))
    if what in ([], ["growth"]):
        for size in sizes or GROWTH_SIZES:
            _print(growth(size))
