"""Functions that create identifiers."""

import re
import secrets
from datetime import datetime
from uuid import UUID, uuid4

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def new_id() -> str:
    """A new random UUID (version 4)."""
    return str(uuid4())


def time_ordered_id(at: datetime) -> str:
    """A new UUID v7 (RFC 9562, section 5.7). Sorted as text, these ids are in the order of `at`, to the millisecond."""
    value = (int(at.timestamp() * 1000) << 80) | secrets.randbits(80)
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return str(UUID(int=value))


def is_time_ordered_id(text: str) -> bool:
    """Whether the text is a UUID v7 in the form in which `time_ordered_id` writes it."""
    return _UUID7.fullmatch(text) is not None


def lowest_time_ordered_id_at(at: datetime) -> str:
    """The smallest possible time-ordered id of the millisecond of `at`: the lower bound of a range of ids."""
    return str(UUID(int=int(at.timestamp() * 1000) << 80))
