"""The filters of GET /users, and what a page costs."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import boto3
import pytest

from rolecall.storage import dynamodb, indexes, keys
from tests.gateway import Response
from tests.integration.conftest import Member, Tenant, unchanged

ROLES = ("admin", "manager", "user")


def _list(tenant: Tenant, query: str) -> Response:
    return tenant.admin.request("GET", f"/users?{query}")


def _pages(tenant: Tenant, query: str, between: Callable[[], None] = lambda: None) -> list[list[str]]:
    """The emails of every page."""
    pages, cursor = [], ""
    while True:
        answer = _list(tenant, query + cursor)
        assert answer.status == 200, answer.text
        pages.append([user["email"] for user in answer.body["users"]])
        if "next_cursor" not in answer.body:
            return pages
        cursor = f"&cursor={answer.body['next_cursor']}"
        between()


def _fill(tenant: Tenant, people: list[tuple[str, str, bool]]) -> None:
    """Write users directly into the table, in the form in which the API writes them, without hashing passwords."""
    with boto3.resource("dynamodb").Table("rolecall").batch_writer() as batch:
        for number, (email, role, active) in enumerate(people):
            user_id = f"00000000-0000-4000-8000-{number:012x}"
            key = keys.user(tenant.id, user_id)
            batch.put_item(
                Item={
                    "pk": key.pk,
                    "sk": key.sk,
                    **indexes.users_by_email(tenant.id).index_attributes(email),
                    **indexes.users_by_role_and_state(tenant.id, role, active).index_attributes(email),
                    "id": user_id,
                    "tenant_id": tenant.id,
                    "email": email,
                    "role": role,
                    "active": active,
                    "token_last4": "5a60",
                    "created_at": "2026-06-01T09:00:00Z",
                    "updated_at": "2026-06-01T09:00:00Z",
                    "version": 1,
                    "owned_keys": {"TOKEN#x"},
                }
            )


@pytest.fixture
def crowd(acme: Tenant) -> list[tuple[str, str, bool]]:
    rng = random.Random(7)
    people = [
        (f"{rng.choice(['ada', 'bob', 'bo'])}-{n}@example.com", rng.choice(ROLES), rng.random() < 0.5)
        for n in range(120)
    ]
    _fill(acme, people)
    return [*people, (acme.admin.email, "admin", True)]


@pytest.mark.parametrize(
    ("role", "active", "prefix"), list(product((None, *ROLES), (None, True, False), (None, "bo", "BOB-")))
)
def test_every_combination_finds_whom_it_should_in_full_pages(
    acme: Tenant, crowd: list[tuple[str, str, bool]], role: str | None, active: bool | None, prefix: str | None
) -> None:
    wanted = sorted(
        email
        for email, its_role, its_active in crowd
        if role in (None, its_role) and active in (None, its_active) and email.startswith((prefix or "").lower())
    )
    filters = {"role": role, "active": None if active is None else str(active).lower(), "email": prefix}
    query = "&".join(["limit=7", *(f"{name}={value}" for name, value in filters.items() if value)])

    pages = _pages(acme, query)

    assert [email for page in pages for email in page] == wanted
    assert all(len(page) == 7 for page in pages[:-1])


@pytest.mark.parametrize("query", ["role=boss", "role=", "active=yes", "active=", "limit=0", "limit=1001", "cursor="])
def test_a_bad_filter_is_refused(acme: Tenant, query: str) -> None:
    with unchanged():
        assert _list(acme, query).code == "VALIDATION_ERROR"


def test_a_cursor_is_for_the_filters_it_was_made_with(acme: Tenant, crowd: list[tuple[str, str, bool]]) -> None:
    cursor = _list(acme, "limit=1&role=user&active=true&email=b").body["next_cursor"]
    different = ("role=user&active=true", "role=user&email=b", "role=manager&active=true&email=b", "")
    for other in (*different, "role=user&active=false&email=b"):
        assert _list(acme, f"{other}&limit=1&cursor={cursor}".lstrip("&")).status == 400
    assert _list(acme, f"limit=9&role=user&active=true&email=B&cursor={cursor}").status == 200


@pytest.mark.parametrize(
    "query", ["limit=3", "limit=3&role=user", "limit=3&active=true", "limit=3&role=user&active=true"]
)
def test_a_user_who_matches_the_whole_time_is_listed_once(acme: Tenant, query: str) -> None:
    steady = [acme.add("user", f"{letter}-steady@example.com") for letter in "bdfhjlnp"]
    others = [acme.add("user", f"{letter}-other@example.com") for letter in "acegikmo"]
    rng = random.Random(3)

    def disturb() -> None:
        if others:
            one = others.pop(rng.randrange(len(others)))
            match rng.randrange(3):
                case 0:
                    acme.admin.request("DELETE", f"/users/{one.id}")
                case 1:
                    acme.admin.request("PUT", f"/users/{one.id}", {"active": False})
                case _:
                    acme.admin.promote(one, "manager")
            acme.add("user", f"{rng.choice('acegikmo')}-new{len(others)}@example.com")

    seen = [email for page in _pages(acme, query, between=disturb) for email in page]

    assert len(seen) == len(set(seen))
    assert {one.email for one in steady} <= set(seen)


def test_a_list_is_right_after_every_change(acme: Tenant) -> None:
    user = acme.add("user")

    def found() -> set[str]:
        queries = [f"role={role}&active={active}" for role in ROLES for active in ("true", "false")]
        return {query for query in queries if [user.email] in [[email] for p in _pages(acme, query) for email in p]}

    assert found() == {"role=user&active=true"}
    acme.admin.promote(user, "manager")
    assert found() == {"role=manager&active=true"}
    acme.admin.request("PUT", f"/users/{user.id}", {"active": False, "role": "user"})
    assert found() == {"role=user&active=false"}
    acme.admin.request("POST", f"/users/{user.id}/token")
    assert found() == {"role=user&active=false"}
    acme.admin.request("DELETE", f"/users/{user.id}")
    assert found() == set()


@contextmanager
def _items_read() -> Iterator[list[int]]:
    """Record how many items each query reads (`ScannedCount`)."""
    counts: list[int] = []

    def note(parsed: dict[str, Any], **_: Any) -> None:
        counts.append(parsed["ScannedCount"])

    events = dynamodb.client().meta.events
    events.register("after-call.dynamodb.Query", note)
    try:
        yield counts
    finally:
        events.unregister("after-call.dynamodb.Query", note)


@pytest.mark.parametrize(
    ("query", "read"), [("role=manager", 3), ("role=manager&active=true", 2), ("active=false", 1), ("role=admin", 1)]
)
def test_a_list_with_filters_reads_only_the_users_whom_it_shows(acme: Tenant, query: str, read: int) -> None:
    people = [(f"user-{n}@example.com", "user", True) for n in range(5)]
    managers = [(f"manager-{n}@example.com", "manager", n > 0) for n in range(3)]
    _fill(acme, [*people, *managers])
    with _items_read() as counts:
        answer = _list(acme, query)
    assert (len(answer.body["users"]), sum(counts)) == (read, read)


@pytest.mark.parametrize(
    ("query", "most"),
    [
        ("", 101),
        ("email=user-00", 101),
        ("role=user&active=true", 101),
        ("role=user", 202),
        ("active=true", 202),
        ("role=manager&active=true", 3),
        ("role=manager", 3),
    ],
)
def test_a_page_costs_the_same_in_a_small_and_in_a_large_tenant(
    acme: Tenant, globex: Tenant, query: str, most: int
) -> None:
    def people(number: int) -> list[tuple[str, str, bool]]:
        # Both tenants have three managers and different numbers of other users.
        managers = {number // 3, number // 2, number - 1}
        return [(f"user-{n:05}@example.com", "manager" if n in managers else "user", True) for n in range(number)]

    _fill(acme, people(200))
    _fill(globex, people(2000))
    read = []
    for tenant in (acme, globex):
        member: Member = tenant.admin
        with _items_read() as counts:
            answer = member.request("GET", f"/users?limit=100&{query}".rstrip("&"), principal=member.principal)
        assert len(answer.body["users"]) == min(100, 3 if "manager" in query else 100)
        read.append((len(counts), sum(counts)))

    assert read[0] == read[1]
    assert read[1][1] <= most
