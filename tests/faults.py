"""Faults on the wire: a process that dies at its n-th call, a storage that is slow, busy or forgetful.

They hang on the events of the one client that the code has, so the code under test is the code that ships.
"""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ReadTimeoutError

from rolecall.aws import queues
from rolecall.storage import dynamodb


class Crash(BaseException):
    """The end of the process: no `except` of the code may catch it."""


@dataclass
class Calls:
    """How many calls went out since it was installed."""

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
    """Die right before or right after the n-th call to DynamoDB or SQS, counted from 1; 0 for never."""
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
    """A share of the calls goes wrong, each as it may on AWS.

    Any call may be throttled; a write or a transaction may be done and its answer lost; a batch may come back
    undone; a transaction may meet another one; a message may be lost, or come twice. Gives what makes it all
    well for a while, for the test's own calls.
    """
    well = False
    transactions = _Transactions()

    @contextmanager
    def dependable() -> Iterator[None]:
        nonlocal well
        well = True
        yield
        well = False

    def before_call(model: Any, params: dict[str, Any], **_: Any) -> Any:
        if model.name == "TransactWriteItems" and transactions.begins(params):
            return _Answer(200), {"ResponseMetadata": {}}
        if well or dice.random() >= share:
            return None
        return _gone_wrong(model.name, params, dice)

    def after_call(model: Any, http_response: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and http_response.status_code == 200:
            transactions.succeeded()
        if not well and dice.random() < share / 2:
            raise ReadTimeoutError(endpoint_url="the storage")

    with _on_the_wire(before_call, after_call):
        yield dependable


class _Transactions:
    """What DynamoDB does for a transaction that is sent again, and moto does not: it is done once."""

    def __init__(self) -> None:
        self._done: set[str] = set()
        self._under_way = ""

    def begins(self, params: dict[str, Any]) -> bool:
        """Whether it was done already."""
        self._under_way = json.loads(params["body"])["ClientRequestToken"]
        return self._under_way in self._done

    def succeeded(self) -> None:
        self._done.add(self._under_way)


def _gone_wrong(operation: str, params: dict[str, Any], dice: random.Random) -> Any:
    match operation:
        case "BatchWriteItem" if dice.random() < 0.5:
            return _undone(params)
        case "TransactWriteItems" if dice.random() < 0.5:
            return _refused("TransactionConflictException")
        case "SendMessage" if dice.random() < 0.5:
            return _Answer(200), {"MessageId": "taken, and lost all the same", "ResponseMetadata": {}}
        case _:
            return _refused("ProvisionedThroughputExceededException")


class _Answer:
    def __init__(self, status: int) -> None:
        self.status_code = status
        self.headers: dict[str, str] = {}


def _refused(code: str) -> tuple[_Answer, dict[str, Any]]:
    error = {"Code": code, "Message": code}
    return _Answer(400), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}


def _undone(params: dict[str, Any]) -> tuple[_Answer, dict[str, Any]]:
    """Nothing of the batch is done, and the answer says so."""
    return _Answer(200), {"UnprocessedItems": json.loads(params["body"])["RequestItems"], "ResponseMetadata": {}}
