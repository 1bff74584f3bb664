"""Notices that a source was saved."""

import threading
import time
from pathlib import Path
from typing import Any, override

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from local.deployment import sources

_CHANGES = {"created", "modified", "moved", "deleted"}
#: An editor or git that saves several files has this long to save all of them.
_SETTLE_SECONDS = 0.2


class SourceWatch(FileSystemEventHandler):
    """Waits for sources to be saved. The operating system reports changes, so waiting takes no time of the processor.

    If it can't report them, for example because its limit of watches is reached, each wait ends with a comparison of
    all times and sizes.
    """

    def __init__(self) -> None:
        self._reported = threading.Event()
        self._stamps = _stamps()
        self._observer = Observer()
        for folder, is_recursive in sources.watched_folders().items():
            self._observer.schedule(self, str(folder), recursive=is_recursive)
        try:
            self._observer.start()
            self.has_reports = True
        except OSError:
            self._observer.unschedule_all()
            self.has_reports = False

    def close(self) -> None:
        """Ends the watch."""
        if self.has_reports:
            self._observer.stop()
            self._observer.join()

    def wait(self, seconds: float) -> bool:
        """Returns whether a source was saved, added or removed since the last call. Waits for that, at most so long."""
        if self._reported.wait(seconds):
            time.sleep(_SETTLE_SECONDS)
            self._reported.clear()
        elif self.has_reports:
            return False
        before, self._stamps = self._stamps, _stamps()
        return before != self._stamps

    @override
    def on_any_event(self, event: FileSystemEvent) -> None:
        is_about_entries = event.is_directory and event.event_type == "modified"
        if event.event_type in _CHANGES and not is_about_entries and "__pycache__" not in str(event.src_path):
            self._reported.set()


def _stamps() -> dict[Path, Any]:
    """The time and size of every source."""
    stamps = {}
    for path in sources.files():
        try:
            found = path.stat()
        except FileNotFoundError:
            continue  # an editor is replacing the file
        stamps[path] = found.st_mtime_ns, found.st_size
    return stamps
