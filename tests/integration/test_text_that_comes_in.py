"""Text that callers send is taken in one form, or refused, whichever route it comes by."""

import json
from typing import Any

import pytest

from rolecall.auth import passwords
from rolecall.storage import keys, writes
from tests import gateway
from tests.integration.conftest import MASTER_TOKEN, PASSWORD, Holder, Tenant, make_account, register, unchanged

ACCOUNTS = "/v1/api/superadmin/users"


def _account(**changed: Any) -> dict[str, Any]:
    body = {"email": "new@example.com", "password": PASSWORD, "firstName": "Ada", "lastName": "Byron"}
    return {**body, **changed}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"email": "a@example.com", "password": "passw\xe9rd"}', {}, 400),
        ('{"email": "a@example.com", "password": "passw\ufffdrd"}', {}, 400),
        ('{"email": "a@example.com", "password": "passw\\ufffdrd"}', {}, 400),
        ("{}", {"content-type": "application/json; charset=ISO-8859-1"}, 415),
        ("{}", {"content-encoding": "gzip"}, 415),
        ('{"email": "a@example.com", "email": "b@example.com", "password": "x"}', {}, 400),
    ],
)
@pytest.mark.parametrize("path", ["/v1/api/auth/login", "/register", ACCOUNTS])
def test_a_body_that_cannot_be_read_in_one_way_is_refused(
    superadmin: Holder, path: str, body: Any, headers: dict[str, str], status: int
) -> None:
    credential = {"/register": MASTER_TOKEN, ACCOUNTS: superadmin.access_token}.get(path)
    event_headers = {"Content-Type": headers.get("content-type", "application/json"), **headers}
    with unchanged():
        assert gateway.request("POST", path, credential, body, headers=event_headers).status == status


def test_a_field_that_is_given_twice_changes_nothing(aws: None) -> None:
    acme = register("Acme")
    path = f"/global/tenants/{acme.id}"
    assert gateway.request("PUT", path, MASTER_TOKEN, {"deletion_protection": True}).status == 200
    with unchanged():
        twice = '{"deletion_protection": true, "deletion_protection": false}'
        assert gateway.request("PUT", path, MASTER_TOKEN, twice).status == 400
        user = '{"email": "x@example.com", "password": "correct horse", "role": "user", "r\\u006fle": "admin"}'
        assert acme.admin.request("POST", "/users", user).status == 400


@pytest.mark.parametrize(
    "character", ["\u3164", "\u115f", "\u034f", "\ufe0f", "\u2800", "\U000e0100", "\0", "\x1b", "\u202e"]
)
def test_no_text_of_any_route_has_what_cannot_be_seen(superadmin: Holder, character: str) -> None:
    text = f"Ac{character}me"
    account = make_account()
    with unchanged():
        registration = {"tenant_name": text, "email": "new@example.com", "password": PASSWORD}
        assert gateway.request("POST", "/register", MASTER_TOKEN, registration).status == 400
        for name in ("firstName", "lastName", "username", "phoneNumber", "nationality", "password"):
            answer = superadmin.request("POST", ACCOUNTS, _account(**{name: text + PASSWORD}))
            assert (answer.status, answer.body["fieldErrors"][0]["field"]) == (400, name)
        for change in ("ban", "unban", "enable", "disable"):
            assert superadmin.request("PUT", f"{ACCOUNTS}/{account.id}/{change}", {"reason": text}).status == 400
        role = {"newRole": "ADMIN", "reason": text}
        assert superadmin.request("PUT", f"{ACCOUNTS}/{account.id}/role", role).status == 400
        operation = {"operation": "create_superadmin", "email": "x@example.com", "first_name": text, "force": True}
        with pytest.raises(Exception, match="cannot be seen"):
            gateway.invoke("run_operation", operation)


@pytest.mark.parametrize("name", ["\ufdfa" * 40, "\u06dd", "\u200d", "\u3000"])
def test_what_can_be_no_key_is_a_bad_name(superadmin: Holder, name: str) -> None:
    with unchanged():
        body = {"tenant_name": name, "email": "new@example.com", "password": PASSWORD}
        assert gateway.request("POST", "/register", MASTER_TOKEN, body).status == 400
        assert superadmin.request("POST", ACCOUNTS, _account(username=name)).status == 400


@pytest.mark.parametrize("sent", ["mördergrube", "mo\u0308rdergrube"])
def test_a_password_is_the_same_composed_and_decomposed(superadmin: Holder, sent: str) -> None:
    made = superadmin.request("POST", ACCOUNTS, _account(password=sent))
    assert made.status == 201

    for password, status in (("mördergrube", 200), ("mo\u0308rdergrube", 200), ("mordergrube", 401)):
        answer = gateway.request("POST", "/v1/api/auth/login", body={"email": "new@example.com", "password": password})
        assert answer.status == status


def test_a_password_from_before_still_logs_in_and_is_kept_in_the_new_form(superadmin: Holder) -> None:
    account = make_account()
    sent, composed = "mo\u0308rdergrube", "mördergrube"
    key = keys.item_of_account(account.id, "CREDENTIAL", "PASSWORD")
    older = passwords._hasher().hash(sent)
    writes.write(writes.Update(key, set={"password_hash": older}, when=writes.MUST_EXIST))

    for password, status in ((composed, 401), (sent, 200), (composed, 200), (sent, 200)):
        body = {"email": account.email, "password": password}
        assert gateway.request("POST", "/v1/api/auth/login", body=body).status == status, json.dumps(body)


def test_a_search_finds_who_was_made_with_that_address(superadmin: Holder) -> None:
    acme: Tenant = register("Acme")
    acme.add("user", "x@bücher.example")
    assert superadmin.request("POST", ACCOUNTS, _account(email="y@bücher.example")).status == 201

    for who, path, local in ((acme.admin, "/users", "x"), (superadmin, ACCOUNTS, "y")):
        for search in ("@bücher.example", "@BÜCHER.Example", "@bü", "@b", "@xn--bcher-kva.example", ""):
            found = who.request("GET", f"{path}?email={local}{search}&limit=1").body["users"]
            assert [user["email"] for user in found] == [f"{local}@xn--bcher-kva.example"], search
        assert who.request("GET", f"{path}?email={local}@bücherei").body["users"] == []
        refused = who.request("GET", f"{path}?email={local} y")
        assert refused.status == 400
        assert "%2B" in refused.text
        assert who.request("GET", f"{path}?email={local}\ufffd").status == 400


def test_a_birth_date_is_in_the_past(superadmin: Holder) -> None:
    for day, status in (("1899-12-31", 400), ("2999-01-01", 400), ("1900-01-01", 201)):
        assert superadmin.request("POST", ACCOUNTS, _account(birthDate=day)).status == status


def test_a_tenant_is_not_deleted_for_one_of_two_names(acme: Tenant) -> None:
    event = gateway.event_of("delete_tenant")
    name = "X-Confirm-Tenant-Name"
    event["headers"][name] = acme.name
    event["multiValueHeaders"] = {name: ["Globex", acme.name]}
    event["pathParameters"] = {"id": acme.id}
    event["requestContext"]["authorizer"] = gateway.authorize(MASTER_TOKEN)
    with unchanged():
        answer = gateway.invoke("delete_tenant", event)
    assert answer["statusCode"] == 400
    [problem] = json.loads(answer["body"])["validation"]
    assert problem == {"field": name, "message": "must be given once"}
