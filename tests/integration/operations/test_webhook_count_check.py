"""Whose webhooks are counted, and whose are not."""

from contextlib import nullcontext
from typing import Any

import pytest

from rolecall.errors import ConcurrentChange
from rolecall.operations.webhook_count_check import check_webhook_count
from rolecall.storage import dynamodb, keys, reads, writes
from tests.integration.conftest import Tenant

NOBODY = "00c8a4ee-a63b-4452-960b-8157893a026b"


def _number_of_findings(tenant: Tenant, user_id: str) -> int:
    return len(list(check_webhook_count(keys.user(tenant.id, user_id), tenant.id, user_id)))


def test_a_user_who_does_not_exist_has_no_wrong_count(acme: Tenant) -> None:
    assert _number_of_findings(acme, NOBODY) == 0


@pytest.mark.parametrize("deleted", [False, True])
def test_the_count_of_a_user_who_is_being_deleted_is_not_checked(acme: Tenant, deleted: bool) -> None:
    key = keys.user(acme.id, acme.admin.id)
    attributes = {"webhook_count": 3} | ({"deleted_at": "2026-06-15T12:00:00Z"} if deleted else {})
    writes.write(writes.Update(key, set=attributes, when=writes.MUST_EXIST))
    assert _number_of_findings(acme, acme.admin.id) == (0 if deleted else 1)


def test_a_count_that_is_not_stored_reads_as_zero(acme: Tenant) -> None:
    acme.admin.add_webhook(acme.admin.id)
    key = keys.user(acme.id, acme.admin.id)
    writes.write(writes.Update(key, remove=("webhook_count",), when=writes.MUST_EXIST))
    [finding] = check_webhook_count(key, acme.id, acme.admin.id)
    assert (finding.stored_count, finding.correct_count) == (0, 1)


def test_an_owner_that_changes_during_the_check_is_checked_in_a_later_run(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, get, reads_of_owner = keys.user(acme.id, acme.admin.id), reads.get, []
    writes.write(writes.Update(key, set={"webhook_count": 3}, when=writes.MUST_EXIST))

    def get_with_later_change(wanted: keys.Key) -> dynamodb.Item | None:
        item = get(wanted)
        reads_of_owner.append(wanted)
        return item if item is None or len(reads_of_owner) <= 3 else item | {"version": 77}

    monkeypatch.setattr(reads, "get", get_with_later_change)
    assert _number_of_findings(acme, acme.admin.id) == 0
    assert reads_of_owner == [key] * 4


@pytest.mark.parametrize(
    ("change", "repaired"),
    [
        ({"version": 9}, True),
        ({"status": "deleting"}, False),
        ({"deleted_at": "2026-06-15T12:00:00Z"}, False),
        ({"webhook_count": 4}, False),
        (None, False),
    ],
    ids=["another change", "closed", "deleted", "another number", "gone"],
)
def test_a_wrong_count_is_repaired_only_if_no_relevant_attribute_has_changed(
    acme: Tenant, change: dict[str, Any] | None, repaired: bool
) -> None:
    key = keys.tenant(acme.id)
    writes.write(writes.Update(key, set={"webhook_count": 3}, when=writes.MUST_EXIST))
    [finding] = check_webhook_count(key, acme.id, None)
    if change is None:
        writes.write(writes.Delete(key))
    else:
        writes.write(writes.Update(key, set=change, when=writes.MUST_EXIST))

    repair = writes.Update(key, set={"webhook_count": 0}, when=finding.repair_condition)
    with nullcontext() if repaired else pytest.raises(ConcurrentChange):
        writes.write(repair)


def test_the_count_of_a_user_who_was_deleted_meanwhile_is_not_written(acme: Tenant) -> None:
    """A condition on attributes that such a user need not have would hold for no user at all."""
    acme.admin.add_webhook(acme.admin.id)
    key = keys.user(acme.id, acme.admin.id)
    writes.write(writes.Update(key, remove=("webhook_count",), when=writes.MUST_EXIST))
    [finding] = check_webhook_count(key, acme.id, acme.admin.id)
    writes.write(writes.Delete(key))
    with pytest.raises(ConcurrentChange):
        writes.write(writes.Update(key, set={"webhook_count": 1}, when=finding.repair_condition))
