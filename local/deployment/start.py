"""Starts the engine and deploys the sources to it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from botocore.exceptions import BotoCoreError

from local import progress
from local.deployment import sync
from local.deployment.stack import Stack
from local.engine.engine import Engine


@contextlib.contextmanager
def start_stack(
    folder: Path, port: int, step: progress.Step = progress.silent, *, bind: str = "127.0.0.1", keep: bool = True
) -> Iterator[Stack]:
    """A stack that runs the sources as they are, with its state and log in the folder.

    It continues with the state that an earlier stack left in the folder. When the block ends, however it ends, the
    state is saved if `keep` says so, and nothing keeps running. Raises `StackError` if the stack can't be started.
    """
    folder.mkdir(parents=True, exist_ok=True)
    engine = Engine(folder, port, bind, keep=keep)
    with contextlib.ExitStack() as running:
        with step(f"start MiniStack on port {port}"):
            running.enter_context(engine)
        stack = Stack(engine)
        try:
            sync.bring_up_to_date(stack, step)
            yield stack
        except (BotoCoreError, OSError):
            # A call got no answer. If the engine has stopped, the end of its log says why.
            engine.check()
            raise
