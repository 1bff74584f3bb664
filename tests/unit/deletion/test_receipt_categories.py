"""The names under which a receipt counts the items of each type."""

import pytest

from rolecall.deletion.slices import receipt_category
from rolecall.storage.keys import META, Key


@pytest.mark.parametrize(
    ("key", "category"),
    [
        (Key("TENANT#1", "USER#2"), "users"),
        (Key("TENANT#1", META), "tenants"),
        (Key("TOKEN#1", META), "tokens"),
        (Key("TENANT#1#USER#2", "DEVICE#3"), "devices"),
        (Key("TENANT#1#USER#2", "SESSION#3#4"), "sessions"),
        (Key("TENANT#1#USER#2", "SPENT#3#4"), "used_refresh_tokens"),
        (Key("TENANT#1", "GADGET"), "gadgets"),
    ],
)
def test_items_are_counted_under_the_name_of_their_type(key: Key, category: str) -> None:
    assert receipt_category(key) == category
