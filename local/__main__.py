"""`python -m local run`, `reset` and `operate`: what `make run`, `make reset` and `make operator` do."""

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

from botocore.exceptions import EndpointConnectionError

from local import ROOT, StackError, demo, logs, operator
from local.engine import Engine
from local.seed import seed
from local.stack import Stack, up

HOME = ROOT / ".local"
DEFAULT_PORT = 3091
SEEDS = "local/seeds"


def main() -> int:
    """The exit code. What goes wrong is told in one sentence, without a traceback."""
    parser = argparse.ArgumentParser(prog="python -m local", description="The local stack.")
    parser.add_argument("command", choices=["run", "reset", "operate"])
    parser.add_argument("arguments", nargs="*", help="of operate: an operation, then name=value …")
    asked = parser.parse_args()
    try:
        match asked.command:
            case "run":
                run()
            case "operate":
                operate(asked.arguments)
            case _:
                reset()
    except StackError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the state is kept in .local/ (`make reset` forgets it).")
    return 0


def run() -> None:
    """Serves the stack and follows its logs until a signal ends it."""
    port = _port()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, _interrupt)
    with (
        _home_to_itself("use it, or stop it (Ctrl-C) first"),
        contextlib.ExitStack() as after_stop,
        up(HOME, port, _step) as stack,
    ):
        document = _demo(stack, _seeds(stack, after_stop))
        print(f"\n{demo.page(document)}\n\nAll of this is in .local/demo.json. Ctrl-C stops. Logs of the functions:\n")
        logs.follow(stack)


def reset() -> None:
    """Forgets the state. Refuses while a stack runs on it."""
    if HOME.exists():
        with _home_to_itself("stop it (Ctrl-C) first"):
            shutil.rmtree(HOME)
    print("The local state is forgotten; `make run` starts afresh.")


def operate(arguments: list[str]) -> None:
    """Does an operation on the stack that `make run` serves in another terminal, and prints its answer."""
    if not arguments:
        raise StackError("Say which operation, as in `make operator ARGS='create_superadmin email=root@example.com'`.")
    stack = Stack(Engine(HOME, _port()))
    try:
        print(json.dumps(operator.operate(stack, arguments[0], arguments[1:]), indent=2))
        known = stack.recall(SEEDS)
    except EndpointConnectionError:
        raise StackError(f"No local stack answers on port {_port()}: start it with `make run`.") from None
    if known:
        # The master token may be another now.
        _demo(stack, json.loads(known))


def _seeds(stack: Stack, after_stop: contextlib.ExitStack) -> demo.Seeds:
    known = stack.recall(SEEDS)
    if known is None:
        # Half the demo data is of no use, and would be in the way of the next attempt.
        after_stop.callback(shutil.rmtree, HOME / "state", ignore_errors=True)
        with _step("seed the demo data"):
            known = json.dumps(seed(stack))
            stack.remember(SEEDS, known)
        after_stop.pop_all()
    seeds: demo.Seeds = json.loads(known)
    return seeds


def _demo(stack: Stack, seeds: demo.Seeds) -> demo.Demo:
    document: demo.Demo = {
        "api": stack.api,
        "endpoint_url": stack.endpoint_url,
        "table": stack.table_name,
        "master_token": stack.master_token,
        **seeds,
    }
    path = HOME / "demo.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return document


def _port() -> int:
    text = os.environ.get("PORT") or str(DEFAULT_PORT)
    if not text.isdecimal() or int(text) not in range(1024, 65536):
        raise StackError(f"PORT must be a number from 1024 to 65535, not {text!r}.")
    return int(text)


@contextlib.contextmanager
def _home_to_itself(advice: str) -> Iterator[None]:
    HOME.mkdir(exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(f"A local stack is running from this directory: {advice}.") from None
        yield


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    print(f"  {what:<44}", end="", flush=True)
    start = time.monotonic()
    try:
        yield
    except BaseException as error:
        print(" stopped" if isinstance(error, KeyboardInterrupt) else " failed", flush=True)
        raise
    print(f" {time.monotonic() - start:5.1f} s", flush=True)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    # Once is enough: what follows is the orderly stop, which saves the state.
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
