"""Follows the functions' logs, one readable line per record."""

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

# What the platform writes around each invocation; true, and noise at a terminal.
PLATFORM_LINES = ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START")
# Fields of a record that its line shows in a place of their own, or that say the same on every line.
SHOWN_ELSEWHERE = {
    "level", "message", "timestamp", "service", "location", "function_name", "function_arn", "function_memory_size",
    "function_request_id", "gateway_request_id", "cold_start", "xray_trace_id", "exception", "exception_name",
    "stack_trace",
}  # fmt: skip
# `2026/06/15/name[3]…` on AWS, `2026/06/15/[name[3]]…` on the engine.
_FUNCTION_IN_STREAM = re.compile(r"/\[?([\w-]+)\[")
COLOURS = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}


class FunctionLogs:
    """The log of a stack's functions, from the given time on (seconds since the epoch).

    Of one function only if it is named, by its folder or as in the template. Raises `StackError` for a name
    that is none.
    """

    def __init__(self, stack: Stack, since: float, function: str = "") -> None:
        self._client = stack.logs
        self._group = stack.physical_id("Logs")
        self._seen: set[tuple[str, int, str]] = set()
        self._next = int(since * 1000)
        names = {sources.logical_id(path.name): path.name for path in (ROOT / "functions").iterdir()}
        self._folders = {physical: names[logical] for logical, physical in stack.functions().items()}
        self._only = names.get(sources.logical_id(function), "") if function else ""
        if function and not self._only:
            raise StackError(f"There is no function {function!r}; there are {', '.join(sorted(names))}.")

    def new_lines(self) -> list[str]:
        """What was logged since the last call, readable, in order of time."""
        events = sorted(self._new_events(), key=itemgetter(0))
        return [line for event in events for line in readable(*event, colour=sys.stdout.isatty())]

    def _new_events(self) -> Iterator[tuple[int, str, str]]:
        pages = self._client.get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=self._group, startTime=self._next):
            for event in page["events"]:
                seen = event["logStreamName"], event["timestamp"], event["message"]
                function = self._folders.get(_function_of(event["logStreamName"]), "")
                wanted = not self._only or function == self._only
                if wanted and seen not in self._seen and not event["message"].startswith(PLATFORM_LINES):
                    yield event["timestamp"], function, event["message"].rstrip()
                self._seen.add(seen)
                # Asked for again, because more may have been logged in the same millisecond.
                self._next = max(self._next, event["timestamp"])


def readable(timestamp: int, function: str, message: str, colour: bool) -> Iterator[str]:
    """`12:00:01  INFO     promote_user  user promoted  user_id=…`, then the traceback, if there is one.

    The message is a JSON record or any other line. Metrics, which are logged too, give nothing.
    """
    record = _record(message)
    if "_aws" in record:
        return
    level = str(record.get("level", ""))
    clock = datetime.fromtimestamp(timestamp / 1000, UTC).astimezone().strftime("%H:%M:%S")
    fields = "".join(f"  {name}={_text(value)}" for name, value in record.items() if name not in SHOWN_ELSEWHERE)
    shown = f"{level:<8}"
    if colour and level in COLOURS:
        shown = f"\033[{COLOURS[level]}m{shown}\033[0m"
    yield f"{clock}  {shown} {function:<20}  {record.get('message', message)}{fields}"
    for line in str(record.get("exception", "")).splitlines():
        yield f"          {line}"


def _function_of(stream: str) -> str:
    """The name that the deployment gave to the function that writes into a stream."""
    found = _FUNCTION_IN_STREAM.search(stream)
    return found[1] if found else ""


def _record(message: str) -> dict[str, Any]:
    try:
        record = json.loads(message)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
