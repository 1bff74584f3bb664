"""The development stack: the project's own template, deployed on MiniStack on this machine.

`stack.up` gives a running, deployed stack; `make run` and the end-to-end tests stand on it.
Nothing here imitates AWS: it starts the engine, runs the SAM CLI against it and tidies up.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The repository."""

# Seeding uses the layer's own code, which the functions find in their layer.
sys.path.append(str(ROOT / "layers" / "rolecall"))


class StackError(Exception):
    """The stack cannot be had; the message is one sentence that says what to do, then what was seen."""


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, indented, or a note that it is empty."""
    text = path.read_text(errors="replace").splitlines() if path.exists() else []
    return "\n".join(f"    {line}" for line in text[-lines:]) or "    (its log is empty)"
