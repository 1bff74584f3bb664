"""Every key has its documented form, and no id can reach into another key."""

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.storage import keys
from rolecall.storage.keys import Key

T, U = "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d", "7c2d1e3f-9a8b-4c10-b2d3-e4f5a6b7c8d9"


@pytest.mark.parametrize(
    ("key", "pk", "sk"),
    [
        (lambda: keys.tenant(T), f"TENANT#{T}", "META"),
        (lambda: keys.user(T, U), f"TENANT#{T}", f"USER#{U}"),
        (lambda: keys.item_of_user(T, U, "DEVICE", "d"), f"TENANT#{T}#USER#{U}", "DEVICE#d"),
        (lambda: keys.item_of_user(T, U, "SESSION", "s"), f"TENANT#{T}#USER#{U}", "SESSION#s"),
        (lambda: keys.api_token("ab12"), "TOKEN#ab12", "META"),
        (lambda: keys.email_reservation("Ada@Example.COM"), "EMAIL#ada@example.com", "META"),
        (lambda: keys.tenant_name_reservation("Straße"), "NAME#strasse", "META"),
        (lambda: keys.username_reservation("Ada"), "USERNAME#ada", "META"),
        (lambda: keys.account(7), "ACCOUNT#7", "META"),
        (lambda: keys.item_of_account(7, "CREDENTIAL", "c"), "ACCOUNT#7", "CREDENTIAL#c"),
        (lambda: keys.item_of_account(7, "SESSION", "s"), "ACCOUNT#7", "SESSION#s"),
        (lambda: keys.login_attempts_item("EMAIL", "ab12"), "ATTEMPTS#EMAIL#ab12", "META"),
        (keys.platform_counters, "PLATFORM", "META"),
        (lambda: keys.idempotency_record_in_tenant(T, "ab12"), f"TENANT#{T}", "REQUEST#ab12"),
        (lambda: keys.idempotency_record_outside_tenant("ab12"), "REQUEST#ab12", "META"),
        (lambda: keys.deletion_job(T), f"DELETION#{T}", "META"),
        (lambda: keys.deletion_slice(T, "3"), f"DELETION#{T}", "SLICE#3"),
        (keys.maintenance_progress, "MAINTENANCE", "META"),
        (lambda: keys.webhook(T, "w"), f"TENANT#{T}", "WEBHOOK#w"),
        (lambda: keys.webhook(T, "w", U), f"TENANT#{T}#USER#{U}", "WEBHOOK#w"),
        (lambda: keys.last_delivery_webhook(T, "w"), f"LAST_DELIVERIES#{T}", "TENANT#WEBHOOK#w"),
        (lambda: keys.last_delivery_webhook(T, "w", U), f"LAST_DELIVERIES#{T}", f"OF_USER#{U}#WEBHOOK#w"),
    ],
)
def test_a_key_has_its_documented_form(key: Callable[[], Key], pk: str, sk: str) -> None:
    """A version that changed a form would find nothing of what an earlier one has stored."""
    assert key() == (pk, sk)


@pytest.mark.parametrize(("sort_key", "is_user"), [(f"USER#{U}", True), ("META", False), ("user#1", False)])
def test_a_users_sort_key_is_recognised(sort_key: str, is_user: bool) -> None:
    assert keys.is_user_sort_key(sort_key) is is_user


@pytest.mark.parametrize(
    "other", ["ACME Corp", "Acme\u00a0Corp", "Acme  Corp", "Ac\u200bme Corp", "Ac\xadme Corp", "\uff21cme Corp"]
)
def test_names_that_look_the_same_have_one_key(other: str) -> None:
    assert keys.tenant_name_reservation(other) == keys.tenant_name_reservation("Acme Corp")


def test_names_that_look_different_have_keys_of_their_own() -> None:
    assert len({keys.tenant_name_reservation(name) for name in ("Acme", "Ac me", "Acmé", "Acme!", "\u0410cme")}) == 5


def test_a_stored_response_is_recognised() -> None:
    assert keys.is_idempotency_record_outside_tenant(keys.idempotency_record_outside_tenant("ab12").pk)
    assert not keys.is_idempotency_record_outside_tenant(keys.email_reservation("ada@example.com").pk)


def test_the_counter_of_refusals_lies_beside_the_trail() -> None:
    assert keys.refusal_counter(T, 1781524800, U, "promote_user") == (
        f"AUDIT#{T}#REFUSALS",
        f"1781524800#{U}#promote_user",
    )
    # At midnight, a minute and a day begin with the same second.
    same_second = (T, 1781481600, U)
    assert keys.refusal_counter_of_day(*same_second, "delete_user") == (
        f"AUDIT#{T}#REFUSALS",
        f"1781481600#{U}#delete_user#DAY",
    )
    assert keys.refusal_entries_of_day(*same_second) == (f"AUDIT#{T}#REFUSALS", f"1781481600#{U}#ENTRIES")
    assert keys.refusal_counter(*same_second, "delete_user").sk == f"1781481600#{U}#delete_user"


def test_audit_entries_lie_outside_the_tenants_partitions() -> None:
    assert keys.audit_entry(T, "0197") == (f"AUDIT#{T}", "0197")
    assert keys.audit_entry(keys.PLATFORM, "0197") == ("AUDIT#PLATFORM", "0197")


def test_what_belongs_to_a_user_lies_in_a_partition_of_its_own() -> None:
    assert keys.item_of_user(T, U, "DEVICE", "d").pk == keys.user_partition(T, U) != keys.tenant_partition(T)


@given(st.uuids())
def test_a_uuid_is_recognised_in_its_hyphenated_form_in_either_case(uuid: UUID) -> None:
    assert keys.canonical_uuid(str(uuid)) == keys.canonical_uuid(str(uuid).upper()) == str(uuid)


@given(st.text())
def test_no_other_text_is_a_uuid(text: str) -> None:
    assert keys.canonical_uuid(text) is None


@pytest.mark.parametrize(
    "spelling",
    [
        lambda uuid: uuid.replace("-", ""),
        lambda uuid: "{" + uuid + "}",
        lambda uuid: "urn:uuid:" + uuid,
        lambda uuid: " " + uuid,
        lambda uuid: uuid + "\n",
        lambda uuid: uuid[:-1],
        lambda uuid: uuid + "0",
        lambda uuid: uuid.replace("5e6f-", "5e6-f"),
        lambda uuid: uuid.replace("1a2b", "1a_b"),
        lambda uuid: uuid.replace("1", "\uff11"),  # noqa: RUF100 (a full-width one, which int() takes for a 1)
        lambda uuid: uuid + "#USER#" + U,
        lambda uuid: uuid[:-1] + "#",
        lambda uuid: "",
    ],
)
def test_no_other_spelling_of_a_uuid_passes(spelling: Callable[[str], str]) -> None:
    assert keys.canonical_uuid(spelling(T)) is None
