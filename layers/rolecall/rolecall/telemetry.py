"""Logs and metrics: one logger and one set of metrics a process.

A log line says what happened, in the past tense, with ids as fields; never a token, a claim set, a
password or a body.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

logger = Logger(service="rolecall")
metrics = Metrics(namespace="Rolecall", service="rolecall")


def count(metric: str, number: int = 1) -> None:
    """Add to a metric of this invocation; it goes out when the invocation ends."""
    metrics.add_metric(metric, MetricUnit.Count, number)


@contextmanager
def invocation(request_id: str) -> Iterator[None]:
    """Names the request in every log line of this invocation, and sends what was counted when it ends."""
    logger.append_keys(request_id=request_id)
    try:
        yield
    finally:
        flush()


def flush() -> None:
    """Send what was counted; to be called at the end of each invocation."""
    if metrics.metric_set:
        metrics.flush_metrics()
