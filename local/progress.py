"""What `make` targets show while they work: live at a terminal, plain lines everywhere else."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

console = Console(highlight=False, soft_wrap=True)
_WIDTH = 44


class Step(Protocol):
    """Wraps one step of the work and shows what it does; `log` is where its details go."""

    def __call__(self, what: str, log: Path | None = None) -> contextlib.AbstractContextManager[object]: ...


def silent(what: str, log: Path | None = None) -> contextlib.AbstractContextManager[object]:  # noqa: ARG001
    """A step that shows nothing."""
    return contextlib.nullcontext()


@contextlib.contextmanager
def step(what: str, log: Path | None = None) -> Iterator[None]:
    """One line with its seconds; at a terminal a running clock and the end of the log before that."""
    start = time.monotonic()
    line = f"  {what:<{_WIDTH}}"
    outcome = ""
    if not console.is_terminal:
        print(line, end="", flush=True)
        line = ""
    try:
        with _live(what, log) if console.is_terminal else contextlib.nullcontext():
            yield
        outcome = f" {time.monotonic() - start:5.1f} s"
    except BaseException as error:
        outcome = " stopped" if isinstance(error, KeyboardInterrupt) else " failed"
        raise
    finally:
        print(f"{line}{outcome}", flush=True)


@contextlib.contextmanager
def counting(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Shows how many of the `total` are done, as the function that it gives is told; None for an unknown total."""
    if console.is_terminal:
        columns = TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn()
        with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as bar:
            task = bar.add_task(what, total=total)
            yield lambda done: bar.update(task, completed=done)
        return
    said = 0

    def say(done: int) -> None:
        nonlocal said
        tenths = 10 * done // total if total else 0
        if tenths > said:
            said = tenths
            print(f"  {what}  {done:,} of {total:,}", flush=True)

    yield say


def _live(what: str, log: Path | None) -> Progress:
    live = Progress(
        SpinnerColumn(),
        TextColumn(f"{{task.description:<{_WIDTH}}}"),
        TimeElapsedColumn(),
        _LastLine(log),
        console=console,
        transient=True,
    )
    live.add_task(what, total=None)
    return live


class _LastLine(ProgressColumn):
    """What the tool that works wrote last."""

    def __init__(self, log: Path | None) -> None:
        super().__init__()
        self._log = log

    def render(self, _task: Task) -> Text:
        lines: list[str] = []
        with contextlib.suppress(OSError):
            if self._log:
                lines = self._log.read_text(errors="replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip(" \t-=")), "")
        return Text(" ".join(last.split())[:60], style="dim", no_wrap=True, overflow="ellipsis")
