"""The main job over HTTP, against the stack that `sam deploy` made of `template.yaml`."""

import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.deployment.stack import Stack
from local.http import Answer, call
from tests.dialects import GATEWAY, PLATFORM, TENANT, assert_readable, assert_valid
from tests.e2e.conftest import Tenant
from tests.gateway import event_of


def test_a_tenant_from_its_registration_to_its_end(stack: Stack, register: Callable[[str], Tenant]) -> None:
    # Given a tenant with an admin and a user
    tenant = register("Initech")
    user = tenant.add("user")

    # When the admin makes the user a manager, twice, as after a lost answer
    first, second = (tenant.promote(tenant.admin, user, "manager") for _ in range(2))

    # Then the answer echoes the old and the new role, and the retry changes nothing
    assert first.json()["data"] == {"user_id": user.id, "old_role": "user", "new_role": "manager"}
    assert second.json()["data"] == {"user_id": user.id, "old_role": "manager", "new_role": "manager"}

    # And the new manager may do what managers may, and no more
    other = tenant.add("user")
    assert tenant.promote(user, other, "manager").status == 200
    assert tenant.promote(user, other, "admin").json()["error_code"] == "ROLE_TRANSITION_DENIED"
    assert tenant.promote(user, user, "user").json()["error_code"] == "SELF_CHANGE_DENIED"
    assert tenant.promote(user, tenant.admin, "user").json()["error_code"] == "ROLE_TRANSITION_DENIED"

    # And the list shows everyone, by email, with masked tokens
    listed = call("GET", f"{stack.api}/users", tenant.admin.token).json()["users"]
    assert [one["email"] for one in listed] == sorted(one.email for one in (tenant.admin, user, other))
    assert all(one["token"].startswith("********-****-****-****-********") for one in listed)

    # When the tenant is deleted, then nothing of it is left and no token works
    deleted = call("DELETE", f"{stack.api}/global/tenants/{tenant.id}", stack.master_token)
    assert deleted.status == 200
    assert deleted.json()["data"]["tenant_name"] == "Initech"
    assert {call("GET", f"{stack.api}/users", one.token).status for one in (tenant.admin, user, other)} == {401}
    left = {item["pk"]["S"].partition("#")[0] for item in _items_naming(stack, tenant.id)}
    assert left == {"AUDIT", "DELETION"}
    assert call("DELETE", f"{stack.api}/global/tenants/{tenant.id}", stack.master_token).status == 404


def _items_naming(stack: Stack, tenant_id: str) -> list[dict[str, dict[str, str]]]:
    pages = stack.dynamodb.get_paginator("scan").paginate(TableName=stack.table_name)
    return [item for page in pages for item in page["Items"] if tenant_id in json.dumps(item, default=str)]  # type: ignore[misc]


def test_another_tenants_user_is_like_one_that_never_existed(register: Callable[[str], Tenant]) -> None:
    one, other = register("Hooli"), register("Pied Piper")

    foreign = one.promote(one.admin, other.admin, "user")
    unknown = one.request(
        one.admin, "POST", "/users/00000000-0000-4000-8000-000000000000/promote", {"new_role": "user"}
    )

    assert foreign.status == unknown.status == 404
    assert _without_time(foreign) == _without_time(unknown)


def _without_time(answer: Answer) -> dict[str, object]:
    return {name: value for name, value in answer.json().items() if name != "timestamp"}


@pytest.mark.parametrize(
    ("path", "credential", "status"),
    [("/users", None, 401), ("/users", "garbage", 401)],
    ids=["no credential", "bad credential"],
)
def test_errors_that_the_gateway_makes_satisfy_both_dialects(
    stack: Stack, path: str, credential: str | None, status: int
) -> None:
    answer = call("GET", f"{stack.api}{path}", credential)

    body = answer.json()
    assert answer.status == body["status"] == status
    assert body["success"] is False
    assert body["error_code"] == "UNAUTHORIZED"
    assert body["path"] == path
    for dialect in (TENANT, PLATFORM):
        assert_readable(body, dialect)
    assert_valid(body, GATEWAY)
    assert "$" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("authorization", [None, "Bearer garbage", "AWS4-HMAC-SHA256 Credential=x", "Basic eDp5"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("POST", "/users/1/nowhere/at/all"),
        ("PATCH", "/users"),
        ("DELETE", "/v1/api/auth/login"),
        ("OPTIONS", "/users"),
        ("HEAD", "/users"),
        ("HEAD", "/nowhere"),
        ("GET", "/"),
        ("OPTIONS", "/"),
    ],
)
def test_what_is_no_route_is_not_found_whatever_the_method_and_the_credential(
    stack: Stack, method: str, path: str, authorization: str | None
) -> None:
    answer = call(method, f"{stack.api}{path}", headers={"Authorization": authorization} if authorization else {})

    assert answer.status == 404
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]
    if method != "HEAD":
        body = answer.json()
        assert (body["code"], body["error_code"], body["path"]) == ("NOT_FOUND", "NOT_FOUND", path)
        # The function's own time, where the gateway would have written another form.
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body["timestamp"])
        for dialect in (TENANT, PLATFORM):
            assert_readable(body, dialect)
        assert_valid(body, GATEWAY)


def test_a_token_works_until_the_deletion_is_answered_and_never_after(
    stack: Stack, register: Callable[[str], Tenant]
) -> None:
    tenant = register("Vandelay")
    answered: list[float] = []

    def knock() -> list[tuple[float, int]]:
        seen: list[tuple[float, int]] = []
        # Until one has begun well after the answer, however slow they are.
        while not (answered and seen and seen[-1][0] > answered[0] + 1):
            started = time.monotonic()
            seen.append((started, call("GET", f"{stack.api}/users", tenant.admin.token).status))
        return seen

    with ThreadPoolExecutor(4) as pool:
        knocking = [pool.submit(knock) for _ in range(3)]
        time.sleep(1)
        deleted = call("DELETE", f"{stack.api}/global/tenants/{tenant.id}", stack.master_token)
        answered.append(time.monotonic())
        seen = [one for knocks in knocking for one in knocks.result()]

    assert deleted.status == 200
    # Within the deletion a request either is served or finds the door closed.
    assert {status for _, status in seen} == {200, 401}
    assert {status for started, status in seen if started > answered[0]} == {401}


def test_maintenance_by_hand_answers_with_its_report(stack: Stack) -> None:
    answer = stack.lambda_.invoke(
        FunctionName=stack.physical_id("RunMaintenance"), Payload=json.dumps(event_of("run_maintenance")).encode()
    )

    report = json.loads(answer["Payload"].read())

    assert not answer.get("FunctionError"), report
    assert report["deletions_stalled"] == []
    assert report["violations"] == 0
