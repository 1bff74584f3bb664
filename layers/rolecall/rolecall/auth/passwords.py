"""Password hashes: Argon2id with the parameters of OWASP's Password Storage Cheat Sheet."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher


#: 19 MiB, 2 passes, 1 lane.
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1

#: A hash that no password matches, with the same parameters. A login to an account that does not exist is checked
#: against it, so that it takes as long as any other.
_HASH_OF_NO_PASSWORD = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${'A' * 22}${'A' * 43}"


@cache
def _hasher() -> "PasswordHasher":
    # Imported here because most functions that import this module handle no password.
    from argon2 import PasswordHasher  # noqa: PLC0415

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


def hash_password(password: str) -> str:
    """The Argon2id hash in its encoded form, which contains the salt and the parameters."""
    return _hasher().hash(password)


def verify_password(encoded: str | None, password: str) -> bool:
    """Whether the password matches the hash. For None (no such account), false after the same time."""
    from argon2.exceptions import InvalidHashError, VerifyMismatchError  # noqa: PLC0415

    try:
        return _hasher().verify(encoded or _HASH_OF_NO_PASSWORD, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def needs_rehash(encoded: str) -> bool:
    """Whether the hash was made with other parameters than the current ones."""
    return _hasher().check_needs_rehash(encoded)
