"""Every partition of the indexes has its form. A version that changed a form would not find what is stored."""

from collections.abc import Callable

import pytest

from rolecall.storage import indexes
from rolecall.storage.indexes import IndexPartition

T, U = "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d", "7c2d1e3f-9a8b-4c10-b2d3-e4f5a6b7c8d9"


@pytest.mark.parametrize(
    ("partition", "index", "pk"),
    [
        (lambda: indexes.users_by_email(T), "gsi1", f"TENANT#{T}#USERS"),
        (lambda: indexes.users_by_role_and_state(T, "admin", True), "gsi2", f"TENANT#{T}#USERS#admin#active"),
        (lambda: indexes.users_by_role_and_state(T, "user", False), "gsi2", f"TENANT#{T}#USERS#user#inactive"),
        (
            lambda: indexes.users_by_role_and_state(T, "admin", True, temporary=True),
            "gsi2",
            f"TENANT#{T}#USERS#admin#temporary#active",
        ),
        (lambda: indexes.users_by_external_id(T, "00uAda"), "gsi2", f"TENANT#{T}#EXTERNAL_ID#00uAda"),
        (lambda: indexes.webhooks_of_tenant(T), "gsi1", f"TENANT#{T}#WEBHOOKS"),
        (lambda: indexes.role_ends_of_tenant(T), "gsi3", f"TENANT#{T}#ROLE_ENDS"),
        (lambda: indexes.tenant_of_user(U), "gsi1", f"USER#{U}"),
        (lambda: indexes.audit_by_target(T, "user", U), "gsi1", f"AUDIT#{T}#user#{U}"),
        (
            lambda: indexes.accounts_by_role_and_state("ROLE_ADMIN", enabled=True, banned=False),
            "gsi2",
            "ACCOUNTS#ROLE_ADMIN#enabled#free",
        ),
        (
            lambda: indexes.accounts_by_role_and_state("ROLE_ADMIN", enabled=False, banned=True),
            "gsi2",
            "ACCOUNTS#ROLE_ADMIN#disabled#banned",
        ),
        (
            lambda: indexes.accounts_by_role_and_state("ROLE_ADMIN", enabled=True, banned=False, temporary=True),
            "gsi2",
            "ACCOUNTS#ROLE_ADMIN#temporary#enabled#free",
        ),
        (lambda: indexes.PENDING_DELETIONS, "gsi1", "DELETIONS#OPEN"),
        (lambda: indexes.SCHEDULED_DELETIONS, "gsi2", "DELETIONS#SCHEDULED"),
        (lambda: indexes.PENDING_USER_DELETIONS, "gsi1", "USER_DELETIONS#OPEN"),
        (lambda: indexes.TENANTS_BY_NAME, "gsi1", "TENANTS"),
        (lambda: indexes.SCHEDULED_TENANTS_BY_NAME, "gsi1", "TENANTS#SCHEDULED"),
        (lambda: indexes.DELETING_TENANTS_BY_NAME, "gsi2", "TENANTS#DELETING"),
        (lambda: indexes.UNREDACTED_AUDITS, "gsi2", "AUDITS#UNREDACTED"),
        (lambda: indexes.ACCOUNTS_BY_EMAIL, "gsi1", "ACCOUNTS"),
        (lambda: indexes.LAST_DELIVERIES, "gsi1", "LAST_DELIVERIES"),
        (lambda: indexes.ROLE_ENDS_OF_ACCOUNTS, "gsi3", "ACCOUNTS#ROLE_ENDS"),
        (lambda: indexes.ROLE_ENDS, "gsi4", "ROLE_ENDS"),
    ],
)
def test_a_partition_of_an_index_has_its_form(partition: Callable[[], IndexPartition], index: str, pk: str) -> None:
    assert partition() == (index, pk)
    assert partition().index_attributes("sort") == {f"{index}pk": pk, f"{index}sk": "sort"}


def test_the_sort_key_of_a_tenant_that_is_being_deleted_has_room_for_every_name() -> None:
    assert indexes.deleting_tenant_sort_key("Acme", T) == f"acme\0{T}"
    # The limit of 900 bytes lies within a character of two bytes, which is left out.
    assert indexes.deleting_tenant_sort_key("a" + "é" * 460, T) == f"a{'é' * 449}\0{T}"


def test_a_sort_key_that_orders_by_time_has_ten_digits() -> None:
    assert indexes.role_end_sort_key(1781524800, U) == f"1781524800#{U}"
    assert indexes.last_delivery_sort_key(1781524800, "w") == "1781524800#w"
    # A number with fewer digits would come after one with more.
    assert indexes.role_end_sort_key(7, U) == f"0000000007#{U}"
    assert indexes.last_delivery_sort_key(7, "w") == "0000000007#w"


def test_the_roles_that_end_up_to_a_second_are_those_up_to_one_sort_key() -> None:
    bound = indexes.highest_role_end_sort_key(7)
    assert bound == "0000000008"
    assert indexes.role_end_sort_key(7, "\U0010ffff") < bound < indexes.role_end_sort_key(8, "")
