"""Logs and metrics: one logger and one set of metrics a process.

A log line says what happened, in the past tense, with ids as fields; never a token, a claim set, a
password or a body. A metric has one dimension, `service`, which is the stack: what has an id goes
into the log, as each value of a dimension is a metric of its own, and paid for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from rolecall import config
from rolecall.errors import RolecallError, ServiceUnavailable

# Both take `service` from POWERTOOLS_SERVICE_NAME, which the template sets to the name of the stack.
# All functions log into one group, so each line names its function.
logger = Logger(function_name=config.function_name())

metrics = Metrics(namespace="Rolecall")

#: A function that ends with less than this left was nearly stopped. Those that work for as long as they may leave more.
_NEAR_TIMEOUT_MS = 1000


def count_metric(metric: str, number: int = 1) -> None:
    """Add to a metric of this invocation; it goes out when the invocation ends."""
    metrics.add_metric(metric, MetricUnit.Count, number)


def log_critical_event(message: str, **fields: Any) -> None:
    """Log something that a person must see that someone meant, and count it: an alarm tells of it."""
    logger.critical(message, **fields)
    count_metric("CriticalEvents")


def log_service_unavailable(error: ServiceUnavailable) -> None:
    """Log which call to AWS failed, and how. The caller reads only that the service is busy."""
    logger.warning("service unavailable", **describe_failed_call(error))


def describe_failed_call(error: RolecallError) -> dict[str, Any]:
    """The failed call to AWS behind an error, as fields of a log line.

    Each field is picked by name. The message of the failure is left out: it may repeat what was sent.
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
def service_unavailable_logged() -> Iterator[None]:
    """Logs the cause of a `ServiceUnavailable` that leaves the block. For functions that no route handles."""
    try:
        yield
    except ServiceUnavailable as error:
        log_service_unavailable(error)
        raise


@contextmanager
def invocation_telemetry(context: Any) -> Iterator[None]:
    """Names the request in every log line of this invocation, and sends what was counted when it ends."""
    logger.append_keys(request_id=context.aws_request_id)
    try:
        with service_unavailable_logged():
            yield
    finally:
        finish_invocation(context)


def finish_invocation(context: Any) -> None:
    """Send what was counted; to be called at the end of each invocation, with Lambda's context."""
    left = context.get_remaining_time_in_millis()
    if left < _NEAR_TIMEOUT_MS:
        logger.warning("time nearly ran out", milliseconds_left=left)
        count_metric("NearTimeout")
    flush_metrics()


def flush_metrics() -> None:
    """Send what was counted so far."""
    if metrics.metric_set:
        metrics.flush_metrics()
