"""`?include=allowed_roles`: what a caller is offered is what a promotion allows."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from rolecall import clock
from rolecall.storage import dynamodb
from tests import gateway
from tests.integration.conftest import MASTER_TOKEN, Member, Tenant, unchanged

ROLES = ("admin", "manager", "user")


def _offered(actor: Member, target: Member) -> list[str]:
    answer = actor.request("GET", f"/users/{target.id}?include=allowed_roles")
    assert answer.status == 200, answer.text
    roles: list[str] = answer.body["data"]["allowed_roles"]
    return roles


@pytest.mark.parametrize(("actor_role", "role"), [*product(("admin",), ROLES), *product(("manager",), ROLES[1:])])
@pytest.mark.parametrize("active", [True, False])
def test_the_allowed_roles_are_those_that_a_promotion_accepts(
    acme: Tenant, actor_role: str, role: str, active: bool
) -> None:
    actor = acme.add(actor_role)
    for new_role in ROLES:
        target = acme.add(role)
        if not active:
            acme.admin.request("PUT", f"/users/{target.id}", {"active": False})
        offered = _offered(actor, target)
        assert role not in offered
        assert (actor.promote(target, new_role).status == 200) is (new_role in [*offered, role])


def test_a_temporary_admin_is_offered_no_change_that_leaves_no_admin(acme: Tenant) -> None:
    actor, until = acme.add("manager"), clock.rfc3339(clock.now() + timedelta(hours=1))
    body = {"new_role": "admin", "until": until}
    assert acme.admin.request("POST", f"/users/{actor.id}/promote", body).status == 200

    assert _offered(actor, acme.admin) == []
    assert actor.promote(acme.admin, "manager").code == "LAST_ADMIN"
    listed = actor.request("GET", "/users?include=allowed_roles").body["users"]
    assert {user["id"]: user["allowed_roles"] for user in listed} == {actor.id: [], acme.admin.id: []}

    acme.add("admin")
    assert sorted(_offered(actor, acme.admin)) == ["manager", "user"]
    assert actor.promote(acme.admin, "manager").status == 200


def test_admins_are_counted_only_if_one_who_is_shown_may_be_the_last(acme: Tenant) -> None:
    other, manager, user = acme.add("admin"), acme.add("manager"), acme.add("user")
    read: list[str] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        read.extend(key["pk"]["S"] for one in params["RequestItems"].values() for key in one["Keys"])

    events = dynamodb.client().meta.events
    for actor, target in ((acme.admin, other), (manager, user)):
        principal = actor.principal
        events.register("before-parameter-build.dynamodb.BatchGetItem", note)
        actor.request("GET", f"/users/{target.id}?include=allowed_roles", principal=principal).must(200)
        events.unregister("before-parameter-build.dynamodb.BatchGetItem", note)
    assert read == []


@pytest.mark.parametrize("role", ROLES)
def test_nobody_is_offered_a_role_for_themselves(acme: Tenant, role: str) -> None:
    actor = acme.add(role)
    assert _offered(actor, actor) == []


def test_an_operator_is_offered_nothing(acme: Tenant) -> None:
    answer = gateway.request("GET", f"/users/{acme.admin.id}?include=allowed_roles", MASTER_TOKEN)
    assert (answer.status, answer.body["data"]["allowed_roles"]) == (200, [])


def test_a_list_offers_for_each_user_what_the_user_alone_shows(acme: Tenant) -> None:
    members = {one.id: one for one in (acme.admin, *(acme.add(role) for role in (*ROLES, "user")))}
    listed = acme.admin.request("GET", "/users?include=allowed_roles&limit=2")
    rest = acme.admin.request("GET", f"/users?include=allowed_roles&cursor={listed.body['next_cursor']}")

    shown = {user["id"]: user["allowed_roles"] for user in (*listed.body["users"], *rest.body["users"])}

    assert shown == {one: _offered(acme.admin, member) for one, member in members.items()}
    assert shown[acme.admin.id] == []
    assert sorted(map(len, shown.values())) == [0, 2, 2, 2, 2]


def test_allowed_roles_are_included_only_on_request(acme: Tenant) -> None:
    assert "allowed_roles" not in acme.admin.request("GET", f"/users/{acme.admin.id}").body["data"]
    assert "allowed_roles" not in acme.admin.request("GET", "/users").body["users"][0]


@pytest.mark.parametrize("include", ["", "roles", "allowed_roles,token", "ALLOWED_ROLES"])
def test_an_unknown_value_of_include_is_refused(acme: Tenant, include: str) -> None:
    with unchanged():
        for path in ("/users", f"/users/{acme.admin.id}"):
            answer = acme.admin.request("GET", f"{path}?include={include}")
            assert (answer.status, answer.body["validation"][0]["field"]) == (400, "include")
