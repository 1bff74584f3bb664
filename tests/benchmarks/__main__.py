"""`make bench`: every figure of docs/performance.md, measured in one run against the floor and the peers.

Times alone mean little on a machine that runs other work too. So each round measures every candidate, and a figure is
the median of the rounds' ratios. The candidates are compared only after a check that they do the same.
"""

import io
import json
import operator
import os
import platform
import random
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from local import ROOT
from local.deployment import build
from rolecall import clock, config
from rolecall.auth import principals
from rolecall.aws import secrets_manager
from rolecall.storage import dynamodb
from rolecall.tenants import users
from tests.benchmarks import packages, running, stub, sweep

PAGE = ROOT / "docs" / "performance.md"
INIT_ROUNDS, WARM_ROUNDS, WARM_TIMES = 15, 15, 40
SMALL, LARGE, PAGES = 100, 100_000, 40
SWEPT, SWEPT_ROUNDS, SWEPT_AT_A_DISTANCE = 20_000, 3, 50_000


@dataclass(frozen=True)
class Row:
    """A figure and its limits: the most that it may be, or with `at_least` the least."""

    figure: str
    must: float
    aim: float
    found: float
    at_least: bool = False
    unit: str = ""

    @property
    def verdict(self) -> str:
        reaches = operator.ge if self.at_least else operator.le
        # The verdict uses the rounded figure, because the table shows the rounded figure.
        found = round(self.found, 2)
        return "aim" if reaches(found, self.aim) else "must" if reaches(found, self.must) else "missed"

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        unit = f" {self.unit}" if self.unit else ""
        return self.figure, f"{self.must:g}{unit}", f"{self.aim:g}{unit}", f"{self.found:.2f}{unit}", self.verdict


def in_random_order(names: Iterable[str]) -> list[str]:
    """The names in random order. In a fixed order, a slow candidate would always delay the same next one."""
    shuffled = list(names)
    random.shuffle(shuffled)
    return shuffled


def ratio(rounds: Iterable[dict[str, float]], one: str, other: str) -> float:
    """The median over the rounds of `one` divided by `other`."""
    return statistics.median(found[one] / found[other] for found in rounds)


def cold_starts(found: dict[str, packages.Package], storage: stub.Stub) -> list[Row]:
    events = {"authorizer": "authorizer", "list": "list"}
    # The peer that checks the token itself is left out here. `cold_requests` compares it by the whole request.
    names = found.keys() - {"with_fastapi_token_plain"}
    turns = [
        {
            name: running.init_milliseconds(found[name], storage, running.event_of(events.get(name, "promote")))
            for name in in_random_order(names)
        }
        for _ in range(INIT_ROUNDS)
    ]
    return [
        Row("init of promote, which has a body / floor", 1.25, 1.10, ratio(turns, "promote", "floor")),
        Row("init of list, which has none / floor", 0.90, 0.80, ratio(turns, "list", "floor")),
        Row("init of the authorizer / floor", 0.90, 0.80, ratio(turns, "authorizer", "floor")),
        Row("init of promote / FastAPI+Mangum, same packaging", 0.62, 0.55, ratio(turns, "promote", "with_fastapi")),
        Row(
            "init of promote / FastAPI+Mangum as `sam build` ships it",
            0.33,
            0.25,
            ratio(turns, "promote", "with_fastapi_plain"),
        ),
        Row(
            "init of promote / Powertools resolver, same packaging",
            0.75,
            0.66,
            ratio(turns, "promote", "with_powertools"),
        ),
    ]


def cold_requests(found: dict[str, packages.Package], storage: stub.Stub) -> list[Row]:
    """The rows on a request for which Lambda must start both the authorizer and the function."""
    with ExitStack() as processes:
        names = ("authorizer", "promote", "with_fastapi_token_plain")
        authorizer, promote, peer = (processes.enter_context(running.warm(found[name], storage)) for name in names)
        event = running.check_same_cold_request(authorizer, promote, peer, storage)

    def rolecall_milliseconds() -> float:
        authorizing = running.cold_request_milliseconds(found["authorizer"], storage, running.event_of("authorizer"))
        return authorizing + running.cold_request_milliseconds(found["promote"], storage, event)

    def peer_milliseconds() -> float:
        return running.cold_request_milliseconds(found["with_fastapi_token_plain"], storage, event)

    contenders = {"rolecall": rolecall_milliseconds, "peer": peer_milliseconds}
    turns = [{name: contenders[name]() for name in in_random_order(contenders)} for _ in range(INIT_ROUNDS)]
    return [
        Row(
            "a cold request, authorizer and promote together / FastAPI+Mangum that checks the token itself in one"
            " function, as `sam build` ships it",
            0.60,
            0.50,
            ratio(turns, "rolecall", "peer"),
        )
    ]


