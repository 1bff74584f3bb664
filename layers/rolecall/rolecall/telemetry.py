"""Logs and metrics. Each process has one logger and one set of metrics.

A log line says what happened, in the past tense, with ids as fields. It never contains a token, a claim set, a password
or a body. A metric has one dimension, `service`, which is the name of the stack. Ids belong into the log: CloudWatch
bills each value of a dimension as another metric.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from rolecall import config
from rolecall.errors import RolecallError, ServiceUnavailable

# The logger and the metrics read their field `service` from the environment variable POWERTOOLS_SERVICE_NAME, which the
# template sets to the stack's name. Each log line names its Lambda function, because all functions share one log group.
logger = Logger(function_name=config.lambda_function_name())

metrics = Metrics(namespace="Rolecall")

#: An invocation that ends with fewer milliseconds left than this number counts as nearly timed out. Functions that work
#: until their deadline reserve more time than this.
_NEAR_TIMEOUT_MS = 1000


def count_metric(metric: str, number: int = 1) -> None:
    """Add `number` to a metric. The metrics are written to the log at the end of the invocation."""
    metrics.add_metric(metric, MetricUnit.Count, number)


def log_and_count_critical_event(message: str, **fields: Any) -> None:
    """Log an event that a person must review, such as a tenant's deletion, and raise an alarm through its metric."""
    logger.critical(message, **fields)
    count_metric("CriticalEvents")


def log_service_unavailable(error: ServiceUnavailable) -> None:
    """Log which call to AWS failed, and how. The API's caller only reads that the service is busy."""
    logger.warning("service unavailable", **describe_cause_for_log(error))


def describe_cause_for_log(error: RolecallError) -> dict[str, Any]:
    """Which call to AWS caused this error, and how it failed, as fields for a log line.

    The message of the AWS error is left out, because it can repeat the data that was sent.
    """
    cause: BaseException | None = error
    while isinstance(cause, RolecallError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return {"cause": "no call failed: the time or the attempts ran out"}
    response: dict[str, Any] = getattr(cause, "response", None) or {}
    reasons = {reason.get("Code", "None") for reason in response.get("CancellationReasons", [])} - {"None"}
    fields = {
        "cause": type(cause).__name__,
        "operation": getattr(cause, "operation_name", None),
        "code": response.get("Error", {}).get("Code"),
        "reasons": sorted(reasons),
        "http_status": response.get("ResponseMetadata", {}).get("HTTPStatusCode"),
        "endpoint": getattr(cause, "kwargs", {}).get("endpoint_url"),
    }
    return {name: value for name, value in fields.items() if value}


@contextmanager
def log_and_reraise_service_unavailable() -> Iterator[None]:
    """A context manager that logs the cause of a `ServiceUnavailable` and raises it again.

    For functions that are not routes: a route logs it when it builds the response.
    """
    try:
        yield
    except ServiceUnavailable as error:
        log_service_unavailable(error)
        raise


@contextmanager
def log_and_suppress_errors_after_commit(what: str, **fields: Any) -> Iterator[None]:
    """A context manager that logs every error of its block and raises none.

    For the steps after a change was committed: the caller must get a success even if they fail. `what` names the
    change in the log, as in `user deletion`.
    """
    interrupted, failed = f"{what} interrupted", f"{what} failed"
    try:
        yield
    except RolecallError as error:
        logger.warning(interrupted, **fields, **describe_cause_for_log(error))
    except Exception:
        logger.exception(failed, **fields)
        count_metric("StepsFailed")


@contextmanager
def invocation_telemetry(lambda_context: Any) -> Iterator[None]:
    """A context manager for one invocation: adds the request id to every log line and writes the metrics at the end."""
    logger.append_keys(request_id=lambda_context.aws_request_id)
    try:
        with log_and_reraise_service_unavailable():
            yield
    finally:
        flush_metrics_and_warn_if_nearly_timed_out(lambda_context)


def flush_metrics_and_warn_if_nearly_timed_out(lambda_context: Any) -> None:
    """Write the metrics of this invocation, and warn if the function nearly ran out of time."""
    left = lambda_context.get_remaining_time_in_millis()
    if left < _NEAR_TIMEOUT_MS:
        logger.warning("time nearly ran out", milliseconds_left=left)
        count_metric("NearTimeout")
    flush_metrics()


def flush_metrics() -> None:
    """Write the metrics that were counted so far to the log."""
    if metrics.metric_set:
        metrics.flush_metrics()
