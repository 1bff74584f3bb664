"""Shows the progress of a command: live at a terminal, as plain lines elsewhere."""

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
    """Shows one step of the work while the block runs. `log` is the file to which the step writes its output."""

    def __call__(self, what: str, log: Path | None = None) -> contextlib.AbstractContextManager[object]: ...


def silent(what: str, log: Path | None = None) -> contextlib.AbstractContextManager[object]:  # noqa: ARG001
    """A step that shows nothing."""
    return contextlib.nullcontext()


@contextlib.contextmanager
def step(what: str, log: Path | None = None) -> Iterator[None]:
    """Prints the step and its seconds. At a terminal it shows a clock and the log's last line until the step ends."""
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
    """Yields a function that takes how many are done and shows it. `total` is None if it is not known."""
    if console.is_terminal:
        columns = TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn()
        with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as bar:
            task = bar.add_task(what, total=total)
            yield lambda count: bar.update(task, completed=count)
        return
    printed_tenths = 0

    def print_each_tenth(count: int) -> None:
        nonlocal printed_tenths
        tenths = 10 * count // total if total else 0
        if tenths > printed_tenths:
            printed_tenths = tenths
            print(f"  {what}  {count:,} of {total:,}", flush=True)

    yield print_each_tenth


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
    """The last line of a log file that is not empty."""

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
