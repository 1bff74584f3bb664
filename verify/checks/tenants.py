"""The tenant API: a tenant of the walk's own, its users, and its deletion by a request."""

import secrets
from dataclasses import replace
from urllib.parse import quote

from rolecall.auth import tokens
from rolecall.storage import keys
from verify import role_events
from verify.check import check
from verify.checks.accounts import operate
from verify.results import Unknown, Wrong
from verify.walk import Heard, Person, Walk

#: Far longer than a small tenant needs, for a stack whose deletion goes through the queue.
_DELETION_SECONDS = 90
_TOKEN_USE_SECONDS = 60
DELETION_REASON = "verify"

#: Seconds in which the event of a role change comes to its webhook, with three cold starts.
_DELIVERY_SECONDS = 60


def register(walk: Walk, name: str) -> tuple[str, Person]:
    """Register a tenant, to be deleted afterwards; returns its id and its first admin."""
    email = f"{walk.run}-{secrets.token_hex(3)}@example.com"
    body = {"tenant_name": name, "email": email, "password": walk.secret(secrets.token_urlsafe(18))}
    key = {"Idempotency-Key": secrets.token_hex(16)}
    made = walk.as_master("POST", "/register", body, key).must(201)
    tenant_id = made["tenant"]["id"]
    walk.afterwards(f"The tenant {name}", lambda: delete(walk, tenant_id))
    again = walk.as_master("POST", "/register", body, key).must(201)
    if again["token"] != made["token"]:
        raise Wrong("POST /register gave another token to the same request under the same Idempotency-Key.")
    return tenant_id, Person(made["user"]["id"], email, walk.secret(made["token"]))


def delete(walk: Walk, tenant_id: str) -> None:
    """Delete a tenant, and wait until its receipt is there. Does nothing for one that is gone."""
    asked = walk.as_master("DELETE", f"/global/tenants/{tenant_id}?reason={DELETION_REASON}")
    if asked.answer.status == 404:  # noqa: PLR2004
        return
    if asked.answer.status != 202:  # noqa: PLR2004
        asked.must(200)
    wait_for_receipt(walk, tenant_id)


def wait_for_receipt(walk: Walk, tenant_id: str) -> None:
    """Raises `Wrong` unless the tenant's deletion is completed and verified within `_DELETION_SECONDS`."""

    def receipt() -> bool | None:
        found = walk.as_master("GET", f"/global/tenants/{tenant_id}/deletion").must(200)["data"]
        return True if found["status"] == "deleted" and found["verified"] else None

    walk.wait_until(receipt, _DELETION_SECONDS, f"The deletion of a tenant was not done after {_DELETION_SECONDS} s.")


def _user(walk: Walk, role: str) -> Person:
    admin = walk.person("admin")
    email = f"{walk.run}-{role}@example.com"
    body = {"email": email, "password": walk.secret(secrets.token_urlsafe(18)), "role": role}
    key = {"Idempotency-Key": secrets.token_hex(16)}
    made = walk.ask("POST", "/users", admin.token, body, key).must(201)["user"]
    # Refused under a key of its own, which is then free again.
    other_key = {"Idempotency-Key": secrets.token_hex(16)}
    walk.ask("POST", "/users", admin.token, body, other_key).must(409, "EMAIL_TAKEN")
    return Person(made["id"], email, walk.secret(made["token"]), body["password"])


@check("POST /register makes a tenant, once for one Idempotency-Key.", uses=["AuthorizeRequest", "RegisterTenant"])
def register_tenant(walk: Walk) -> None:
    name = walk.run
    tenant_id, admin = register(walk, name)
    walk.remember(tenant=tenant_id, admin=admin)
    body = {"tenant_name": name, "email": f"{walk.run}-x@example.com", "password": secrets.token_urlsafe(18)}
    key = {"Idempotency-Key": secrets.token_hex(16)}
    walk.as_master("POST", "/register", body, key).must(409, "TENANT_EXISTS")


@check("A rule on the bus sends role events to a queue of the walk's own.")
def listen_to_role_events(walk: Walk) -> None:
    walk.remember(listener=role_events.listen(walk, walk.recall("tenant")))


@check("POST /users makes users.", uses=["CreateUser"])
def create_users(walk: Walk) -> None:
    walk.remember(user=_user(walk, "user"), manager=_user(walk, "manager"))


