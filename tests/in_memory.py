"""What moto is spared, so that the tests on an AWS in memory take half the time.

Nothing here changes an answer: it leaves out work whose outcome is known.
"""

from typing import Any

import pytest
from argon2 import PasswordHasher
from moto.core import serialize

from rolecall import passwords

_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_guessing = serialize.ResponseSerializer.get_value


def _get_value(self: serialize.ResponseSerializer, value: Any, key: str, shape: Any) -> Any:
    """moto looks for a field under all the names that it may have; in a dict of DynamoDB's it has the wire's."""
    if type(value) is dict and self.operation_model.service_model.service_name == "dynamodb":
        return value.get(key)
    return _guessing(self, value, key, shape)


def spare_work(monkeypatch: pytest.MonkeyPatch, *, real_passwords: bool) -> None:
    """Cheap passwords, no waits between attempts (how often is tried stays), answers of moto without guesses."""
    if not real_passwords:
        monkeypatch.setattr(passwords, "_hasher", lambda: _CHEAP)
        monkeypatch.setattr(passwords, "_NOBODYS_HASH", f"$argon2id$v=19$m=8,t=1,p=1${'A' * 22}${'A' * 43}")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr(serialize.ResponseSerializer, "get_value", _get_value)
