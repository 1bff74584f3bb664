"""The state that the engine saved in the state folder, and whether a start can continue with it."""

import json
import shutil
from pathlib import Path

from local import StackError
from local.deployment import running_stack


def check_saved_state() -> None:
    """Makes sure that the engine can load all of the saved state. Raises `StackError` if a file of it is damaged.

    The engine would leave out a damaged file without a word. The state of a first start that was interrupted is
    removed: half of the demo data is of no use, and would be in the way of the next attempt.
    """
    folder = running_stack.STATE_FOLDER / "state"
    if is_first_start_unfinished():
        shutil.rmtree(folder, ignore_errors=True)
    files = sorted(folder.glob("*.json"))
    if not files:
        _unfinished_mark().touch()
    for path in files:
        try:
            json.loads(path.read_bytes())
        except ValueError:
            raise StackError(
                f"The saved state is damaged ({path.name} is no JSON): "
                "`make reset` removes it, and the next `make run` starts with new demo data."
            ) from None


def is_first_start_unfinished() -> bool:
    """Whether the demo data of a first start is not complete yet."""
    return _unfinished_mark().exists()


def finish_first_start() -> None:
    """The demo data is complete: from now on the state is kept."""
    _unfinished_mark().unlink(missing_ok=True)


def _unfinished_mark() -> Path:
    return running_stack.STATE_FOLDER / "unfinished"
