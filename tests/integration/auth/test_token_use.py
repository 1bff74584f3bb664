"""The time of a token's last use: the authorizer reports it, and another function stores it."""

import json
import os
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from rolecall import clock
from rolecall.auth import token_use, tokens
from rolecall.storage import dynamodb, keys, reads, writes
from tests import gateway
from tests.integration.conftest import Member, Tenant, unchanged


def _sent() -> list[dict[str, Any]]:
    """Receive and delete the messages in the queue; return them in the form that the function gets."""
    sqs, url = boto3.client("sqs"), os.environ["TOKEN_USE_QUEUE_URL"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [{"messageId": message["MessageId"], "body": message["Body"]} for message in found]


def _record(messages: list[dict[str, Any]]) -> Any:
    return gateway.invoke("record_token_use", {"Records": messages})


def _noted(member: Member) -> Any:
    item = reads.get(keys.api_token(tokens.api_token_hash(member.token)))
    assert item
    return item.get("last_used_at")


def _note(member: Member, ago: timedelta) -> str:
    text = clock.rfc3339(clock.now() - ago)
    key = keys.api_token(tokens.api_token_hash(member.token))
    writes.write(writes.Update(key, set={"last_used_at": text}, when=writes.MUST_EXIST))
    token_use._reported.clear()
    return text


def test_the_first_use_is_noted_and_the_next_ones_are_not_even_reported(acme: Tenant) -> None:
    with unchanged():
        for _ in range(3):
            assert gateway.authorize(acme.admin.token)
    messages = _sent()
    assert len(messages) == 1
    assert _record(messages) == {"batchItemFailures": []}
    assert _noted(acme.admin) == json.loads(messages[0]["body"])["used_at"]
    token_use._reported.clear()
    assert gateway.authorize(acme.admin.token)
    assert _sent() == []


def test_after_an_hour_it_is_noted_anew(acme: Tenant) -> None:
    before = _note(acme.admin, timedelta(minutes=61))
    assert gateway.authorize(acme.admin.token)
    _record(_sent())
    assert _noted(acme.admin) > before


def test_a_use_that_is_still_to_come_is_replaced(acme: Tenant) -> None:
    future = _note(acme.admin, timedelta(days=-2))
    assert gateway.authorize(acme.admin.token)
    _record(_sent())
    assert _noted(acme.admin) < future

    _note(acme.admin, timedelta(seconds=-50))  # the clocks of two machines may differ by that much
    assert gateway.authorize(acme.admin.token)
    assert _sent() == []


def test_a_report_within_the_hour_of_another_changes_nothing(acme: Tenant) -> None:
    assert gateway.authorize(acme.admin.token)
    messages = _sent()
    _note(acme.admin, timedelta(minutes=59))
    with unchanged():
        assert _record(messages * 2) == {"batchItemFailures": []}


def test_a_report_about_a_deleted_token_does_not_create_it_again(acme: Tenant) -> None:
    user = acme.add("user")
    _sent()
    assert gateway.authorize(user.token)
    messages = _sent()
    acme.admin.request("DELETE", f"/users/{user.id}")
    with unchanged():
        assert _record(messages) == {"batchItemFailures": []}


def test_a_refused_token_is_not_reported(acme: Tenant) -> None:
    user = acme.add("user")
    acme.admin.request("PUT", f"/users/{user.id}", {"active": False})
    _sent()
    assert gateway.authorize(user.token) is None
    assert _sent() == []


def test_an_unreachable_queue_does_not_fail_the_request(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    boto3.client("sqs").delete_queue(QueueUrl=os.environ["TOKEN_USE_QUEUE_URL"])
    token_use._reported.clear()
    assert gateway.authorize(acme.admin.token)
    assert "token use lost" in caplog.text


@pytest.mark.parametrize("body", ["no JSON", "[]", "{}", '{"token_hash": "x", "used_at": "yesterday"}'])
def test_a_report_that_cannot_be_read_is_delivered_again_alone(acme: Tenant, body: str) -> None:
    assert gateway.authorize(acme.admin.token)
    messages = [{"messageId": "unreadable", "body": body}, *_sent()]
    assert _record(messages) == {"batchItemFailures": [{"itemIdentifier": "unreadable"}]}
    assert _noted(acme.admin)


def test_a_report_that_was_not_stored_is_delivered_again(acme: Tenant) -> None:
    assert gateway.authorize(acme.admin.token)
    messages = _sent()

    def lose(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="dynamodb")

    events = dynamodb.client().meta.events
    events.register("before-send.dynamodb.UpdateItem", lose)
    try:
        failed = _record(messages)
    finally:
        events.unregister("before-send.dynamodb.UpdateItem", lose)
    assert failed == {"batchItemFailures": [{"itemIdentifier": messages[0]["messageId"]}]}
