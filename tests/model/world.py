"""The real system as the model test drives it: requests, a clock that is moved, and snapshots of the table.

After each step, the table is read directly from moto's memory into a snapshot. Changes are found by comparing it with
the snapshot before. The check of the invariants reads the snapshot too, instead of calling moto for each item.
"""

import copy
import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import chain
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from aws_lambda_powertools.utilities.idempotency.persistence import base, datarecord
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from rolecall import clock, deadline
from rolecall.auth.principals import Principal, RequestContext
from rolecall.errors import RolecallError
from rolecall.operations import admin_counts, audit_coverage, invariants, maintenance, role_end_invariants
from rolecall.storage import dynamodb, expressions, keys, reads, writes
from rolecall.storage.indexes import IndexPartition
from rolecall.storage.keys import Key
from tests import dialects, gateway
from tests.gateway import Response
from tests.integration.conftest import waiting_messages
from tests.model import contract
from tests.model.contract import Answer, Caller, Entry, Model, Tenant

#: The partitions that a refused request may write: audit entries, and counts of failed logins.
_OF_A_REFUSAL = ("AUDIT#", "ATTEMPTS#")
_TRAIL = frozenset({"action", "outcome", "before", "after", "reason", "timestamp", "ip", "target"})


class Clock:
    """A clock that moves only one millisecond each time that it is read, so that all entries have an order."""

    def __init__(self, at: int) -> None:
        self.at = at
        self._readings = 0

    def now(self) -> dt.datetime:
        self._readings += 1
        return dt.datetime.fromtimestamp(self.at, dt.UTC) + dt.timedelta(milliseconds=self._readings - 1)

    def forward(self, seconds: int) -> None:
        self.at += seconds
        self._readings = 0


class Snapshot:
    """A snapshot of the table. It replaces the storage for the check of the invariants."""

    MUST_EXIST = writes.MUST_EXIST

    def __init__(self) -> None:
        self.items: dict[Key, dynamodb.Item] = {}
        self._seen: dict[Key, Item] = {}
        self._partitions: dict[str, list[Key]] = {}
        #: The items that changed since the snapshot before, as they were then.
        self.before: dict[Key, dynamodb.Item | None] = {}

    def refresh(self) -> list[Key]:
        """Take a new snapshot; return the keys of the new, changed and deleted items.

        A used account id is no change.
        """
        seen = {
            Key(partition.value, sort_key.value): item
            for partition, items in _table().items.items()
            for sort_key, item in items.items()
        }
        changed = [key for key in seen.keys() | self._seen.keys() if seen.get(key) is not self._seen.get(key)]
        before = self.before = {key: self.items.get(key) for key in changed}
        for key in changed:
            if key in seen:
                self.items[key] = expressions.deserialize_item(seen[key].to_json()["Attributes"])
            else:
                self.items.pop(key, None)
        # An item that was replaced by an equal item has not changed.
        changed = sorted(
            key for key in changed if _without_numbers(self.items.get(key)) != _without_numbers(before[key])
        )
        self._seen = seen
        self._partitions = {}
        for key in sorted(self.items):
            self._partitions.setdefault(key.pk, []).append(key)
        return changed

    def of(self, pk: str) -> list[dynamodb.Item]:
        return [self.items[key] for key in self._partitions.get(pk, ())]

    def beginning(self, *prefixes: str) -> list[Key]:
        return [key for key in self.items if key.pk.startswith(prefixes)]

    def get(self, key: Key) -> dynamodb.Item | None:
        return self.items.get(key)

    def get_many(self, *keys: Key) -> list[dynamodb.Item | None]:
        return [self.items.get(key) for key in keys]

    def query_partition(self, pk: str, *, after: str = "", limit: int = 0) -> reads.Page:
        return reads.Page([item for item in self.of(pk) if item["sk"] > after], more=False)

    def query_index(self, partition: IndexPartition, *, after: str | None = None, limit: int = 0) -> reads.Page:
        index, pk = f"{partition.index_name}pk", partition.pk
        found = [item for item in self.items.values() if item.get(index) == pk]
        return reads.Page([item for item in found if item[f"{partition.index_name}sk"] > (after or "")], more=False)

    def time_left(self) -> float:
        return 60.0


