"""GET /tenants, GET and PUT /global/tenants/{id}."""

from datetime import UTC, datetime
from typing import Any

import pytest

from rolecall import clock
from rolecall.storage import dynamodb, keys, reads, writes
from rolecall.tenants import tenants
from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import MASTER_TOKEN, Tenant, audit_of, register, unchanged


def _operator(method: str, path: str, body: Any = None, **more: Any) -> Response:
    return gateway.request(method, path, MASTER_TOKEN, body, **more)


def _protect(tenant: Tenant, protected: bool, **more: Any) -> Response:
    return _operator("PUT", f"/global/tenants/{tenant.id}", {"deletion_protection": protected}, **more)


def test_tenants_are_listed_by_name_without_case_in_full_pages(aws: None) -> None:
    for name in ("delta", "Alpha", "Echo", "bravo", "Charlie"):
        register(name)
    names, sizes, cursor = [], [], ""
    while True:
        page = _operator("GET", f"/tenants?limit=2{cursor}").body
        names += [tenant["name"] for tenant in page["tenants"]]
        sizes.append(len(page["tenants"]))
        if "next_cursor" not in page:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert names == ["Alpha", "bravo", "Charlie", "delta", "Echo"]
    assert sizes == [2, 2, 1]


def test_a_last_page_that_is_full_has_no_cursor_and_a_cursor_stands_behind_its_page(aws: None) -> None:
    for name in ("a", "b", "c", "d", "e", "f"):
        register(name)
    first = _operator("GET", "/tenants?limit=3").body
    rest = _operator("GET", f"/tenants?limit=3&cursor={first['next_cursor']}").body
    assert [tenant["name"] for tenant in first["tenants"] + rest["tenants"]] == ["a", "b", "c", "d", "e", "f"]
    assert "next_cursor" not in rest


def test_a_listed_tenant_is_as_the_contract_shows_it(acme: Tenant) -> None:
    [listed] = _operator("GET", "/tenants").body["tenants"]
    one = _operator("GET", f"/global/tenants/{acme.id}")
    assert listed.keys() == {"id", "name", "created_at", "updated_at"}
    assert (listed["id"], listed["name"]) == (acme.id, "Acme")
    assert one.body["data"] == {**listed, "deletion_protection": False}
    assert one.headers["ETag"] == '"1"'


def test_a_tenant_that_is_being_deleted_is_neither_listed_nor_found(acme: Tenant) -> None:
    assert _operator("DELETE", f"/global/tenants/{acme.id}", seconds=4.0).status == 202
    assert _operator("GET", "/tenants").body["tenants"] == []
    assert _operator("GET", f"/global/tenants/{acme.id}").code == "TENANT_NOT_FOUND"
    with unchanged():
        assert _protect(acme, True).code == "TENANT_NOT_FOUND"


def test_a_protected_tenant_is_not_deleted_until_that_is_lifted(acme: Tenant) -> None:
    answer = _protect(acme, True)
    assert (answer.status, answer.body["data"]["deletion_protection"], answer.headers["ETag"]) == (200, True, '"2"')
    with unchanged():
        refused = _operator("DELETE", f"/global/tenants/{acme.id}")
        assert (refused.status, refused.code) == (409, "TENANT_PROTECTED")
    assert acme.admin.request("GET", "/users").status == 200
    _protect(acme, False)
    assert _operator("DELETE", f"/global/tenants/{acme.id}").status == 200


def test_a_protection_that_comes_between_reading_and_closing_counts(acme: Tenant) -> None:
    def protect(**_: Any) -> None:
        dynamodb.client().meta.events.unregister("before-call.dynamodb.TransactWriteItems", protect)
        key = keys.tenant(acme.id)
        writes.write(writes.Update(key, set={"deletion_protection": True}, when=writes.MUST_EXIST))

    dynamodb.client().meta.events.register("before-call.dynamodb.TransactWriteItems", protect)
    # Another request makes this change, between the read and the write of this one.
    running = gateway.running.get()
    assert running is None
    answer = _operator("DELETE", f"/global/tenants/{acme.id}")
    assert (answer.status, answer.code) == (409, "TENANT_PROTECTED")