def requests(found: dict[str, packages.Package], storage: stub.Stub) -> list[Row]:
    """The rows on warm functions, each in one process for all rounds. First checks that all of them do the same."""
    with ExitStack() as processes:
        warm = {name: processes.enter_context(running.warm(package, storage)) for name, package in found.items()}
        peers = {name: warm[name] for name in ("floor", "with_fastapi", "with_powertools")}
        rows, asked = [], {}
        for what in ("promote", "list"):
            contenders = {"rolecall": warm[what], **peers}
            asked[what] = running.check_all_do_the_same(contenders, what, storage)
            event = running.event_of(what)
            for contender in contenders.values():
                contender.run(event, WARM_TIMES)
            turns = [
                {name: contenders[name].run(event, WARM_TIMES)[0] for name in in_random_order(contenders)}
                for _ in range(WARM_ROUNDS)
            ]
            rows += _of_requests(what, turns)
        storage.asked.clear()
        warm["authorizer"].run(running.event_of("authorizer"))
        asked["authorizer"] = len(storage.asked)
    return [
        *rows,
        Row("storage requests of the authorizer", 2, 1, asked["authorizer"]),
        Row("storage requests of promote", 2, 2, asked["promote"]),
        Row("storage requests of a platform role change", 2, 2, _measured("change_account_role", "requests")),
        Row("storage requests of a list page", 1, 1, asked["list"]),
        Row("write units of promote, indexes included", 12, 10, _measured("promote_user", "write_units")),
    ]


def _of_requests(what: str, turns: list[dict[str, float]]) -> list[Row]:
    goals = {
        "promote": ((1.0, 0.9), (0.65, 0.55), (0.85, 0.76)),
        "list": ((1.0, 0.5), (0.5, 0.35), (0.5, 0.35)),
    }[what]
    name = "promote" if what == "promote" else "a list of 100"
    return [
        Row(f"warm CPU of {name} / floor", *goals[0], ratio(turns, "rolecall", "floor")),
        Row(f"warm CPU of {name} / FastAPI+Mangum", *goals[1], ratio(turns, "rolecall", "with_fastapi")),
        Row(f"warm CPU of {name} / Powertools resolver", *goals[2], ratio(turns, "rolecall", "with_powertools")),
    ]


def _measured(function: str, what: str) -> float:
    """A figure from docs/cost.json. A test checks that this file is correct."""
    figures = [one for one in json.loads((ROOT / "docs/cost.json").read_text()).values() if one["function"] == function]
    found = figures[0][what]
    return float(sum(found.values()) if isinstance(found, dict) else found)


def growth() -> list[Row]:
    """The rows on a page of 100 users of a small and of a large tenant, in one table of dynalite, by turns."""
    tenants = {size: f"{size:08}-0000-4000-8000-000000000000" for size in (SMALL, LARGE)}
    units: dict[int, float] = {}
    with sweep.dynalite():
        # The layer reads the key for its cursors from the cache, because there is no Secrets Manager here.
        secrets_manager._cache["bench"] = time.time(), {"key": "k" * 64}
        config.config().environ["CURSOR_KEY_SECRET_ARN"] = "bench"  # type: ignore[index]
        for size, tenant_id in tenants.items():
            _fill(tenant_id, size)

        def page(size: int) -> float:
            principal = principals.Principal(
                principals.PrincipalType.USER, stub.ACTOR, role="admin", tenant_id=tenants[size]
            )
            start = time.perf_counter()
            found = users.list_users(principals.RequestContext(principal, clock.now()), limit=100)
            seconds = time.perf_counter() - start
            assert len(found.users) == 100, len(found.users)
            return seconds

        for size in tenants:
            units[size] = _read_units(partial(page, size))
        turns = [{str(size): page(size) for size in tenants} for _ in range(PAGES)]
    return [
        Row("a page of 100 in 100,000 users / in 100, time", 1.2, 1.0, ratio(turns, str(LARGE), str(SMALL))),
        Row("the same, read units", 1.0, 1.0, units[LARGE] / units[SMALL]),
    ]


