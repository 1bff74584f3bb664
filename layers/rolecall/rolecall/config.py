"""The settings of a function. They are read once, from the environment variables that the template sets.

No other module reads the environment.
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple, Self

from rolecall.errors import ConfigurationError


class Config(NamedTuple):
    """The settings of one function.

    Most settings are read when they are first used, because the template gives a function only the settings that it
    needs. Reading a setting that is missing raises `ConfigurationError`.
    """

    table_name: str
    audit_retention_days: int
    environ: Mapping[str, str]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """The settings. Raises `ConfigurationError` without `TABLE_NAME` or for an invalid `AUDIT_RETENTION_DAYS`."""
        days = environ.get("AUDIT_RETENTION_DAYS", "730")
        if not days.isdecimal() or int(days) < 1:
            raise ConfigurationError(f"AUDIT_RETENTION_DAYS must be a whole number of days, not {days!r}")
        return cls(_require_variable(environ, "TABLE_NAME"), int(days), environ)

    @property
    def master_token_secret_arn(self) -> str:
        """The secret with the master token. Raises `ConfigurationError` if it is not set."""
        return _require_variable(self.environ, "MASTER_TOKEN_SECRET_ARN")

    @property
    def jwt_key_secret_arn(self) -> str:
        """The secret with the keys that sign access tokens. Raises `ConfigurationError` if it is not set."""
        return _require_variable(self.environ, "JWT_KEY_SECRET_ARN")

    @property
    def cursor_key_secret_arn(self) -> str:
        """The secret with the key of paging cursors. Raises `ConfigurationError` if it is not set."""
        return _require_variable(self.environ, "CURSOR_KEY_SECRET_ARN")

    @property
    def sweep_queue_url(self) -> str:
        """The queue of deletion slices. Raises `ConfigurationError` if it is not set."""
        return _require_variable(self.environ, "SWEEP_QUEUE_URL")

    @property
    def sweep_concurrency(self) -> int:
        """How many batches a sweep deletes, or items an invariant check reads, at the same time. 8 by default."""
        return int(self.environ.get("SWEEP_CONCURRENCY", "8"))

    @property
    def max_temporary_role_days(self) -> int:
        """How many days ahead the end of a temporary role may lie. 90 by default."""
        return int(self.environ.get("MAX_TEMPORARY_ROLE_DAYS", "90"))

    @property
    def idempotency_key_secret_arn(self) -> str:
        """The secret with the key of idempotency records. Raises `ConfigurationError` if it is not set."""
        return _require_variable(self.environ, "IDEMPOTENCY_KEY_SECRET_ARN")

    @property
    def redaction_key_secret_arn(self) -> str:
        """The secret with the key of hashed emails. Raises `ConfigurationError` if it is not set."""
        return _require_variable(self.environ, "REDACTION_KEY_SECRET_ARN")

    @property
    def webhook_key_secret_arn(self) -> str:
        """The secret from which the secrets of webhooks are derived. Raises `ConfigurationError` if it is not set."""
        return _require_variable(self.environ, "WEBHOOK_KEY_SECRET_ARN")

    @property
    def webhook_deliveries_queue_url(self) -> str:
        """The queue of deliveries to webhooks. Raises `ConfigurationError` if it is not set."""
        return _require_variable(self.environ, "WEBHOOK_DELIVERIES_QUEUE_URL")

    @property
    def allow_local_webhooks(self) -> bool:
        """Whether webhooks may have http URLs and loopback addresses. Only the local stack sets it."""
        return self.environ.get("ALLOW_LOCAL_WEBHOOKS") == "true"

    @property
    def token_use_queue_url(self) -> str:
        """The queue of uses of API tokens. Raises `ConfigurationError` if it is not set."""
        return _require_variable(self.environ, "TOKEN_USE_QUEUE_URL")

    @property
    def dead_letters_queue_url(self) -> str:
        """The queue of failures. Raises `ConfigurationError` if it is not set."""
        return _require_variable(self.environ, "DEAD_LETTERS_QUEUE_URL")

    @property
    def event_bus_name(self) -> str:
        """The bus of the role events. Raises `ConfigurationError` if it is not set."""
        return _require_variable(self.environ, "EVENT_BUS_NAME")


def _require_variable(environ: Mapping[str, str], name: str) -> str:
    """The variable's value. Raises `ConfigurationError` if the variable is missing or empty."""
    value = environ.get(name)
    if not value:
        raise ConfigurationError(f"the environment variable {name} is not set: the template must give it")
    return value


def runs_in_lambda() -> bool:
    """Whether Lambda runs this process. Lambda sets the variable below in each process that it starts."""
    return "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ


def lambda_function_name() -> str | None:
    """The name that the deployment gave to this function; `None` outside of Lambda."""
    return os.environ.get("AWS_LAMBDA_FUNCTION_NAME")


@cache
def config() -> Config:
    """The settings of this process, read from `os.environ` at the first call. Raises `ConfigurationError`."""
    return Config.from_environ(os.environ)
