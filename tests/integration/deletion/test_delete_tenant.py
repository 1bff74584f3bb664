"""DELETE /global/tenants/{id}."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest

from rolecall import clock
from rolecall.errors import RolecallError, Unauthorized
from rolecall.storage import keys, reads, writes
from rolecall.tenants import devices, user_items
from tests import gateway
from tests.integration.conftest import (
    MASTER_TOKEN,
    NO_TIME_TO_SWEEP,
    PASSWORD,
    Member,
    Tenant,
    audit_of,
    delete_tenant,
    make_account,
    metrics_in,
    register,
    run_maintenance,
    run_workers,
    table,
    unchanged,
)


def _belongs_to(tenant: Tenant, item: dict[str, Any]) -> bool:
    names = (tenant.id, tenant.name.casefold(), *(user.email for user in (tenant.admin, *tenant.members)))
    return any(name in json.dumps(item, default=str) for name in names)


def _left_of(tenant: Tenant) -> set[str]:
    """The kinds of the remaining items that mention the tenant, its name, or an email of its users."""
    return {item["pk"].partition("#")[0] for item in table() if _belongs_to(tenant, item)}


def _job(tenant: Tenant) -> dict[str, Any]:
    item = reads.get(keys.deletion_job(tenant.id))
    assert item
    return item


@pytest.fixture
def full(acme: Tenant) -> Tenant:
    """The tenant Acme with a manager, a user, devices, sessions, and items that the tenant and a user own."""
    for member in (acme.admin, acme.add("manager"), acme.add("user")):
        acme.add_device_and_session(member)
        acme.add_device_and_session(member)
    # Items of an unknown type, in both kinds of partitions. One of them owns an item outside of the tenant.
    user_items.put_item_of_active_user(acme.id, acme.admin.id, "BADGE", "b1", {"owned_keys": {"BADGE-NUMBER#77"}})
    writes.write(writes.Put({"pk": keys.tenant_partition(acme.id), "sk": "INVOICE#i1", "total": 5}))
    writes.write(writes.Put({"pk": "BADGE-NUMBER#77", "sk": keys.META, "tenant_id": acme.id}))
    return acme


def test_a_tenant_is_deleted_with_everything_that_belongs_to_it(full: Tenant) -> None:
    answer = delete_tenant(full.id)

    assert answer.status == 200
    assert answer.body == {
        "success": True,
        "message": "Tenant and all related data permanently deleted",
        "data": {
            "tenant_id": full.id,
            "tenant_name": "Acme",
            "deleted_at": answer.body["data"]["deleted_at"],
        },
    }
    assert datetime.strptime(answer.body["data"]["deleted_at"], "%Y-%m-%dT%H:%M:%S%z").tzname() == "UTC"
    assert _left_of(full) == {"AUDIT", "DELETION"}


def test_the_receipt_counts_the_deleted_items(full: Tenant) -> None:
    delete_tenant(full.id)

    job = _job(full)
    assert job["deleted"] == {
        "tenants": 1,
        "names": 1,
        "users": 3,
        "tokens": 3,
        "emails": 3,
        "credentials": 3,
        "devices": 6,
        "sessions": 6,
        "badges": 1,
        "badge-numbers": 1,
        "invoices": 1,
    }
    assert (job["status"], job["verified"], job["attempts"], job["requested_by"]) == ("deleted", True, 1, "master")
    assert not {"gsi1pk", "gsi1sk"} & job.keys()


def test_no_other_tenant_changes(full: Tenant, globex: Tenant) -> None:
    globex.add_device_and_session(globex.add("user"))
    make_account()
    before = [item for item in table() if not _belongs_to(full, item)]
    assert any(_belongs_to(globex, item) for item in before)

    delete_tenant(full.id)

    assert [item for item in table() if not _belongs_to(full, item)] == before


def test_more_users_than_fit_into_one_batch_are_deleted_too(acme: Tenant) -> None:
    call_of_nobody = {"created_at": clock.rfc3339(clock.now())}
    for number in range(60):
        writes.write(writes.Put({**_pair(keys.user(acme.id, f"u{number}")), **call_of_nobody}))
        writes.write(writes.Put({**_pair(keys.item_of_user(acme.id, f"u{number}", "DEVICE", "d")), **call_of_nobody}))
    for number in range(30):
        writes.write(writes.Put({**_pair(keys.item_of_user(acme.id, "u7", "SESSION", str(number))), **call_of_nobody}))

    assert delete_tenant(acme.id).status == 200

    assert _left_of(acme) == {"AUDIT", "DELETION"}
    deleted = _job(acme)["deleted"]
    assert (deleted["users"], deleted["devices"], deleted["sessions"]) == (61, 60, 30)


def _pair(key: keys.Key) -> dict[str, str]:
    return {"pk": key.pk, "sk": key.sk}


def test_name_and_emails_are_free_again(acme: Tenant) -> None:
    delete_tenant(acme.id)

    body = {"tenant_name": "ACME", "email": acme.admin.email, "password": PASSWORD}
    again = gateway.request("POST", "/register", MASTER_TOKEN, body)

    assert again.status == 201
    assert again.body["tenant"]["id"] != acme.id
    assert acme.admin.request("GET", "/users").status == 401


def test_a_deleted_tenant_is_not_found(acme: Tenant) -> None:
    delete_tenant(acme.id)
    with unchanged():
        answer = delete_tenant(acme.id)
    assert (answer.status, answer.code) == (404, "TENANT_NOT_FOUND")


def test_an_unknown_tenant_is_not_found(acme: Tenant) -> None:
    with unchanged():
        answer = delete_tenant("00000000-0000-4000-8000-000000000000")
    assert (answer.status, answer.code) == (404, "TENANT_NOT_FOUND")


@pytest.mark.parametrize("spelling", ["acme", "{id}0", "{id}%23META", "urn:uuid:{id}", "%20", "{{{id}}}"])
def test_a_tenant_id_must_be_a_uuid(acme: Tenant, spelling: str) -> None:
    with unchanged():
        answer = delete_tenant(spelling.format(id=acme.id))
    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
    assert answer.body["error"].startswith("tenant ID is required")


def test_the_id_may_be_in_upper_case(acme: Tenant) -> None:
    assert delete_tenant(acme.id.upper()).body["data"]["tenant_id"] == acme.id


def test_only_an_operator_deletes_tenants(acme: Tenant, globex: Tenant) -> None:
    account = make_account()
    with unchanged():
        for credential in (acme.admin.token, globex.admin.token, account.access_token):
            refused = delete_tenant(acme.id, credential)
            assert (refused.status, refused.code) == (403, "MASTER_TOKEN_REQUIRED")
        assert delete_tenant(acme.id, "N" * 64).status == 401


def test_a_confirmation_must_be_the_tenants_name(acme: Tenant) -> None:
    with unchanged():
        for name in ("Globex", "acme", "Acme ", ""):
            answer = delete_tenant(acme.id, headers={"X-Confirm-Tenant-Name": name})
            assert (answer.status, answer.code) == (409, "CONFIRMATION_MISMATCH")
    assert acme.admin.request("GET", "/users").status == 200

    assert delete_tenant(acme.id, headers={"x-confirm-tenant-name": "Acme"}).status == 200


@pytest.mark.parametrize("name", ["Straße & Söhne 株式会社", "100% Rabatt", "50%20 off"])
@pytest.mark.parametrize("encoded", [False, True])
def test_a_confirmation_may_be_percent_encoded(aws: None, name: str, encoded: bool) -> None:
    tenant = register(name)
    with unchanged():
        for wrong in (quote(name + "x"), quote(name, encoding="utf-16"), "%", "%FF", quote(name).replace("%20", "+")):
            if wrong not in {name, quote(name)}:
                answer = delete_tenant(tenant.id, headers={"X-Confirm-Tenant-Name": wrong})
                assert (answer.status, answer.code) == (409, "CONFIRMATION_MISMATCH"), wrong

    header = quote(name) if encoded else name
    assert delete_tenant(tenant.id, headers={"X-Confirm-Tenant-Name": header}).status == 200


@pytest.mark.parametrize("header", ["Cafe\u0301", "Caf\u00e9", "Cafe%CC%81", "Caf%C3%A9"])
def test_a_confirmation_may_have_composed_or_decomposed_letters(aws: None, header: str) -> None:
    tenant = register("Cafe\u0301")
    assert delete_tenant(tenant.id, headers={"X-Confirm-Tenant-Name": "Cafe"}).code == "CONFIRMATION_MISMATCH"
    assert delete_tenant(tenant.id, headers={"X-Confirm-Tenant-Name": header}).status == 200


def test_a_parameter_that_is_not_known_stops_the_deletion(acme: Tenant) -> None:
    # `?dryrun=true` must never delete.
    with unchanged():
        answer = delete_tenant(acme.id, query="?dryrun=true")
    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")


class TestADeletionThatTakesLonger:
    """It is accepted with 202 and finished by maintenance. In between, the tenant is closed to everyone."""

    @pytest.fixture
    def closed(self, full: Tenant) -> Tenant:
        self.stale = full.admin.principal
        self.accepted = delete_tenant(full.id, seconds=NO_TIME_TO_SWEEP)
        return full

    def test_it_is_accepted_with_its_job(self, closed: Tenant) -> None:
        data = self.accepted.body["data"]
        assert self.accepted.status == 202
        assert self.accepted.body["success"] is True
        assert data == {
            "tenant_id": closed.id,
            "tenant_name": "Acme",
            "status": "deleting",
            "requested_at": data["requested_at"],
        }
        assert self.accepted.headers["Location"] == f"{closed.id}/deletion"
        assert {"USER", "TENANT"} & _left_of(closed)

    def test_no_token_of_the_tenant_works(self, closed: Tenant) -> None:
        for member in (closed.admin, *closed.members):
            assert member.request("GET", "/users").status == 401
            assert member.promote(closed.admin, "user").status == 401

    def test_nothing_can_be_written_into_it(self, closed: Tenant) -> None:
        """Neither by a service nor by a request that was authorized before."""
        admin, user = closed.admin, closed.members[-1]
        new_user = {"email": "late@example.com", "password": PASSWORD, "role": "user"}
        with unchanged():
            with pytest.raises(Unauthorized):
                devices.register_device(closed.id, admin.id, "phone", clock.now())
            with pytest.raises(Unauthorized):
                devices.start_session(closed.id, admin.id, "d1", clock.now())
            assert admin.promote(user, "manager", principal=self.stale).status == 401
            assert admin.request("POST", "/users", new_user, principal=self.stale).status == 401

    def test_its_name_is_free_already_and_its_emails_are_not_yet(self, closed: Tenant) -> None:
        assert register("Acme").id != closed.id
        body = {"tenant_name": "Initech", "email": closed.admin.email, "password": PASSWORD}
        assert gateway.request("POST", "/register", MASTER_TOKEN, body).code == "EMAIL_TAKEN"

    def test_asking_again_answers_with_the_same_job_and_changes_nothing(self, closed: Tenant) -> None:
        entries = len(audit_of(closed.id))
        with unchanged():
            again = delete_tenant(closed.id)
        assert (again.status, again.body) == (202, self.accepted.body)
        assert len(audit_of(closed.id)) == entries

    def test_workers_finish_it(self, closed: Tenant) -> None:
        run_workers()

        assert _left_of(closed) == {"AUDIT", "DELETION"}
        job = _job(closed)
        assert (job["status"], job["deleted"]["users"], job["deleted"]["devices"]) == ("deleted", 3, 6)
        assert job["requested_at"] == self.accepted.body["data"]["requested_at"]
        assert delete_tenant(closed.id).status == 404


def test_it_is_a_critical_event_once_when_accepted_and_once_when_done(
    full: Tenant, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    def critical() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.levelname == "CRITICAL"]

    def counted() -> dict[str, float]:
        return {name: n for name, n in metrics_in(capsys.readouterr().out).items() if name.startswith("TenantDelet")}

    capsys.readouterr()
    delete_tenant(full.id, seconds=NO_TIME_TO_SWEEP)
    delete_tenant(full.id, seconds=NO_TIME_TO_SWEEP)
    assert critical() == ["tenant deletion accepted"]
    assert counted() == {"TenantDeletionAccepted": 1}

    run_workers()
    run_maintenance()
    delete_tenant(full.id)
    assert critical() == ["tenant deletion accepted", "tenant deleted"]
    assert counted() == {"TenantDeleted": 1}

    told = [vars(one) for one in caplog.records if one.levelname == "CRITICAL"]
    assert [(one["tenant_id"], one["tenant_name"]) for one in told] == [(full.id, "Acme")] * 2
    entries = [entry for entry in audit_of(full.id) if entry.get("severity") == "critical"]
    assert [(one["action"], one["event_id"]) for one in told] == [(entry["action"], entry["id"]) for entry in entries]


def test_it_is_audited_when_accepted_and_when_done(acme: Tenant) -> None:
    delete_tenant(acme.id, query="?reason=unpaid", seconds=NO_TIME_TO_SWEEP)
    run_workers()

    accepted, completed = audit_of(acme.id)[-2:]
    assert (accepted["action"], accepted["actor"]["type"], accepted["target"]["id"]) == (
        "delete_tenant",
        "master",
        acme.id,
    )
    assert (accepted["before"], accepted["after"]) == ({"name": "Acme", "status": "active"}, {"status": "deleting"})
    assert (completed["action"], completed["actor"]["id"]) == ("complete_tenant_deletion", "sweep_tenant")
    assert completed["target"] == accepted["target"] == {"type": "tenant", "id": acme.id}
    assert (completed["before"], completed["after"]) == ({"status": "deleting"}, {"status": "deleted"})
    assert accepted["reason"] == completed["reason"] == "unpaid"


@pytest.mark.parametrize("gone", ["tenant", "user", "inactive"])
def test_a_device_needs_a_user_that_is_there_and_active(acme: Tenant, gone: str) -> None:
    user: Member = acme.add("user")
    match gone:
        case "tenant":
            delete_tenant(acme.id)
        case "user":
            writes.write(writes.Delete(keys.user(acme.id, user.id)))
        case _:
            writes.write(writes.Update(keys.user(acme.id, user.id), set={"active": False}, when=writes.MUST_EXIST))
    with unchanged(), pytest.raises(RolecallError) as raised:
        devices.register_device(acme.id, user.id, "phone", clock.now())
    assert raised.value.status == (401 if gone == "tenant" else 404)
