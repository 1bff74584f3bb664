"""API tokens of tenant users, and how a credential is recognized.

An API token is a random UUID v4. The table contains only its SHA-256 hash. Nobody can guess 122 random bits from a
hash, so a slow password hash is not needed.
"""

import hmac
import re
from enum import Enum, auto
from hashlib import sha256
from uuid import UUID, uuid4

_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)

_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")

#: No valid credential has more characters than this. The authorizer refuses a longer one without reading it further.
MAX_CREDENTIAL_LENGTH = 2048


class CredentialForm(Enum):
    """The kinds of credentials, as told by their form."""

    API_TOKEN = auto()
    JWT = auto()
    MASTER_TOKEN = auto()


def recognize_credential(credential: str) -> CredentialForm:
    """Tell the kind of a credential by its form. Does not check whether it is valid."""
    if _UUID4.fullmatch(credential):
        return CredentialForm.API_TOKEN
    if _JWT.fullmatch(credential):
        return CredentialForm.JWT
    return CredentialForm.MASTER_TOKEN


def parse_credential_with_optional_bearer(authorization: str | None) -> str | None:
    """The credential after `Bearer` (in any case) or without a scheme; None if it is missing, malformed or too long."""
    parts = (authorization or "").split()
    if len(parts) == 2 and parts[0].lower() == "bearer":  # noqa: PLR2004 (scheme and credential)
        parts = parts[1:]
    if len(parts) != 1 or len(parts[0]) > MAX_CREDENTIAL_LENGTH or not parts[0].isascii():
        return None
    return parts[0]


def new_api_token() -> str:
    """A new random API token."""
    return str(uuid4())


def derive_api_token(secret: str, *facts: str) -> str:
    """The API token for these facts, derived with the secret. The same facts give the same token.

    Without the secret, nobody can tell the token from a random one.
    """
    # The length of each fact precedes the fact in the message. So two different lists of facts never give the same
    # message.
    message = b"".join(len(fact.encode()).to_bytes(4) + fact.encode() for fact in facts)
    return str(UUID(bytes=hmac.digest(secret.encode(), message, sha256)[:16], version=4))


def api_token_hash(token: str) -> str:
    """The SHA-256 hash of the token in lower case, in hex. The table stores this hash."""
    return sha256(token.lower().encode()).hexdigest()


def masked_token(last_four: str) -> str:
    """A token as lists show it: only the last four characters, as in `********-****-****-****-********5a60`."""
    return f"********-****-****-****-********{last_four}"
