"""Paging cursors: opaque, authenticated and bound to what was listed.

A cursor holds the position of the last row that the caller has seen, and an HMAC over it and the
scope of the list. It names no key of the table.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from rolecall.aws import secrets_manager
from rolecall.config import config
from rolecall.errors import FieldError, ValidationFailed

_MAC_BYTES = 16


def encode(position: str, *scope: str) -> str:
    """`scope` is all that the list depends on: its tenant, its filters."""
    text = position.encode()
    return urlsafe_b64encode(_mac(text, scope) + text).decode().rstrip("=")


def decode(cursor: str, *scope: str) -> str:
    """The position; raises `ValidationFailed` for a cursor that was not made for this very list."""
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        raw = b""
    mac, text = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(text, scope)):
        raise ValidationFailed(FieldError("cursor", "must be a next_cursor of this list, with the same filters"))
    return text.decode()


def _mac(text: bytes, scope: tuple[str, ...]) -> bytes:
    key = secrets_manager.read(config().cursor_key_secret_arn)["key"]
    # Lengths first, so that no two scopes read the same when joined.
    message = b"".join(len(part).to_bytes(4) + part for part in (*(s.encode() for s in scope), text))
    return hmac.digest(key.encode(), message, sha256)[:_MAC_BYTES]
