"""What the clients of AWS do differently from botocore's own, as far as no other test sees it.

`make prove` runs this file with the newest botocore too.
"""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import Shape
from botocore.parsers import JSONParser
from botocore.regions import EndpointRulesetResolver
from botocore.retries import standard

from rolecall import deadline
from rolecall.aws import clients


@pytest.mark.parametrize("body", [b"<html>Service Unavailable</html>", b"", b'{"message": "cut off'])
def test_an_error_that_is_no_json_is_still_an_error(body: bytes) -> None:
    answer = {"headers": {}, "status_code": 503, "body": body}

    nothing = Shape("Nothing", {"type": "structure"})

    told = clients._SharedParserFactory().create_parser("json").parse(answer, nothing)

    assert told == JSONParser().parse(answer, nothing)
    assert told["ResponseMetadata"]["HTTPStatusCode"] == 503


def test_one_parser_serves_all_answers() -> None:
    parsers = clients._SharedParserFactory()
    assert parsers.create_parser("json") is parsers.create_parser("json")


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A session that nobody else has used or will use."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    clients._shared_session.cache_clear()
    yield
    clients._shared_session.cache_clear()


def _plain_client() -> Any:
    """botocore's own client."""
    return botocore.session.get_session().create_client("dynamodb")


def _exchange(client: Any, body: bytes, headers: dict[str, str]) -> tuple[Any, Any]:
    """What a client sends for a write, and what it makes of the answer to a read."""
    requests, found = _exchanged_requests(client, body, headers)
    return [request.body for request in requests], found


def _exchanged_requests(client: Any, body: bytes, headers: dict[str, str]) -> tuple[list[Any], Any]:
    sent = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append(request)
        raw = io.BytesIO(body)
        raw.stream = lambda **_: iter([body])  # type: ignore[attr-defined]
        return AWSResponse(request.url, 200, HTTPHeaders.from_dict(headers), raw)

    client.meta.events.register("before-send.dynamodb", answer)
    # Members that botocore rebuilds one by one, and a condition, which is an expression beside them.
    client.put_item(TableName="t", Item=_ITEM, ConditionExpression="attribute_not_exists(pk)")
    found = client.get_item(TableName="t", Key={"pk": {"S": "x"}})
    found.pop("ResponseMetadata")
    return sent, found


_ITEM: dict[str, Any] = {
    "pk": {"S": "x"},
    "all": {"L": [{"N": "1"}, {"M": {"in": {"BOOL": True}}}]},
    "none": {"NULL": True},
}


