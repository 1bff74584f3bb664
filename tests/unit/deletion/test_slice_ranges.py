"""Each sort key of a tenant's partition lies in one slice, and a receipt counts each item under its type."""

import pytest

from rolecall.deletion import owned_keys, slice_ranges, slices
from rolecall.storage import keys
from rolecall.storage.keys import Key

T, U = "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d", "7c2d1e3f-9a8b-4c10-b2d3-e4f5a6b7c8d9"


@pytest.mark.parametrize(
    ("sort_key", "slice_name"),
    [
        *((f"USER#{digit}{U[1:]}", digit) for digit in "0123456789abcdef"),
        *((sort_key, "tenant") for sort_key in ("META", "REQUEST#a", "USER", "USER#", "USER#g", "WEBHOOK#1", "\x01")),
    ],
)
def test_a_sort_key_lies_in_exactly_one_slice(sort_key: str, slice_name: str) -> None:
    assert slice_ranges.slice_of_sort_key(sort_key) == slice_name
    covering = [
        name
        for name in slice_ranges.SLICES
        if any(low <= sort_key < high for low, high in slice_ranges.sort_key_ranges_of_slice(name))
    ]
    assert covering == [slice_name]


@pytest.mark.parametrize(
    ("pk", "reusable"), [("EMAIL#ada@example.com", True), ("USERNAME#ada", True), ("TOKEN#ab12", False)]
)
def test_only_a_random_key_can_never_be_taken_by_another_owner(pk: str, reusable: bool) -> None:
    assert owned_keys.can_be_taken_by_another_owner(pk) is reusable


@pytest.mark.parametrize(
    ("key", "category"),
    [
        (keys.tenant(T), "tenants"),
        (keys.user(T, U), "users"),
        (keys.item_of_user(T, U, "DEVICE", "d"), "devices"),
        (keys.item_of_user(T, U, "SESSION", "s"), "sessions"),
        (keys.item_of_user(T, U, "SPENT", "ab12"), "used_refresh_tokens"),
        (Key(keys.tenant_partition(T), "GADGET#1#2"), "gadgets"),
        (keys.api_token("ab12"), "tokens"),
        (keys.email_reservation("ada@example.com"), "emails"),
        (keys.tenant_name_reservation("Acme"), "names"),
        (keys.item_of_account(7, "CREDENTIAL", "c"), "credentials"),
        (keys.idempotency_record_in_tenant(T, "ab12"), "requests"),
        (keys.idempotency_record_outside_tenant("ab12"), "requests"),
    ],
)
def test_a_receipt_counts_an_item_under_its_type(key: Key, category: str) -> None:
    assert slices.receipt_category(key) == category