@check("GET /users lists users, also filtered and page by page.", uses=["ListUsers"])
def list_users(walk: Walk) -> None:
    token = walk.person("admin").token
    walk.person("user")
    page = walk.ask("GET", "/users?limit=1", token).must(200)
    walk.ask("GET", f"/users?limit=1&cursor={page['next_cursor']}", token).must(200)
    found = walk.ask("GET", "/users?role=user&active=true", token).must(200)["users"]
    if [one["id"] for one in found] != [walk.person("user").id]:
        raise Wrong("GET /users?role=user&active=true did not list the one user that there is.")


@check("GET /users/{id} shows a user to the admin and to the master token.", uses=["GetUser"])
def get_user(walk: Walk) -> None:
    path = f"/users/{walk.person('user').id}"
    walk.ask("GET", path, walk.person("admin").token).must(200)
    walk.as_master("GET", path).must(200)


@check("POST /users/{id}/promote changes a user's role.", uses=["PromoteUser"])
def promote_user(walk: Walk) -> None:
    path = f"/users/{walk.person('user').id}/promote"
    changed = walk.ask("POST", path, walk.person("admin").token, {"new_role": "manager"}).must(200)
    if (changed["data"]["old_role"], changed["data"]["new_role"]) != ("user", "manager"):
        raise Wrong("POST /users/{id}/promote did not answer with the former and the new role.")


@check("POST /users/promote changes the roles of many users.", uses=["PromoteUsers"])
def promote_users(walk: Walk) -> None:
    token, user, manager = walk.person("admin").token, walk.person("user"), walk.person("manager")
    changes = [{"user_id": user.id, "new_role": "user"}, {"email": manager.email, "new_role": "manager"}]
    for dry_run in (True, False):
        found = walk.ask("POST", "/users/promote", token, {"changes": changes, "dry_run": dry_run}).must(200)["data"]
        if [one["outcome"] for one in found["results"]] != ["changed", "unchanged"]:
            raise Wrong("POST /users/promote did not answer with what became of each change.")
    walk.ask("POST", f"/users/{user.id}/promote", token, {"new_role": "manager"}).must(200)


@check("PUT /users/{id} changes, renames, deactivates and activates a user.", uses=["UpdateUser"])
def update_user(walk: Walk) -> None:
    token, path = walk.person("admin").token, f"/users/{walk.person('user').id}"
    renamed = replace(walk.person("user"), email=f"{walk.run}-user-renamed@example.com")
    walk.ask("PUT", path, token, {"role": "user", "email": renamed.email}).must(200)
    walk.remember(user=renamed)
    walk.ask("PUT", path, token, {"active": False}).must(200)
    walk.ask("GET", path, walk.person("user").token).must(401, "UNAUTHORIZED")
    walk.ask("PUT", path, token, {"active": True}).must(200)


@check("POST /users/{id}/token rotates a token, and the old one is dead.", uses=["RotateToken"])
def rotate_token(walk: Walk) -> None:
    manager = walk.person("manager")
    made = walk.ask("POST", f"/users/{manager.id}/token", manager.token).must(200)
    rotated = replace(manager, token=walk.secret(made["data"]["token"]))
    walk.remember(manager=rotated)
    walk.ask("GET", f"/users/{manager.id}", manager.token).must(401, "UNAUTHORIZED")
    walk.ask("GET", f"/users/{manager.id}", rotated.token).must(200)


@check("The operator's function gives an admin a new token, and the old one is dead.", uses=["RunOperation"])
def issue_admin_token(walk: Walk) -> None:
    admin = walk.person("admin")
    made = operate(walk, "issue_admin_token", tenant_id=walk.recall("tenant"), email=admin.email)
    token = walk.secret(made["token"])
    walk.remember(admin=replace(admin, token=token))
    walk.ask("GET", "/users?limit=1", admin.token).must(401, "UNAUTHORIZED")
    walk.ask("GET", "/users?limit=1", token).must(200)


def _log_in(walk: Walk, person: Person) -> dict[str, str]:
    body = {"email": person.email, "password": person.password}
    tokens: dict[str, str] = walk.ask("POST", "/login", None, body).must(200)["data"]
    walk.secret(tokens["access_token"])
    walk.secret(tokens["refresh_token"])
    return tokens


def _refresh(walk: Walk, refresh_token: str, user_agent: str = "verify") -> Heard:
    body = {"refresh_token": refresh_token}
    return walk.ask("POST", "/login/refresh", None, body, {"User-Agent": user_agent})


