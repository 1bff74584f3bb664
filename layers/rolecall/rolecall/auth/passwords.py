"""Password hashes: Argon2id with the parameters of OWASP's Password Storage Cheat Sheet."""

from functools import cache
from typing import TYPE_CHECKING

from rolecall.text_rules import password_form

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
    """The Argon2id hash of the password's `password_form`, encoded, which contains the salt and the parameters."""
    return _hasher().hash(password_form(password))


def verify_password(encoded: str | None, password: str) -> bool:
    """Whether the password matches the hash. For None (no such account), false after the same time.

    Passwords are compared in the form of RFC 8265. Hashes from before are of the characters as they were sent, so these
    are tried too if they differ. The number of tries depends on the password alone, unless it matches.
    """
    return any(
        _matches(encoded or _HASH_OF_NO_PASSWORD, one) for one in dict.fromkeys([password_form(password), password])
    )


def needs_rehash(encoded: str, password: str) -> bool:
    """Whether the hash that the password matches has other parameters than the current ones, or an older form."""
    form = password_form(password)
    return _hasher().check_needs_rehash(encoded) or (form != password and not _matches(encoded, form))


def _matches(encoded: str, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerifyMismatchError  # noqa: PLC0415

    try:
        return _hasher().verify(encoded, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
