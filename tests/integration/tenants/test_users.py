"""GET, PUT and DELETE /users/{id}, POST /users/{id}/token."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from rolecall import clock
from rolecall.auth import tokens
from rolecall.errors import RolecallError
from rolecall.storage import dynamodb, indexes, keys, reads, writes
from rolecall.tenants import devices, user_items
from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import (
    MASTER_TOKEN,
    PASSWORD,
    Member,
    Tenant,
    audit_of,
    table,
    table_without_audit,
    unchanged,
)

ROLES = ("admin", "manager", "user")
PAIRS = list(product(ROLES, ROLES))
NOBODY = "00000000-0000-4000-8000-000000000000"


def _get(actor: Member, target: Member | str) -> Response:
    return actor.request("GET", f"/users/{target if isinstance(target, str) else target.id}")


def _put(actor: Member, target: Member, body: dict[str, Any], **more: Any) -> Response:
    return actor.request("PUT", f"/users/{target.id}", body, **more)


def _delete(actor: Member, target: Member, **more: Any) -> Response:
    return actor.request("DELETE", f"/users/{target.id}", **more)


def _emails(tenant: Tenant, query: str = "") -> list[str]:
    return [user["email"] for user in tenant.admin.request("GET", f"/users{query}").body["users"]]


# --- Seeing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("actor", "target"), PAIRS)
def test_a_caller_sees_itself_and_the_users_it_manages(acme: Tenant, actor: str, target: str) -> None:
    one, other = acme.add(actor), acme.add(target)
    manages = {"admin": ROLES, "manager": ("manager", "user"), "user": ()}[actor]

    assert _get(one, one).body["data"]["id"] == one.id
    assert _get(one, other).status == (200 if target in manages else 403)
    assert _get(one, NOBODY).status == 404


def test_a_user_is_shown_with_its_version_and_without_its_token(acme: Tenant) -> None:
    answer = _get(acme.admin, acme.admin)
    data = answer.body["data"]

    assert answer.headers["ETag"] == '"1"'
    assert data.keys() == {"id", "email", "role", "active", "tenant_id", "created_at", "updated_at"}
    assert (data["id"], data["tenant_id"], data["role"], data["active"]) == (acme.admin.id, acme.id, "admin", True)


def test_the_operator_sees_anyone_by_id_alone(acme: Tenant, globex: Tenant) -> None:
    for tenant in (acme, globex):
        answer = gateway.request("GET", f"/users/{tenant.admin.id}", MASTER_TOKEN)
        assert answer.body["data"]["tenant_id"] == tenant.id
        # DynamoDB accepts only a string here, but moto accepts every type.
        [found] = reads.query_index(indexes.tenant_of_user(tenant.admin.id)).items
        assert found["gsi1sk"] == tenant.id
    for unknown in (NOBODY, "no-uuid", f"{acme.admin.id}%23"):
        assert gateway.request("GET", f"/users/{unknown}", MASTER_TOKEN).code == "USER_NOT_FOUND"


@pytest.mark.parametrize("gone", ["the user", "the user is being deleted", "the tenant", "the tenant is being deleted"])
def test_the_operator_sees_nobody_whose_deletion_has_begun(acme: Tenant, gone: str) -> None:
    """Not even while the index still has the user."""
    match gone:
        case "the user is being deleted":
            deleted = {"deleted_at": "2040-01-01T00:00:00Z"}
            writes.write(writes.Update(keys.user(acme.id, acme.admin.id), set=deleted, when=writes.MUST_EXIST))
        case "the user":
            writes.write(writes.Delete(keys.user(acme.id, acme.admin.id)))
        case "the tenant":
            writes.write(writes.Delete(keys.tenant(acme.id)))
        case _:
            writes.write(writes.Update(keys.tenant(acme.id), set={"status": "deleting"}, when=writes.MUST_EXIST))
    assert gateway.request("GET", f"/users/{acme.admin.id}", MASTER_TOKEN).code == "USER_NOT_FOUND"


# --- Updating --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("actor", "target"), PAIRS)
def test_a_caller_deactivates_the_users_it_manages(acme: Tenant, actor: str, target: str) -> None:
    one, other = acme.add(actor), acme.add(target)
    allowed = {"admin": ROLES, "manager": ("manager", "user"), "user": ()}[actor]
    before = table_without_audit()

    answer = _put(one, other, {"active": False})

    if target in allowed:
        assert answer.body == {"success": True, "message": "User updated successfully"}
        assert answer.headers["ETag"] == '"2"'
        assert gateway.authorize(other.token) is None
        assert _put(one, other, {"active": True}).status == 200
        assert gateway.authorize(other.token)
    else:
        assert (answer.status, answer.code) == (403, "FORBIDDEN")
        assert table_without_audit() == before
        assert audit_of(acme.id)[-1]["outcome"] == "denied"


@pytest.mark.parametrize(("actor", "old", "new"), list(product(("admin", "manager"), ROLES, ROLES)))
def test_a_role_obeys_the_rules_of_promote(acme: Tenant, actor: str, old: str, new: str) -> None:
    one, twins = acme.add(actor), (acme.add(old), acme.add(old))

    promoted, updated = one.promote(twins[0], new), _put(one, twins[1], {"role": new})

    assert (promoted.status, promoted.body.get("error_code")) == (updated.status, updated.body.get("error_code"))
    assert [_get(acme.admin, twin).body["data"]["role"] for twin in twins] == [
        new if updated.status == 200 else old
    ] * 2


@pytest.mark.parametrize("body", [{"active": False}, {"active": True}, {"role": "user"}, {"role": "admin"}])
def test_nobody_updates_themselves(acme: Tenant, body: dict[str, Any]) -> None:
    acme.add("admin")
    before = table_without_audit()
    refused = _put(acme.admin, acme.admin, body)
    assert refused.code == "SELF_CHANGE_DENIED"
    assert ("deactivate yourself" in refused.body["error"]) is ("active" in body)
    assert table_without_audit() == before


@pytest.mark.parametrize(
    "body",
    [{}, {"active": None}, {"active": "yes"}, {"role": None}, {"email": None}, {"reason": "x"}, {"role": "boss"}],
)
def test_a_bad_update_is_refused(acme: Tenant, body: dict[str, Any]) -> None:
    user = acme.add("user")
    with unchanged():
        assert _put(acme.admin, user, body).code == "VALIDATION_ERROR"


def test_a_stale_version_is_refused_and_the_current_one_is_not(acme: Tenant) -> None:
    user = acme.add("user")
    assert _put(acme.admin, user, {"active": False}, headers={"If-Match": '"1"'}).status == 200
    with unchanged():
        assert _put(acme.admin, user, {"active": True}, headers={"If-Match": '"1"'}).status == 412
        assert _delete(acme.admin, user, headers={"If-Match": '"1"'}).status == 412


@contextmanager
def _overtaken_by(other: Callable[[], Response]) -> Iterator[None]:
    """Execute `other` after the next request in the block has read and before it writes."""
    events, name = dynamodb.client().meta.events, "before-call.dynamodb.TransactWriteItems"

    def overtake(**_: Any) -> None:
        events.unregister(name, overtake)
        assert other().status == 200

    events.register(name, overtake)
    yield
    events.unregister(name, overtake)


def test_a_concurrent_change_is_not_lost(acme: Tenant) -> None:
    user, owner = acme.add("user"), acme.admin.principal
    with _overtaken_by(lambda: _put(acme.admin, user, {"active": False}, principal=owner)):
        answer = acme.admin.request("POST", f"/users/{user.id}/promote", {"new_role": "manager"}, principal=owner)
    assert (answer.status, answer.headers["ETag"]) == (200, '"3"')
    data = _get(acme.admin, user).body["data"]
    assert (data["role"], data["active"]) == ("manager", False)
    listed = acme.admin.request("GET", "/users?role=manager&active=false&email=user").body["users"]
    assert [one["id"] for one in listed] == [user.id]


@pytest.mark.parametrize("change", [{"active": False}, {"role": "user"}, {"active": False, "role": "user"}, None])
def test_the_last_admin_stays(acme: Tenant, change: dict[str, Any] | None) -> None:
    other = acme.add("admin")
    stale = other.principal
    assert _put(acme.admin, other, {"role": "user"}).status == 200
    before = table_without_audit()

    answer = _put(other, acme.admin, change, principal=stale) if change else _delete(other, acme.admin, principal=stale)

    assert (answer.status, answer.code) == (409, "LAST_ADMIN")
    assert table_without_audit() == before


def test_active_admins_are_counted_through_every_change(acme: Tenant) -> None:
    other = acme.add("admin")

    def count_after(answer: Response) -> int:
        assert answer.status == 200, answer.text
        item = reads.get(keys.tenant(acme.id))
        assert item
        return int(item["active_admins"])

    assert count_after(_put(acme.admin, other, {"active": False})) == 1
    assert count_after(_put(acme.admin, other, {"role": "user"})) == 1
    assert count_after(_put(acme.admin, other, {"role": "admin"})) == 1
    assert count_after(_put(acme.admin, other, {"active": True})) == 2
    assert count_after(_put(acme.admin, other, {"active": False, "role": "user"})) == 1
    assert count_after(_put(acme.admin, other, {"active": True, "role": "admin"})) == 2
    assert count_after(_delete(acme.admin, other)) == 1


def test_an_update_is_audited_with_what_changed(acme: Tenant) -> None:
    user = acme.add("user")
    _put(acme.admin, user, {"active": False, "role": "manager"})
    _put(acme.admin, user, {"active": False, "role": "user"})
    _put(acme.admin, user, {"active": False, "role": "user"})

    updates = [entry for entry in audit_of(acme.id) if entry["action"] == "update_user"]

    assert [(entry["before"], entry["after"]) for entry in updates] == [
        ({"role": "user", "active": True}, {"role": "manager", "active": False}),
        ({"role": "manager"}, {"role": "user"}),
    ]


# --- Deleting --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("actor", "target"), PAIRS)
def test_a_caller_deletes_the_users_it_manages(acme: Tenant, actor: str, target: str) -> None:
    one, other = acme.add(actor), acme.add(target)
    acme.add_device_and_session(other)
    allowed = {"admin": ROLES, "manager": ("manager", "user"), "user": ()}[actor]
    before = table_without_audit()

    answer = _delete(one, other)

    if target in allowed:
        assert answer.body == {"success": True, "message": "User permanently deleted"}
        left = [item for item in table_without_audit() if other.id in str(item) or other.email in str(item)]
        assert left == []
        assert audit_of(acme.id)[-1]["before"] == {"email": other.email, "role": target, "active": True}
        assert _get(acme.admin, other).status == _delete(acme.admin, other).status == 404
    else:
        assert (answer.status, answer.code) == (403, "FORBIDDEN")
        assert table_without_audit() == before


def test_what_belongs_to_a_user_lies_with_the_user(acme: Tenant) -> None:
    user_items.put_item_of_active_user(acme.id, acme.admin.id, "BADGE", "b1", {"colour": "red"})
    key = keys.Key(f"TENANT#{acme.id}#USER#{acme.admin.id}", "BADGE#b1")
    assert reads.get(key) == {"pk": key.pk, "sk": key.sk, "colour": "red"}


def test_nobody_deletes_themselves(acme: Tenant) -> None:
    acme.add("admin")
    before = table_without_audit()
    answer = _delete(acme.admin, acme.admin)
    assert (answer.code, answer.body["error"]) == (
        "SELF_CHANGE_DENIED",
        "you cannot delete yourself: ask someone else",
    )
    assert table_without_audit() == before


@pytest.mark.parametrize("way", ["rotate", "password", "deactivate", "delete"])
def test_a_managers_change_of_a_user_who_becomes_an_admin_meanwhile_is_refused(acme: Tenant, way: str) -> None:
    manager, user, owner = acme.add("manager"), acme.add("user"), acme.admin.principal
    principal = manager.principal

    def promote() -> Response:
        body = {"new_role": "admin"}
        return acme.admin.request("POST", f"/users/{user.id}/promote", body, principal=owner)

    with _overtaken_by(promote):
        match way:
            case "rotate":
                answer = manager.request("POST", f"/users/{user.id}/token", principal=principal)
            case "password":
                body = {"new_password": "another horse"}
                answer = manager.request("PUT", f"/users/{user.id}/password", body, principal=principal)
            case "deactivate":
                answer = _put(manager, user, {"active": False}, principal=principal)
            case _:
                answer = _delete(manager, user, principal=principal)
    assert (answer.status, answer.code) == (403, "FORBIDDEN")
    assert gateway.authorize(user.token)


@contextmanager
def _crash_after(calls: int) -> Iterator[None]:
    """Make every call to the storage fail after the first `calls`."""
    made = 0

    def crash(**_: Any) -> None:
        nonlocal made
        made += 1
        if made > calls:
            raise EndpointConnectionError(endpoint_url="dynamodb")

    events = dynamodb.client().meta.events
    events.register("before-send.dynamodb", crash)
    try:
        yield
    finally:
        events.unregister("before-send.dynamodb", crash)


@pytest.mark.parametrize("calls_before_the_crash", range(6))
def test_a_crash_leaves_a_user_whole_or_gone_and_maintenance_finishes_it(
    acme: Tenant, calls_before_the_crash: int
) -> None:
    user = acme.add("user")
    acme.add_device_and_session(user)
    owner = acme.admin.principal
    with _crash_after(calls_before_the_crash):
        answer = _delete(acme.admin, user, principal=owner, seconds=0.7)

    if answer.status == 200:  # gone for every reader
        assert _get(acme.admin, user).status == acme.admin.promote(user, "manager").status == 404
        assert gateway.request("GET", f"/users/{user.id}", MASTER_TOKEN).status == 404
        assert _put(acme.admin, user, {"active": True}).status == _delete(acme.admin, user).status == 404
        assert user.request("POST", f"/users/{user.id}/token").status == 401
        assert user.email not in _emails(acme) + _emails(acme, "?role=user") + _emails(acme, "?active=false")
        with pytest.raises(RolecallError):
            devices.register_device(acme.id, user.id, "phone", clock.now())
        again = {"email": user.email, "password": PASSWORD, "role": "user"}
        successor = acme.admin.request("POST", "/users", again)
        assert successor.status == 201
        gateway.invoke("run_maintenance", {}, 60.0)
        assert [item for item in table_without_audit() if user.id in str(item)] == []
        assert gateway.authorize(successor.body["user"]["token"])
    else:
        assert answer.status == 503
        assert _get(acme.admin, user).status == 200
        assert gateway.authorize(user.token)
        assert user.email in _emails(acme)


def test_a_deletion_of_the_tenant_sweeps_a_user_whose_deletion_stopped_but_not_its_successors_email(
    acme: Tenant, globex: Tenant
) -> None:
    user = acme.add("user")
    owner = acme.admin.principal
    with _crash_after(3):  # two readings and the transaction
        assert _delete(acme.admin, user, principal=owner, seconds=0.7).status == 200
    assert reads.get(keys.user(acme.id, user.id))
    successor = globex.add("user", user.email)

    assert gateway.request("DELETE", f"/global/tenants/{acme.id}", MASTER_TOKEN).status == 200

    assert not [item for item in table() if item["pk"].startswith(f"TENANT#{acme.id}")]
    assert reads.get(keys.email_reservation(successor.email))


def test_a_user_whose_deletion_stopped_has_all_that_a_role_event_needs(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, owner = acme.add("manager"), acme.admin.principal
    before = reads.get(keys.user(acme.id, user.id)) or {}
    at = datetime(2040, 1, 1, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: at)
    with _crash_after(3):  # two readings and the transaction
        answer = acme.admin.request("DELETE", f"/users/{user.id}?reason=left", principal=owner, seconds=0.7)
        assert answer.status == 200

    gone = {"gsi2pk", "gsi2sk", "owned_keys"}
    assert reads.get(keys.user(acme.id, user.id)) == {
        **{name: value for name, value in before.items() if name not in gone},
        "active": False,
        "deleted_at": "2040-01-01T00:00:00Z",
        "updated_at": "2040-01-01T00:00:00Z",
        "change_reason": "left",
        "changed_by": {"type": "user", "id": acme.admin.id},
        "version": 2,
        "gsi1pk": "USER_DELETIONS#OPEN",
        "gsi1sk": f"2040-01-01T00:00:00Z#{acme.id}#{user.id}",
    }
    entry = audit_of(acme.id)[-1]
    assert (entry["action"], entry["target"]) == ("delete_user", {"type": "user", "id": user.id})
    assert (entry["reason"], entry["timestamp"]) == ("left", "2040-01-01T00:00:00Z")


# --- Tokens ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("actor", "target"), PAIRS)
def test_a_caller_rotates_the_tokens_of_the_users_it_manages(acme: Tenant, actor: str, target: str) -> None:
    one, other = acme.add(actor), acme.add(target)
    allowed = {"admin": ROLES, "manager": ("manager", "user"), "user": ()}[actor]
    before = table_without_audit()

    answer = one.request("POST", f"/users/{other.id}/token")

    if target in allowed:
        token = answer.body["data"]["token"]
        assert gateway.authorize(other.token) is None
        assert gateway.authorize(token)
        assert len([item for item in table() if item["pk"].startswith("TOKEN#")]) == 3
        assert other.token[-4:] in str(audit_of(acme.id)[-1]["before"])
    else:
        assert (answer.status, answer.code) == (403, "FORBIDDEN")
        assert table_without_audit() == before


def test_a_rotation_is_audited_and_has_its_time(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    user = acme.add("user")
    key = keys.api_token(tokens.api_token_hash(user.token))
    writes.write(writes.Update(key, set={"last_used_at": "2039-12-31T00:00:00Z"}, when=writes.MUST_EXIST))
    monkeypatch.setattr(clock, "now", lambda: datetime(2040, 1, 1, tzinfo=UTC))

    token = acme.admin.request("POST", f"/users/{user.id}/token").body["data"]["token"]

    entry = audit_of(acme.id)[-1]
    assert (entry["action"], entry["target"]) == ("rotate_token", {"type": "user", "id": user.id})
    assert entry["before"] == {"token_last4": user.token[-4:], "token_last_used_at": "2039-12-31T00:00:00Z"}
    assert entry["after"] == {"token_last4": token[-4:]}
    assert "severity" not in entry
    at = "2040-01-01T00:00:00Z"
    assert _get(acme.admin, user).body["data"]["updated_at"] == at
    assert (reads.get(keys.api_token(tokens.api_token_hash(token))) or {})["created_at"] == at
    assert [one["token"][-4:] for one in acme.admin.request("GET", "/users?role=user").body["users"]] == [token[-4:]]


@pytest.mark.parametrize("role", ROLES)
def test_everyone_rotates_their_own_token(acme: Tenant, role: str) -> None:
    one = acme.add(role)
    first = one.request("POST", f"/users/{one.id}/token")
    renewed = Member(one.id, one.tenant_id, one.email, role, first.body["data"]["token"])
    second = renewed.request("POST", f"/users/{one.id}/token")

    assert (first.status, second.status) == (200, 200)
    assert gateway.authorize(one.token) is gateway.authorize(renewed.token) is None
    assert gateway.authorize(second.body["data"]["token"])
    assert second.headers["ETag"] == '"3"'


def test_a_rotated_token_goes_with_its_user(acme: Tenant) -> None:
    user = acme.add("user")
    acme.admin.request("POST", f"/users/{user.id}/token")
    _delete(acme.admin, user)
    assert len([item for item in table() if item["pk"].startswith("TOKEN#")]) == 1


def test_a_user_deactivated_after_authorization_gets_no_new_token(acme: Tenant) -> None:
    user = acme.add("user")
    stale = user.principal
    _put(acme.admin, user, {"active": False})
    with unchanged():
        assert user.request("POST", f"/users/{user.id}/token", principal=stale).status == 401


def test_a_deactivation_that_comes_between_leaves_no_new_token(acme: Tenant) -> None:
    user, owner = acme.add("user"), acme.admin.principal
    stale = user.principal
    with _overtaken_by(lambda: _put(acme.admin, user, {"active": False}, principal=owner)):
        assert user.request("POST", f"/users/{user.id}/token", principal=stale).status == 401
    assert reads.get(keys.api_token(tokens.api_token_hash(user.token)))


@pytest.mark.parametrize("loss", ["the actor's role", "the tenant"])
def test_an_actor_who_lost_access_after_authorization_rotates_no_token(acme: Tenant, loss: str) -> None:
    other, user = acme.add("admin"), acme.add("user")
    stale = other.principal
    if loss == "the tenant":
        writes.write(writes.Update(keys.tenant(acme.id), set={"status": "deleting"}, when=writes.MUST_EXIST))
    else:
        assert acme.admin.promote(other, "user").status == 200
    with unchanged():
        for target in (user, other) if loss == "the tenant" else (user,):
            answer = other.request("POST", f"/users/{target.id}/token", principal=stale)
            assert answer.status == (401 if loss == "the tenant" else 403)


@pytest.mark.parametrize("tokens_left", [0, 2])
def test_a_user_without_one_token_gets_one_by_rotation(acme: Tenant, tokens_left: int) -> None:
    user = acme.add("user")
    key, old = keys.user(acme.id, user.id), keys.api_token(tokens.api_token_hash(user.token))
    other = keys.api_token("ff")
    item = reads.get(key)
    assert item
    if tokens_left:
        writes.write(writes.Put({"pk": other.pk, "sk": other.sk, "tenant_id": acme.id, "user_id": user.id}))
    owned = item["owned_keys"] | {other.pk} if tokens_left else item["owned_keys"] - {old.pk}
    writes.write(writes.Update(key, set={"owned_keys": owned}, when=writes.MUST_EXIST))

    rotated = acme.admin.request("POST", f"/users/{user.id}/token")

    assert rotated.status == 200
    assert gateway.authorize(rotated.body["data"]["token"])
    owned = (reads.get(key) or {})["owned_keys"]
    new = keys.api_token(tokens.api_token_hash(rotated.body["data"]["token"]))
    assert {pk for pk in owned if pk.startswith("TOKEN#")} == {new.pk}
    assert reads.get(other) is None
    if tokens_left:
        assert gateway.authorize(user.token) is None


def test_a_token_rotated_after_authorization_is_not_rotated_again(acme: Tenant) -> None:
    user = acme.add("user")
    stale = user.principal
    acme.admin.request("POST", f"/users/{user.id}/token")
    with unchanged():
        assert user.request("POST", f"/users/{user.id}/token", principal=stale).status == 401
