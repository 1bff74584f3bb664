"""Releasing owned keys: only what still belongs to the owner is deleted, and a stored response is emptied."""

from typing import Any

import pytest

from rolecall.deletion import owned_keys
from rolecall.deletion.owned_keys import Owner
from rolecall.storage import keys, reads, writes
from tests.integration.deletion.deletions import put

pytestmark = pytest.mark.usefixtures("aws")

ADA, TENANT = Owner("t", "ada"), Owner("t")
EMAIL = keys.email_reservation("ada@example.com")
RECORD = keys.idempotency_record_outside_tenant("ff")


@pytest.mark.parametrize(
    ("item", "adas", "tenants"),
    [
        ({"tenant_id": "t", "user_id": "ada"}, True, False),
        ({"tenant_id": "t", "user_id": "bo"}, False, False),
        ({"tenant_id": "t"}, True, True),
        ({"tenant_id": "u", "user_id": "ada"}, False, False),
        ({"tenant_id": "u"}, False, False),
        ({"user_id": "ada"}, False, False),
        ({"account_id": 7}, False, False),
        ({"n": 1}, False, False),
    ],
    ids=str,
)
def test_an_item_belongs_to_the_user_or_the_tenant_that_it_names(
    item: dict[str, Any], adas: bool, tenants: bool
) -> None:
    for owner, owns in ((ADA, adas), (TENANT, tenants)):
        put(EMAIL, **item)
        stored = reads.get(EMAIL) or {}
        assert owner.owns(stored) is owns
        assert (owned_keys.prepare_release_if_owned(owner, stored) is not None) is owns
        # DynamoDB's condition says the same.
        owned_keys.release_if_still_owned(
            writes.Delete(EMAIL, when=owner.owns_condition, on_condition_failure=_another)
        )
        assert (reads.get(EMAIL) is None) is owns


def _another(_found: object) -> owned_keys._OwnedByAnother:
    return owned_keys._OwnedByAnother()


def test_the_items_that_are_still_owned_are_deleted_and_no_other_ones() -> None:
    token, taken = keys.api_token("ff"), keys.email_reservation("taken@example.com")
    put(EMAIL, tenant_id="t", user_id="ada")
    put(token, tenant_id="t", user_id="ada")
    put(taken, tenant_id="t", user_id="bo")

    owned_keys.release_items_still_owned(ADA, [EMAIL.pk, token.pk, taken.pk, token.pk, "EMAIL#gone"])

    assert (reads.get(EMAIL), reads.get(token)) == (None, None)
    assert (reads.get(taken) or {})["user_id"] == "bo"


def test_a_stored_response_is_emptied_and_keeps_its_place() -> None:
    rest = {"request_hash": "hash", "expires_at": 5}
    put(RECORD, status="COMPLETED", answer="{}", tenant_id="t", user_id="ada", **rest)

    owned_keys.release_items_still_owned(ADA, [RECORD.pk])

    assert reads.get(RECORD) == {"pk": RECORD.pk, "sk": RECORD.sk, "status": keys.RESULT_DELETED, **rest}


@pytest.mark.parametrize("key", [EMAIL, RECORD], ids=["reservation", "stored response"])
def test_an_item_that_is_taken_over_after_it_was_read_is_not_deleted(key: keys.Key) -> None:
    put(key, tenant_id="t", user_id="ada", answer="{}")
    release = owned_keys.prepare_release_if_owned(ADA, reads.get(key) or {})
    assert release
    put(key, tenant_id="u", user_id="bo", answer="{}")

    owned_keys.release_if_still_owned(release)

    assert (reads.get(key) or {})["tenant_id"] == "u"


def test_releasing_no_keys_changes_nothing() -> None:
    owned_keys.release_items_still_owned(ADA, [])


def test_only_a_token_can_never_belong_to_another_owner() -> None:
    owned = {"TOKEN#ff": False, "EMAIL#a@example.com": True, "NAME#acme": True, "REQUEST#ff": True}
    assert {pk: owned_keys.can_be_taken_by_another_owner(pk) for pk in owned} == owned