@check("POST /login lets a user in, with the rights of the API token.", uses=["LogInUser", "AuthorizeRequest"])
def log_in_user(walk: Walk) -> None:
    manager = walk.person("manager")
    wrong = {"email": manager.email, "password": secrets.token_urlsafe(18)}
    walk.ask("POST", "/login", None, wrong).must(401, "UNAUTHORIZED")
    token = _log_in(walk, manager)["access_token"]
    if walk.ask("GET", f"/users/{manager.id}", token).must(200)["data"]["id"] != manager.id:
        raise Wrong("POST /login did not give an access token of the user.")


@check("POST /login/refresh gives new tokens, and a stolen token ends the session.", uses=["RefreshUserSession"])
def refresh_user_session(walk: Walk) -> None:
    first = _log_in(walk, walk.person("manager"))
    second = _refresh(walk, first["refresh_token"]).must(200)["data"]
    walk.secret(second["access_token"])
    walk.secret(second["refresh_token"])
    _refresh(walk, first["refresh_token"], user_agent="verify, from elsewhere").must(401, "UNAUTHORIZED")
    _refresh(walk, second["refresh_token"]).must(401, "UNAUTHORIZED")


@check("PUT /users/{id}/password changes one's own password, and that of a user.", uses=["ChangePassword"])
def change_password(walk: Walk) -> None:
    manager, user = walk.person("manager"), walk.person("user")
    here, there = _log_in(walk, manager)["access_token"], _log_in(walk, manager)["access_token"]
    wrong = {"current_password": secrets.token_urlsafe(18), "new_password": secrets.token_urlsafe(18)}
    walk.ask("PUT", f"/users/{manager.id}/password", here, wrong).must(403, "WRONG_PASSWORD")
    body = {"current_password": manager.password, "new_password": walk.secret(secrets.token_urlsafe(18))}
    walk.ask("PUT", f"/users/{manager.id}/password", here, body).must(200)
    walk.remember(manager=replace(manager, password=body["new_password"]))
    walk.ask("GET", f"/users/{manager.id}", here).must(200)
    walk.ask("GET", f"/users/{manager.id}", there).must(401, "UNAUTHORIZED")
    body = {"new_password": walk.secret(secrets.token_urlsafe(18))}
    walk.ask("PUT", f"/users/{user.id}/password", here, body).must(200)
    walk.remember(user=replace(user, password=body["new_password"]))


@check("POST /logout ends both sessions that it names.", uses=["LogOutUser"])
def log_out_user(walk: Walk) -> None:
    manager = walk.person("manager")
    here, there = _log_in(walk, manager), _log_in(walk, manager)
    walk.ask("POST", "/logout", here["access_token"], {"refresh_token": there["refresh_token"]}).must(200)
    for session in (here, there):
        walk.ask("GET", f"/users/{manager.id}", session["access_token"]).must(401, "UNAUTHORIZED")


@check("SCIM makes, finds, renames, deactivates and deletes a user.", uses=["ServeScim"])
def use_scim(walk: Walk) -> None:
    token, path = walk.person("admin").token, "/scim/v2/Users"
    walk.ask("GET", "/scim/v2/ServiceProviderConfig").must(200)
    email = f"{walk.run}-scim@example.com"
    made = walk.ask("POST", path, token, {"userName": email, "externalId": walk.run}).must(201)
    for page in ("count=1", "count=1&cursor=", f"filter={quote(f'externalId eq "{walk.run}"')}"):
        walk.ask("GET", f"{path}?{page}", token).must(200)
    found = walk.ask("GET", f"{path}?filter={quote(f'userName eq "{email}"')}", token).must(200)
    if [one["id"] for one in found["Resources"]] != [made["id"]]:
        raise Wrong("A search over SCIM did not find the user that was made.")
    change = {"active": "False", "userName": f"{walk.run}-renamed@example.com", "roles": ["manager"]}
    patch = {"Operations": [{"op": "Replace", "value": change}]}
    changed = walk.ask("PATCH", f"{path}/{made['id']}", token, patch).must(200)
    if (changed["active"], changed["userName"]) != (False, change["userName"]):
        raise Wrong("A PATCH over SCIM did not make its changes.")
    walk.ask("DELETE", f"{path}/{made['id']}", token).must(204)
    walk.ask("GET", f"{path}/{made['id']}", token).must(404)


