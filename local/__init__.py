"""The development stack: the project's own template, deployed on MiniStack on this machine.

`deployment.start.start_stack` starts and deploys a stack, for `make run` and for the end-to-end tests. Nothing here
imitates AWS: it starts the engine, runs the SAM CLI against it, and adds what the engine lacks.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The root folder of the repository."""

# The demo data is created with the code of the layer, which functions find in /opt.
sys.path.append(str(ROOT / "layers" / "rolecall"))


class StackError(Exception):
    """A command can't do its work. The message says in one sentence what to do; what was seen may follow."""


def tail(path: Path, lines: int = 15) -> str:
    """Returns the last lines of a log, indented, or a note that it is empty."""
    text = path.read_text(errors="replace").splitlines() if path.exists() else []
    return "\n".join(f"    {line}" for line in text[-lines:]) or "    (its log is empty)"
