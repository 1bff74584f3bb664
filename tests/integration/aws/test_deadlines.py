"""Every function answers before Lambda stops it, also when a service of AWS accepts a connection and never answers.

A server on loopback takes the place of AWS. The clients are the real ones.
"""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from rolecall import deadline
from rolecall.audit import role_events
from rolecall.auth import token_use
from rolecall.aws import clients, queues, secrets_manager
from rolecall.config import config
from rolecall.errors import RolecallError
from rolecall.storage import dynamodb
from tests import gateway
from tests.gateway import ROOT, Route

_CLIENTS = (
    dynamodb.client,
    secrets_manager._client,
    queues._sqs_client,
    token_use._sqs_client_without_retries,
    role_events._eventbridge_client,
)
#: Functions that serve files and call no service of AWS.
_FILES = {"show_docs", "get_docs_asset", "show_console", "get_console_asset"}
_ROUTES = [route for route in gateway.routes() if route.function not in _FILES]
_TRIGGERED = sorted(
    {path.parent.name for path in ROOT.glob("functions/*/app.py")} - {route.function for route in gateway.routes()}
)


@pytest.fixture
def hanging_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0), backlog=200) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        settings = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "TABLE_NAME": "rolecall",
            "EVENT_BUS_NAME": "rolecall",
            "SWEEP_QUEUE_URL": f"{endpoint}/1/sweep",
            "TOKEN_USE_QUEUE_URL": f"{endpoint}/1/token-use",
            "DEAD_LETTERS_QUEUE_URL": f"{endpoint}/1/dead-letters",
            "WEBHOOK_DELIVERIES_QUEUE_URL": f"{endpoint}/1/webhook-deliveries",
        }
        secrets = ("MASTER_TOKEN", "JWT_KEY", "CURSOR_KEY", "IDEMPOTENCY_KEY", "REDACTION_KEY", "WEBHOOK_KEY")
        for name, value in {**settings, **{f"{secret}_SECRET_ARN": f"arn:{secret}" for secret in secrets}}.items():
            monkeypatch.setenv(name, value)
        config.cache_clear()
        clients._shared_session.cache_clear()
        for client in _CLIENTS:
            client.cache_clear()
        before = deadline._deadline.set(0)
        yield
        deadline._deadline.reset(before)
    config.cache_clear()
    clients._shared_session.cache_clear()
    for client in _CLIENTS:
        client.cache_clear()


def _invoke(function: str, event: Any, seconds: float) -> Any:
    """Invoke a function and check that it ends in time; return its answer, or its error if it is no route."""
    began = time.monotonic()
    try:
        return gateway.invoke(function, event, seconds)
    except RolecallError as error:
        return error
    finally:
        assert time.monotonic() - began < seconds


@pytest.mark.usefixtures("hanging_aws")
@pytest.mark.parametrize("route", _ROUTES, ids=lambda route: route.function)
def test_a_route_answers_in_time(route: Route) -> None:
    event = gateway.event_of(route.function)
    event["headers"] = {**(event["headers"] or {}), "Idempotency-Key": "a-key-of-a-caller"}
    dynamodb.client(), secrets_manager._client()  # as in an environment that has been used before

    answer = _invoke(route.function, event, 1.0)

    # Unknown routes and bodies that are refused need no call to AWS.
    assert answer["statusCode"] in {503, 401, 404, 403}, answer["body"]


@pytest.mark.usefixtures("hanging_aws")
@pytest.mark.parametrize("function", _TRIGGERED)
def test_a_function_without_a_route_ends_in_time(function: str) -> None:
    dynamodb.client(), secrets_manager._client(), role_events._eventbridge_client()

    _invoke(function, gateway.event_of(function), 5.0 if function == "authorize_request" else 1.6)


@pytest.mark.usefixtures("hanging_aws")
@pytest.mark.parametrize("client", _CLIENTS, ids=lambda client: client.__module__)
def test_each_client_waits_until_the_deadline_and_no_longer(client: Any) -> None:
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        "dynamodb": ("get_item", {"TableName": "t", "Key": {}}),
        "secretsmanager": ("get_secret_value", {"SecretId": "s"}),
        "sqs": ("send_message", {"QueueUrl": config().sweep_queue_url, "MessageBody": "m"}),
        "events": ("put_events", {"Entries": []}),
    }
    made = client()
    operation, parameters = calls[made.meta.service_model.service_name]
    deadline.set_time_left(0.4)
    began = time.monotonic()

    with pytest.raises(Exception, match=r"(?i)timeout|timed out"):
        getattr(made, operation)(**parameters)

    assert 0.3 < time.monotonic() - began < 0.8