@check(
    "The platform API refuses a tenant's user, and the tenant's audit shows it.",
    uses=["ChangeAccountPassword", "ResetAccountPassword", "ListAudit"],
)
def refuse_user_at_platform(walk: Walk) -> None:
    token = walk.person("admin").token
    body = {"currentPassword": secrets.token_urlsafe(18), "newPassword": secrets.token_urlsafe(18)}
    walk.ask("PUT", "/v1/api/auth/password", token, body).must(403, "FORBIDDEN")
    walk.ask("POST", "/v1/api/superadmin/users/1/password", token).must(403, "FORBIDDEN")
    refused = walk.ask("GET", "/audit?outcome=denied", token).must(200)["entries"]
    if not {"change_account_password", "reset_account_password"} <= {one["action"] for one in refused}:
        raise Wrong("GET /audit?outcome=denied does not have an entry of each refusal.")


@check("GET /audit shows who changed what, also of one target.", uses=["ListAudit"])
def list_audit(walk: Walk) -> None:
    token, user = walk.person("admin").token, walk.person("user")
    page = walk.ask("GET", "/audit?limit=1", token).must(200)
    walk.ask("GET", f"/audit?limit=1&cursor={page['next_cursor']}", token).must(200)
    actions = {one["action"] for one in walk.ask("GET", f"/audit?target={user.id}", token).must(200)["entries"]}
    if not {"create_user", "promote_user", "update_user"} <= actions:
        raise Wrong("GET /audit does not have an entry of every change of the user.")


@check(
    "Webhooks are made, listed, given a new secret, tested and deleted.",
    uses=["CreateWebhook", "ListWebhooks", "RotateWebhookSecret", "SendWebhookTest", "DeleteWebhook"],
)
def manage_webhooks(walk: Walk) -> None:
    token = walk.person("admin").token
    # Nobody receives anything at this address: RFC 2606 reserves the name.
    made = walk.ask("POST", "/webhooks", token, {"url": "https://webhooks.invalid/"}).must(201)
    secret, path = walk.secret(made["webhook_secret"]), f"/webhooks/{made['webhook']['id']}"
    listed = walk.ask("GET", "/webhooks", token).must(200)["webhooks"]
    if [one["id"] for one in listed] != [made["webhook"]["id"]]:
        raise Wrong("GET /webhooks does not list the one webhook that there is.")
    if walk.secret(walk.ask("POST", f"{path}/secret", token).must(200)["webhook_secret"]) == secret:
        raise Wrong("POST /webhooks/{id}/secret gave the former secret again.")
    walk.ask("POST", f"{path}/test", token).must(202)
    walk.ask("DELETE", path, token).must(200)
    # A webhook that is none of the tenant's is looked for among those of its users.
    for method, gone in (("DELETE", path), ("POST", f"{path}/secret"), ("POST", f"{path}/test")):
        walk.ask(method, gone, token).must(404, "WEBHOOK_NOT_FOUND")


@check("DELETE /users/{id} deletes a user.", uses=["DeleteUser"])
def delete_user(walk: Walk) -> None:
    token, path = walk.person("admin").token, f"/users/{walk.person('user').id}"
    walk.ask("DELETE", path, token).must(200)
    walk.ask("GET", path, token).must(404, "USER_NOT_FOUND")


@check("GET /tenants and GET /global/tenants/{id} show the tenant.", uses=["ListTenants", "GetTenant"])
def show_tenants(walk: Walk) -> None:
    walk.as_master("GET", f"/global/tenants/{walk.recall('tenant')}").must(200)
    page = walk.as_master("GET", "/tenants?limit=1").must(200)
    if not page["tenants"]:
        raise Wrong("GET /tenants lists no tenant, although there is one.")
    if "next_cursor" in page:
        walk.as_master("GET", f"/tenants?limit=1&cursor={page['next_cursor']}").must(200)


@check("PUT /global/tenants/{id} protects a tenant against deletion.", uses=["UpdateTenant", "DeleteTenant"])
def protect_tenant(walk: Walk) -> None:
    path = f"/global/tenants/{walk.recall('tenant')}"
    walk.as_master("PUT", path, {"deletion_protection": True}).must(200)
    try:
        walk.as_master("DELETE", path).must(409, "TENANT_PROTECTED")
    finally:
        walk.as_master("PUT", path, {"deletion_protection": False}).must(200)


