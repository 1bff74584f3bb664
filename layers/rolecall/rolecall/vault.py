"""The secrets of the deployment, from Secrets Manager and nowhere else."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from rolecall.errors import ServiceUnavailable

#: Seconds that a secret may be served from memory, unless it is asked for fresh.
CACHE_SECONDS = 300


@cache
def _provider() -> Any:
    # Imported here because most invocations of the authorizer need no secret, and this costs half a cold start.
    from aws_lambda_powertools.utilities.parameters import SecretsProvider  # noqa: PLC0415

    return SecretsProvider()


def read(secret_arn: str, *, fresh: bool = False) -> dict[str, Any]:
    """The secret's JSON object; at most `CACHE_SECONDS` old, or as it is now.

    Raises `ServiceUnavailable` when Secrets Manager does not answer.
    """
    from aws_lambda_powertools.utilities.parameters import GetParameterError  # noqa: PLC0415

    try:
        secret = _provider().get(secret_arn, max_age=CACHE_SECONDS, transform="json", force_fetch=fresh)
    except GetParameterError as error:
        raise ServiceUnavailable from error
    return cast("dict[str, Any]", secret)


def write(secret_arn: str, content: Mapping[str, Any]) -> None:
    """Give the secret a new JSON object; Secrets Manager keeps the one before as `AWSPREVIOUS`.

    Raises `ServiceUnavailable` when Secrets Manager does not take it.
    """
    from aws_lambda_powertools.utilities.parameters.exceptions import SetSecretError  # noqa: PLC0415

    try:
        _provider().set(secret_arn, json.dumps(content))
    except SetSecretError as error:
        raise ServiceUnavailable from error
