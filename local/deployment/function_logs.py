"""Reads the functions' log of a local stack, one readable line per record."""

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from local import ROOT, StackError
from local.deployment import sources
from local.deployment.stack import Stack

#: Lambda writes these around each invocation. They say nothing that a developer looks for.
_PLATFORM_LINES = ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START")
#: Fields that a line shows elsewhere or that are the same in every line.
_HIDDEN_FIELDS = {
    "level", "message", "timestamp", "service", "location", "function_name", "function_arn", "function_memory_size",
    "function_request_id", "gateway_request_id", "cold_start", "xray_trace_id", "exception", "exception_name",
    "stack_trace",
}  # fmt: skip
#: `2026/06/15/name[3]…` on AWS, `2026/06/15/[name[3]]…` on the engine.
_FUNCTION_IN_STREAM = re.compile(r"/\[?([\w-]+)\[")
_COLOURS = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}


class FunctionLogs:
    """The log of all functions of a stack, or of one, from a time on (in seconds since the epoch).

    A function is named by its folder or as in the template. Raises `StackError` if there is no such function.
    """

    def __init__(self, stack: Stack, since: float, function: str = "") -> None:
        self._client = stack.logs
        self._group = stack.physical_id("Logs")
        self._seen: set[tuple[str, int, str]] = set()
        self._next_timestamp = int(since * 1000)
        folders = {sources.logical_id(path.name): path.name for path in (ROOT / "functions").iterdir()}
        self._folders = {physical_id: folders[logical] for logical, physical_id in stack.functions().items()}
        self._only_folder = folders.get(sources.logical_id(function), "") if function else ""
        if function and not self._only_folder:
            raise StackError(f"There is no function {function!r}; there are {', '.join(sorted(folders))}.")

    def new_lines(self) -> list[str]:
        """Returns the readable lines that were logged since the last call, ordered by time."""
        events = sorted(self._new_events(), key=itemgetter(0))
        return [line for event in events for line in readable_lines(*event, colour=sys.stdout.isatty())]

    def _new_events(self) -> Iterator[tuple[int, str, str]]:
        """Yields the time, the function's folder and the message of each event that no earlier call has yielded."""
        pages = self._client.get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=self._group, startTime=self._next_timestamp):
            for event in page["events"]:
                identity = event["logStreamName"], event["timestamp"], event["message"]
                folder = self._folders.get(_function_of(event["logStreamName"]), "")
                is_wanted = not self._only_folder or folder == self._only_folder
                if is_wanted and identity not in self._seen and not event["message"].startswith(_PLATFORM_LINES):
                    yield event["timestamp"], folder, event["message"].rstrip()
                self._seen.add(identity)
                # Not one later: more events may get the same timestamp.
                self._next_timestamp = max(self._next_timestamp, event["timestamp"])


def readable_lines(timestamp: int, folder: str, message: str, *, colour: bool) -> Iterator[str]:
    """Yields `12:00:01  INFO     promote_user  user promoted  user_id=…`, then the lines of a traceback.

    The message is a JSON record or any other text. A record of metrics yields nothing.
    """
    record = _parse_record(message)
    if "_aws" in record:
        return
    level = str(record.get("level", ""))
    clock = datetime.fromtimestamp(timestamp / 1000, UTC).astimezone().strftime("%H:%M:%S")
    fields = "".join(f"  {name}={_as_text(value)}" for name, value in record.items() if name not in _HIDDEN_FIELDS)
    padded_level = f"{level:<8}"
    if colour and level in _COLOURS:
        padded_level = f"\033[{_COLOURS[level]}m{padded_level}\033[0m"
    yield f"{clock}  {padded_level} {folder:<20}  {record.get('message', message)}{fields}"
    for line in str(record.get("exception", "")).splitlines():
        yield f"          {line}"


def _function_of(stream: str) -> str:
    """Returns the deployed name of the function that writes into the log stream."""
    found = _FUNCTION_IN_STREAM.search(stream)
    return found[1] if found else ""


def _parse_record(message: str) -> dict[str, Any]:
    """Returns the JSON object that the message is, or an empty one."""
    try:
        record = json.loads(message)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
