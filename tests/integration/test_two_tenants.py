"""Two tenants side by side: no route lets one see or change anything of the other."""

import json
from collections.abc import Callable

import pytest

from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import PASSWORD, Holder, Tenant, make_account, table_without_audit

NEW_USER = {"email": "spy@example.com", "password": PASSWORD, "role": "admin"}

#: By function: what Acme's admin asks to get at Globex, and the answer.
ATTEMPTS: dict[str, list[tuple[Callable[[Tenant, Tenant, Holder], Response], int]]] = {
    "promote_user": [
        (lambda acme, globex, _: acme.admin.promote(globex.members[0], "manager"), 404),
        (lambda acme, globex, _: acme.admin.promote(globex.members[0], "user"), 404),  # which it has already
        (lambda acme, globex, _: acme.admin.promote(globex.admin, "user"), 404),
        (lambda acme, globex, _: acme.admin.promote(globex.admin, "user", headers={"If-Match": '"9"'}), 404),
        (lambda acme, globex, _: _promote_by(acme, f"{acme.admin.id}#{globex.admin.id}"), 404),
        (lambda acme, globex, _: _promote_by(acme, f"..%2f{globex.admin.id}"), 404),
    ],
    "promote_users": [
        (lambda acme, globex, _: _promote_many(acme, {"user_id": globex.members[0].id}), 200),
        (lambda acme, globex, _: _promote_many(acme, {"user_id": globex.admin.id, "reason": "spite"}), 200),
        (lambda acme, globex, _: _promote_many(acme, {"email": globex.admin.email}), 200),
        (lambda acme, globex, _: _promote_many(acme, {"user_id": globex.admin.id, "tenant_id": globex.id}), 400),
    ],
    "create_user": [
        (lambda acme, globex, _: _create(acme, tenant_id=globex.id), 400),
        (lambda acme, globex, _: _create(acme, email=globex.admin.email), 409),
    ],
    "list_users": [
        (lambda acme, globex, _: acme.admin.request("GET", f"/users?tenant_id={globex.id}"), 400),
        (lambda acme, globex, _: acme.admin.request("GET", f"/users?cursor={_cursor(globex)}"), 400),
    ],
    "get_user": [
        (lambda acme, globex, _: acme.admin.request("GET", f"/users/{globex.admin.id}"), 404),
        (lambda acme, globex, _: acme.members[0].request("GET", f"/users/{globex.admin.id}"), 404),
    ],
    "update_user": [
        (lambda acme, globex, _: _update(acme, globex, active=False), 404),
        (lambda acme, globex, _: _update(acme, globex, role="user"), 404),
        (lambda acme, globex, _: _update(acme, globex, email="spy@example.com"), 404),
        (lambda acme, globex, _: _update(acme, acme, email=globex.admin.email), 409),
    ],
    "delete_user": [
        (lambda acme, globex, _: acme.admin.request("DELETE", f"/users/{globex.admin.id}"), 404),
    ],
    "rotate_token": [
        (lambda acme, globex, _: acme.admin.request("POST", f"/users/{globex.admin.id}/token"), 404),
    ],
    "list_webhooks": [
        (lambda acme, globex, _: acme.admin.request("GET", f"/webhooks?tenant_id={globex.id}"), 400),
        (lambda acme, globex, _: acme.admin.request("GET", f"/webhooks?cursor={_webhook_cursor(globex)}"), 400),
    ],
    "create_webhook": [
        (lambda acme, globex, _: _create_webhook(acme, user_id=globex.members[0].id), 404),
        (lambda acme, globex, _: _create_webhook(acme, tenant_id=globex.id), 400),
    ],
    "delete_webhook": [
        (lambda acme, globex, _: acme.admin.request("DELETE", f"/webhooks/{globex.webhooks[0]}"), 404),
        (lambda acme, globex, _: acme.admin.request("DELETE", f"/webhooks/{globex.webhooks[1]}"), 404),
    ],
    "rotate_webhook_secret": [
        (lambda acme, globex, _: acme.admin.request("POST", f"/webhooks/{globex.webhooks[0]}/secret"), 404),
        (lambda acme, globex, _: acme.admin.request("POST", f"/webhooks/{globex.webhooks[1]}/secret"), 404),
    ],
    "send_webhook_test": [
        (lambda acme, globex, _: acme.admin.request("POST", f"/webhooks/{globex.webhooks[0]}/test"), 404),
        (lambda acme, globex, _: acme.admin.request("POST", f"/webhooks/{globex.webhooks[1]}/test"), 404),
    ],
    "list_audit": [
        (lambda acme, globex, _: acme.admin.request("GET", f"/audit?tenant_id={globex.id}"), 404),
        (lambda acme, globex, _: acme.admin.request("GET", "/audit?tenant_id=nonsense"), 404),
        (lambda acme, globex, _: acme.admin.request("GET", f"/audit?cursor={_audit_cursor(globex)}"), 400),
    ],
    "list_tenants": [
        (lambda acme, _, __: acme.admin.request("GET", "/tenants"), 403),
    ],
    "get_tenant": [
        (lambda acme, globex, _: acme.admin.request("GET", f"/global/tenants/{globex.id}"), 403),
    ],
    "update_tenant": [
        (lambda acme, globex, _: _protect(acme, globex), 403),
    ],
    "get_deletion": [
        (lambda acme, globex, _: acme.admin.request("GET", f"/global/tenants/{globex.id}/deletion"), 403),
    ],
    "restore_tenant": [
        (lambda acme, globex, _: acme.admin.request("POST", f"/global/tenants/{globex.id}/restore"), 403),
        (lambda acme, globex, _: acme.admin.request("POST", f"/global/tenants/{acme.id}/restore"), 403),
    ],
    "delete_tenant": [
        (lambda acme, globex, _: acme.admin.request("DELETE", f"/global/tenants/{globex.id}?grace_days=7"), 403),
        (lambda acme, globex, _: acme.admin.request("DELETE", f"/global/tenants/{globex.id}"), 403),
        (lambda acme, globex, _: acme.admin.request("DELETE", f"/global/tenants/{acme.id}"), 403),
    ],
    "register_tenant": [
        (lambda acme, _, __: acme.admin.request("POST", "/register", {**NEW_USER, "tenant_name": "Globex"}), 403),
    ],
    "change_account_role": [
        (lambda acme, _, account: _change_role(acme, account.id), 403),
        (lambda acme, globex, _: _change_role(acme, globex.admin.id), 403),
    ],
    "ban_account": [(lambda acme, _, account: _ask(acme, "PUT", f"/{account.id}/ban"), 403)],
    "unban_account": [(lambda acme, _, account: _ask(acme, "PUT", f"/{account.id}/unban"), 403)],
    "disable_account": [(lambda acme, _, account: _ask(acme, "PUT", f"/{account.id}/disable"), 403)],
    "enable_account": [(lambda acme, _, account: _ask(acme, "PUT", f"/{account.id}/enable"), 403)],
    "get_account": [(lambda acme, _, account: _ask(acme, "GET", f"/{account.id}"), 403)],
    "list_account_history": [(lambda acme, _, account: _ask(acme, "GET", f"/{account.id}/history"), 403)],
    "list_accounts": [(lambda acme, _, __: _ask(acme, "GET", ""), 403)],
    "create_account": [(lambda acme, _, __: _ask(acme, "POST", ""), 403)],
    "log_out": [
        (lambda acme, _, account: _log_out(acme, account), 403),
    ],
    "refresh_session": [
        (lambda _, globex, __: _refresh(globex.admin.token), 401),
    ],
    "log_in": [
        (lambda _, globex, __: _log_in(globex.admin.email), 401),
    ],
    "log_in_user": [
        (lambda _, globex, __: _log_in_user(globex.admin.email, "a wrong password"), 401),
    ],
    "refresh_user_session": [
        (lambda _, globex, __: _refresh_user(globex.admin.token), 401),
        (lambda _, __, account: _refresh_user(account.refresh_token), 401),
    ],
    "log_out_user": [
        (lambda acme, globex, _: _log_out_user(acme, globex.sessions[0].refresh_token), 200),
        (lambda acme, _, account: _log_out_user(acme, account.refresh_token), 200),
    ],
    "change_password": [
        (lambda acme, globex, _: _set_password(acme, globex.admin.id), 404),
        (lambda acme, globex, _: _set_password(acme, globex.admin.id, PASSWORD), 404),
    ],
    "change_account_password": [
        (lambda acme, _, __: _change_account_password(acme), 403),
    ],
    "reset_account_password": [(lambda acme, _, account: _ask(acme, "POST", f"/{account.id}/password"), 403)],
    "show_docs": [(lambda acme, globex, _: acme.admin.request("GET", f"/docs?tenant_id={globex.id}"), 400)],
    "get_docs_asset": [(lambda acme, globex, _: acme.admin.request("GET", f"/docs/{globex.id}"), 404)],
    "show_console": [(lambda acme, globex, _: acme.admin.request("GET", f"/console?tenant_id={globex.id}"), 400)],
    "get_console_asset": [(lambda acme, globex, _: acme.admin.request("GET", f"/console/{globex.id}"), 404)],
}


