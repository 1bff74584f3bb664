"""Shortcuts in moto and in password hashing, so that the tests on moto take half the time.

The shortcuts change no answer of moto. They only leave out work whose result is known.
"""

import copy
from typing import Any

import pytest
from argon2 import PasswordHasher
from moto.core import serialize
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from rolecall.auth import passwords

_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_get_value = serialize.ResponseSerializer.get_value
_serialize = serialize.ResponseSerializer._serialize
_transact = DynamoDBBackend.transact_write_items


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
    monkeypatch.setattr(serialize.ResponseSerializer, "get_value", _get_named_value)
    monkeypatch.setattr(serialize.ResponseSerializer, "_serialize", _serialize_as_stored)
    monkeypatch.setattr(DynamoDBBackend, "transact_write_items", _transact_on_copies)
    monkeypatch.setattr(Table, "all_items", _all_items)
    monkeypatch.setattr(Table, "__deepcopy__", lambda self, _memo: self, raising=False)