def _without_numbers(item: dynamodb.Item | None) -> dynamodb.Item:
    return {name: value for name, value in (item or {}).items() if name != "last_account_id"}


def _table() -> Table:
    return dynamodb_backends["123456789012"]["eu-west-1"].tables["rolecall"]


class World:
    """The real system, which starts empty, and the model of it."""

    def __init__(self, clock_: Clock, master_token: str) -> None:
        self.clock = clock_
        _table().items.clear()
        waiting_messages()
        self.model = Model(clock_.at, master_token)
        self.snapshot = Snapshot()
        self.snapshot.refresh()
        self._compared: dict[str, int] = {}

    def forward(self, seconds: int) -> None:
        self.clock.forward(seconds)
        self.model.move_to(self.clock.at)

    def request(  # noqa: PLR0913 (a request has that many parts)
        self,
        method: str,
        path: str,
        expected: Answer,
        *,
        credential: str | None = None,
        principal: dict[str, str] | None = None,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str | None] | None = None,
        seconds: float = 20.0,
        caller: Caller | None = None,
        user_agent: str | None = None,
    ) -> Response:
        """Send a request; compare the answer and the table with the model."""
        text = "&".join(f"{name}={value}" for name, value in (query or {}).items())
        answer = gateway.request(
            method,
            f"{path}?{text}" if text else path,
            credential,
            body,
            headers={name: value for name, value in (headers or {}).items() if value is not None},
            principal=principal,
            seconds=seconds,
            user_agent=user_agent,
        )
        compare(path, answer, expected)
        self.check(expected, caller.tenant if caller else None, anyone=caller is None or caller.tenant is None)
        return answer

    def act(
        self, expected: Answer, principal: dict[str, str] | None, caller: Caller, act: Callable[[RequestContext], Any]
    ) -> None:
        """Call a function of the layer for a caller; compare the result and the table with the model."""
        found = Principal.from_authorizer_context(principal or {})
        assert found is not None
        deadline.set_time_left(20.0)
        at = clock.now()
        result: Any = None
        status, code = 200, ""
        try:
            result = act(RequestContext(found.at(at), at, "a-request", contract.IP))
        except RolecallError as error:
            status, code = error.status, error.code
        if expected is contract.CLOSED:
            assert status < 500, code
        else:
            assert (status, code) == (expected.status, expected.code), f"{status} {code}, not {expected}"
            assert status != 200 or expected.body == result, f"{result}, not {expected}"
            if status == 200:
                expected.learn(result, {})
        self.check(expected, caller.tenant, anyone=False)

    def check(self, expected: Answer, tenant: Tenant | None = None, *, anyone: bool = True) -> None:
        """Check that the table is as the model says, and that all invariants hold."""
        changed = self.snapshot.refresh()
        if not expected.changes:
            told = [key for key in changed if not key.pk.startswith(_OF_A_REFUSAL) and not self._has_expired(key)]
            assert told == [], f"a refusal changed something: {told}"
        if not anyone:
            assert _changes_in_other_tenants(changed, tenant) == [], "something of another tenant changed"
        self._check_trails()
        self._check_reasons()
        self._check_lookups()
        self._check_secrets(changed)
        self._check_invariants()
        self._check_deleted_tenants()

    def _has_expired(self, key: Key) -> bool:
        """Whether an expired idempotency record was replaced by a new one with the same key."""
        before = self.snapshot.before[key]
        return (
            before is not None
            and key not in self.snapshot.items
            and before.get("expires_at", self.clock.at + 1) <= (self.clock.at)
        )

    def _check_trails(self) -> None:
        trails = {f"AUDIT#{tenant.id}": tenant.trail for tenant in self.model.tenants}
        trails["AUDIT#PLATFORM"] = self.model.trail
        of = {key.pk.removesuffix("#REFUSALS") for key in self.snapshot.beginning("AUDIT#")}
        assert of <= trails.keys(), "an audit trail of nobody"
        for pk, trail in trails.items():
            known = self._compared.get(pk, 0)
            items = self.snapshot.of(pk)
            assert len(items) == len(trail), f"{len(items)} audit entries, not {len(trail)}: {_actions(items[known:])}"
            for item, entry in zip(items[known:], trail[known:], strict=True):
                _compare_entry(item, entry)
            self._compared[pk] = len(trail)

    def compare_trails_of_deleted_tenants_again(self) -> None:
        """Make the next check compare all their entries again, because maintenance has replaced emails in them."""
        for tenant in self.model.tenants:
            if tenant.status == "deleted":
                self._compared.pop(f"AUDIT#{tenant.id}", None)

    def _check_reasons(self) -> None:
        """A user has the reason of its last change: the role event is made of it."""
        for tenant in self.model.tenants:
            for user in tenant.users if tenant.status in {"active", "scheduled"} else ():
                reason = self.snapshot.items[keys.user(tenant.id, user.id)].get("change_reason")
                assert reason == user.reason, f"the reason of another change: {reason}, not {user.reason}"

    def _check_lookups(self) -> None:
        """Check that tokens and reservations exist exactly for the existing users, accounts and tenants."""
        # A tenant that is being deleted keeps its tokens and reservations until the sweep.
        users = [user for one in self.model.tenants if one.status != "deleted" for user in one.users]
        emails = [user.email for user in users] + [account.email for account in self.model.accounts]
        usernames = {account.profile["username"].lower() for account in self.model.accounts}
        addresses = {email.lower() for email in emails} | {name for name in usernames if "@" in name}
        names = [one.name for one in self.model.tenants if one.status in {"active", "scheduled"}]
        superadmins = sum(account.counts for account in self.model.accounts)
        assert self.snapshot.items[keys.platform_counters()]["enabled_superadmins"] == superadmins, (
            "a wrong count of superadmins"
        )
        with_token = [user for user in users if user.token]
        assert len(self.snapshot.beginning("TOKEN#")) == len(with_token), "a token too many or too few"
        assert {key.pk for key in self.snapshot.beginning("EMAIL#")} == {f"EMAIL#{address}" for address in addresses}
        reserved = {f"USERNAME#{name}" for name in usernames if "@" not in name}
        assert {key.pk for key in self.snapshot.beginning("USERNAME#")} == reserved
        assert {key.pk for key in self.snapshot.beginning("NAME#")} == {f"NAME#{name.casefold()}" for name in names}

    def _check_secrets(self, changed: Iterable[Key]) -> None:
        for key in changed:
            text = json.dumps(self.snapshot.items.get(key), default=str)
            assert not [secret for secret in self.model.secrets if secret in text], f"a secret in clear in {key}"

    def _check_invariants(self) -> None:
        with (
            patch.object(invariants, "reads", self.snapshot),
            patch.object(admin_counts, "reads", self.snapshot),
            patch.object(audit_coverage, "reads", self.snapshot),
            # Maintenance may be far away here.
            patch.object(role_end_invariants, "_MOST_MINUTES_UNWRITTEN", dt.timedelta(days=3650)),
        ):
            findings = list(chain.from_iterable(map(invariants.check_item, self.snapshot.items.values())))
        assert findings == [], f"{findings}"

    def _check_deleted_tenants(self) -> None:
        gone = {tenant.id for tenant in self.model.tenants if tenant.status == "deleted"}
        left = [
            key
            for key, item in self.snapshot.items.items()
            if (set(key.pk.split("#")) | {item.get("tenant_id")}) & gone
            # The copies of webhooks serve the last events, and expire.
            and not key.pk.startswith(("AUDIT#", "DELETION#", "LAST_DELIVERIES#"))
        ]
        assert left == [], "something of a deleted tenant is left"

    def remove_expired(self) -> None:
        """Delete the expired items, as DynamoDB does some hours after their expiry."""
        for items in _table().items.values():
            for sort_key, item in list(items.items()):
                if "expires_at" in item.attrs and int(item.attrs["expires_at"].value) <= self.clock.at:
                    del items[sort_key]
        self.snapshot.refresh()


