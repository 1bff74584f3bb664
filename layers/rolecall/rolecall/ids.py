"""New identifiers."""

import secrets
from datetime import datetime
from uuid import UUID, uuid4


def new_id() -> str:
    """A random UUID v4."""
    return str(uuid4())


def time_ordered_id(at: datetime) -> str:
    """A UUID v7 (RFC 9562, section 5.7): its text sorts by time, to the millisecond."""
    value = (int(at.timestamp() * 1000) << 80) | secrets.randbits(80)
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return str(UUID(int=value))


def lowest_id_at(at: datetime) -> str:
    """Sorts before every time-ordered id of that millisecond or later, and behind all earlier ones."""
    return str(UUID(int=int(at.timestamp() * 1000) << 80))
