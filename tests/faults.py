"""Injected faults: a process that dies at its n-th call, and a storage that throttles, times out or loses answers.

The faults use the events of botocore's clients, so the tests run exactly the code that is deployed.
"""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError, ReadTimeoutError

from rolecall.aws import queues
from rolecall.storage import dynamodb, writes


class Crash(BaseException):
    """The simulated end of the process.

    It is a `BaseException`, so that no `except Exception` of the code catches it.
    """


@dataclass
class Calls:
    """Counts the calls since the fault was installed."""

    number: int = 0


@contextmanager
def _on_the_wire(before: Callable[..., Any], after: Callable[..., Any]) -> Iterator[None]:
    emitters = [client.meta.events for client in (dynamodb.client(), queues._sqs_client())]
    for events in emitters:
        events.register("before-call.*.*", before)
        events.register("after-call.*.*", after)
    try:
        yield
    finally:
        for events in emitters:
            events.unregister("before-call.*.*", before)
            events.unregister("after-call.*.*", after)


@contextmanager
def crash_at(number: int, *, after: bool) -> Iterator[Calls]:
    """Raise `Crash` directly before or after the n-th call to DynamoDB or SQS, counted from 1; 0 for never."""
    calls = Calls()

    def before_call(**_: Any) -> None:
        calls.number += 1
        if calls.number == number and not after:
            raise Crash

    def after_call(**_: Any) -> None:
        if calls.number == number and after:
            raise Crash

    with _on_the_wire(before_call, after_call):
        yield calls


@contextmanager
def flaky(dice: random.Random, share: float) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Make a random share of the calls fail, in ways that are possible on AWS.

    A call may be throttled. A write may be done and its answer lost. A batch may be returned unprocessed. A transaction
    may conflict with another one. A message may be lost or be delivered twice. Yields a context manager without faults,
    for the test's own calls.
    """
    without_faults = False
    transactions = _Transactions()

    @contextmanager
    def no_faults() -> Iterator[None]:
        nonlocal without_faults
        without_faults = True
        yield
        without_faults = False

    def before_call(model: Any, params: dict[str, Any], **_: Any) -> Any:
        if model.name == "TransactWriteItems" and transactions.begins(params):
            return _Answer(200), {"ResponseMetadata": {}}
        if without_faults or dice.random() >= share:
            return None
        return _random_fault(model.name, params, dice)

    def after_call(model: Any, http_response: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and http_response.status_code == 200:
            transactions.succeeded()
        if not without_faults and dice.random() < share / 2:
            raise ReadTimeoutError(endpoint_url="the storage")

    with _on_the_wire(before_call, after_call):
        yield no_faults


class _Transactions:
    """Makes a repeated transaction with the same client request token run once, as DynamoDB does and moto does not."""

    def __init__(self) -> None:
        self._done: set[str] = set()
        self._current_token = ""

    def begins(self, params: dict[str, Any]) -> bool:
        """Return whether a transaction with this token was done already."""
        self._current_token = json.loads(params["body"])["ClientRequestToken"]
        return self._current_token in self._done

    def succeeded(self) -> None:
        self._done.add(self._current_token)


def _random_fault(operation: str, params: dict[str, Any], dice: random.Random) -> Any:
    match operation:
        case "BatchWriteItem" if dice.random() < 0.5:
            return _unprocessed(params)
        case "TransactWriteItems" if dice.random() < 0.5:
            return _refused("TransactionConflictException")
        case "SendMessage" if dice.random() < 0.5:
            return _Answer(200), {"MessageId": "accepted-but-lost", "ResponseMetadata": {}}
        case _:
            return _refused("ProvisionedThroughputExceededException")


class _Answer:
    def __init__(self, status: int) -> None:
        self.status_code = status
        self.headers: dict[str, str] = {}


def _refused(code: str) -> tuple[_Answer, dict[str, Any]]:
    error = {"Code": code, "Message": code}
    return _Answer(400), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}


def _unprocessed(params: dict[str, Any]) -> tuple[_Answer, dict[str, Any]]:
    """Return an answer that says that no part of the batch was processed."""
    return _Answer(200), {"UnprocessedItems": json.loads(params["body"])["RequestItems"], "ResponseMetadata": {}}


@contextmanager
def call_before_nth_transaction(number: int, act: Callable[[], object]) -> Iterator[None]:
    """Call `act` directly before the n-th transaction is sent, counted from 1. Those of `act` are not counted."""
    sent = 0

    def count(**_: Any) -> None:
        nonlocal sent
        sent += 1
        if sent == number:
            act()

    events = dynamodb.client().meta.events
    events.register("before-call.dynamodb.TransactWriteItems", count)
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb.TransactWriteItems", count)


@contextmanager
def call_before_building_transaction(act: Callable[[], object]) -> Iterator[None]:
    """Call `act` once, before the first transaction is built, so before its conditions on the clock are made."""
    transact, done = writes.transact, False

    def act_and_transact(*given: writes.Write) -> None:
        nonlocal done
        if not done:
            done = True
            act()
        transact(*given)

    with patch.object(writes, "transact", act_and_transact):
        yield


@contextmanager
def throttle_first_transaction(meanwhile: Callable[[], object]) -> Iterator[Calls]:
    """Let DynamoDB throttle the first transaction and call `meanwhile` then. Yields the number of transactions sent."""
    send, sent = dynamodb.client().transact_write_items, Calls()

    def throttle_first(**parameters: Any) -> Any:
        sent.number += 1
        if sent.number > 1:
            return send(**parameters)
        meanwhile()
        throttled: Any = {"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
        raise ClientError(throttled, "TransactWriteItems")

    with patch.object(dynamodb.client(), "transact_write_items", throttle_first):
        yield sent