def _fill(tenant_id: str, size: int) -> None:
    def put(batch: Iterable[int]) -> None:
        items = [_user_of(tenant_id, number) for number in batch]
        dynamodb.client().batch_write_item(
            RequestItems={config.config().table_name: [{"PutRequest": {"Item": item}} for item in items]}
        )

    sweep.each_batch(put, range(size))


def _user_of(tenant_id: str, number: int) -> dict[str, Any]:
    found = stub.user(f"{number:08}-0000-4000-8000-{tenant_id[:8]:0>12}", "user", number)
    text = json.dumps(found).replace(stub.TENANT, tenant_id)
    item: dict[str, Any] = json.loads(text)
    return item


def _read_units(work: Callable[[], object]) -> float:
    found: list[float] = []

    def ask(params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def add(parsed: dict[str, Any], **_: Any) -> None:
        found.append(parsed["ConsumedCapacity"]["CapacityUnits"])

    events = dynamodb.client().meta.events
    events.register("provide-client-params.dynamodb.Query", ask)
    events.register("after-call.dynamodb.Query", add)
    work()
    events.unregister("provide-client-params.dynamodb.Query", ask)
    events.unregister("after-call.dynamodb.Query", add)
    return sum(found)


def deletion() -> list[Row]:
    contenders, rate = ("bare loop", "sweep"), "sweep / bare loop"
    near = sweep.speed(SWEPT, sweep.SHAPE, rounds=SWEPT_ROUNDS, names=contenders)
    large = sweep.speed(SWEPT, max(sweep.SHAPES), rounds=SWEPT_ROUNDS, names=contenders)
    # With this many items, the start and the end of the sweep take a small part of the measured time.
    far = sweep.speed(SWEPT_AT_A_DISTANCE, sweep.SHAPE, at_a_distance=True, rounds=1, names=contenders)
    units = sweep.growth(SWEPT)
    return [
        Row("sweep / bare BatchWriteItem loop, rate, users of 100 items", 0.85, 1.0, near[rate], at_least=True),
        Row("the same, users of 1,000 items", 0.85, 1.0, large[rate], at_least=True),
        Row("the same, users of 100 items, storage at a distance", 0.85, 1.0, far[rate], at_least=True),
        Row("write units a swept item without an index entry", 1.05, 1.0, units["write units/item"]),
    ]


def shipped() -> list[Row]:
    with build.build_lock():
        built = build.build_if_changed().parent
    lacking = [path for path in built.glob("**/*.py") if not Path(cache_from_source(path)).exists()]
    size = sum(_zipped(built / name) for name in ("PromoteUser", "Layer")) / 1e6
    return [
        Row("modules that ship without bytecode", 0, 0, len(lacking)),
        Row("a route with the layer, zipped", 6, 4, size, unit="MB"),
    ]


def _zipped(directory: Path) -> int:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(directory.rglob("*")):
            archive.write(path, path.relative_to(directory))
    return buffer.tell()


def write_page(rows: list[Row]) -> None:
    """Write the table into docs/performance.md, between its two marks."""
    head, _, rest = PAGE.read_text().partition("<!-- make bench: begin -->\n")
    _, _, tail = rest.partition("<!-- make bench: end -->")
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {platform.system()}, {platform.machine()},"
        f" {os.cpu_count()} cores, Python {platform.python_version()}.",
        "",
        "| figure | must | aim | found | verdict |",
        "| --- | --- | --- | --- | --- |",
        *(f"| {' | '.join(row.cells)} |" for row in rows),
        "",
    ]
    table = "\n".join(lines)
    PAGE.write_text(f"{head}<!-- make bench: begin -->\n{table}<!-- make bench: end -->{tail}")


def main() -> int:
    console = Console()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as directory, stub.serving() as storage:
        with console.status("packages"):
            found = packages.make_packages(Path(directory))
        steps: list[tuple[str, Callable[[], list[Row]]]] = [
            ("cold starts", lambda: cold_starts(found, storage)),
            ("cold requests", lambda: cold_requests(found, storage)),
            ("warm requests", lambda: requests({k: v for k, v in found.items() if not k.endswith("_plain")}, storage)),
            ("growth", growth),
            ("deletion", deletion),
            ("what ships", shipped),
        ]
        for name, step in steps:
            started = time.monotonic()
            with console.status(name):
                rows += step()
            console.print(f"  {name:<16}{time.monotonic() - started:6.1f} s")
    table = Table("figure", "must", "aim", "found", "verdict")
    for row in rows:
        table.add_row(*row.cells)
    console.print(table)
    write_page(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
