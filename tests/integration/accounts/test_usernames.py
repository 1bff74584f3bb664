"""Usernames are unique on the platform and are no other person's email; a repeated creation creates nothing twice."""

import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from rolecall.operations import findings, invariants
from rolecall.storage import dynamodb, keys, reads, writes
from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import PASSWORD, Holder, make_account, register, run_maintenance, table, unchanged

USERS = "/v1/api/superadmin/users"


@contextmanager
def unchanged_but_for_the_counter() -> Iterator[None]:
    """Assert that only the counter of account ids has changed."""
    before = [item for item in table() if item["pk"] != keys.PLATFORM]
    yield
    assert [item for item in table() if item["pk"] != keys.PLATFORM] == before


def _create(
    superadmin: Holder, email: str, username: str | None = None, key: str | None = None, **more: Any
) -> Response:
    body = {"email": email, "password": PASSWORD, "firstName": "Ada", "lastName": "Byron", **more}
    headers = {"Idempotency-Key": key} if key else {}
    return superadmin.request("POST", USERS, body | ({"username": username} if username else {}), headers=headers)


@pytest.mark.parametrize("other", ["grace", "GRACE", " Grace ", "\uff47race", "Grace\u00a0"])
def test_a_taken_username_is_refused_in_any_spelling(superadmin: Holder, other: str) -> None:
    assert _create(superadmin, "one@example.com", "Grace").status == 201
    with unchanged_but_for_the_counter():
        answer = _create(superadmin, "two@example.com", other)
    assert (answer.status, answer.code) == (409, "USERNAME_TAKEN")
    assert _create(superadmin, "two@example.com", "Grace Hopper").status == 201


@pytest.mark.parametrize(
    "email", ["ada@example.com", "ADA@example.com", "\uff41da@example.com", "ada@ex\uff41mple.com", "ada@EXAMPLE.com"]
)
@pytest.mark.parametrize("whose", ["an account's", "a tenant's user's"])
def test_the_email_of_someone_else_is_no_username(superadmin: Holder, whose: str, email: str) -> None:
    if whose == "an account's":
        make_account(email="ada@example.com")
    else:
        register("Acme").add("user", "ada@example.com")
    with unchanged_but_for_the_counter():
        assert _create(superadmin, "two@example.com", email).code == "USERNAME_TAKEN"


def test_the_username_of_someone_else_is_no_email(superadmin: Holder) -> None:
    assert _create(superadmin, "one@example.com", "Two@bücher.example").status == 201
    assert _create(superadmin, "two@xn--bcher-kva.example").code == "EMAIL_TAKEN"
    acme = register("Acme")
    body = {"email": "two@bücher.example", "password": PASSWORD, "role": "user"}
    assert acme.admin.request("POST", "/users", body).code == "EMAIL_TAKEN"


def test_a_username_that_looks_like_an_email_opens_no_account(superadmin: Holder) -> None:
    assert _create(superadmin, "one@example.com", "two@example.com").status == 201
    for email, status in (("one@example.com", 200), ("two@example.com", 401)):
        body = {"email": email, "password": PASSWORD}
        assert gateway.request("POST", "/v1/api/auth/login", body=body).status == status


@pytest.mark.parametrize("username", ["one@example.com", "ONE@example.com", None])
def test_the_own_email_is_a_username_without_a_reservation(superadmin: Holder, username: str | None) -> None:
    assert _create(superadmin, "one@example.com", username).status == 201
    assert not [item for item in table() if "username_of" in item]


def test_a_taken_email_counts_before_a_taken_username(superadmin: Holder) -> None:
    assert _create(superadmin, "one@example.com", "grace").status == 201
    assert _create(superadmin, "one@example.com", "grace").code == "EMAIL_TAKEN"


def test_a_repeated_creation_gets_the_first_answer(superadmin: Holder) -> None:
    more = {"birthDate": "1906-12-09", "phoneNumber": "+33 1", "role": "admin"}
    first = _create(superadmin, "one@example.com", "grace", "key-1", **more)
    with unchanged():
        again = _create(superadmin, "one@example.com", "grace", "key-1", **more)
        assert (again.status, again.body) == (201, first.body)
        assert again.headers["Location"] == first.headers["Location"]
        again_refused = "IDEMPOTENCY_KEY_REUSED"
        assert _create(superadmin, "two@example.com", "grace", "key-1").code == again_refused
        other_password = {**more, "password": f"{PASSWORD}!"}
        assert _create(superadmin, "one@example.com", "grace", "key-1", **other_password).code == again_refused


