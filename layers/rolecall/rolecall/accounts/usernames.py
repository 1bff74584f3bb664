"""The reservation of an account's username, which makes it unique on the platform.

Two usernames are the same if they have the same `text_rules.comparable_name`. A username that is an email address
reserves that address like an email, so that nobody else can register with it. An account whose username is its own
email needs no further reservation.
"""

from rolecall.email_addresses import parse_address_to_ascii
from rolecall.errors import UsernameTaken
from rolecall.storage import dynamodb, keys, reads, writes
from rolecall.storage.expressions import Attr
from rolecall.text_rules import InvalidText, comparable_name


def reservation_key_unless_own_email(username: str, own_email: str) -> keys.Key | None:
    """Return the key that reserves the username; None for the own email; raise `InvalidText` if it can't be a key.

    A username that is another email address gives the key of that email's reservation. Accounts of earlier versions
    may have a username that can't be part of a key.
    """
    address = _username_as_email_address(username)
    if address is None:
        return keys.username_reservation(username)
    return None if address.lower() == own_email.lower() else keys.email_reservation(address)


def reservation_item(key: keys.Key, account_id: int) -> dynamodb.Item:
    """Return the reservation. It has no `account_id`, so that no login takes it for the account's email."""
    return {"pk": key.pk, "sk": key.sk, "username_of": account_id}


def prepare_reservation(username: str, own_email: str, account_id: int) -> list[writes.Write]:
    """Return the write that reserves the username; the transaction raises `UsernameTaken` if someone else has it.

    Returns no write for a username that is the account's own email. Raises `InvalidText` if it can't be a key.
    """
    key = reservation_key_unless_own_email(username, own_email)
    if key is None:
        return []
    return [
        writes.Put(
            reservation_item(key, account_id),
            when=writes.MUST_NOT_EXIST,
            on_condition_failure=lambda _found: UsernameTaken(),
        )
    ]


def prepare_release(username: str, own_email: str, account_id: int) -> list[writes.Write]:
    """Return the write that deletes the username's reservation; no write if the account has no reservation of its own.

    Reads the reservation and changes nothing itself.
    """
    try:
        key = reservation_key_unless_own_email(username, own_email)
    except InvalidText:
        return []
    reservation = reads.get(key) if key else None
    if key is None or reservation is None or reservation.get("username_of") != account_id:
        return []
    return [writes.Delete(key, when=Attr("username_of").eq(account_id))]


def _username_as_email_address(username: str) -> str | None:
    """Return the username as an email address, after replacing look-alike characters if needed; None if it is none."""
    if "@" not in comparable_name(username):
        return None
    for candidate in (username, comparable_name(username)):
        try:
            return parse_address_to_ascii(candidate)
        except InvalidText:
            continue
    return None
