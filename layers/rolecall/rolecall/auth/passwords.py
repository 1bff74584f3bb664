"""Passwords: Argon2id with the parameters of OWASP's Password Storage Cheat Sheet."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher


#: 19 MiB, 2 passes, 1 lane.
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1

#: What a login is checked against where there is no account: no password's hash, of the same parameters.
_HASH_OF_NO_PASSWORD = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${'A' * 22}${'A' * 43}"


@cache
def _hasher() -> "PasswordHasher":
    # Imported here because the modules that make users and accounts also list and change them, without a password.
    from argon2 import PasswordHasher  # noqa: PLC0415

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


def hash_password(password: str) -> str:
    """The encoded hash with its salt and parameters."""
    return _hasher().hash(password)


def verify_password(encoded: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed; as slow for an account that does not exist (None)."""
    from argon2.exceptions import InvalidHashError, VerifyMismatchError  # noqa: PLC0415

    try:
        return _hasher().verify(encoded or _HASH_OF_NO_PASSWORD, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def needs_rehash(encoded: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(encoded)
