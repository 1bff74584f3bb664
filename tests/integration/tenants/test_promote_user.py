"""POST /users/{id}/promote."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from rolecall import clock
from rolecall.storage import dynamodb, keys, reads, writes
from tests import gateway
from tests.integration.conftest import Member, Tenant, audit_of, table_without_audit

ROLES = ("admin", "manager", "user")
#: Written out from the contract, not from `roles.ALLOWED_TRANSITIONS`.
ALLOWED = {("admin", old, new) for old, new in product(ROLES, ROLES) if old != new} | {
    ("manager", "user", "manager"),
    ("manager", "manager", "user"),
}


def _expected(actor: str, old: str, new: str) -> tuple[int, str | None]:
    if actor == "user":
        return 403, "FORBIDDEN"
    if old == new or (actor, old, new) in ALLOWED:
        return 200, None
    return 403, "ROLE_TRANSITION_DENIED"


@dataclass
class Case:
    """One request for a role change. `kind` is the relation between target and actor."""

    actor: str
    old: str
    new: str
    kind: str
    status: int
    code: str | None

    def __str__(self) -> str:
        return f"{self.kind}: {self.actor} makes {self.old} {self.new}"


CASES = [
    *(Case(*case, "someone else", *_expected(*case)) for case in product(ROLES, ROLES, ROLES)),
    *(
        Case(role, role, new, "oneself", 403, "FORBIDDEN" if role == "user" else "SELF_CHANGE_DENIED")
        for role, new in product(ROLES, ROLES)
    ),
    *(
        Case(*case, "other tenant", *((403, "FORBIDDEN") if case[0] == "user" else (404, "USER_NOT_FOUND")))
        for case in product(ROLES, ROLES, ROLES)
    ),
    *(Case(*case, "inactive actor", 401, "UNAUTHORIZED") for case in product(ROLES, ROLES, ROLES)),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_whole_role_table(acme: Tenant, globex: Tenant, case: Case) -> None:
    actor = acme.add(case.actor)
    match case.kind:
        case "oneself":
            target = actor
        case "other tenant":
            target = globex.add(case.old)
        case _:
            target = acme.add(case.old)
    if case.kind == "inactive actor":
        _deactivate(actor)
    before = table_without_audit()

    answer = actor.promote(target, case.new)

    assert (answer.status, answer.body.get("error_code")) == (case.status, case.code)
    if case.status == 200:
        assert answer.body == {
            "success": True,
            "message": "User role updated successfully",
            "data": {"user_id": target.id, "old_role": case.old, "new_role": case.new},
        }
        assert _role_of(target) == case.new
    if case.status != 200 or case.old == case.new:
        assert table_without_audit() == before


def _deactivate(member: Member) -> None:
    key = keys.user(member.tenant_id, member.id)
    writes.write(writes.Update(key, set={"active": False}, when=writes.MUST_EXIST))


def _role_of(member: Member) -> str:
    item = reads.get(keys.user(member.tenant_id, member.id))
    assert item
    return str(item["role"])


def test_a_change_is_audited_with_who_what_before_and_after(acme: Tenant) -> None:
    target = acme.add("user")

    answer = acme.admin.promote(target, "manager")

    entry = audit_of(acme.id)[-1]
    assert entry["action"] == "promote_user"
    assert entry["outcome"] == "succeeded"
    assert entry["actor"] == {"type": "user", "id": acme.admin.id, "email": acme.admin.email, "role": "admin"}
    assert entry["target"] == {"type": "user", "id": target.id}
    assert (entry["before"], entry["after"]) == ({"role": "user"}, {"role": "manager"})
    assert entry["request_id"] == answer.headers["X-Request-Id"]
    assert entry["ip"] == "198.51.100.7"


@pytest.mark.parametrize(("actor", "code"), [("user", "FORBIDDEN"), ("manager", "ROLE_TRANSITION_DENIED")])
def test_a_refused_change_is_audited_with_what_was_asked_for(acme: Tenant, actor: str, code: str) -> None:
    refused, target = acme.add(actor), acme.add("user")

    refused.promote(target, "admin")

    entry = audit_of(acme.id)[-1]
    assert (entry["outcome"], entry["reason"], entry["actor"]["id"]) == ("denied", code, refused.id)
    assert entry["after"] == ({} if code == "FORBIDDEN" else {"new_role": "admin"})


def test_a_role_that_is_held_already_changes_nothing_and_leaves_no_entry(acme: Tenant) -> None:
    target = acme.add("manager")
    entries = len(audit_of(acme.id))

    first, second = (acme.admin.promote(target, "manager") for _ in range(2))

    assert (
        first.body["data"]
        == second.body["data"]
        == {
            "user_id": target.id,
            "old_role": "manager",
            "new_role": "manager",
        }
    )
    assert len(audit_of(acme.id)) == entries


def test_a_change_has_its_time_in_the_user_and_its_ids_in_the_log(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    target = acme.add("user")
    monkeypatch.setattr(clock, "now", lambda: datetime(2040, 1, 1, tzinfo=UTC))
    acme.admin.promote(target, "manager")

    user = acme.admin.request("GET", f"/users/{target.id}").body["data"]
    assert user["updated_at"] == "2040-01-01T00:00:00Z"
    [logged] = [vars(record) for record in caplog.records if record.message == "user promoted"]
    assert logged.items() >= {
        ("tenant_id", acme.id),
        ("user_id", target.id),
        ("old_role", "user"),
        ("new_role", "manager"),
    }
    acme.admin.promote(target, "manager")
    messages = [record.message for record in caplog.records]
    assert (messages.count("user promoted"), messages.count("role unchanged")) == (1, 1)


class TestTheOrderOfChecks:
    """401, 403 for who may change no role, 400, 404, 412, 403 for the transition, 409."""

    def test_no_credential_before_all(self, acme: Tenant) -> None:
        stranger = Member("", acme.id, "", "", "3f1d2c4b-5a69-4788-96a5-b4c3d2e1f0a9")
        assert stranger.promote(acme.admin, "boss").status == 401

    def test_a_powerless_role_before_a_bad_body(self, acme: Tenant) -> None:
        assert acme.add("user").promote(acme.admin, "boss").code == "FORBIDDEN"

    def test_a_bad_body_before_an_unknown_user(self, acme: Tenant) -> None:
        answer = acme.admin.request("POST", "/users/nobody/promote", {"new_role": "boss"})
        assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
        assert answer.body["validation"] == [
            {"field": "new_role", "message": "must be one of admin, manager, user", "value": "boss"}
        ]

    def test_an_unknown_user_before_a_stale_version(self, acme: Tenant) -> None:
        answer = acme.admin.request("POST", "/users/nobody/promote", {"new_role": "user"}, headers={"If-Match": '"9"'})
        assert (answer.status, answer.code) == (404, "USER_NOT_FOUND")

    def test_a_stale_version_before_a_denied_transition(self, acme: Tenant) -> None:
        answer = acme.add("manager").promote(acme.admin, "user", headers={"If-Match": '"9"'})
        assert (answer.status, answer.code) == (412, "PRECONDITION_FAILED")

    def test_a_denied_transition_before_the_last_admin(self, acme: Tenant) -> None:
        answer = acme.add("manager").promote(acme.admin, "user")
        assert (answer.status, answer.code) == (403, "ROLE_TRANSITION_DENIED")


def test_the_last_admin_stays(acme: Tenant) -> None:
    # The only admin can't demote itself. So the actor of this test is another admin who was demoted after it was
    # authorized.
    other = acme.add("admin")
    stale = other.principal
    assert acme.admin.promote(other, "manager").status == 200
    before = table_without_audit()

    answer = other.promote(acme.admin, "user", principal=stale)

    assert (answer.status, answer.code) == (409, "LAST_ADMIN")
    assert table_without_audit() == before


@pytest.mark.parametrize("loss", ["demoted", "deactivated", "demoted and deactivated", "deleted"])
def test_an_actor_who_lost_access_after_authorization_is_refused(acme: Tenant, loss: str) -> None:
    actor, target = acme.add("admin"), acme.add("user")
    stale = actor.principal
    match loss:
        case "demoted":
            assert acme.admin.promote(actor, "user").status == 200
        case "deactivated":
            _deactivate(actor)
        case "demoted and deactivated":  # the answer does not tell which of both happened
            assert acme.admin.promote(actor, "user").status == 200
            _deactivate(actor)
        case _:
            writes.write(writes.Delete(keys.user(acme.id, actor.id)))
    before = table_without_audit()

    answer = actor.promote(target, "manager", principal=stale)

    assert answer.status == (403 if loss == "demoted" else 401)
    assert table_without_audit() == before


@pytest.mark.parametrize("build_request", ["promote", "update", "delete", "own role", "transition"])
def test_an_actor_without_access_learns_nothing_but_that(acme: Tenant, build_request: str) -> None:
    actor, manager = acme.add("admin"), acme.add("manager")
    stale, stale_manager = actor.principal, manager.principal
    _deactivate(actor)
    _deactivate(manager)
    # One admin is left, whom the other actors try to remove.
    writes.write(writes.Update(keys.tenant(acme.id), set={"active_admins": 1}, when=writes.MUST_EXIST))
    entries, before = audit_of(acme.id), table_without_audit()

    match build_request:
        case "promote":
            answer = actor.promote(acme.admin, "user", principal=stale)
        case "update":
            answer = gateway.request("PUT", f"/users/{acme.admin.id}", body={"active": False}, principal=stale)
        case "delete":
            answer = gateway.request("DELETE", f"/users/{acme.admin.id}", principal=stale)
        case "own role":
            answer = actor.promote(actor, "user", principal=stale)
        case _:
            answer = manager.promote(acme.admin, "user", principal=stale_manager)

    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
    assert (audit_of(acme.id), table_without_audit()) == (entries, before)


def test_the_current_version_matches_and_the_answer_names_the_next(acme: Tenant) -> None:
    target = acme.add("user")

    first = acme.admin.promote(target, "manager", headers={"If-Match": '"1"'})
    second = acme.admin.promote(target, "user", headers={"If-Match": '"1"'})
    third = acme.admin.promote(target, "user", headers={"If-Match": f'"0", {first.headers["ETag"]}'})

    assert [first.status, second.status, third.status] == [200, 412, 200]
    assert third.headers["ETag"] == '"3"'


def test_active_admins_are_counted_through_every_change(acme: Tenant) -> None:
    one, two = acme.add("admin"), acme.add("user")
    acme.admin.promote(two, "admin")
    acme.admin.promote(one, "manager")

    tenant = reads.get(keys.tenant(acme.id))

    assert tenant
    assert tenant["active_admins"] == 2


def test_the_second_of_two_equal_demotions_finds_nothing_left_to_do(acme: Tenant) -> None:
    other = acme.add("admin")
    name = "before-call.dynamodb.TransactWriteItems"
    events = dynamodb.client().meta.events

    def overtake(**_: Any) -> None:
        # The first request is executed after the second one has read the target.
        events.unregister(name, overtake)
        assert acme.admin.promote(other, "user").status == 200

    events.register(name, overtake)

    answer = acme.admin.promote(other, "user", principal=acme.admin.principal)

    assert (answer.status, answer.body["data"]["old_role"]) == (200, "user")
