"""`python -m tests.benchmarks.sweep [items …]`: the sweep against a bare BatchWriteItem loop, on dynalite.

Both remove items of the same shape: users with a token, an email and devices. The loop knows every key
and deletes in batches of 25 with as many in flight as the sweep. The sweep has to find them, count them,
prove the users' partitions empty and keep its slices. Time is taken over what both remove.
"""

import json
import os
import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import batched
from typing import Any
from uuid import uuid4

from local import ROOT
from local.engine import free_port, in_use
from rolecall import config, keys, store, sweep
from tests import gateway

CHILDREN = 97  # of each user, so that a user comes to a hundred items with its token and email
DEFAULT_SIZES = (10_000, 100_000)


@contextmanager
def dynalite() -> Iterator[None]:
    """A fresh dynalite with the template's table, as the store's endpoint."""
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
        store._client.cache_clear()
        properties = gateway.template()["Resources"]["Table"]["Properties"]
        names = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
        store._client().create_table(TableName="rolecall", **{name: properties[name] for name in names})
        time.sleep(1)
        yield
    finally:
        process.terminate()
        process.wait()
        config.config.cache_clear()
        store._client.cache_clear()


def fill(tenant_id: str, number: int) -> list[keys.Key]:
    """About so many items; returns their keys."""
    items = [item for _ in range(number // (CHILDREN + 3)) for item in _user(tenant_id, str(uuid4()))]
    _each_batch(_put, items)
    return [keys.Key(item["pk"], item["sk"]) for item in items]


def _user(tenant_id: str, user_id: str) -> Iterator[store.Item]:
    token, email = keys.api_token(user_id), keys.email(f"{user_id}@example.com")
    user = keys.user(tenant_id, user_id)
    owner = {"tenant_id": tenant_id, "user_id": user_id}
    yield {"pk": user.pk, "sk": user.sk, **owner, "owned_keys": {token.pk, email.pk}}
    for key in (token, email, *(keys.of_user(tenant_id, user_id, "DEVICE", str(uuid4())) for _ in range(CHILDREN))):
        yield {"pk": key.pk, "sk": key.sk, **owner}


def _put(batch: Iterable[store.Item]) -> None:
    requests = [{"PutRequest": {"Item": store._to_wire(item)}} for item in batch]
    store._client().batch_write_item(RequestItems={"rolecall": requests})


def _each_batch(work: Any, things: list[Any]) -> None:
    with ThreadPoolExecutor(config.config().sweep_concurrency) as pool:
        list(pool.map(work, batched(things, store.BATCH_SIZE, strict=False)))


def bare_loop(number: int) -> float:
    """Seconds an item."""
    found = fill(str(uuid4()), number)
    start = time.perf_counter()
    _each_batch(store.delete_batch, found)
    return (time.perf_counter() - start) / len(found)


def whole_sweep(number: int) -> dict[str, float]:
    """Seconds an item, peak memory in MB, and writes of the slices an item."""
    tenant_id = str(uuid4())
    found = fill(tenant_id, number)
    for name in keys.SLICES:
        store.write(store.Put(sweep.Slice(tenant_id, name).to_item()))
    writes = 0

    def count_write(**_: Any) -> None:
        nonlocal writes
        writes += 1

    store._client().meta.events.register("before-call.dynamodb.UpdateItem", count_write)
    start = time.perf_counter()
    deleted = sum(run_to_the_end(tenant_id).values())
    seconds = (time.perf_counter() - start) / len(found)
    store._client().meta.events.unregister("before-call.dynamodb.UpdateItem", count_write)
    assert deleted == len(found), (deleted, len(found))
    return {"seconds": seconds, "slice_writes": writes / len(found)}


def run_to_the_end(tenant_id: str) -> Counter[str]:
    while True:
        store.set_time_left(900)
        slices = [sweep.Slice.from_item(item) for item in store.query_partition(keys.deletion(tenant_id).pk).items]
        todo = sweep.workable(slices)
        if not todo:
            return sum((one.deleted for one in slices), Counter())
        sweep.run_side_by_side(todo, "benchmark")


def peak_memory(number: int) -> float:
    """In MB, of a sweep; apart from the times, as it is slow to measure."""
    tenant_id = str(uuid4())
    fill(tenant_id, number)
    for name in keys.SLICES:
        store.write(store.Put(sweep.Slice(tenant_id, name).to_item()))
    tracemalloc.start()
    run_to_the_end(tenant_id)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def measure(sizes: Iterable[int]) -> list[dict[str, float]]:
    """One row a size: bare loop, sweep, bare loop again, so that a change of the machine's load shows."""
    rows = []
    for number in sizes:
        with dynalite():
            before = bare_loop(number)
            swept = whole_sweep(number)
            after = bare_loop(number)
            bare = (before + after) / 2
            rows.append(
                {
                    "items": number,
                    "sweep µs/item": swept["seconds"] * 1e6,
                    "bare µs/item": bare * 1e6,
                    "rate / bare": bare / swept["seconds"],
                    "write units/item, besides": swept["slice_writes"],
                    "peak MB": peak_memory(number),
                }
            )
    return rows


if __name__ == "__main__":
    for row in measure([int(text) for text in sys.argv[1:]] or DEFAULT_SIZES):
        sys.stdout.write(
            json.dumps({name: round(figure, 4) for name, figure in row.items()}, ensure_ascii=False) + "\n"
        )
