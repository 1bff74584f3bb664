"""What a log line says of a failed call to AWS, and which metrics an invocation writes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from rolecall import telemetry
from rolecall.errors import ConcurrentChange, ServiceUnavailable


class _LambdaContext:
    aws_request_id = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

    def __init__(self, milliseconds_left: int) -> None:
        self._milliseconds_left = milliseconds_left

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds_left


@pytest.fixture(autouse=True)
def _no_metrics() -> Iterator[None]:
    telemetry.metrics.clear_metrics()
    yield
    telemetry.metrics.clear_metrics()


def _written_metrics(output: str) -> dict[str, Any]:
    """The metrics in the output, each with the list of its numbers."""
    found: dict[str, Any] = {}
    for entry in map(json.loads, output.splitlines()):
        for metric in entry.get("_aws", {}).get("CloudWatchMetrics", [{}])[0].get("Metrics", []):
            found[metric["Name"]] = entry[metric["Name"]]
    return found


_CANCELLED = ClientError(
    {
        "Error": {"Code": "TransactionCanceledException", "Message": "secret details"},
        "CancellationReasons": [
            {"Code": "None"},
            {"Code": "Throttled"},
            {},
            {"Code": "Another"},
            {"Code": "Throttled"},
        ],
        "ResponseMetadata": {"HTTPStatusCode": 400},  # type: ignore[typeddict-item]
    },
    "TransactWriteItems",
)


def test_a_failed_call_is_described_without_the_message_of_aws() -> None:
    error = ServiceUnavailable()
    error.__cause__ = _CANCELLED
    assert telemetry.describe_cause_for_log(error) == {
        "cause": "ClientError",
        "operation": "TransactWriteItems",
        "code": "TransactionCanceledException",
        "reasons": ["Another", "Throttled"],
        "http_status": 400,
    }


def test_a_call_that_reached_nobody_is_described_by_its_address() -> None:
    error = ServiceUnavailable()
    error.__cause__ = EndpointConnectionError(endpoint_url="https://nowhere.invalid/")
    assert telemetry.describe_cause_for_log(error) == {
        "cause": "EndpointConnectionError",
        "endpoint": "https://nowhere.invalid/",
    }


def test_the_cause_is_the_first_error_that_is_not_rolecalls_own() -> None:
    caused, in_whose_handling = ConcurrentChange(), ServiceUnavailable()
    caused.__cause__ = _CANCELLED
    in_whose_handling.__context__ = caused
    assert telemetry.describe_cause_for_log(in_whose_handling)["code"] == "TransactionCanceledException"


def test_an_error_without_a_failed_call_says_so() -> None:
    assert telemetry.describe_cause_for_log(ServiceUnavailable()) == {
        "cause": "no call failed: the time or the attempts ran out"
    }


def test_another_errors_attributes_are_not_needed() -> None:
    error = ServiceUnavailable()
    error.__cause__ = KeyError("pk")
    assert telemetry.describe_cause_for_log(error) == {"cause": "KeyError"}


def test_the_cause_of_an_unavailable_service_is_logged_and_the_error_raised_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = ServiceUnavailable()
    error.__cause__ = _CANCELLED
    with pytest.raises(ServiceUnavailable), telemetry.log_and_reraise_service_unavailable():
        raise error
    [line] = caplog.records
    assert (line.message, line.levelname, vars(line)["code"]) == (
        "service unavailable",
        "WARNING",
        "TransactionCanceledException",
    )


def test_another_error_is_raised_without_a_line(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConcurrentChange), telemetry.log_and_reraise_service_unavailable():
        raise ConcurrentChange
    assert not caplog.records


def test_a_critical_event_is_logged_and_counted_for_the_alarm(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.log_and_count_critical_event("tenant deleted", tenant_id="7")
    telemetry.flush_metrics()

    [line] = caplog.records
    assert (line.levelname, line.message, vars(line)["tenant_id"]) == ("CRITICAL", "tenant deleted", "7")
    assert _written_metrics(capsys.readouterr().out) == {"CriticalEvents": [1]}


def test_counts_of_one_metric_are_written_together_and_once(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.count_metric("DeletionsOpen", 3)
    telemetry.count_metric("DeletionsOpen")
    telemetry.flush_metrics()
    assert _written_metrics(capsys.readouterr().out) == {"DeletionsOpen": [3, 1]}
    telemetry.flush_metrics()
    assert capsys.readouterr().out == ""


def test_metrics_are_counts_of_the_namespace_that_the_alarms_watch(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.count_metric("TenantDeleted")
    telemetry.flush_metrics()
    [described] = json.loads(capsys.readouterr().out)["_aws"]["CloudWatchMetrics"]
    assert described["Namespace"] == "Rolecall"
    assert described["Metrics"] == [{"Name": "TenantDeleted", "Unit": "Count"}]


@pytest.mark.parametrize(("milliseconds", "warned"), [(999, True), (1000, False), (5000, False)])
def test_a_function_that_nearly_ran_out_of_time_is_logged_and_counted(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, milliseconds: int, warned: bool
) -> None:
    telemetry.flush_metrics_and_warn_if_nearly_timed_out(_LambdaContext(milliseconds))

    assert _written_metrics(capsys.readouterr().out) == ({"NearTimeout": [1]} if warned else {})
    assert [line.message for line in caplog.records] == (["time nearly ran out"] if warned else [])


@pytest.mark.parametrize("error", [None, ServiceUnavailable(), KeyError("pk")], ids=["none", "unavailable", "bug"])
def test_an_invocation_writes_its_metrics_and_its_request_id_whatever_happens(
    capsys: pytest.CaptureFixture[str], error: Exception | None
) -> None:
    raised: Exception | None = None
    try:
        with telemetry.invocation_telemetry(_LambdaContext(500)):
            assert telemetry.logger.get_current_keys()["request_id"] == _LambdaContext.aws_request_id
            telemetry.count_metric("MaintenanceRan")
            if error:
                raise error
    except (ServiceUnavailable, KeyError) as found:
        raised = found

    assert raised is error
    assert _written_metrics(capsys.readouterr().out) == {"MaintenanceRan": [1], "NearTimeout": [1]}
