"""Where `make run` keeps its state and notes, and how other commands find the stack that it serves."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from local import ROOT, StackError
from local.engine import Engine
from local.stack import Stack

#: Another place makes another stack, beside this one.
HOME = Path(os.environ.get("ROLECALL_HOME") or ROOT / ".local")
DEFAULT_PORT = 3091
_NONE_RUNS = "No local stack is running: start one with `make run` in another terminal."


def port() -> int:
    """The port to serve at, from `PORT`. Raises `StackError` for anything that is no such port."""
    return number("PORT", DEFAULT_PORT, range(1024, 65536))


def number(name: str, default: int, allowed: range) -> int:
    """A whole number from the environment, where make puts what is given on its command line."""
    text = os.environ.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and int(text) in allowed):
        raise StackError(f"{name} must be a whole number from {allowed[0]} to {allowed[-1]}, not {text!r}.")
    return int(text)


def switch(name: str) -> bool:
    """Whether it is set in the environment, to anything but 0."""
    return os.environ.get(name, "") not in {"", "0"}


@contextlib.contextmanager
def to_itself(advice: str) -> Iterator[None]:
    """Nobody else runs a stack on `HOME` within the block. Raises `StackError`, which ends in the advice."""
    HOME.mkdir(exist_ok=True)
    # Not truncated before the lock is held: it may be another's, who says in it where the stack is.
    with (HOME / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(f"A local stack is running from this directory: {advice}.") from None
        lock.truncate(0)
        yield


def announce(stack: Stack) -> None:
    """From here on `running` finds the stack. For whoever has `HOME` to itself."""
    (HOME / "lock").write_text(json.dumps({"port": stack.engine.port}))


def running() -> Stack:
    """The stack that `make run` serves. Raises `StackError` if there is none, or not yet."""
    try:
        with (HOME / "lock").open() as lock:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                raise StackError(_NONE_RUNS)
            said = lock.read()
    except FileNotFoundError:
        raise StackError(_NONE_RUNS) from None
    if not said:
        raise StackError("The local stack is still starting: wait until `make run` shows its address, then try again.")
    return Stack(Engine(HOME, json.loads(said)["port"]))


def private(path: Path) -> None:
    """Only its owner may read the file, from before there is anything in it."""
    path.touch(mode=0o600)
    path.chmod(0o600)
