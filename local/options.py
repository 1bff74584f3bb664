"""Options of the commands. `make NAME=value` puts them into the environment."""

import os

from local import StackError

DEFAULT_PORT = 3091


def read_port() -> int:
    """Returns the port of the API from `PORT`. Raises `StackError` for anything that is no such port."""
    return read_number("PORT", DEFAULT_PORT, range(1024, 65536))


def read_number(name: str, default: int, allowed: range) -> int:
    """Returns the whole number that the option holds. Raises `StackError` if it is not one of those allowed."""
    text = os.environ.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and int(text) in allowed):
        raise StackError(f"{name} must be a whole number from {allowed[0]} to {allowed[-1]}, not {text!r}.")
    return int(text)


def is_on(name: str) -> bool:
    """Whether the option is set to anything but 0."""
    return os.environ.get(name, "") not in {"", "0"}
