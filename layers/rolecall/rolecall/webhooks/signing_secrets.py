"""The secrets with which deliveries are signed, as the Standard Webhooks specification says.

No secret is stored in the table. Each is derived from the deployment's secret, the webhook's id and a generation, so a
rotation only counts the generation up.
"""

import hmac
from base64 import b64encode
from datetime import datetime, timedelta
from hashlib import sha256

from rolecall.aws import secrets_manager
from rolecall.clock import rfc3339
from rolecall.config import config
from rolecall.webhooks.webhooks import FIRST_SECRET_GENERATION, Webhook

#: After a rotation, deliveries are signed with the former secret too, for this time.
FORMER_SECRET_LIFETIME = timedelta(hours=24)

_PREFIX = "whsec_"


def derive_secret(webhook_id: str, generation: int) -> str:
    """Return the secret of one generation, as in `whsec_…`: 32 bytes in Base64. Raises `ServiceUnavailable`.

    The same webhook and generation always give the same secret, as long as the deployment's secret is the same.
    """
    deployment_secret = secrets_manager.read(config().webhook_key_secret_arn)["key"]
    # A webhook's id contains no "#", so no two pairs of id and generation give the same message.
    digest = hmac.digest(deployment_secret.encode(), f"{webhook_id}#{generation}".encode(), sha256)
    return _PREFIX + b64encode(digest).decode()


def derive_first_secret(webhook_id: str) -> str:
    """Return the secret of a webhook at its creation, whether or not it is still valid; raise `ServiceUnavailable`."""
    return derive_secret(webhook_id, FIRST_SECRET_GENERATION)


def derive_valid_secrets(webhook: Webhook, at: datetime) -> list[str]:
    """Return the secrets with which a delivery at this moment is signed, the newest first; raise `ServiceUnavailable`.

    Two for `FORMER_SECRET_LIFETIME` after a rotation, else one.
    """
    generations = [webhook.secret_generation]
    if webhook.secret_rotated_at and webhook.secret_rotated_at > rfc3339(at - FORMER_SECRET_LIFETIME):
        generations.append(webhook.secret_generation - 1)
    return [derive_secret(webhook.id, generation) for generation in generations]
