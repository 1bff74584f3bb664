"""Passwords: Argon2id with the parameters of OWASP's Password Storage Cheat Sheet (19 MiB, 2 passes, 1 lane)."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

#: What a login is checked against where there is no account, so that it takes the same time.
_NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def hash_password(password: str) -> str:
    """The encoded hash with its salt and parameters."""
    return _hasher.hash(password)


def verify_password(encoded: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed; as slow for an account that does not exist (None)."""
    try:
        return _hasher.verify(encoded or _NOBODYS_HASH, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
