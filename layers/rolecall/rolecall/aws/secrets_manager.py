"""Reads and replaces the secrets of the deployment in AWS Secrets Manager, with a short cache."""

import json
import time
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from rolecall.aws import clients
from rolecall.errors import ConcurrentChange, ServiceUnavailable

#: Seconds that a secret may be served from memory, unless it is asked for fresh.
CACHE_SECONDS = 300

_CURRENT = "AWSCURRENT"

#: By ARN: until when on `time.monotonic()` it may be served, and what it is.
_cache: dict[str, tuple[float, dict[str, Any]]] = {}


@cache
def _client() -> Any:
    # Made only when it is needed: most invocations of the authorizer need no secret.
    return clients.create_client(
        "secretsmanager", connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}
    )


def read(secret_arn: str, *, fresh: bool = False) -> dict[str, Any]:
    """The secret's JSON object; at most `CACHE_SECONDS` old, or as it is now.

    Raises `ServiceUnavailable` when Secrets Manager does not answer.
    """
    until, content = _cache.get(secret_arn, (0.0, {}))
    if fresh or time.monotonic() >= until:
        content, _ = read_with_version(secret_arn)
        _cache[secret_arn] = time.monotonic() + CACHE_SECONDS, content
    return content


def read_with_version(secret_arn: str) -> tuple[dict[str, Any], str]:
    """The secret's JSON object as it is now, and the id of that version, for `replace`.

    Raises `ServiceUnavailable` when Secrets Manager does not answer.
    """
    found = _call("get_secret_value", SecretId=secret_arn, VersionStage=_CURRENT)
    return json.loads(found["SecretString"]), found["VersionId"]


def replace_if_version(secret_arn: str, version: str, content: Mapping[str, Any]) -> None:
    """Give the secret a new JSON object; Secrets Manager keeps the one before as `AWSPREVIOUS`.

    Raises `ConcurrentChange` if the secret is no longer that version, `ServiceUnavailable` when Secrets
    Manager does not take it; the secret stays as it is then.
    """
    new = _call("put_secret_value", SecretId=secret_arn, SecretString=json.dumps(content), VersionStages=["AWSPENDING"])
    # The label moves from the version that was read or not at all: of two at once, one is refused.
    _call(
        "update_secret_version_stage",
        SecretId=secret_arn,
        VersionStage=_CURRENT,
        MoveToVersionId=new["VersionId"],
        RemoveFromVersionId=version,
    )


def _call(operation: str, **parameters: Any) -> dict[str, Any]:
    client = _client()
    try:
        return cast("dict[str, Any]", getattr(client, operation)(**parameters))
    except client.exceptions.InvalidParameterException as error:
        raise ConcurrentChange from error
    except (ClientError, BotoCoreError) as error:
        raise ServiceUnavailable from error
