"""One stack of its own for the whole session: fresh, on a free port, gone afterwards."""

import sys
import time
from collections.abc import Iterator

import pytest

from local.engine import free_port
from local.logs import Logs
from local.stack import Stack, up


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The deployed system. Tests make their own tenants in it and may run in any order."""
    with up(tmp_path_factory.mktemp("stack"), free_port()) as stack:
        yield stack


@pytest.fixture(scope="session")
def function_logs(stack: Stack) -> Logs:
    return Logs(stack, time.time())


@pytest.fixture(autouse=True)
def _function_logs_of_a_failed_test(function_logs: Logs) -> Iterator[None]:
    yield
    # pytest shows what was captured only for a test that failed.
    sys.stdout.writelines(f"{line}\n" for line in function_logs.new_lines())