def _promote_by(acme: Tenant, user_id: str) -> Response:
    return acme.admin.request("POST", f"/users/{user_id}/promote", {"new_role": "user"})


def _promote_many(acme: Tenant, change: dict[str, str]) -> Response:
    answer = acme.admin.request("POST", "/users/promote", {"changes": [{**change, "new_role": "manager"}]})
    if answer.status == 200:
        assert answer.body["data"]["results"][0]["error_code"] == "USER_NOT_FOUND"
    return answer


def _create(acme: Tenant, **changed: str) -> Response:
    return acme.admin.request("POST", "/users", {**NEW_USER, **changed})


def _cursor(tenant: Tenant) -> str:
    return str(tenant.admin.request("GET", "/users?limit=1").body["next_cursor"])


def _create_webhook(acme: Tenant, **owner: str) -> Response:
    return acme.admin.request("POST", "/webhooks", {"url": "https://example.com/hook", **owner})


def _webhook_cursor(tenant: Tenant) -> str:
    return str(tenant.admin.request("GET", "/webhooks?limit=1").body["next_cursor"])


def _update(acme: Tenant, globex: Tenant, **change: object) -> Response:
    return acme.admin.request("PUT", f"/users/{globex.admin.id}", change)


def _protect(acme: Tenant, globex: Tenant) -> Response:
    return acme.admin.request("PUT", f"/global/tenants/{globex.id}", {"deletion_protection": True})


