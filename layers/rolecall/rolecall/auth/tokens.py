"""API tokens of tenant users, and which kind of credential a text is.

An API token is a random UUID v4. The table holds its SHA-256 only: 122 random bits can't be guessed
from a hash, so no slow hash is needed.
"""

import hmac
import re
from enum import Enum, auto
from hashlib import sha256
from uuid import UUID, uuid4

_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)

_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")

#: No credential of ours is longer; what is longer is not looked at.
MAX_CREDENTIAL_LENGTH = 2048


class CredentialForm(Enum):
    API_TOKEN = auto()
    JWT = auto()
    MASTER_TOKEN = auto()


def recognize_credential(credential: str) -> CredentialForm:
    """Recognise a credential by how it looks; says nothing about whether it is valid."""
    if _UUID4.fullmatch(credential):
        return CredentialForm.API_TOKEN
    if _JWT.fullmatch(credential):
        return CredentialForm.JWT
    return CredentialForm.MASTER_TOKEN


def parse_authorization_header(authorization: str | None) -> str | None:
    """The credential in an `Authorization` header: `Bearer <it>` in any case, or the bare text."""
    parts = (authorization or "").split()
    if len(parts) == 2 and parts[0].lower() == "bearer":  # noqa: PLR2004 (scheme and credential)
        parts = parts[1:]
    if len(parts) != 1 or len(parts[0]) > MAX_CREDENTIAL_LENGTH or not parts[0].isascii():
        return None
    return parts[0]


def new_api_token() -> str:
    return str(uuid4())


def derive_api_token(secret: str, *facts: str) -> str:
    """The same token for the same facts, which nobody without the secret can tell from a random one."""
    # Lengths first, so that no two lists of facts read the same when joined.
    message = b"".join(len(fact.encode()).to_bytes(4) + fact.encode() for fact in facts)
    return str(UUID(bytes=hmac.digest(secret.encode(), message, sha256)[:16], version=4))


def api_token_hash(token: str) -> str:
    """SHA-256 in hex, of the lower-case form."""
    return sha256(token.lower().encode()).hexdigest()


def masked_token(last_four: str) -> str:
    """All that is ever shown of a token after its first time, as in `********-****-****-****-********5a60`."""
    return f"********-****-****-****-********{last_four}"
