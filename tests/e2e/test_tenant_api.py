"""The tenant API over HTTP, each function with the rights that the template gives it."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.demo.bulk_users import create_bulk_users
from local.deployment.stack import Stack
from local.http import Answer, call
from rolecall import deadline
from tests.e2e.conftest import PASSWORD, Member, Tenant, make


def _eventually[T](look: Callable[[], T], seconds: float = 30) -> T:
    """What `look` sees once it sees anything."""
    deadline = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.3)
    return seen


def _audit(tenant: Tenant, query: str = "") -> list[dict[str, Any]]:
    answer = tenant.request(tenant.admin, "GET", f"/audit{query}")
    assert answer.status == 200, answer.text
    entries: list[dict[str, Any]] = answer.json()["entries"]
    return entries


def test_a_user_from_the_first_token_to_the_end(stack: Stack, register: Callable[[str], Tenant]) -> None:
    # Given a user with a manager above it
    tenant = register("Vehement Capital")
    manager, user = tenant.add("manager"), tenant.add("user")

    # Then each sees whom it may see, and the operator sees anyone
    assert tenant.request(user, "GET", f"/users/{user.id}").json()["data"]["email"] == user.email
    assert tenant.request(manager, "GET", f"/users/{user.id}").status == 200
    assert tenant.request(user, "GET", f"/users/{manager.id}").status == 403
    seen = call("GET", f"{stack.api}/users/{user.id}", stack.master_token)
    assert seen.json()["data"]["tenant_id"] == tenant.id
    assert seen.headers["etag"] == '"1"'

    # When the user takes a new token, then only that one works
    rotated = tenant.request(user, "POST", f"/users/{user.id}/token")
    assert rotated.status == 200, rotated.text
    renewed = Member(user.id, user.email, "user", rotated.json()["data"]["token"])
    assert tenant.request(user, "GET", f"/users/{user.id}").status == 401
    assert tenant.request(renewed, "GET", f"/users/{user.id}").status == 200

    # When the manager deactivates the user, then the token is dead; activated again, it works
    for active, status in ((False, 401), (True, 200)):
        updated = tenant.request(manager, "PUT", f"/users/{user.id}", {"active": active})
        assert updated.json() == {"success": True, "message": "User updated successfully"}
        assert tenant.request(renewed, "GET", f"/users/{user.id}").status == status

    # When the admin gives the user another email, then the token works on, and the former email is free
    renamed = f"renamed-{user.email}"
    assert tenant.request(manager, "PUT", f"/users/{user.id}", {"email": renamed}).status == 403
    assert tenant.request(tenant.admin, "PUT", f"/users/{user.id}", {"email": renamed}).status == 200
    assert tenant.request(renewed, "GET", f"/users/{user.id}").json()["data"]["email"] == renamed
    for email, taken in ((renamed, True), (user.email, False)):
        taker = {"email": email, "password": PASSWORD, "role": "user"}
        assert (tenant.request(tenant.admin, "POST", "/users", taker).status == 409) is taken

    # When the manager deletes the user, then it is gone and its email is free
    deleted = tenant.request(manager, "DELETE", f"/users/{user.id}")
    assert deleted.json() == {"success": True, "message": "User permanently deleted"}
    assert tenant.request(renewed, "GET", f"/users/{user.id}").status == 401
    assert tenant.request(tenant.admin, "GET", f"/users/{user.id}").status == 404
    assert call("GET", f"{stack.api}/users/{user.id}", stack.master_token).status == 404
    again = {"email": renamed, "password": PASSWORD, "role": "user"}
    assert tenant.request(tenant.admin, "POST", "/users", again).status == 201

    # And the trail tells it, newest first, by target, actor and action
    assert [entry["action"] for entry in _audit(tenant, f"?target={user.id}")] == [
        "delete_user",
        "update_user",
        "update_user",  # the refused one
        "update_user",
        "update_user",
        "rotate_token",
        "create_user",
    ]
    assert len(_audit(tenant, f"?actor={manager.id}")) == 4
    assert len(_audit(tenant, "?action=create_user")) == 4
    assert len(_audit(tenant)) == 11


def test_lists_are_filtered_and_paged(register: Callable[[str], Tenant]) -> None:
    tenant = register("Massive Dynamic")
    people = [tenant.admin, *(tenant.add(role) for role in ("user", "manager", "user", "user"))]
    tenant.request(tenant.admin, "PUT", f"/users/{people[1].id}", {"active": False})

    def emails(query: str) -> list[str]:
        found: list[str] = []
        cursor = ""
        while True:
            page = tenant.request(tenant.admin, "GET", f"/users?limit=1{query}{cursor}").json()
            found += [user["email"] for user in page["users"]]
            if "next_cursor" not in page:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    assert emails("") == sorted(one.email for one in people)
    assert emails("&role=user") == sorted(one.email for one in people if one.role == "user")
    assert emails("&active=false") == [people[1].email]
    assert emails("&role=user&active=true") == sorted(one.email for one in people[3:])
    assert emails("&email=OWNER-") == [tenant.admin.email]


def test_a_protected_tenant_is_not_deleted(stack: Stack, register: Callable[[str], Tenant]) -> None:
    tenant = register("Umbrella")

    def operator(method: str, body: object = None) -> Answer:
        return call(method, f"{stack.api}/global/tenants/{tenant.id}", stack.master_token, body)

    names = [one["name"] for one in call("GET", f"{stack.api}/tenants", stack.master_token).json()["tenants"]]
    assert "Umbrella" in names
    assert names == sorted(names, key=str.casefold)
    assert operator("PUT", {"deletion_protection": True}).status == 200
    assert operator("DELETE").json()["error_code"] == "TENANT_PROTECTED"
    assert operator("GET").json()["data"]["deletion_protection"] is True
    assert operator("PUT", {"deletion_protection": False}).status == 200
    assert operator("DELETE").status == 200
    assert operator("GET").status == 404


def test_what_is_sent_twice_with_a_key_is_made_once(stack: Stack, register: Callable[[str], Tenant]) -> None:
    tenant = register("Tyrell")
    body = {"email": "roy@tyrell.example.com", "password": PASSWORD, "role": "user"}

    def create(body: dict[str, str]) -> Answer:
        headers = {"Idempotency-Key": "order-66"}
        return call("POST", f"{stack.api}/users", tenant.admin.token, body, headers)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(create, [body] * 4))
    replay = create(body)

    assert {answer.status for answer in answers} <= {201, 409}
    assert {answer.text for answer in answers if answer.status == 201} == {replay.text}
    assert len(tenant.request(tenant.admin, "GET", "/users?email=roy@").json()["users"]) == 1
    assert create({**body, "role": "admin"}).json()["error_code"] == "IDEMPOTENCY_KEY_REUSED"
    roy = Member(replay.json()["user"]["id"], body["email"], "user", replay.json()["user"]["token"])
    assert tenant.request(roy, "GET", f"/users/{roy.id}").status == 200


def test_a_registration_is_replayed_and_leaves_nothing_behind(stack: Stack) -> None:
    body = {"tenant_name": "Cyberdyne", "email": "miles@cyberdyne.example.com", "password": PASSWORD}

    def register() -> Answer:
        return call("POST", f"{stack.api}/register", stack.master_token, body, {"Idempotency-Key": "judgement-day"})

    first, second = register(), register()

    assert (first.status, second.status, second.text) == (201, 201, first.text)
    tenant_id = first.json()["tenant"]["id"]
    assert call("DELETE", f"{stack.api}/global/tenants/{tenant_id}", stack.master_token).status == 200
    # The stored response is empty now, and the same request makes no second tenant.
    repeated = register()
    assert (repeated.status, repeated.json()["error_code"]) == (409, "DELETION_STARTED")
    assert body["email"] not in str(_kept_answers(stack))


def test_maintenance_hashes_the_emails_in_the_trail_of_a_tenant_that_is_gone(
    stack: Stack, register: Callable[[str], Tenant]
) -> None:
    tenant = register("Weyland")
    user = tenant.add("user")
    assert call("DELETE", f"{stack.api}/global/tenants/{tenant.id}", stack.master_token).status == 200

    stack.lambda_.invoke(FunctionName=stack.physical_id("RunMaintenance"), Payload=b"{}")

    trail = call("GET", f"{stack.api}/audit?tenant_id={tenant.id}", stack.master_token)
    assert user.email not in trail.text
    assert tenant.admin.email not in trail.text
    assert "hmac-sha256:" in trail.text


def _kept_answers(stack: Stack) -> list[Any]:
    pages = stack.dynamodb.get_paginator("scan").paginate(TableName=stack.table_name)
    return [item for page in pages for item in page["Items"] if item["pk"]["S"].startswith("REQUEST#")]


def test_the_use_of_a_token_is_noted_by_and_by(stack: Stack, register: Callable[[str], Tenant]) -> None:
    tenant = register("Aperture")
    tenant.request(tenant.admin, "GET", "/users")

    def noted() -> list[Any]:
        pages = stack.dynamodb.get_paginator("scan").paginate(TableName=stack.table_name)
        items = [item for page in pages for item in page["Items"] if item["pk"]["S"].startswith("TOKEN#")]
        return [item for item in items if item["user_id"]["S"] == tenant.admin.id and "last_used_at" in item]

    assert _eventually(noted)


@pytest.fixture
def role_events(stack: Stack) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The events that another service would get, by a rule of its own."""
    sqs, events = stack.client("sqs"), stack.client("events")
    url = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bus = stack.outputs["RoleEventsBusName"]
    events.put_rule(Name="listener", EventBusName=bus, EventPattern='{"source": ["rolecall"]}')
    events.put_targets(Rule="listener", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])

    def received() -> list[dict[str, Any]]:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]

    yield received
    events.remove_targets(Rule="listener", EventBusName=bus, Ids=["queue"])
    events.delete_rule(Name="listener", EventBusName=bus)
    sqs.delete_queue(QueueUrl=url)


