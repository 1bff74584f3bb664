"""Shortcuts in moto and in password hashing, so that the tests on moto take half the time.

The shortcuts change no answer of moto. They only leave out work whose result is known. What each test needs is made
with moto's models and not with requests, which take ten times as long.
"""

import copy
import json
from functools import cache
from typing import Any
from urllib.parse import urlparse

import pytest
from argon2 import PasswordHasher
from moto.core import responses, serialize, utils
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.events.models import events_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sqs.models import sqs_backends

from rolecall.auth import passwords

REGION = "eu-west-1"

_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_get_value = serialize.ResponseSerializer.get_value
_serialize = serialize.ResponseSerializer._serialize
_transact = DynamoDBBackend.transact_write_items
_method_names = cache(utils.method_names_from_class)


def make_secret(name: str, value: dict[str, str]) -> str:
    """Make a secret; return its ARN."""
    backend = secretsmanager_backends[DEFAULT_ACCOUNT_ID][REGION]
    made = backend.create_secret(name, json.dumps(value), None, None, None, None, None, [], force_overwrite=False)
    return str(json.loads(made)["ARN"])


def make_queue(name: str) -> str:
    """Make a queue; return its URL."""
    queue = sqs_backends[DEFAULT_ACCOUNT_ID][REGION].create_queue(name)
    return str(queue.url(urlparse(f"https://sqs.{REGION}.amazonaws.com")))


def make_event_bus(name: str) -> str:
    """Make an event bus; return its ARN."""
    return str(events_backends[DEFAULT_ACCOUNT_ID][REGION].create_event_bus(name).arn)


def _get_named_value(self: serialize.ResponseSerializer, value: Any, key: str, shape: Any) -> Any:
    """Read a field by its name in DynamoDB's JSON. moto would try several other names first."""
    if type(value) is dict and self.operation_model.service_model.service_name == "dynamodb":
        return value.get(key)
    return _get_value(self, value, key, shape)


def _serialize_as_stored(self: serialize.ResponseSerializer, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """Return an attribute value as it is stored: it already has DynamoDB's JSON format. moto would rebuild it."""
    if shape.name == "AttributeValue" and type(value) is dict:
        self._default_serialize(serialized, value, shape, key)
    else:
        _serialize(self, serialized, value, shape, key)


def _transact_on_copies(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    """Copy only the items that a transaction writes, for a rollback. moto would copy the whole table for each write."""
    before = []
    for write in transact_items:
        [operation] = write.values()
        if (table := self.tables.get(operation["TableName"])) is not None:
            key = operation.get("Key") or operation["Item"]
            partition, name = table.items[DynamoType(key["pk"])], DynamoType(key["sk"])
            before.append((partition, name, copy.deepcopy(partition.get(name))))
    try:
        _transact(self, transact_items)
    except Exception:
        for partition, name, item in before:
            if item is None:
                partition.pop(name, None)
            else:
                partition[name] = item
        raise


def _all_items(self: Table) -> list[Item]:
    """Return the items in the order of their keys. All keys are strings, so they are compared directly."""
    items = [item for partition in self.items.values() for item in partition.values()]
    return sorted(items, key=lambda item: (item.hash_key.value, item.range_key.value if item.range_key else ""))


def spare_work(monkeypatch: pytest.MonkeyPatch, *, real_passwords: bool) -> None:
    """Install the shortcuts: cheap password hashes, no waits between retries, and faster answers of moto."""
    if not real_passwords:
        monkeypatch.setattr(passwords, "_hasher", lambda: _CHEAP)
        monkeypatch.setattr(passwords, "_HASH_OF_NO_PASSWORD", f"$argon2id$v=19$m=8,t=1,p=1${'A' * 22}${'A' * 43}")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr(responses, "method_names_from_class", _method_names)
    monkeypatch.setattr(serialize.ResponseSerializer, "get_value", _get_named_value)
    monkeypatch.setattr(serialize.ResponseSerializer, "_serialize", _serialize_as_stored)
    monkeypatch.setattr(DynamoDBBackend, "transact_write_items", _transact_on_copies)
    monkeypatch.setattr(Table, "all_items", _all_items)
    monkeypatch.setattr(Table, "__deepcopy__", lambda self, _memo: self, raising=False)
