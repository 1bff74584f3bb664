"""Paging cursors: opaque, authenticated, and good for one list only."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from string import ascii_letters, digits

import pytest

from rolecall import clock
from rolecall.accounts import accounts, history
from rolecall.auth import principals
from rolecall.errors import ValidationFailed
from rolecall.storage import cursors
from rolecall.tenants import users
from tests.integration.conftest import Holder, Tenant, make_account

SCOPE = ("list_users", "1a2b", "role=admin")
POSITION = "zoë@example.com"


def _raw(cursor: str) -> bytes:
    return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def _is_refused(cursor: str, *scope: str) -> bool:
    try:
        cursors.decode(cursor, *scope)
    except ValidationFailed as error:
        told = ("cursor", "must be a next_cursor of this list, with the same filters", None)
        return list(error.fields) == [told]
    return False


def test_a_cursor_leads_back_to_its_position(aws: None) -> None:
    for position in (POSITION, "", "a#b"):
        assert cursors.decode(cursors.encode(position, *SCOPE), *SCOPE) == position


def test_a_cursor_of_any_length_needs_no_escape_in_a_query_and_leads_back(aws: None) -> None:
    for length in range(30):
        cursor = cursors.encode("x" * length, *SCOPE)
        assert set(cursor) <= set(ascii_letters + digits + "-_")
        assert cursors.decode(cursor, *SCOPE) == "x" * length


def test_a_cursor_of_an_earlier_version_is_still_accepted(aws: None) -> None:
    assert cursors.encode(POSITION, *SCOPE) == "jbuoMVG8tgcD6zipGMH7snpvw6tAZXhhbXBsZS5jb20"


def test_a_cursor_tampered_with_at_any_byte_is_refused(aws: None) -> None:
    raw = bytearray(_raw(cursors.encode(POSITION, *SCOPE)))
    for place in range(len(raw)):
        tampered = raw.copy()
        tampered[place] ^= 1
        assert _is_refused(urlsafe_b64encode(tampered).decode().rstrip("="), *SCOPE)


def test_a_cut_or_lengthened_cursor_is_refused(aws: None) -> None:
    raw = _raw(cursors.encode(POSITION, *SCOPE))
    for other in (*(raw[:length] for length in range(len(raw))), raw + b"x", b"x" + raw, raw + raw):
        assert _is_refused(urlsafe_b64encode(other).decode().rstrip("="), *SCOPE)


@pytest.mark.parametrize(
    "scope",
    [
        ("list_users", "9z8y", "role=admin"),  # another tenant
        ("list_users", "1a2b", "role=user"),  # another filter
        ("list_users", "1a2b"),
        ("audit", "1a2b", "role=admin"),  # another list
        ("list_users", "1a2brole=", "admin"),  # the same text, cut elsewhere
        ("list_users1a2b", "role=admin"),
        (),
    ],
)
def test_a_cursor_of_another_list_is_refused(aws: None, scope: tuple[str, ...]) -> None:
    assert _is_refused(cursors.encode(POSITION, *SCOPE), *scope)


@pytest.mark.parametrize("garbage", ["", "A", "AAAA", "=", "====", "***", "ключ", "\ud800", "x" * 100_000, "None", "0"])
def test_garbage_is_refused(aws: None, garbage: str) -> None:
    assert _is_refused(garbage, *SCOPE)


def test_a_cursor_names_no_key_of_the_table(aws: None) -> None:
    raw = _raw(cursors.encode(POSITION, *SCOPE))
    for part in (b"TENANT#", b"gsi", b"1a2b", b"list_users"):
        assert part not in raw


def test_a_cursor_is_good_in_a_later_version_too(acme: Tenant, superadmin: Holder) -> None:
    """The scopes of cursors, written out. A version that changed one would make the cursors of all callers invalid."""
    acme.add("user", "zoe@example.com")
    make_account(email="zora@example.com")
    principal = principals.Principal(principals.PrincipalType.USER, acme.admin.id, tenant_id=acme.id)

    page_of_users = users.list_users(principals.RequestContext(principal, clock.now()), limit=1)
    page_of_accounts = accounts.list_accounts(clock.now(), limit=1)

    assert page_of_users.next_cursor == cursors.encode(acme.admin.email, "list_users", acme.id, "", "", "")
    everyone = ("list_accounts", "None", "None", "None", "")
    assert page_of_accounts.next_cursor == cursors.encode(superadmin.email, *everyone)


def test_a_history_cursor_stays_valid_in_later_versions(superadmin: Holder) -> None:
    target = make_account()
    path = f"/v1/api/superadmin/users/{target.id}"
    assert superadmin.request("PUT", f"{path}/ban", {"reason": "spam"}).status == 200
    [newest] = superadmin.request("GET", f"{path}/history?limit=1").body

    cursor = history.list_account_history(target.id, limit=1).next_cursor

    assert cursor == cursors.encode(newest["id"], "list_account_history", str(target.id))
