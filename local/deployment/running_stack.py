"""Finds the stack that `make run` serves, and makes sure that there is only one in a state folder.

`make run` holds a lock on a file of the state folder for as long as it runs, and writes the stack's port into it.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from local import ROOT, StackError
from local.deployment.stack import Stack
from local.engine.engine import Engine

#: Holds the engine's state, its log and the demo's credentials. A second folder allows a second stack.
STATE_FOLDER = Path(os.environ.get("ROLECALL_HOME") or ROOT / ".local")
_NOT_RUNNING = "No local stack is running: start one with `make run` in another terminal."


@contextlib.contextmanager
def lock_state_folder(advice: str) -> Iterator[None]:
    """Nobody else uses the state folder within the block.

    Raises `StackError` if a stack runs on it; the message ends in the advice.
    """
    STATE_FOLDER.mkdir(exist_ok=True)
    # Opened without truncating it: another process may hold the lock, and its port is in the file.
    with (STATE_FOLDER / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(f"A local stack is running from this directory: {advice}.") from None
        lock.truncate(0)
        yield


def announce(stack: Stack) -> None:
    """From now on `find` returns the stack. The caller holds the lock."""
    (STATE_FOLDER / "lock").write_text(json.dumps({"port": stack.engine.port}))


def find() -> Stack:
    """Returns the stack that `make run` serves. Raises `StackError` if none runs or if it is still starting."""
    try:
        with (STATE_FOLDER / "lock").open() as lock:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                raise StackError(_NOT_RUNNING)
            content = lock.read()
    except FileNotFoundError:
        raise StackError(_NOT_RUNNING) from None
    if not content:
        raise StackError("The local stack is still starting: wait until `make run` shows its address, then try again.")
    return Stack(Engine(STATE_FOLDER, json.loads(content)["port"]))


def make_private(path: Path) -> None:
    """Makes the file, if there is none, and lets only its owner read it. Call it before writing a secret into it."""
    path.touch(mode=0o600)
    path.chmod(0o600)
