"""What can come of a check."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"


class Wrong(Exception):
    """The stack does not do what it should. The message is one sentence without secrets."""


class Unknown(Exception):
    """The check could not tell. The message says why, in one sentence without secrets."""


@dataclass(frozen=True)
class Result:
    """What came of one check. `note` says what was wrong or unknown, or adds a figure to what was right."""

    title: str
    verdict: Verdict
    note: str = ""
    seconds: float = 0.0