@check("An API token's last use is noted, through a queue.", uses=["AuthorizeRequest", "RecordTokenUse"])
def record_token_use(walk: Walk) -> None:
    # No route shows it, so this reads the token's item.
    key = keys.api_token(tokens.api_token_hash(walk.person("admin").token))
    table, dynamodb = walk.stack.outputs["TableName"], walk.stack.client("dynamodb")

    def noted() -> bool | None:
        found = dynamodb.get_item(TableName=table, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})
        if "Item" not in found:
            raise Unknown("The token's item is not in the table.")
        return True if "last_used_at" in found["Item"] else None

    walk.wait_until(noted, _TOKEN_USE_SECONDS, f"After {_TOKEN_USE_SECONDS} s no use of the token was noted.")


@check("A role change arrives on the event bus.", uses=["PublishRoleEvent"])
def receive_role_event(walk: Walk) -> str:
    listener, admin, manager = walk.recall("listener"), walk.person("admin"), walk.person("manager")

    def change_role(role: str) -> None:
        walk.ask("POST", f"/users/{manager.id}/promote", admin.token, {"new_role": role}).must(200)

    return role_events.wait_for_one(listener, change_role)


@check(
    "A role change is on its way to a webhook, from the stream to the attempt.",
    uses=["PublishRoleEvent", "QueueWebhookDeliveries", "DeliverWebhook"],
)
def attempt_delivery(walk: Walk) -> str:
    admin, manager = walk.person("admin"), walk.person("manager")
    # Nobody receives anything at this address: RFC 2606 reserves the name. So the attempt fails, and the API shows it.
    made = walk.ask("POST", "/webhooks", admin.token, {"url": "https://webhooks.invalid/"}).must(201)
    walk.secret(made["webhook_secret"])

    def failure() -> str | None:
        [webhook] = walk.ask("GET", "/webhooks", admin.token).must(200)["webhooks"]
        return webhook["last_failure"] and str(webhook["last_failure"]["error"])

    try:
        for role in ("user", "manager"):
            walk.ask("POST", f"/users/{manager.id}/promote", admin.token, {"new_role": role}).must(200)
        seconds = _DELIVERY_SECONDS
        error = walk.wait_until(failure, seconds, f"After {seconds} s no delivery to the webhook was attempted.")
    finally:
        walk.ask("DELETE", f"/webhooks/{made['webhook']['id']}", admin.token).must(200)
    return f"The attempt ended as it must: {error}."


@check(
    "A tenant's deletion can be scheduled, and POST /global/tenants/{id}/restore takes it back.",
    uses=["DeleteTenant", "GetDeletion", "ListTenants", "RestoreTenant"],
)
def restore_tenant(walk: Walk) -> None:
    tenant_id, token = walk.recall("tenant"), walk.person("admin").token
    path = f"/global/tenants/{tenant_id}"
    scheduled = walk.as_master("DELETE", f"{path}?grace_days=1").must(202)["data"]
    try:
        walk.ask("GET", "/users", token).must(401, "UNAUTHORIZED")
        shown = walk.as_master("GET", f"{path}/deletion").must(200)["data"]
        if (shown["status"], shown["deletes_at"]) != ("scheduled", scheduled["deletes_at"]):
            raise Wrong("GET /global/tenants/{id}/deletion does not show the scheduled deletion.")
        walk.as_master("GET", "/tenants?status=deleting&limit=1").must(200)
        name = quote(scheduled["tenant_name"])
        listed = walk.as_master("GET", f"/tenants?status=scheduled&name={name}").must(200)["tenants"]
        if tenant_id not in {one["id"] for one in listed}:
            raise Wrong("GET /tenants?status=scheduled does not list the scheduled tenant.")
    finally:
        walk.as_master("POST", f"{path}/restore").must(200)
    walk.ask("GET", "/users", token).must(200)
    walk.as_master("POST", f"{path}/restore").must(404, "TENANT_NOT_FOUND")


@check(
    "DELETE /global/tenants/{id} deletes a tenant, and the receipt is there.",
    uses=["DeleteTenant", "GetDeletion"],
)
def delete_tenant(walk: Walk) -> None:
    tenant_id = walk.recall("tenant")
    delete(walk, tenant_id)
    walk.as_master("GET", f"/global/tenants/{tenant_id}").must(404, "TENANT_NOT_FOUND")
    walk.ask("GET", "/users", walk.person("admin").token).must(401, "UNAUTHORIZED")


@check("The deletion of the tenant's users arrives on the event bus, with its reason.", uses=["PublishRoleEvent"])
def receive_deletion_events(walk: Walk) -> str:
    listener = walk.recall("listener")
    walk.as_master("GET", f"/global/tenants/{walk.recall('tenant')}").must(404, "TENANT_NOT_FOUND")
    return role_events.wait_for_deletion(listener, DELETION_REASON)
