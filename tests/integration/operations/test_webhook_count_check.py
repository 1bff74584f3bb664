"""Whose webhooks are counted, and whose are not."""

import pytest

from rolecall.operations.webhook_count_check import check_webhook_count
from rolecall.storage import keys, writes
from tests.integration.conftest import Tenant

NOBODY = "00c8a4ee-a63b-4452-960b-8157893a026b"


def _number_of_findings(tenant: Tenant, user_id: str) -> int:
    return len(list(check_webhook_count(keys.user(tenant.id, user_id), tenant.id, user_id)))


def test_a_user_who_does_not_exist_has_no_wrong_count(acme: Tenant) -> None:
    assert _number_of_findings(acme, NOBODY) == 0


@pytest.mark.parametrize("deleted", [False, True])
def test_the_count_of_a_user_who_is_being_deleted_is_not_looked_at(acme: Tenant, deleted: bool) -> None:
    key = keys.user(acme.id, acme.admin.id)
    attributes = {"webhook_count": 3} | ({"deleted_at": "2026-06-15T12:00:00Z"} if deleted else {})
    writes.write(writes.Update(key, set=attributes, when=writes.MUST_EXIST))
    assert _number_of_findings(acme, acme.admin.id) == (0 if deleted else 1)
