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
    ],
)
def test_a_partition_of_an_index_has_its_form(partition: Callable[[], IndexPartition], index: str, pk: str) -> None:
    assert partition() == (index, pk)
    assert partition().index_attributes("sort") == {f"{index}pk": pk, f"{index}sk": "sort"}


def test_the_sort_key_of_a_tenant_that_is_being_deleted_has_room_for_every_name() -> None:
    assert indexes.deleting_tenant_sort_key("Acme", T) == f"acme\0{T}"
    # The limit of 900 bytes lies within a character of two bytes, which is left out.
    assert indexes.deleting_tenant_sort_key("a" + "é" * 460, T) == f"a{'é' * 449}\0{T}"
