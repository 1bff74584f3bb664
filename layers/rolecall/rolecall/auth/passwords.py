"""Passwords: their hashes, and new ones. Argon2id has the parameters of OWASP's Password Storage Cheat Sheet."""

import secrets
from functools import cache
from typing import TYPE_CHECKING

from rolecall.email_addresses import parse_address_to_ascii
from rolecall.text_rules import InvalidText, comparable_password

if TYPE_CHECKING:
    from argon2 import PasswordHasher


#: The parameters of Argon2id: 19 MiB of memory, 2 passes and 1 lane (thread).
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1

#: A hash with the current parameters that no password matches. A login with an unknown email is checked against this
#: hash, so that it takes as long as any other login.
_HASH_OF_NO_PASSWORD = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${'A' * 22}${'A' * 43}"


@cache
def _hasher() -> "PasswordHasher":
    # Argon2 is imported only when a password is hashed or checked, because most Lambda functions handle no password.
    from argon2 import PasswordHasher  # noqa: PLC0415

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


def hash_password(password: str) -> str:
    """The Argon2id hash of the password's comparable form. The text contains the salt and the parameters."""
    return _hasher().hash(comparable_password(password))


def verify_password(hash_or_none_if_no_account: str | None, password: str) -> bool:
    """Whether the password matches the hash. For None (no such account), false after the same time.

    Passwords are compared in the form of RFC 8265. Older hashes were made of the characters as they were sent. So if
    the password differs from its form, both are tried. A wrong password takes the same time with every hash.
    """
    return any(
        _matches_hash(hash_or_none_if_no_account or _HASH_OF_NO_PASSWORD, one)
        for one in dict.fromkeys([comparable_password(password), password])
    )


def needs_rehash(password_hash: str, password: str) -> bool:
    """Whether the hash that the password matches has other parameters than the current ones, or an older form."""
    form = comparable_password(password)
    return _hasher().check_needs_rehash(password_hash) or (form != password and not _matches_hash(password_hash, form))


def is_email(password: str, email: str) -> bool:
    """Whether the password is this email address, in any case or as it would be kept."""
    return email.casefold() in {password.casefold(), _address_in_lower_case_or_none(password)}


def _address_in_lower_case_or_none(password: str) -> str | None:
    """The password as an email address is kept, in lower case; None if it is no address."""
    try:
        return parse_address_to_ascii(password).casefold() if "@" in password else None
    except InvalidText:
        return None


def generate_password() -> str:
    """A random password of 24 characters, with 144 bits."""
    return secrets.token_urlsafe(18)


def _matches_hash(password_hash: str, password: str) -> bool:
    """Whether the hash was made of exactly these characters; false also for a malformed hash."""
    from argon2.exceptions import InvalidHashError, VerifyMismatchError  # noqa: PLC0415

    try:
        return _hasher().verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
