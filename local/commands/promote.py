"""`make promote FILE=changes.csv`: changes the roles of many users of a tenant, as a CSV file says.

The file has the columns `email`, `new_role`, `until` and `reason`; the last two may be empty or left out. The command
first asks the API what would happen, shows it, and asks for confirmation (with `YES=yes` it does not ask). Then it
makes the changes and shows what happened.

`TOKEN` is the API token of an admin or manager, `API` the address. Without them it is an admin of the demo tenant on
the stack that `make run` serves.
"""

import json
import os
import sys
import time
import urllib.error
from collections import Counter
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from rich.markup import escape
from rich.table import Table

from local import StackError
from local.changes_file import ChangeRow, read_changes
from local.demo.demo_file import recall_seeds
from local.deployment import running_stack
from local.http import Answer, call
from local.progress import console, counting

#: The most changes that the API takes in one request, and fewer bytes than the body of a request may have.
_MOST_CHANGES, _MOST_BYTES = 100, 60_000

#: The changes are made in requests of this size, so that the progress can be seen.
_CHANGES_PER_STEP = 20

_MORE_ATTEMPTS = 4

_STYLES = {"changed": "green", "unchanged": "dim", "refused": "red", "not_tried": "yellow"}


class _RowResult(NamedTuple):
    """A row, and what the API says about it."""

    row: ChangeRow
    result: dict[str, Any]

    @property
    def outcome(self) -> str:
        return str(self.result["outcome"])


class _Target(NamedTuple):
    api: str
    token: str


def main() -> None:
    """Makes the changes of the file. Raises `StackError` if the file has errors, or if the API refuses a change."""
    target, path = _find_target(), os.environ.get("FILE")
    if not path:
        raise StackError("Say which file: make promote FILE=changes.csv")
    rows = read_changes(Path(path))
    try:
        preview = _send(target, rows, dry_run=True)
        _show("What would happen", preview)
        wanted = [one.row for one in preview if one.outcome == "changed"]
        if wanted:
            _ask(len(wanted))
            _make_changes(target, wanted)
    except urllib.error.URLError:
        raise StackError(
            f"Nothing answers at {target.api}: start it with `make run`, or give its address, as in API=https://example.com."
        ) from None
    refused = sum(one.outcome == "refused" for one in preview)
    if refused:
        raise StackError(f"{refused} of {len(rows)} changes are refused, as the table says; they were not sent.")


def _find_target() -> _Target:
    api, token = os.environ.get("API"), os.environ.get("TOKEN")
    if api and not token:
        raise StackError("Say who asks, with TOKEN=<API token of an admin or manager>.")
    if api and token:
        return _Target(api.rstrip("/"), token)
    stack = running_stack.find()
    seeds = recall_seeds(stack)
    if token is None and seeds is None:
        raise StackError(
            "The local stack has no demo data: say who asks, with TOKEN=<API token of an admin or manager>."
        )
    return _Target(stack.api, token or _token_of_demo_admin(seeds))


def _token_of_demo_admin(seeds: Any) -> str:
    for user in seeds["tenants"][0]["users"]:
        if user["role"] == "admin" and user["active"] and user["token"]:
            return str(user["token"])
    raise StackError("The demo tenant has no admin whose token is known: say who asks, with TOKEN=<API token>.")


def _ask(number: int) -> None:
    if os.environ.get("YES") == "yes":
        return
    if not sys.stdin.isatty():
        raise StackError("Nothing was changed: say YES=yes, or run this at a terminal, where it asks.")
    if input(f"Make {number} change{'s' if number > 1 else ''}? [y/N] ").strip().lower() not in {"y", "yes"}:
        raise StackError("Nothing was changed.")


def _make_changes(target: _Target, rows: Sequence[ChangeRow]) -> None:
    done: list[_RowResult] = []
    try:
        with counting("changes", len(rows)) as show:
            waiting = list(rows)
            while waiting:
                step = _send(target, waiting[:_CHANGES_PER_STEP], dry_run=False)
                tried = [one for one in step if one.outcome != "not_tried"]
                if not tried:
                    raise StackError("The API had no time for any of the changes: repeat the command later.")
                done += tried
                waiting = waiting[len(tried) :]
                show(len(done))
    finally:
        # Also after an error or Ctrl-C: what was changed stays changed. The same command then makes the rest.
        if done:
            _show("What happened", done)
    refused = sum(one.outcome == "refused" for one in done)
    if refused:
        raise StackError(f"{refused} of {len(rows)} changes were refused, as the table says.")


def _send(target: _Target, rows: Sequence[ChangeRow], *, dry_run: bool) -> list[_RowResult]:
    """Sends the rows in as few requests as possible and returns what the API says about each."""
    done: list[_RowResult] = []
    for part in _split_into_requests(rows):
        answer = _post(target, {"changes": [row.to_json() for row in part], "dry_run": dry_run})
        if answer.status != HTTPStatus.OK:
            raise StackError(_refusal_message(answer, part))
        done += [_RowResult(row, result) for row, result in zip(part, answer.json()["data"]["results"], strict=True)]
    if dry_run and len(rows) > len(part):
        console.print(f"The dry run looks at {_MOST_CHANGES} rows at a time, each time at the users as they are now.")
    return done


def _split_into_requests(rows: Sequence[ChangeRow]) -> Iterator[list[ChangeRow]]:
    part: list[ChangeRow] = []
    size = 0
    for row in rows:
        bytes_of_row = len(json.dumps(row.to_json())) + 2
        if part and (len(part) == _MOST_CHANGES or size + bytes_of_row > _MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(row)
        size += bytes_of_row
    yield part


def _post(target: _Target, body: dict[str, Any]) -> Answer:
    """Sends one request, and sends it again while the API is busy. A repeated request changes nothing twice."""
    url = f"{target.api}/users/promote"
    answer = call("POST", url, target.token, body)
    for _ in range(_MORE_ATTEMPTS):
        if answer.status not in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            break
        time.sleep(float(answer.headers.get("retry-after", "1")))
        answer = call("POST", url, target.token, body)
    return answer


def _refusal_message(answer: Answer, part: Sequence[ChangeRow]) -> str:
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return "The API refused the token: give the API token of an admin or manager as TOKEN=…."
    try:
        body = answer.json()
        lines = [f"  {_line_and_column(one['field'], part)}: {one['message']}" for one in body.get("validation", [])]
        return "\n".join([f"The API refused: {answer.status}, {body['error']}.", *lines])
    except (ValueError, KeyError):
        return f"The API answered {answer.status}."


def _line_and_column(field: str, part: Sequence[ChangeRow]) -> str:
    """Returns a field such as `changes[3].until` as the line of the file and the name of the column."""
    place, _, column = field.removeprefix("changes[").partition("]")
    return f"line {part[int(place)].line} {column.removeprefix('.')}".strip() if place.isdecimal() else field


def _show(title: str, done: Sequence[_RowResult]) -> None:
    table = Table("line", "email", "role", "until", "outcome", "why", title=title, title_justify="left")
    for row, result in done:
        old, new = result.get("old_role"), result["new_role"]
        role = new if old in {None, new} else f"{old} -> {new}"
        outcome = result["outcome"].replace("_", " ")
        why = f"{result['error']} ({result['error_code']})" if "error" in result else ""
        style = _STYLES[result["outcome"]]
        table.add_row(
            str(row.line), escape(row.email), role, result.get("until", ""), f"[{style}]{outcome}[/]", escape(why)
        )
    console.print(table)
    numbers = Counter(one.outcome for one in done)
    console.print(", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in sorted(numbers.items())))
