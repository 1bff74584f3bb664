"""Notices that a source was saved."""

from pathlib import Path
from typing import Any

from local.deployment import sources


class SourceWatch:
    """Notices that sources were saved, by their times and sizes."""

    def __init__(self) -> None:
        self._seen = _stamps()

    def changed(self) -> bool:
        """Whether a source was saved, made or removed since the last call."""
        before, self._seen = self._seen, _stamps()
        return before != self._seen


def _stamps() -> dict[Path, Any]:
    stamps = {}
    for path in sources.files():
        try:
            found = path.stat()
        except FileNotFoundError:
            continue  # an editor is replacing the file
        stamps[path] = found.st_mtime_ns, found.st_size
    return stamps
