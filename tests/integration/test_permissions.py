"""The policies in the template allow what the functions do, and nothing more.

Every integration test shows that no permission is missing, because each call is checked against the policies.
"""

from fnmatch import filter as filter_names
from typing import Any

import pytest
from argon2 import PasswordHasher

from rolecall import clock, config
from rolecall.auth.roles import HeldRole, PlatformRole, Role
from rolecall.auth.session_owners import UserOwner
from rolecall.storage import indexes, keys, writes
from rolecall.tenants import devices
from tests import gateway, permissions
from tests.gateway import Response, Route
from tests.integration.conftest import (
    MASTER_TOKEN,
    NO_TIME_TO_SWEEP,
    PASSWORD,
    Holder,
    Member,
    Tenant,
    Used,
    delete_tenant,
    make_account,
    run_maintenance,
    run_workers,
)
from tests.integration.webhooks.deliveries import bus_event, deliver, queue_and_deliver, take_messages
from tests.permissions import Permission
from tests.receiver import receiving


def test_every_permission_is_needed(
    used: Used, acme: Tenant, globex: Tenant, superadmin: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, other, account = acme.add("admin"), acme.add("user"), make_account()
    acme.add_device_and_session(member)
    acme.admin.promote(other, "manager")
    acme.admin.promote(member, "user")
    acme.admin.request("POST", "/users/promote", {"changes": [{"email": other.email, "new_role": "user"}]})
    acme.admin.request("GET", "/users")
    _give_role_that_has_ended(acme)
    _give_role_that_has_ended(globex)
    acme.admin.request("GET", "/users?role=user")
    acme.admin.request("GET", "/audit")
    acme.admin.request("GET", f"/audit?target={other.id}")
    acme.admin.request("GET", f"/users/{other.id}")
    gateway.request("GET", f"/users/{other.id}", MASTER_TOKEN)
    acme.admin.request("PUT", f"/users/{other.id}", {"active": False, "email": "renamed@example.com"})
    acme.admin.request("POST", f"/users/{other.id}/token")
    acme.admin.request("DELETE", f"/users/{other.id}")
    twice = {"email": member.email, "password": PASSWORD, "role": "user"}  # taken, so the claim is given up
    acme.admin.request("POST", "/users", twice, headers={"Idempotency-Key": "1"})
    acme.admin.request("POST", "/users", {**twice, "email": "x@example.com"}, headers={"Idempotency-Key": "2"})
    for status in ("active", "scheduled", "deleting"):
        gateway.request("GET", f"/tenants?status={status}", MASTER_TOKEN)
    gateway.request("GET", f"/global/tenants/{acme.id}", MASTER_TOKEN)
    for protected in (True, False):
        change = {"deletion_protection": protected}
        gateway.request("PUT", f"/global/tenants/{acme.id}", MASTER_TOKEN, change)
    gateway.invoke("record_token_use", gateway.event_of("record_token_use"))
    removed = gateway.event_of("publish_role_event")
    del removed["Records"][0]["dynamodb"]["NewImage"]  # its user goes with the tenant
    gateway.invoke("publish_role_event", removed)
    second = {"tenant_name": "Initech", "email": "second@example.com", "password": PASSWORD}
    # A registration that is refused gives its claim up.
    taken = {**second, "email": acme.admin.email}
    gateway.request("POST", "/register", MASTER_TOKEN, taken, headers={"Idempotency-Key": "3"})
    gateway.request("POST", "/register", MASTER_TOKEN, second, headers={"Idempotency-Key": "4"})
    _use_the_platform_api(superadmin, account, acme.admin)
    _use_scim(acme)
    _use_sessions_of(acme.admin)
    _use_webhooks(acme, monkeypatch)
    named = {"tenant_id": acme.id, "email": acme.admin.email}
    gateway.invoke("run_operation", {"operation": "issue_admin_token", **named})
    delete_tenant(acme.id, query="?grace_days=7")
    gateway.request("POST", f"/global/tenants/{acme.id}/restore", MASTER_TOKEN)
    delete_tenant(acme.id)
    _leave_something_to_maintenance(globex)
    run_maintenance()
    gateway.invoke("run_maintenance", {"repair": True})
    delete_tenant(globex.id, seconds=NO_TIME_TO_SWEEP)
    run_workers()
    gateway.request("GET", f"/global/tenants/{globex.id}/deletion", MASTER_TOKEN)

    for folder, uses in used.items():
        assert {permission for permission, _ in uses} == permissions.granted(folder), (
            f"{folder}: on the left what the requests of this test use, on the right what template.yaml grants. "
            "If the left is empty, call the route in this test."
        )
        for statement in permissions.statements(folder):
            # The policy names the partitions that a deletion must not change, because it may delete all others.
            if "ForAllValues:StringLike" in statement.get("Condition", {}):
                assert _unneeded(statement, uses) == [], folder


def _use_scim(acme: Tenant) -> None:
    def scim(by: str, method: str, path: str, body: Any = None, **query: str) -> Response:
        return gateway.scim_request(method, path, by, body, query=query)

    token = acme.admin.token
    made = scim(token, "POST", "/Users", {"userName": "ada@example.com", "externalId": "1"}).body["id"]
    for text in ('externalId eq "1"', 'userName eq "ada@example.com"'):
        scim(token, "GET", "/Users", filter=text)
    scim(token, "GET", "/Users", count="1")
    scim(token, "GET", "/Users", cursor="", count="1")
    scim(token, "GET", f"/Users/{made}")
    scim(token, "PUT", f"/Users/{made}", {"userName": "byron@example.com", "roles": ["admin"]})
    # The stored response of a registration lies outside of the tenant. It is emptied when the first admin is deleted.
    body = {"tenant_name": "Provisioned", "email": "first@example.com", "password": PASSWORD}
    first = gateway.request("POST", "/register", MASTER_TOKEN, body, headers={"Idempotency-Key": "5"}).body
    second = {"email": "other@example.com", "password": PASSWORD, "role": "admin"}
    other = gateway.request("POST", "/users", first["token"], second).body["user"]["token"]
    devices.register_device(first["tenant"]["id"], first["user"]["id"], "phone", clock.now())
    # A copy of the webhook of a deleted user serves the last event.
    hook = {"url": "https://example.com/hook", "user_id": first["user"]["id"]}
    gateway.request("POST", "/webhooks", other, hook).must(201)
    scim(other, "DELETE", f"/Users/{first['user']['id']}")


def _unneeded(statement: dict[str, Any], uses: set[tuple[Permission, str]]) -> list[str]:
    """The partitions that a statement allows and that no call has used."""
    actions = {action.removeprefix("dynamodb:") for action in permissions.listed(statement["Action"])}
    partitions = {partition for permission, partition in uses if permission.action in actions}
    return [pattern for pattern in permissions.limits(statement) or () if not filter_names(partitions, pattern)]


def _give_role_that_has_ended(tenant: Tenant) -> None:
    """A temporary role, as it is stored, that was over long ago."""
    given = HeldRole(Role.MANAGER, Role.USER, 1).item_attributes()
    _store_ended_role(keys.user(tenant.id, tenant.add("user").id), given, indexes.role_ends_of_tenant(tenant.id))


def _store_ended_role(holder: keys.Key, given: dict[str, Any], partition: indexes.IndexPartition) -> None:
    sort_key = indexes.role_end_sort_key(1, "x")
    ends = partition.index_attributes(sort_key) | indexes.ROLE_ENDS.index_attributes(sort_key)
    writes.write(writes.Update(holder, set=given | ends, when=writes.MUST_EXIST))


def _leave_something_to_maintenance(tenant: Tenant) -> None:
    """Leave a user whose deletion has stopped, and a token without a user."""
    user = keys.user(tenant.id, tenant.add("user").id)
    marked = {"deleted_at": "2026-06-15T12:00:00Z", **indexes.PENDING_USER_DELETIONS.index_attributes("2026")}
    writes.write(writes.Update(user, set=marked, when=writes.MUST_EXIST))
    orphan = keys.api_token("ff")
    writes.write(writes.Put({"pk": orphan.pk, "sk": orphan.sk, "tenant_id": tenant.id, "user_id": "nobody"}))


def _use_webhooks(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Manage a webhook, and deliver to it until its receiver wants no more."""
    monkeypatch.setenv("ALLOW_LOCAL_WEBHOOKS", "true")
    config.config.cache_clear()
    with receiving() as receiver:
        receiver.statuses = [410]
        made = tenant.admin.request("POST", "/webhooks", {"url": receiver.url}).must(201)["webhook"]
        tenant.admin.request("GET", "/webhooks")
        queue_and_deliver(bus_event(tenant, tenant.admin.id))
        assert len(receiver.received) == 1
    tenant.admin.request("POST", f"/webhooks/{made['id']}/secret")
    tenant.admin.request("POST", f"/webhooks/{made['id']}/test")
    of_user = tenant.admin.add_webhook(tenant.admin.id)
    tenant.admin.request("POST", f"/webhooks/{of_user}/secret")
    tenant.admin.request("POST", f"/webhooks/{of_user}/test")
    for webhook_id in (made["id"], of_user):
        tenant.admin.request("DELETE", f"/webhooks/{webhook_id}").must(200)
    deliver(take_messages())  # their webhooks are gone, so the deliveries look for copies


def _use_the_platform_api(superadmin: Holder, account: Holder, stranger: Member) -> None:
    """A tenant's user tries too, and is refused: that goes into the tenant's trail."""
    users = "/v1/api/superadmin/users"
    new = {"email": "new@example.com", "password": PASSWORD, "firstName": "Grace", "lastName": "Hopper"}
    superadmin.request("POST", users, new)
    named = {**new, "email": "named@example.com", "username": "grace"}
    for body in (new, named):  # the first one is taken, so its claim is given up
        superadmin.request("POST", users, body, headers={"Idempotency-Key": body["email"]})
    given = HeldRole(PlatformRole.ADMIN, PlatformRole.CLIENT, 1).item_attributes()
    _store_ended_role(keys.account(make_account().id), given, indexes.ROLE_ENDS_OF_ACCOUNTS)
    superadmin.request("GET", f"{users}?banned=false&role=ROLE_CLIENT")
    superadmin.request("GET", users)
    superadmin.request("GET", f"{users}/{account.id}")
    superadmin.request("GET", f"{users}/{account.id}/history")
    superadmin.request("PUT", f"{users}/{account.id}/role", {"newRole": "SUPERADMIN"})
    for verb in ("ban", "unban", "disable", "enable"):
        superadmin.request("PUT", f"{users}/{account.id}/{verb}", {"reason": "a test"})
        stranger.request("PUT", f"{users}/{account.id}/{verb}", {"reason": "a test"})
    stranger.request("PUT", f"{users}/{account.id}/role", {"newRole": "ADMIN"})
    theft = make_account()
    token = theft.refresh_token
    for _ in range(2):  # the second answer's token, and the first one's again, which is a theft then
        token = _refresh(token).body["refreshToken"]
    assert _refresh(theft.refresh_token).status == 401
    for holder in (account, stranger):
        holder.request("POST", f"{users}/{account.id}/password")
    superadmin.request("POST", f"{users}/{account.id}/password")
    other, changer = make_account(email="other@example.com"), make_account()
    change = {"currentPassword": PASSWORD, "newPassword": "another horse entirely"}
    changer.request("PUT", "/v1/api/auth/password", {**change, "currentPassword": "wrong horse battery"})
    for holder_or_stranger in (changer, stranger):
        holder_or_stranger.request("PUT", "/v1/api/auth/password", change)
    again = gateway.request("POST", "/v1/api/auth/login", body={"email": other.email, "password": PASSWORD}).body
    other.request("POST", "/v1/api/auth/logout", {"refreshToken": again["refreshToken"]})
    gateway.invoke("run_operation", {"operation": "create_superadmin", "email": "root@example.com", "force": True})
    gateway.request("POST", "/v1/api/auth/login", body={"email": other.email, "password": PASSWORD})
    for email in (other.email, named["email"]):
        gateway.invoke("run_operation", {"operation": "delete_account", "email": email})


def _use_sessions_of(user: Member) -> None:
    key = UserOwner(user.tenant_id, user.id).password_key
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    writes.write(writes.Update(key, set={"password_hash": weak}, when=writes.MUST_EXIST))
    here, stolen = user.log_in(), user.log_in()
    second = _refresh_user(stolen.refresh_token).body["data"]["refresh_token"]
    assert _refresh_user(second).status == 200
    assert _refresh_user(stolen.refresh_token).status == 401
    there = user.log_in()
    here.request("POST", "/logout", {"refresh_token": there.refresh_token})
    colleague = user.request("GET", "/users?role=user").body["users"][0]["id"]
    user.request("PUT", f"/users/{colleague}/password", {"new_password": "another horse entirely"})
    here = user.log_in()
    for current in ("wrong horse battery", PASSWORD):
        change = {"current_password": current, "new_password": "another horse entirely"}
        here.request("PUT", f"/users/{user.id}/password", change)


def _refresh_user(token: str) -> gateway.Response:
    return gateway.request("POST", "/login/refresh", body={"refresh_token": token})


def _refresh(token: str) -> gateway.Response:
    return gateway.request("POST", "/v1/api/auth/refresh", body={"refreshToken": token})


#: What only reads: the authorizer, whom everyone reaches, and every function behind a GET.
READERS = ["authorize_request", *(route.function for route in gateway.routes() if route.method == "GET")]


@pytest.mark.parametrize("folder", READERS)
def test_what_only_reads_can_write_nothing(folder: str) -> None:
    granted = {permission.action for permission in permissions.granted(folder)}
    assert granted <= {"GetItem", "BatchGetItem", "Query"}
    # Nor anywhere else: the authorizer's message that a token was used is all that leaves one of them.
    elsewhere = {
        action
        for statement in permissions.statements(folder)
        for action in permissions.listed(statement["Action"])
        if not action.startswith("dynamodb:")
    }
    assert elsewhere <= {"secretsmanager:GetSecretValue"} | (
        {"sqs:SendMessage"} if folder == "authorize_request" else set()
    )


@pytest.mark.parametrize(
    "route",
    [route for route in gateway.routes() if permissions.granted(route.function)],
    ids=lambda route: route.function,
)
def test_a_missing_permission_really_fails(
    aws: None, route: Route, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """So that the check which all integration tests rely on is known to bite."""
    monkeypatch.setattr(permissions, "statements", lambda folder: [])
    event = gateway.event_of(route.function)

    answer = gateway.request(
        route.method, event["path"], body=event["body"], principal=event["requestContext"].get("authorizer", {})
    )

    assert (answer.status, answer.code) == (500, "INTERNAL_ERROR")
    assert "has no permission for" in caplog.text


@pytest.mark.parametrize("folder", ["create_account", "list_accounts", "log_in", "refresh_session"])
def test_the_platforms_functions_can_write_nothing_of_a_tenant(folder: str) -> None:
    for operation in ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"):
        key = {"pk": {"S": "TENANT#x"}, "sk": {"S": "META"}}
        whole = {"BatchWriteItem": {"RequestItems": {"rolecall": [{"DeleteRequest": {"Key": key}}]}}}
        assert permissions.refused(folder, operation, whole.get(operation, {"Key": key}))


def _item(partition: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": partition}, "sk": {"S": "META"}}


def test_the_operators_function_can_empty_no_partition_of_a_tenant() -> None:
    # It writes a new token for an admin in a transaction. It lists and empties the partitions of accounts only.
    batch = {"RequestItems": {"rolecall": [{"DeleteRequest": {"Key": _item("TENANT#x")}}]}}
    assert permissions.refused("run_operation", "BatchWriteItem", batch)
    query = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "TENANT#x"}}}
    assert permissions.refused("run_operation", "Query", query)


@pytest.mark.parametrize("partition", ["ACCOUNT#7", "PLATFORM", "EMAIL#a", "USERNAME#a", "REQUEST#ff"])
@pytest.mark.parametrize("others", ["TENANT#x", "TOKEN#ff", "AUDIT#x"])
def test_no_transaction_of_the_operators_function_changes_an_account_and_a_tenant(partition: str, others: str) -> None:
    both = [{"Put": {"Item": _item(partition)}}, {"Delete": {"Key": _item(others)}}]
    assert permissions.refused("run_operation", "TransactWriteItems", {"TransactItems": both})


@pytest.mark.parametrize("partition", ["MAINTENANCE", "DELETION#x", "NAME#a", "ATTEMPTS#a"])
def test_the_operators_function_reaches_no_item_that_its_operations_do_not_need(partition: str) -> None:
    for operation in ("GetItem", "PutItem", "UpdateItem", "DeleteItem"):
        assert permissions.refused("run_operation", operation, {"Key": _item(partition)})
    # It adds to the audit trails and reads none.
    assert permissions.refused("run_operation", "GetItem", {"Key": _item("AUDIT#PLATFORM")})


@pytest.mark.parametrize("folder", ["change_account_role", "ban_account"])
def test_who_writes_a_refusal_into_a_tenants_audit_can_delete_nothing_of_it(folder: str) -> None:
    # The transaction that writes it looks at the tenant, and one statement has all that a transaction may do.
    key = {"pk": {"S": "TENANT#x"}, "sk": {"S": "META"}}
    delete = {"TransactItems": [{"Delete": {"Key": key}}]}
    batch = {"RequestItems": {"rolecall": [{"DeleteRequest": {"Key": key}}]}}
    for operation, request in (("DeleteItem", {"Key": key}), ("TransactWriteItems", delete), ("BatchWriteItem", batch)):
        assert permissions.refused(folder, operation, request)


@pytest.mark.parametrize(
    "folder",
    [
        "promote_user",
        "create_user",
        "delete_user",
        "delete_tenant",
        "sweep_tenant",
        "log_in_user",
        "refresh_user_session",
        "log_out_user",
    ],
)
@pytest.mark.parametrize("partition", ["ACCOUNT#7", "PLATFORM"])
def test_the_tenants_functions_can_touch_no_account(folder: str, partition: str) -> None:
    key = {"pk": {"S": partition}, "sk": {"S": "META"}}
    for operation in ("GetItem", "PutItem", "UpdateItem", "DeleteItem"):
        assert permissions.refused(folder, operation, {"Key": key})
    put = {"Put": {"Item": key}}
    assert permissions.refused(folder, "TransactWriteItems", {"TransactItems": [put]})


def test_a_transaction_is_judged_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy that allows each action of it on its own partitions alone does not allow the transaction."""
    tenant, account = ({"pk": {"S": pk}, "sk": {"S": "META"}} for pk in ("TENANT#x", "ACCOUNT#7"))
    items = {"TransactItems": [{"Put": {"Item": account}}, {"ConditionCheck": {"Key": tenant}}]}

    def allow(actions: list[str], *partitions: str) -> dict[str, Any]:
        condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(partitions)}}
        return {"Action": actions, "Resource": "table", "Condition": condition}

    put, check = "dynamodb:PutItem", "dynamodb:ConditionCheckItem"
    apart = [allow([put], "ACCOUNT#*"), allow([check], "TENANT#*")]
    monkeypatch.setattr(permissions, "statements", lambda folder: apart)
    assert permissions.refused("any", "TransactWriteItems", items)

    monkeypatch.setattr(permissions, "statements", lambda folder: [allow([put, check], "ACCOUNT#*", "TENANT#*")])
    assert not permissions.refused("any", "TransactWriteItems", items)
