"""The secrets of the deployment, from Secrets Manager and nowhere else."""

import json
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from rolecall import clients
from rolecall.errors import ServiceUnavailable

#: Seconds that a secret may be served from memory, unless it is asked for fresh.
CACHE_SECONDS = 300

#: By ARN: until when on `time.monotonic()` it may be served, and what it is.
_known: dict[str, tuple[float, dict[str, Any]]] = {}


@cache
def _client() -> Any:
    # Made only when it is needed: most invocations of the authorizer need no secret.
    return clients.make(
        "secretsmanager", connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}
    )


def read(secret_arn: str, *, fresh: bool = False) -> dict[str, Any]:
    """The secret's JSON object; at most `CACHE_SECONDS` old, or as it is now.

    Raises `ServiceUnavailable` when Secrets Manager does not answer.
    """
    until, content = _known.get(secret_arn, (0.0, {}))
    if fresh or time.monotonic() >= until:
        try:
            content = json.loads(_client().get_secret_value(SecretId=secret_arn)["SecretString"])
        except (BotoCoreError, ClientError) as error:
            raise ServiceUnavailable from error
        _known[secret_arn] = time.monotonic() + CACHE_SECONDS, content
    return content


def write(secret_arn: str, content: Mapping[str, Any]) -> None:
    """Give the secret a new JSON object; Secrets Manager keeps the one before as `AWSPREVIOUS`.

    Raises `ServiceUnavailable` when Secrets Manager does not take it.
    """
    try:
        _client().put_secret_value(SecretId=secret_arn, SecretString=json.dumps(content))
    except (BotoCoreError, ClientError) as error:
        raise ServiceUnavailable from error
