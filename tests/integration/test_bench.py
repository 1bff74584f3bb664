"""A small `make bench`: all candidates do the same, and a function starts as on Lambda. No time is checked."""

import sys
from contextlib import ExitStack

import pytest

from tests.benchmarks import packages, running, stub


def test_all_candidates_do_the_same() -> None:
    found = packages.of_the_sources()
    with stub.serving() as storage, ExitStack() as processes:
        warm = {name: processes.enter_context(running.warm(package, storage)) for name, package in found.items()}
        peers = {name: warm[name] for name in ("floor", "with_fastapi", "with_powertools")}

        assert running.check_all_do_the_same({"rolecall": warm["promote"], **peers}, "promote", storage) == 2
        assert running.check_all_do_the_same({"rolecall": warm["list"], **peers}, "list", storage) == 1
        running.check_same_cold_request(warm["authorizer"], warm["promote"], warm["with_fastapi_token"], storage)


@pytest.mark.skipif(sys.platform != "linux", reason="the runtime interface emulator is a Linux program")
def test_a_function_starts_as_on_lambda() -> None:
    with stub.serving() as storage:
        package = packages.of_the_sources()["authorizer"]

        assert running.init_milliseconds(package, storage, running.event_of("authorizer")) > 0
        assert [operation for operation, _ in storage.asked] == ["GetItem", "BatchGetItem"]
        assert running.cold_request_milliseconds(package, storage, running.event_of("authorizer")) > 0