def test_the_key_of_a_creation_is_found_again_by_a_later_version(superadmin: Holder) -> None:
    assert _create(superadmin, "one@example.com", key="one").status == 201

    asked = json.dumps(["create_account", "", str(superadmin.id), "one"])
    digest = hmac.digest(b"I" * 64, asked.encode(), "sha256").hex()
    assert [item["pk"] for item in table() if item["pk"].startswith("REQUEST#")] == [f"REQUEST#{digest}"]


def test_a_refused_creation_leaves_its_key_free(superadmin: Holder) -> None:
    assert _create(superadmin, superadmin.email, None, "key-1").code == "EMAIL_TAKEN"
    assert _create(superadmin, "one@example.com", None, "key-1").status == 201


def test_the_kept_answer_holds_no_password_and_no_hash_of_it(superadmin: Holder) -> None:
    _create(superadmin, "one@example.com", "grace", "key-1")
    (record,) = [item for item in table() if item["pk"].startswith("REQUEST#")]
    assert PASSWORD not in str(record)
    assert "argon2" not in str(record)
    assert "key-1" not in str(record)
    assert record["expires_at"]


def _findings(account_id: int) -> list[findings.Finding]:
    return list(invariants.check_item(reads.get(keys.account(account_id)) or {}))


def test_an_account_from_before_gets_its_reservation_by_a_repair(superadmin: Holder) -> None:
    account_id = _create(superadmin, "one@example.com", "grace").body["id"]
    writes.write(writes.Delete(keys.username_reservation("grace")))

    assert [one.kind for one in _findings(account_id)] == [findings.FindingKind.USERNAME]
    gateway.invoke("run_maintenance", {"repair": True}, 60)
    assert _findings(account_id) == []
    assert _create(superadmin, "two@example.com", "GRACE").code == "USERNAME_TAKEN"


def test_a_username_that_two_accounts_have_is_left_to_a_person(superadmin: Holder) -> None:
    first = _create(superadmin, "one@example.com", "grace").body["id"]
    second = _create(superadmin, "two@example.com", "hopper").body["id"]
    writes.write(writes.Update(keys.account(second), set={"username": "Grace"}, when=writes.MUST_EXIST))

    assert _findings(first) == []
    assert [(one.kind, one.is_repairable) for one in _findings(second)] == [(findings.FindingKind.USERNAME, False)]


def test_a_reservation_of_nobody_is_an_orphan(superadmin: Holder) -> None:
    item: dynamodb.Item = {"pk": "USERNAME#ghost", "sk": "META", "username_of": 999}
    writes.write(writes.Put(item))
    assert [one.kind for one in invariants.check_item(item)] == [findings.FindingKind.ORPHAN]


def test_a_username_that_can_be_no_key_stops_no_maintenance(superadmin: Holder) -> None:
    for name in ("\u06dd", "\ufdfa" * 100):
        writes.write(writes.Update(keys.account(superadmin.id), set={"username": name}, when=writes.MUST_EXIST))
        assert _findings(superadmin.id) == []
    run_maintenance()


@pytest.mark.parametrize("username", ["grace", "someone@example.com"])
def test_a_deleted_account_gives_its_username_up(superadmin: Holder, username: str) -> None:
    assert _create(superadmin, "one@example.com", username).status == 201
    gateway.invoke("run_operation", {"operation": "delete_account", "email": "one@example.com"})

    assert not [item for item in table() if "username_of" in item]
    assert _create(superadmin, "two@example.com", username).status == 201


def test_an_account_without_its_reservation_is_deleted_too(superadmin: Holder) -> None:
    assert _create(superadmin, "one@example.com", "grace").status == 201
    writes.write(writes.Delete(keys.username_reservation("grace")))
    gateway.invoke("run_operation", {"operation": "delete_account", "email": "one@example.com"})

    assert _create(superadmin, "two@example.com", "grace").status == 201


def test_a_deleted_account_takes_nobody_elses_username_along(superadmin: Holder) -> None:
    _create(superadmin, "one@example.com", "grace")
    second = _create(superadmin, "two@example.com", "hopper").body["id"]
    writes.write(writes.Update(keys.account(second), set={"username": "Grace"}, when=writes.MUST_EXIST))
    gateway.invoke("run_operation", {"operation": "delete_account", "email": "two@example.com"})

    assert _create(superadmin, "three@example.com", "grace").code == "USERNAME_TAKEN"