def _changes_in_other_tenants(changed: Iterable[Key], tenant: Tenant | None) -> list[Key]:
    own = tenant.id if tenant else ""
    return [
        key
        for key in changed
        if key.pk.startswith(("TENANT#", "AUDIT#", "DELETION#", "LAST_DELIVERIES#")) and key.pk.split("#")[1] != own
    ]


def _actions(items: Iterable[dynamodb.Item]) -> list[str]:
    return [item["action"] for item in items]


def _compare_entry(item: dynamodb.Item, entry: Entry) -> None:
    actor = {name: item["actor"].get(name) for name in ("type", "id", "email")}
    found = {name: item.get(name) for name in _TRAIL} | {"actor": actor}
    expected = {name: value for name, value in entry.shown.items() if name in found}
    assert expected == found, f"audit entry {found}, not {expected}"


def compare(path: str, answer: Response, expected: Answer) -> None:
    """Compare an answer with the model's. Raises `AssertionError` if they differ."""
    said = f"{answer.status} {answer.text}"
    if expected is contract.CLOSED:
        assert answer.status < 500, said
        return
    assert answer.status == expected.status, f"{said}, not {expected.status} {expected.code or expected.body}"
    if not answer.headers:
        return  # the gateway's own 401
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Request-Id"] == contract.UUID
    for name, value in expected.headers.items():
        assert answer.headers.get(name) == value, f"{name}: {answer.headers.get(name)}, not {value}"
    if answer.status == 204:
        assert answer.text == ""
        return
    body = json.loads(answer.text, parse_float=Decimal)
    if expected.code:
        assert answer.code == expected.code, f"{said}, not {expected.code}"
        schema = dialects.PLATFORM if path.startswith("/v1/api/") else dialects.TENANT
        dialects.assert_valid(body, schema)
    else:
        assert expected.body == body, f"answered {body}\nnot      {expected.body}"
        expected.learn(body, answer.headers)