def test_a_client_that_speaks_json_sends_and_understands_what_botocores_own_does(fresh: None) -> None:
    ours = clients.create_client("dynamodb")
    answer = json.dumps({"Item": _ITEM, "ConsumedCapacity": {"TableName": "t", "CapacityUnits": 0.5}}).encode()
    headers = {"content-type": "application/x-amz-json-1.0"}

    sent, found = _exchange(ours, answer, headers)
    plainly_sent, plainly_found = _exchange(_plain_client(), answer, headers)

    assert [json.loads(one) for one in sent] == [json.loads(one) for one in plainly_sent]
    assert found == plainly_found
    # Otherwise it would be right and slow.
    assert type(ours._serializer) is clients._UnchangedParametersSerializer
    assert (
        type(ours._endpoint._response_parser_factory.create_parser("json"))
        is clients._OrjsonParserKeepingAttributeValues
    )


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"AWS_DEFAULT_REGION": "cn-north-1"},
        {"AWS_USE_FIPS_ENDPOINT": "true"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
        {"AWS_ACCOUNT_ID": "123456789012"},
        {"AWS_ENDPOINT_URL": "http://localhost:8000"},
    ],
    ids=str,
)
def test_a_client_finds_its_endpoint_once_and_it_is_botocores(
    fresh: None, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    headers = {"content-type": "application/x-amz-json-1.0"}
    plain_requests, _ = _exchanged_requests(_plain_client(), b"{}", headers)
    calls = []
    construct = EndpointRulesetResolver.construct_endpoint

    def count_calls(self: Any, *arguments: Any, **named_arguments: Any) -> Any:
        calls.append(self)
        return construct(self, *arguments, **named_arguments)

    monkeypatch.setattr(EndpointRulesetResolver, "construct_endpoint", count_calls)
    requests, _ = _exchanged_requests(clients.create_client("dynamodb"), b"{}", headers)

    assert [request.url for request in requests] == [request.url for request in plain_requests]
    assert len(requests) == 2
    assert len(calls) == 1


@pytest.mark.parametrize("service", ["dynamodb", "events", "secretsmanager", "sqs"])
def test_one_handler_decides_about_retries(fresh: None, service: str) -> None:
    client = clients.create_client(service)

    # botocore's handlers beside it are for checksums and redirects of S3, and register by that service's name.
    event = f"needs-retry.{client.meta.service_model.service_id.hyphenize()}.AnyOperation"
    handlers = client.meta.events._emitter._handlers.prefix_search(event)
    deciding = [one for one in handlers if isinstance(getattr(one, "__self__", None), standard.RetryHandler)]

    assert [type(one.__self__) for one in deciding] == [clients._RetriesUntilDeadline]


#: {"Item": {"pk": {"S": "x"}}} in CBOR.
_CBOR = b"\xa1\x64Item\xa1\x62pk\xa1\x61S\x61x"


def test_a_client_that_speaks_no_json_works_as_botocores_own_does(
    fresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # DynamoDB's model as it may be one day: another protocol first.
    model = botocore.session.get_session().get_component("data_loader").load_service_model("dynamodb", "service-2")
    model = json.loads(json.dumps(model))
    model["metadata"] |= {"protocol": "smithy-rpc-v2-cbor", "protocols": ["smithy-rpc-v2-cbor"]}
    version = model["metadata"]["apiVersion"]
    (tmp_path / "dynamodb" / version).mkdir(parents=True)
    (tmp_path / "dynamodb" / version / "service-2.json").write_text(json.dumps(model))
    monkeypatch.setattr(Loader, "CUSTOMER_DATA_PATH", str(tmp_path))
    headers = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}

    ours, plain = clients.create_client("dynamodb"), _plain_client()
    sent, found = _exchange(ours, _CBOR, headers)

    assert ours.meta.service_model.resolved_protocol == "smithy-rpc-v2-cbor"
    assert (sent, found) == _exchange(plain, _CBOR, headers)
    assert found == {"Item": {"pk": {"S": "x"}}}
    assert type(ours._serializer) is not clients._UnchangedParametersSerializer


@pytest.mark.parametrize(
    ("ours", "method", "arguments"),
    [
        (clients._OrjsonParserKeepingAttributeValues, "_parse_body_as_json", (b"no JSON",)),
        (clients._OrjsonParserKeepingAttributeValues, "_handle_map", (Shape("M", {"type": "map"}), {})),
        (clients._OrjsonParserKeepingAttributeValues, "_handle_structure", (Shape("S", {"type": "structure"}), {})),
        (clients._UnchangedParametersSerializer, "_serialize", ({}, "v", Shape("S", {"type": "string"}), "k")),
    ],
)
def test_arguments_that_another_botocore_adds_reach_its_own_method(
    monkeypatch: pytest.MonkeyPatch, ours: Any, method: str, arguments: tuple[Any, ...]
) -> None:
    given: list[Any] = []
    monkeypatch.setattr(ours.__base__, method, lambda _, *rest, **more: given.append((rest, more)))
    if method == "_handle_map":
        monkeypatch.setattr(Shape, "value", Shape("V", {"type": "string"}), raising=False)

    getattr(ours(), method)(*arguments, "new", more=1)

    assert given == [((*arguments, "new"), {"more": 1})]


# --- Time limits and attempts ----------------------------------------------------------------------


@pytest.fixture
def waits(fresh: None, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Makes all waits between attempts 0 seconds long, and lists them."""
    asked: list[float] = []

    class NoWait:
        @staticmethod
        def random() -> float:
            asked.append(0.0)
            return 0.0

    monkeypatch.setattr(clients, "SYSTEM_RANDOM", NoWait)
    return asked


def _attempts_until_it_fails(client: Any) -> int:
    """How often a client calls a service that always answers 503."""
    requests = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        requests.append(request)
        raw = io.BytesIO()
        raw.stream = lambda **_: iter([b"{}"])  # type: ignore[attr-defined]
        return AWSResponse(request.url, 503, HTTPHeaders(), raw)

    client.meta.events.register("before-send", answer)
    with pytest.raises(ClientError):
        client.describe_table(TableName="t")
    return len(requests)


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_a_request_has_its_number_of_attempts(waits: list[float], attempts: int) -> None:
    deadline.set_time_left(10)
    client = clients.create_client("dynamodb", attempts=attempts)

    assert _attempts_until_it_fails(client) == attempts
    assert len(waits) == attempts - 1


def test_after_the_deadline_no_attempt_follows(waits: list[float]) -> None:
    deadline.set_time_left(0)
    assert _attempts_until_it_fails(clients.create_client("dynamodb")) == 1


@pytest.mark.parametrize(("seconds_left", "total"), [(5.0, 5.0), (0.05, 0.2), (-3.0, 0.2)])
def test_a_request_ends_with_the_deadline_but_always_has_a_short_time(
    fresh: None, seconds_left: float, total: float
) -> None:
    client = clients.create_client("dynamodb", connect_timeout=0.7, read_timeout=1.9)
    deadline.set_time_left(seconds_left)

    timeout = client._endpoint.http_session._manager.connection_pool_kw["timeout"].clone()

    assert (timeout._connect, timeout._read) == (0.7, 1.9)
    assert timeout.total == pytest.approx(total, abs=0.1)


def test_a_client_has_the_settings_of_its_caller_and_its_own(fresh: None) -> None:
    made = clients.create_client("dynamodb", connect_timeout=0.7, read_timeout=1.9, max_pool_connections=7).meta.config

    assert (made.connect_timeout, made.read_timeout, made.max_pool_connections) == (0.7, 1.9, 7)
    assert made.retries["total_max_attempts"] == 1
    assert made.user_agent == "rolecall"
