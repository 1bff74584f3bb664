"""Reads a CSV file of role changes, as a spreadsheet writes it: `email,new_role,until,reason`."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import StackError
from rolecall import clock
from rolecall.auth.roles import Role
from rolecall.email_addresses import parse_address_to_ascii
from rolecall.text_rules import InvalidText, check_and_normalize_reason

_REQUIRED, _OPTIONAL = ("email", "new_role"), ("until", "reason")
_MOST_ERRORS_SHOWN = 20


@dataclass(frozen=True)
class ChangeRow:
    """A row of the file. `line` is the line of the file on which the row ends, as an editor counts."""

    line: int
    email: str
    new_role: str
    until: str = ""
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Returns the row as one of the changes of `POST /users/promote`."""
        fields = {"email": self.email, "new_role": self.new_role, "until": self.until, "reason": self.reason}
        return {name: text for name, text in fields.items() if text}


def read_changes(path: Path) -> list[ChangeRow]:
    """Returns the rows of the file. Raises `StackError` with every error, each with its line."""
    try:
        # A spreadsheet may begin the file with a byte order mark.
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise StackError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise StackError(f"{path} is not UTF-8: save it as CSV UTF-8.") from None
    rows, errors = _parse(text)
    if errors:
        more = len(errors) - _MOST_ERRORS_SHOWN
        shown = [*errors[:_MOST_ERRORS_SHOWN], *([f"and {more} more"] if more > 0 else [])]
        raise StackError("\n".join([f"{path} has errors, so nothing was changed:", *(f"  {one}" for one in shown)]))
    if not rows:
        raise StackError(f"{path} has no rows below its first line.")
    return rows


def _parse(text: str) -> tuple[list[ChangeRow], list[str]]:
    header = text.partition("\n")[0]
    # In many countries spreadsheets separate the columns by semicolons.
    reader = csv.reader(text.splitlines(keepends=True), delimiter=";" if ";" in header else ",", strict=True)
    rows: list[ChangeRow] = []
    errors: list[str] = []
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        errors += [f"line 1: the column {name} is missing" for name in _REQUIRED if name not in names]
        unknown = [name for name in names if name not in (*_REQUIRED, *_OPTIONAL)]
        errors += [f"line 1: {name or 'a column without a name'} is not a known column" for name in unknown]
        errors += [
            f"line 1: the column {name} is there twice" for name in sorted({n for n in names if names.count(n) > 1})
        ]
        if errors:
            return [], errors
        for values in reader:
            fields = [value.strip() for value in values]
            if not any(fields):
                continue
            if len(fields) != len(names):
                errors.append(f"line {reader.line_num}: has {len(fields)} columns, not {len(names)}")
                continue
            row = ChangeRow(reader.line_num, **dict(zip(names, fields, strict=True)))
            rows.append(row)
            errors += [f"line {row.line}: {problem}" for problem in _problems(row)]
    except csv.Error as error:
        errors.append(f"line {reader.line_num}: is not CSV ({error})")
    return rows, errors + list(_repeated(rows))


def _problems(row: ChangeRow) -> Iterator[str]:
    try:
        parse_address_to_ascii(row.email)
    except InvalidText as error:
        yield f"email {error.message}" if row.email else "email is missing"
    if row.new_role not in Role:
        yield f"new_role must be one of {', '.join(Role)}, not {row.new_role or 'empty'}"
    if row.until and clock.parse_rfc3339(row.until) is None:
        yield f"until must be a time such as 2026-06-15T12:00:00Z, not {row.until}"
    try:
        if row.reason:
            check_and_normalize_reason(row.reason)
    except InvalidText as error:
        yield f"reason {error.message}"


def _repeated(rows: list[ChangeRow]) -> Iterator[str]:
    first: dict[str, int] = {}
    for row in rows:
        earlier = first.setdefault(row.email.lower(), row.line)
        if row.email and earlier != row.line:
            yield f"line {row.line}: {row.email} is on line {earlier} already"
