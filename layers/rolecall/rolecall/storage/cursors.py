"""Paging cursors: opaque to the caller, authenticated, and valid for one list only.

A cursor contains the position of the last row that the caller has seen, and an HMAC over this position and the scope of
the list. It contains no key of the table.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from rolecall.aws import secrets_manager
from rolecall.config import config
from rolecall.errors import FieldError, ValidationFailed

_MAC_BYTES = 16


def encode(position: str, *scope: str) -> str:
    """The cursor for a position in a list. `scope` is everything that the list depends on: tenant and filters."""
    text = position.encode()
    return urlsafe_b64encode(_mac(text, scope) + text).decode().rstrip("=")


def decode(cursor: str, *scope: str) -> str:
    """The position in a cursor. Raises `ValidationFailed` if the cursor was changed or belongs to another list."""
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        raw = b""
    mac, text = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(text, scope)):
        raise ValidationFailed(FieldError("cursor", "must be a next_cursor of this list, with the same filters"))
    return text.decode()


def _mac(text: bytes, scope: tuple[str, ...]) -> bytes:
    """The first bytes of an HMAC over the scope and the text, with the secret key of cursors."""
    key = secrets_manager.read(config().cursor_key_secret_arn)["key"]
    # The length of each part precedes the part in the signed message. So two different lists of parts never give the
    # same message.
    message = b"".join(len(part).to_bytes(4) + part for part in (*(s.encode() for s in scope), text))
    return hmac.digest(key.encode(), message, sha256)[:_MAC_BYTES]
