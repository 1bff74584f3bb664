"""Reads and replaces the secrets of the deployment in AWS Secrets Manager, with a short cache."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from rolecall import clock
from rolecall.aws import clients
from rolecall.errors import ConcurrentChange, ServiceUnavailable

#: Seconds for which a secret is served from memory before it is read from Secrets Manager again.
CACHE_SECONDS = 300

#: `read_fresh_unless_just_reread` reads the same secret at most once in this many seconds.
REREAD_SECONDS = 5

_CURRENT = "AWSCURRENT"

#: For each secret's ARN: the time at which the secret was read, and its content. All times are wall-clock times
#: (seconds since 1970), because the monotonic clock stands still while Lambda freezes the process.
_cache: dict[str, tuple[float, dict[str, Any]]] = {}

#: For each secret's ARN: the time at which `read_fresh_unless_just_reread` last read the secret.
_reread_at: dict[str, float] = {}


@cache
def _client() -> Any:
    # The Secrets Manager client is created at its first use, because most invocations of the authorizer read no secret.
    return clients.create_client("secretsmanager", connect_timeout=1, read_timeout=2)


def read(secret_arn: str, *, fresh: bool = False) -> dict[str, Any]:
    """The secret's JSON object, at most `CACHE_SECONDS` old. Raises `ServiceUnavailable` if it can't be read.

    With `fresh`, the secret is read from Secrets Manager now, not from the cache.
    """
    now = clock.now().timestamp()
    read_at, content = _cache.get(secret_arn, (None, {}))
    if fresh or not _is_within_last_seconds(read_at, now, CACHE_SECONDS):
        content, _ = read_current_with_version(secret_arn)
        _cache[secret_arn] = now, content
    return content


def read_fresh_unless_just_reread(secret_arn: str) -> dict[str, Any] | None:
    """The secret as it is now, or None if this function tried to read it less than `REREAD_SECONDS` ago.

    For a credential that does not match the cached secret, because the secret may have been rotated. Without the limit,
    each invalid credential would cause a call to Secrets Manager. Raises `ServiceUnavailable` if it can't be read.
    """
    now = clock.now().timestamp()
    if _is_within_last_seconds(_reread_at.get(secret_arn), now, REREAD_SECONDS):
        return None
    _reread_at[secret_arn] = now
    return read(secret_arn, fresh=True)


def _is_within_last_seconds(moment: float | None, now: float, seconds: float) -> bool:
    """Whether `moment` lies within the last `seconds`. A moment in the future does not: the clock was set back."""
    return moment is not None and 0 <= now - moment < seconds


def read_current_with_version(secret_arn: str) -> tuple[dict[str, Any], str]:
    """The secret's JSON object as it is now, and its version id. Raises `ServiceUnavailable` if it can't be read."""
    found = _call_translating_errors("get_secret_value", SecretId=secret_arn, VersionStage=_CURRENT)
    return json.loads(found["SecretString"]), found["VersionId"]


def replace_unless_version_changed(secret_arn: str, version_as_read: str, new_content: Mapping[str, Any]) -> None:
    """Replace the secret's JSON object. Raises `ConcurrentChange` if its version is no longer `version_as_read`.

    The old version becomes `AWSPREVIOUS`. Raises `ServiceUnavailable` if Secrets Manager fails. After both errors, the
    current version of the secret is unchanged.
    """
    new = _call_translating_errors(
        "put_secret_value", SecretId=secret_arn, SecretString=json.dumps(new_content), VersionStages=["AWSPENDING"]
    )
    # Secrets Manager moves the label AWSCURRENT only if `version_as_read` still has it. So of two concurrent callers,
    # one is refused.
    _call_translating_errors(
        "update_secret_version_stage",
        SecretId=secret_arn,
        VersionStage=_CURRENT,
        MoveToVersionId=new["VersionId"],
        RemoveFromVersionId=version_as_read,
    )


def _call_translating_errors(operation: str, **parameters: Any) -> dict[str, Any]:
    """Call Secrets Manager. Raises `ConcurrentChange` if it refuses a parameter, else `ServiceUnavailable`."""
    client = _client()
    try:
        return cast("dict[str, Any]", getattr(client, operation)(**parameters))
    except client.exceptions.InvalidParameterException as error:
        raise ConcurrentChange from error
    except (ClientError, BotoCoreError) as error:
        raise ServiceUnavailable from error