def _before_the_next_transaction(key: keys.Key, **changes: Any) -> None:
    """Before the next transaction, change an item as another request would."""

    def change(**_: Any) -> None:
        dynamodb.client().meta.events.unregister("before-call.dynamodb.TransactWriteItems", change)
        token = gateway.running.set(None)
        writes.write(writes.Update(key, when=writes.MUST_EXIST, **changes))
        gateway.running.reset(token)

    dynamodb.client().meta.events.register("before-call.dynamodb.TransactWriteItems", change)


def test_a_concurrent_change_is_not_lost(acme: Tenant) -> None:
    _before_the_next_transaction(keys.tenant(acme.id), add={"version": 1})
    assert _protect(acme, True).headers["ETag"] == '"3"'


def test_a_deletion_that_comes_between_lets_nothing_be_changed(acme: Tenant) -> None:
    _before_the_next_transaction(keys.tenant(acme.id), set={"status": "deleting"})
    assert _protect(acme, True).code == "TENANT_NOT_FOUND"
    assert (reads.get(keys.tenant(acme.id)) or {})["deletion_protection"] is False


def test_a_name_that_was_released_is_not_reserved_by_a_change(acme: Tenant) -> None:
    writes.write(writes.Delete(keys.tenant_name_reservation("Acme")))
    with unchanged():
        assert _protect(acme, True).code == "CONCURRENT_CHANGE"


def test_a_change_has_its_time_in_the_answer_the_tenant_and_the_list(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2040, 1, 1, tzinfo=UTC))
    at = "2040-01-01T00:00:00Z"
    assert _protect(acme, True).body["data"]["updated_at"] == at
    assert (reads.get(keys.tenant(acme.id)) or {})["updated_at"] == at
    assert (reads.get(keys.tenant_name_reservation("Acme")) or {})["updated_at"] == at


def test_which_tenant_a_caller_may_read(acme: Tenant, globex: Tenant) -> None:
    assert acme.admin.request("GET", f"/audit?tenant_id={acme.id.upper()}").status == 200
    assert acme.admin.request("GET", f"/audit?tenant_id={globex.id}").code == "TENANT_NOT_FOUND"
    wrong = {"field": "tenant_id", "message": "is required and must be a UUID"}
    assert _operator("GET", "/audit").body["validation"] == [wrong]
    assert _operator("GET", "/audit?tenant_id=x").body["validation"] == [{**wrong, "value": "x"}]


def test_a_repeated_change_writes_nothing(acme: Tenant) -> None:
    with unchanged():
        assert _protect(acme, False).headers["ETag"] == '"1"'
    _protect(acme, True)
    with unchanged():
        assert _protect(acme, True).headers["ETag"] == '"2"'
        assert _protect(acme, False, headers={"If-Match": '"1"'}).status == 412


def test_a_change_is_audited_and_listed(acme: Tenant) -> None:
    _protect(acme, True)
    entry = audit_of(acme.id)[-1]
    assert (entry["action"], entry["before"], entry["after"]) == (
        "update_tenant",
        {"deletion_protection": False},
        {"deletion_protection": True},
    )
    assert entry["target"] == {"type": "tenant", "id": acme.id}
    one = _operator("GET", f"/global/tenants/{acme.id}").body["data"]
    assert _operator("GET", "/tenants").body["tenants"][0]["updated_at"] == one["updated_at"]


@pytest.mark.parametrize("body", [{}, {"deletion_protection": "yes"}, {"deletion_protection": None}, {"name": "x"}])
def test_a_bad_change_is_refused(acme: Tenant, body: dict[str, Any]) -> None:
    with unchanged():
        assert _operator("PUT", f"/global/tenants/{acme.id}", body).code == "VALIDATION_ERROR"


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_an_id_is_a_uuid(aws: None, method: str) -> None:
    body = {"deletion_protection": True} if method == "PUT" else None
    assert _operator(method, "/global/tenants/nonsense", body).code == "VALIDATION_ERROR"
    assert _operator(method, "/global/tenants/00000000-0000-4000-8000-000000000000", body).code == "TENANT_NOT_FOUND"


def test_a_tenant_whose_item_says_nothing_of_it_is_unprotected_and_in_its_first_version() -> None:
    item = {"id": "i", "name": "n", "created_at": "c", "updated_at": "u"}

    assert tenants.Tenant.from_item(item) == tenants.Tenant("i", "n", "c", "u", deletion_protection=False, version=1)