def _audit_cursor(tenant: Tenant) -> str:
    return str(tenant.admin.request("GET", "/audit?limit=1").body["next_cursor"])


def _change_role(acme: Tenant, account_id: int | str) -> Response:
    return acme.admin.request("PUT", f"/v1/api/superadmin/users/{account_id}/role", {"newRole": "SUPERADMIN"})


def _ask(acme: Tenant, method: str, path: str) -> Response:
    return acme.admin.request(method, f"/v1/api/superadmin/users{path}", {"reason": "spite"})


def _set_password(acme: Tenant, user_id: str, current: str | None = None) -> Response:
    body = {"new_password": "another horse entirely"} | ({"current_password": current} if current else {})
    return acme.admin.request("PUT", f"/users/{user_id}/password", body)


def _change_account_password(acme: Tenant) -> Response:
    body = {"currentPassword": PASSWORD, "newPassword": "another horse entirely"}
    return acme.admin.request("PUT", "/v1/api/auth/password", body)


def _log_out(acme: Tenant, account: Holder) -> Response:
    return acme.admin.request("POST", "/v1/api/auth/logout", {"refreshToken": account.refresh_token})


def _refresh(token: str) -> Response:
    return gateway.request("POST", "/v1/api/auth/refresh", body={"refreshToken": token})


def _log_in(email: str) -> Response:
    return gateway.request("POST", "/v1/api/auth/login", body={"email": email, "password": PASSWORD})


def _log_in_user(email: str, password: str) -> Response:
    return gateway.request("POST", "/login", body={"email": email, "password": password})


def _refresh_user(token: str) -> Response:
    return gateway.request("POST", "/login/refresh", body={"refresh_token": token})


def _log_out_user(acme: Tenant, token: str) -> Response:
    return acme.admin.request("POST", "/logout", {"refresh_token": token})


def test_every_route_is_tried() -> None:
    assert ATTEMPTS.keys() == {route.function for route in gateway.routes()}


@pytest.mark.parametrize("function", ATTEMPTS)
def test_no_route_reaches_into_another_tenant(acme: Tenant, globex: Tenant, function: str) -> None:
    globex.webhooks = [globex.admin.add_webhook(), globex.admin.add_webhook(globex.add("user").id)]
    globex.sessions.append(globex.admin.log_in())
    account = make_account()
    acme.add("user")
    before = table_without_audit()

    for attempt, status in ATTEMPTS[function]:
        answer = attempt(acme, globex, account)
        assert answer.status == status
        assert globex.members[0].email not in answer.text

    assert table_without_audit() == before


def test_what_one_tenant_does_leaves_the_other_as_it_was(acme: Tenant, globex: Tenant) -> None:
    globex.add_device_and_session(globex.admin)
    before = [item for item in table_without_audit() if globex.id in json.dumps(item, default=str)]

    acme.admin.promote(acme.add("user"), "admin")
    listed = acme.admin.request("GET", "/users").body["users"]

    assert {user["tenant_id"] for user in listed} == {acme.id}
    assert [item for item in table_without_audit() if globex.id in json.dumps(item, default=str)] == before
