"""GET /users."""

from typing import Any

import pytest

from rolecall.storage import keys, writes
from tests import gateway
from tests.integration.conftest import MASTER_TOKEN, Tenant


def _pages(tenant: Tenant, limit: int) -> list[list[str]]:
    """The emails on each page, following the cursors."""
    pages, cursor = [], ""
    while True:
        answer = tenant.admin.request("GET", f"/users?limit={limit}{cursor}")
        assert answer.status == 200
        pages.append([user["email"] for user in answer.body["users"]])
        if "next_cursor" not in answer.body:
            return pages
        cursor = f"&cursor={answer.body['next_cursor']}"


def _first_cursor(tenant: Tenant) -> str:
    return str(tenant.admin.request("GET", "/users?limit=1").body["next_cursor"])


def test_a_user_is_listed_with_a_masked_token(acme: Tenant) -> None:
    answer = acme.admin.request("GET", "/users")

    (user,) = answer.body["users"]
    assert answer.body == {"success": True, "users": [user]}
    assert user == {
        "id": acme.admin.id,
        "tenant_id": acme.id,
        "email": acme.admin.email,
        "role": "admin",
        "token": "********-****-****-****-********" + acme.admin.token[-4:],
        "active": True,
        "created_at": user["created_at"],
        "updated_at": user["created_at"],
    }


def test_users_are_ordered_by_email_without_case_and_every_one_is_on_one_page(acme: Tenant, globex: Tenant) -> None:
    for name in ("bob", "Ada", "zoe", "Carl"):
        acme.add("user", f"{name}@example.com")
    globex.add("user")
    ordered = ["Ada@example.com", "bob@example.com", "Carl@example.com", acme.admin.email, "zoe@example.com"]

    assert _pages(acme, 1000) == [ordered]
    assert _pages(acme, 5) == [ordered]
    assert _pages(acme, 2) == [ordered[:2], ordered[2:4], ordered[4:]]
    assert _pages(acme, 1) == [[email] for email in ordered]


def test_a_user_who_exists_the_whole_time_is_listed_once(acme: Tenant) -> None:
    for name in ("bob", "dora", "zoe"):
        acme.add("user", f"{name}@example.com")
    first = acme.admin.request("GET", "/users?limit=2").body

    last_seen = first["users"][-1]
    writes.write(writes.Delete(keys.user(acme.id, last_seen["id"])))
    acme.add("user", "ada@example.com")
    acme.add("user", "emil@example.com")
    second = acme.admin.request("GET", f"/users?limit=1000&cursor={first['next_cursor']}").body

    assert [user["email"] for user in first["users"]] == ["bob@example.com", "dora@example.com"]
    assert [user["email"] for user in second["users"]] == ["emil@example.com", acme.admin.email, "zoe@example.com"]


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "ten", "", "1.5"])
def test_a_limit_beyond_its_bounds_is_refused(acme: Tenant, limit: str) -> None:
    answer = acme.admin.request("GET", f"/users?limit={limit}")
    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
    assert [one["field"] for one in answer.body["validation"]] == ["limit"]


def test_the_default_limit_is_the_greatest(acme: Tenant) -> None:
    for query in ("", "?limit=1000", "?limit=1"):
        assert acme.admin.request("GET", f"/users{query}").status == 200


def test_a_cursor_is_good_for_its_tenant_only(acme: Tenant, globex: Tenant) -> None:
    acme.add("user")
    globex.add("user")
    foreign = _first_cursor(globex)

    answer = acme.admin.request("GET", f"/users?cursor={foreign}")

    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
    assert [one["field"] for one in answer.body["validation"]] == ["cursor"]
    assert globex.admin.request("GET", f"/users?cursor={foreign}").status == 200


@pytest.mark.parametrize("forge", [lambda c: "", lambda c: "AAAA", lambda c: c[:-2], lambda c: c[::-1], lambda c: "%%"])
def test_a_forged_cursor_is_refused(acme: Tenant, forge: Any) -> None:
    acme.add("user")
    answer = acme.admin.request("GET", f"/users?cursor={forge(_first_cursor(acme))}")
    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")


def test_an_unknown_parameter_is_refused(acme: Tenant) -> None:
    answer = acme.admin.request("GET", "/users?tenant_id=1a2b")
    assert answer.body["validation"] == [{"field": "tenant_id", "message": "is not a known parameter"}]


@pytest.mark.parametrize("role", ["manager", "user"])
def test_only_an_admin_lists_users(acme: Tenant, role: str) -> None:
    answer = acme.add(role).request("GET", "/users")
    assert (answer.status, answer.code) == (403, "FORBIDDEN")


def test_an_operator_lists_no_users(acme: Tenant) -> None:
    assert gateway.request("GET", "/users", MASTER_TOKEN).code == "FORBIDDEN"


def test_a_change_shows_in_the_list(acme: Tenant) -> None:
    target = acme.add("user", "ada@example.com")
    acme.admin.promote(target, "manager")
    assert acme.admin.request("GET", "/users").body["users"][0]["role"] == "manager"