_update_item = DynamoDBBackend.update_item


def _update_of_a_copy(self: DynamoDBBackend, table_name: str, key: dict[str, Any], *rest: Any, **named: Any) -> Item:
    """Update a copy of the item. moto would change the item itself, and the snapshot before would change with it."""
    partition, name = _table().items[DynamoType(key["pk"])], DynamoType(key["sk"])
    if name in partition:
        partition[name] = copy.deepcopy(partition[name])
    return _update_item(self, table_name, key, *rest, **named)


def prepare(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Install a clock that all code reads, Powertools too, and shortcuts that make a step fast; return the clock."""
    stopped = Clock(int(dt.datetime(2026, 6, 15, 12, tzinfo=dt.UTC).timestamp()))
    monkeypatch.setattr(clock, "now", stopped.now)
    # Powertools reads the local time, without a time zone.
    powertools = SimpleNamespace(
        datetime=SimpleNamespace(now=lambda: dt.datetime.fromtimestamp(stopped.at)),  # noqa: DTZ006
        timedelta=dt.timedelta,
    )
    monkeypatch.setattr(base, "dt", powertools)
    monkeypatch.setattr(datarecord, "dt", powertools)
    # Maintenance does not check the invariants here, because each step of the machine checks the whole table anyway.
    monkeypatch.setattr(invariants, "PAGE", 5)
    monkeypatch.setattr(maintenance, "_PAGES_CHECKED", 1)
    monkeypatch.setattr(DynamoDBBackend, "update_item", _update_of_a_copy)
    return stopped