def test_other_services_learn_of_changed_roles_deactivations_and_deletions(
    register: Callable[[str], Tenant], role_events: Callable[[], list[dict[str, Any]]]
) -> None:
    tenant = register("Wonka")
    user = tenant.add("user")
    tenant.promote(tenant.admin, user, "manager")
    tenant.request(tenant.admin, "PUT", f"/users/{user.id}", {"active": False})
    tenant.request(tenant.admin, "DELETE", f"/users/{user.id}")

    seen: list[dict[str, Any]] = []

    def all_there() -> bool:
        seen.extend(event for event in role_events() if event["detail"].get("user_id") == user.id)
        return len(seen) >= 3

    _eventually(all_there)

    manager, idle = {"role": "manager", "active": True}, {"role": "manager", "active": False}
    told = {event["detail-type"]: (event["detail"]["before"], event["detail"]["after"]) for event in seen}
    assert told == {
        "User Role Changed": ({"role": "user", "active": True}, manager),
        "User Deactivated": (manager, idle),
        "User Deleted": (idle, None),
    }


def test_a_hundred_roles_are_changed_at_once(stack: Stack, layer: None, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a tenant of a hundred users beside its admin
    monkeypatch.setattr(deadline, "time_left", lambda: 60.0)
    admin, *others = create_bulk_users(101, 1)

    def ask(changes: list[dict[str, str]], **more: Any) -> Answer:
        return call("POST", f"{stack.api}/users/promote", admin.token, {"changes": changes, **more})

    changes = [{"email": one.email, "new_role": "user" if one.role == "manager" else "manager"} for one in others]

    # When a dry run asks what would happen, then nothing happens
    told = ask(changes, reason="the reorganisation", dry_run=True)
    assert told.status == 200, told.text
    assert told.json()["data"]["changed"] == 100

    # When it is carried out, then exactly that happens, in one request and within its time
    started = time.monotonic()
    done = ask(changes, reason="the reorganisation")
    assert time.monotonic() - started < 28
    assert done.json()["data"]["results"] == told.json()["data"]["results"]
    users = call("GET", f"{stack.api}/users", admin.token).json()["users"]
    roles = {user["email"]: user["role"] for user in users}
    assert all(roles[change["email"]] == change["new_role"] for change in changes)

    # And each change has its entry with the reason, in the order of the request
    entries = call("GET", f"{stack.api}/audit?action=promote_user&limit=100", admin.token).json()["entries"]
    targets = [one["user_id"] for one in done.json()["data"]["results"]]
    assert [entry["target"]["id"] for entry in reversed(entries)] == targets
    assert {entry["reason"] for entry in entries} == {"the reorganisation"}

    # When it is repeated, then nothing changes
    again = ask(changes).json()["data"]
    assert (again["changed"], again["unchanged"]) == (0, 100)

    # When one who was made a manager asks, then a manager's rules count for each change
    manager = next(one for one, change in zip(others, changes, strict=True) if change["new_role"] == "manager")
    plain = next(one for one, change in zip(others, changes, strict=True) if change["new_role"] == "user")
    body = {"changes": [{"user_id": who.user_id, "new_role": "user"} for who in (admin, manager, plain)]}
    refused = call("POST", f"{stack.api}/users/promote", manager.token, body).json()["data"]["results"]
    codes = [one.get("error_code", one["outcome"]) for one in refused]
    assert codes == ["ROLE_TRANSITION_DENIED", "SELF_CHANGE_DENIED", "unchanged"]
    assert call("DELETE", f"{stack.api}/global/tenants/{admin.tenant_id}", stack.master_token).status in {200, 202}


def test_make_promote_changes_what_a_file_says(
    served: Stack, register: Callable[[str], Tenant], tmp_path: Path
) -> None:
    # Given a file with an error, then the error is told with its line and nothing is changed
    tenant = register("Spreadsheet")
    ana, ben = tenant.add("user"), tenant.add("manager")
    path = tmp_path / "changes.csv"
    path.write_text(f"email,new_role,until,reason\n{ana.email},boss,,\n")
    options = f"FILE={path}", f"TOKEN={tenant.admin.token}"
    refused = make("promote", *options)
    assert refused.returncode != 0
    assert "line 2: new_role must be one of" in refused.stderr

    # Given a right one, then it shows what would happen and, where nobody can answer, changes nothing
    path.write_text(f"email,new_role,until,reason\n{ana.email},manager,,for July\n{ben.email},user,,\n")
    asked = make("promote", *options)
    assert "What would happen" in asked.stdout
    assert "say YES=yes" in asked.stderr
    assert tenant.request(tenant.admin, "GET", f"/users/{ana.id}").json()["data"]["role"] == "user"

    # When it may go on, then it makes the changes and shows them
    done = make("promote", *options, "YES=yes")
    assert done.returncode == 0, done.stderr
    assert "What happened" in done.stdout
    assert "2 changed" in done.stdout
    assert [entry["reason"] for entry in _audit(tenant, "?action=promote_user")] == [None, "for July"]
    assert tenant.request(tenant.admin, "GET", f"/users/{ana.id}").json()["data"]["role"] == "manager"
