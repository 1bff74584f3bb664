"""POST /users/promote: many changes of role in one request, and the dry run that says what they would do."""

import json
import random
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ReadTimeoutError

from rolecall.storage import keys, writes
from tests import gateway
from tests.faults import call_before_nth_transaction
from tests.gateway import Response
from tests.integration.clock import MovedClock
from tests.integration.conftest import (
    Member,
    Tenant,
    audit_of,
    delete_tenant,
    metrics_in,
    table,
    table_without_audit,
    unchanged,
)

ROLES = ("admin", "manager", "user")
HOUR = 3600


@pytest.fixture
def acme(time: MovedClock, acme: Tenant) -> Tenant:
    return acme


def _change(target: Member, new_role: str, until: str | None = None, **more: Any) -> dict[str, Any]:
    return {"user_id": target.id, "new_role": new_role, **({"until": until} if until else {}), **more}


def _promote(actor: Member, changes: list[dict[str, Any]], seconds: float = 20.0, **more: Any) -> Response:
    return actor.request("POST", "/users/promote", {"changes": changes, **more}, seconds=seconds)


def _results(answer: Response) -> list[dict[str, Any]]:
    assert answer.status == 200, answer.text
    results: list[dict[str, Any]] = answer.body["data"]["results"]
    return results


def _outcomes(answer: Response) -> list[str]:
    return [one.get("error_code", one["outcome"]) for one in _results(answer)]


def _roles(tenant: Tenant) -> dict[str, str]:
    return {user["id"]: user["role"] for user in tenant.admin.request("GET", "/users").body["users"]}


def _temporary_admin(tenant: Tenant, until: str, lasting_role: str = "manager") -> Member:
    member = tenant.add(lasting_role)
    assert _outcomes(_promote(tenant.admin, [_change(member, "admin", until)])) == ["changed"]
    return member


# --- What it does ----------------------------------------------------------------------------------


def test_the_answer_has_a_result_for_each_change_in_their_order(acme: Tenant) -> None:
    user, manager = acme.add("user"), acme.add("manager")
    changes = [
        _change(user, "manager"),
        {"email": manager.email.upper(), "new_role": "manager"},
        _change(acme.admin, "user"),
        {"user_id": (missing := str(uuid4())), "new_role": "admin"},
        {"email": "nobody@example.com", "new_role": "admin"},
    ]

    answer = _promote(acme.admin, changes)

    assert answer.status == 200
    body = answer.body
    results = body["data"].pop("results")
    assert body == {
        "success": True,
        "message": "Each result says what became of its change",
        "data": {"dry_run": False, "changed": 1, "unchanged": 1, "refused": 3, "not_tried": 0},
    }
    roles = {"old_role": "user", "new_role": "manager"}
    assert results[0] == {"user_id": user.id, "email": user.email, "outcome": "changed", **roles}
    same = {"old_role": "manager", "new_role": "manager"}
    assert results[1] == {"user_id": manager.id, "email": manager.email, "outcome": "unchanged", **same}
    assert results[2].pop("error")
    refused = {"outcome": "refused", "error_code": "SELF_CHANGE_DENIED"}
    assert results[2] == {"user_id": acme.admin.id, "new_role": "user", **refused}
    not_found = {"outcome": "refused", "error_code": "USER_NOT_FOUND", "error": "user not found", "new_role": "admin"}
    assert results[3:] == [{"user_id": missing, **not_found}, {"email": "nobody@example.com", **not_found}]
    assert _roles(acme)[user.id] == "manager"


def test_each_change_has_an_audit_entry_of_its_own_in_the_order_of_the_request(acme: Tenant) -> None:
    users = [acme.add("user") for _ in range(3)]
    changes = [_change(users[0], "manager"), _change(users[1], "admin", reason="her own"), _change(users[2], "user")]

    answer = _promote(acme.admin, [*changes, _change(acme.admin, "user")], reason="the new team")

    entries = audit_of(acme.id)[-3:]
    assert [entry["target"]["id"] for entry in entries] == [users[0].id, users[1].id, acme.admin.id]
    assert {entry["action"] for entry in entries} == {"promote_user"}
    assert {entry["request_id"] for entry in entries} == {answer.headers["X-Request-Id"]}
    assert [entry["outcome"] for entry in entries] == ["succeeded", "succeeded", "denied"]
    assert [entry["reason"] for entry in entries] == ["the new team", "her own", "SELF_CHANGE_DENIED"]
    assert entries[2]["after"] == {"new_role": "user", "reason": "the new team"}


def test_a_refused_change_is_in_the_trail_with_all_that_was_asked_for(acme: Tenant, time: MovedClock) -> None:
    manager, user, until = acme.add("manager"), acme.add("user"), time.ahead(HOUR)

    _promote(manager, [_change(user, "admin", until)], reason="stands in for Ana")

    entry = audit_of(acme.id)[-1]
    assert (entry["action"], entry["outcome"], entry["reason"]) == ("promote_user", "denied", "ROLE_TRANSITION_DENIED")
    assert (entry["actor"]["id"], entry["target"]) == (manager.id, {"type": "user", "id": user.id})
    assert entry["after"] == {"new_role": "admin", "until": until, "reason": "stands in for Ana"}


@pytest.mark.parametrize("actor_role", ["admin", "manager"])
def test_each_change_obeys_the_rules_of_a_promotion(acme: Tenant, actor_role: str) -> None:
    actor = acme.add(actor_role)
    pairs = [(old, new) for old in ROLES for new in ROLES]
    alone, together = ([acme.add(old) for old, _ in pairs] for _ in range(2))

    answer = _promote(actor, [_change(one, new) for one, (_, new) in zip(together, pairs, strict=True)])

    expected = [actor.promote(one, new) for one, (_, new) in zip(alone, pairs, strict=True)]
    assert [one.get("error_code", "") for one in _results(answer)] == [
        one.body.get("error_code", "") for one in expected
    ]
    roles = _roles(acme)
    assert [roles[one.id] for one in together] == [roles[one.id] for one in alone]


def test_a_repeated_request_changes_nothing_more(acme: Tenant, time: MovedClock) -> None:
    until = time.ahead(HOUR)
    changes = [_change(acme.add("user"), "manager"), _change(acme.add("user"), "admin", until)]
    assert _outcomes(_promote(acme.admin, changes)) == ["changed", "changed"]
    before = table()

    again = _promote(acme.admin, changes)

    assert _outcomes(again) == ["unchanged", "unchanged"]
    assert _results(again)[1]["until"] == until
    assert table() == before


def test_a_change_with_until_gives_a_temporary_role(acme: Tenant, time: MovedClock) -> None:
    user, admin, until = acme.add("user"), acme.add("admin"), time.ahead(HOUR)

    answer = _promote(
        acme.admin,
        [
            _change(user, "manager", until),
            _change(admin, "manager", until),
            _change(acme.add("user"), "admin", time.ahead(10)),
        ],
    )

    assert _outcomes(answer) == ["changed", "VALIDATION_ERROR", "VALIDATION_ERROR"]
    assert _results(answer)[0]["until"] == until
    assert [one["error"].partition(" ")[0] for one in _results(answer)[1:]] == ["until", "until"]
    shown = acme.admin.request("GET", f"/users/{user.id}").body["data"]
    assert (shown["role"], shown["lasting_role"], shown["role_until"]) == ("manager", "user", until)


def test_a_hundred_users_are_changed_in_one_request(acme: Tenant) -> None:
    users = [acme.add("user") for _ in range(100)]

    answer = _promote(acme.admin, [_change(one, "manager") for one in users], seconds=28)

    assert _outcomes(answer) == ["changed"] * 100
    assert [one["user_id"] for one in _results(answer)] == [one.id for one in users]
    entries = [entry for entry in audit_of(acme.id) if entry["action"] == "promote_user"]
    assert [entry["target"]["id"] for entry in entries] == [one.id for one in users]


# --- What is refused as a whole ---------------------------------------------------------------------


def test_a_user_who_is_named_twice_is_refused_and_the_rows_are_named(acme: Tenant) -> None:
    first, second = acme.add("user"), acme.add("user")
    changes = [
        _change(first, "manager"),
        {"email": second.email, "new_role": "manager"},
        {"user_id": first.id.upper(), "new_role": "admin"},
        _change(second, "manager"),
        {"email": "nobody@example.com", "new_role": "user"},
        {"email": "Nobody@example.com", "new_role": "user"},
    ]
    with unchanged():
        answer = _promote(acme.admin, changes)
        assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
        assert _promote(acme.admin, changes, dry_run=True).text.partition('"timestamp"')[0] in answer.text
    assert answer.body["validation"] == [
        {"field": f"changes[{row}]", "message": f"is about the same user as changes[{earlier}]"}
        for row, earlier in ((2, 0), (3, 1), (5, 4))
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"new_role": "user"}, "changes[1]"),
        ({"user_id": str(uuid4()), "email": "a@example.com", "new_role": "user"}, "changes[1]"),
        ({"user_id": "me", "new_role": "user"}, "changes[1].user_id"),
        ({"user_id": None, "email": "a@example.com", "new_role": "user"}, "changes[1].user_id"),
        ({"email": "nobody", "new_role": "user"}, "changes[1].email"),
        ({"email": "a@example.com", "new_role": "boss"}, "changes[1].new_role"),
        ({"email": "a@example.com"}, "changes[1].new_role"),
        ({"email": "a@example.com", "new_role": "user", "until": "soon"}, "changes[1].until"),
        ({"email": "a@example.com", "new_role": "user", "reason": " "}, "changes[1].reason"),
        ({"email": "a@example.com", "new_role": "user", "tenant_id": "x"}, "changes[1].tenant_id"),
    ],
)
def test_a_change_that_is_wrong_is_named_and_nothing_is_changed(
    acme: Tenant, change: dict[str, Any], field: str
) -> None:
    user = acme.add("user")
    with unchanged():
        answer = _promote(acme.admin, [_change(user, "manager"), change])
        assert (answer.status, [one["field"] for one in answer.body["validation"]]) == (400, [field])


def test_one_to_a_hundred_changes_are_taken(acme: Tenant) -> None:
    changes = [{"user_id": str(uuid4()), "new_role": "user"} for _ in range(101)]
    with unchanged():
        for refused in ([], changes):
            assert _promote(acme.admin, refused).body["validation"][0]["field"] == "changes"
        assert _outcomes(_promote(acme.admin, changes[:100])) == ["USER_NOT_FOUND"] * 100


def test_a_body_has_up_to_64_kib(acme: Tenant) -> None:
    change = {"user_id": str(uuid4()), "new_role": "user"}
    text = json.dumps({"changes": [change]})
    taken, refused = (
        acme.admin.request("POST", "/users/promote", text.ljust(size)) for size in (64 * 1024, 64 * 1024 + 1)
    )
    assert (taken.status, refused.status) == (200, 413)
    assert refused.body["error"] == "the body must not exceed 64 KiB"


def test_a_caller_who_may_change_no_role_is_refused_before_the_body_is_checked(acme: Tenant) -> None:
    user = acme.add("user")
    with unchanged():
        assert _promote(user, [{"nonsense": True}]).code == "FORBIDDEN"
    entry = audit_of(acme.id)[-1]
    assert (entry["action"], entry["outcome"], entry["reason"]) == ("promote_users", "denied", "FORBIDDEN")


def test_a_user_of_another_tenant_is_not_found(acme: Tenant, globex: Tenant) -> None:
    theirs = [globex.admin, globex.add("user")]
    changes = [{"user_id": theirs[0].id, "new_role": "user"}, {"email": theirs[1].email, "new_role": "admin"}]
    with unchanged():
        for dry_run in (True, False):
            assert _outcomes(_promote(acme.admin, changes, dry_run=dry_run)) == ["USER_NOT_FOUND"] * 2


def test_a_manager_learns_no_email_of_an_admin(acme: Tenant) -> None:
    manager = acme.add("manager")
    for dry_run in (True, False):
        [by_id] = _results(_promote(manager, [_change(acme.admin, "admin")], dry_run=dry_run))
        assert by_id == {"user_id": acme.admin.id, "outcome": "unchanged", "old_role": "admin", "new_role": "admin"}


# --- The actor on the way ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "code"),
    [("user", "FORBIDDEN"), ("manager", "FORBIDDEN"), ("inactive", "UNAUTHORIZED"), ("deleted", "UNAUTHORIZED")],
)
def test_the_remaining_changes_of_an_actor_who_loses_the_role_are_refused(acme: Tenant, loss: str, code: str) -> None:
    actor = acme.add("admin")
    users = [acme.add("user") for _ in range(4)]
    already = acme.add("manager")

    def lose() -> None:
        if loss == "deleted":
            assert acme.admin.request("DELETE", f"/users/{actor.id}").status == 200
        elif loss == "inactive":
            assert acme.admin.request("PUT", f"/users/{actor.id}", {"active": False}).status == 200
        else:
            assert acme.admin.promote(actor, loss).status == 200

    with call_before_nth_transaction(3, lose):
        answer = _promote(actor, [_change(one, "manager") for one in (*users, already)])

    # One who has the role already is refused too, although nothing would be written.
    assert _outcomes(answer) == ["changed", "changed", code, code, code]
    roles = _roles(acme)
    assert [roles[one.id] for one in users] == ["manager", "manager", "user", "user"]


@pytest.mark.parametrize("changes_first", [True, False])
def test_an_actor_without_access_learns_nothing(acme: Tenant, changes_first: bool) -> None:
    actor, user = acme.add("admin"), acme.add("user")
    principal = actor.principal
    assert acme.admin.request("PUT", f"/users/{actor.id}", {"active": False}).status == 200
    changes = [_change(user, "manager"), _change(acme.admin, "admin")]
    body = {"changes": changes if changes_first else changes[::-1]}
    with unchanged():
        for dry_run in (True, False):
            answer = gateway.request("POST", "/users/promote", body={**body, "dry_run": dry_run}, principal=principal)
            assert (answer.status, answer.code) == (401, "UNAUTHORIZED")


def test_after_an_unexpected_error_the_changes_before_it_are_still_reported(
    acme: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    users = [acme.add("user") for _ in range(3)]

    def fail() -> None:
        raise RuntimeError("a bug")

    with call_before_nth_transaction(2, fail):
        answer = _promote(acme.admin, [_change(one, "manager") for one in users])

    assert answer.status == 200
    assert _outcomes(answer) == ["changed", "INTERNAL_ERROR", "not_tried"]
    roles = _roles(acme)
    assert [roles[one.id] for one in users] == ["manager", "user", "user"]
    assert "a bug" not in answer.text
    assert metrics_in(capsys.readouterr().out)["RequestsFailed"] == 1


def test_an_unexpected_error_before_any_change_is_a_500(acme: Tenant) -> None:
    user = acme.add("user")

    def fail() -> None:
        raise RuntimeError("a bug")

    with call_before_nth_transaction(1, fail), unchanged():
        answer = _promote(acme.admin, [_change(user, "manager")])
    assert answer.status == 500


def test_a_tenant_that_closes_during_the_request_refuses_the_remaining_changes(acme: Tenant) -> None:
    users = [acme.add("user") for _ in range(3)]

    with call_before_nth_transaction(2, lambda: delete_tenant(acme.id, query="?grace_days=7")):
        answer = _promote(acme.admin, [_change(one, "manager") for one in users])

    assert _outcomes(answer) == ["changed", "UNAUTHORIZED", "UNAUTHORIZED"]


def test_the_remaining_changes_of_an_actor_whose_role_has_ended_are_refused(acme: Tenant, time: MovedClock) -> None:
    actor, users = _temporary_admin(acme, time.ahead(HOUR)), [acme.add("user") for _ in range(3)]

    with call_before_nth_transaction(2, lambda: time.forward(HOUR)):
        answer = _promote(actor, [_change(one, "manager") for one in users])

    # The second change was on its way before the end.
    assert _outcomes(answer) == ["changed", "changed", "FORBIDDEN"]
    roles = _roles(acme)
    assert [roles[one.id] for one in users] == ["manager", "manager", "user"]


def test_no_power_outlives_its_source(acme: Tenant, time: MovedClock) -> None:
    until, later = time.ahead(HOUR), time.ahead(2 * HOUR)
    actor, users = _temporary_admin(acme, until), [acme.add("user") for _ in range(4)]
    changes = [
        _change(users[0], "admin", until),
        _change(users[1], "admin", later),
        _change(users[2], "admin"),
        _change(users[3], "manager"),
    ]
    for dry_run in (True, False):
        answer = _promote(actor, changes, dry_run=dry_run)
        assert _outcomes(answer) == ["changed", "ROLE_TRANSITION_DENIED", "ROLE_TRANSITION_DENIED", "changed"]


def test_an_actor_whose_role_is_shortened_during_the_request_gives_no_role_that_outlives_it(
    acme: Tenant, time: MovedClock
) -> None:
    until, sooner = time.ahead(2 * HOUR), time.ahead(HOUR)
    actor, users = _temporary_admin(acme, until), [acme.add("user") for _ in range(3)]

    with call_before_nth_transaction(2, lambda: _promote(acme.admin, [_change(actor, "admin", sooner)])):
        answer = _promote(actor, [*(_change(one, "admin", until) for one in users[:2]), _change(users[2], "manager")])

    assert _outcomes(answer) == ["changed", "FORBIDDEN", "changed"]


# --- Time and failures ------------------------------------------------------------------------------


def test_changes_for_which_no_time_is_left_are_not_tried(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    users = [acme.add("user") for _ in range(4)]
    left = iter([20.0, 2.5, 2.4, 20.0, 20.0])

    with monkeypatch.context() as patched:
        patched.setattr("rolecall.tenants.bulk_promotion.deadline.time_left", lambda: next(left))
        answer = _promote(acme.admin, [_change(one, "manager") for one in users])

    assert _outcomes(answer) == ["changed", "changed", "not_tried", "not_tried"]
    assert answer.body["data"]["not_tried"] == 2
    roles = _roles(acme)
    assert [roles[one.id] for one in users] == ["manager", "manager", "user", "user"]
    rest = _promote(acme.admin, [_change(one, "manager") for one in users])
    assert _outcomes(rest) == ["unchanged", "unchanged", "changed", "changed"]


@pytest.mark.parametrize("number", [1, 2])
def test_a_storage_that_fails_is_a_503_unless_something_was_changed(acme: Tenant, number: int) -> None:
    users = [acme.add("user") for _ in range(3)]

    def fail() -> None:
        raise ReadTimeoutError(endpoint_url="https://nowhere.example.com")

    with call_before_nth_transaction(number, fail):
        answer = _promote(acme.admin, [_change(one, "manager") for one in users])

    if number == 1:
        assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "SERVICE_UNAVAILABLE", "1")
        return
    assert _outcomes(answer) == ["changed", "SERVICE_UNAVAILABLE", "not_tried"]
    assert [one["user_id"] for one in _results(answer)] == [one.id for one in users]
    assert "may have been made" in _results(answer)[1]["error"]


# --- The dry run ------------------------------------------------------------------------------------


def test_a_dry_run_changes_nothing_and_leaves_no_entry(acme: Tenant) -> None:
    users = [acme.add("user") for _ in range(2)]
    before = table()

    answer = _promote(
        acme.admin, [*(_change(one, "manager") for one in users), _change(acme.admin, "user")], dry_run=True
    )

    assert _outcomes(answer) == ["changed", "changed", "SELF_CHANGE_DENIED"]
    assert (answer.body["message"], answer.body["data"]["dry_run"]) == ("Dry run: nothing was changed", True)
    assert table() == before


def test_of_the_last_two_admins_the_second_is_refused_also_in_the_dry_run(acme: Tenant, time: MovedClock) -> None:
    second, actor = acme.add("admin"), _temporary_admin(acme, time.ahead(HOUR))
    changes = [_change(acme.admin, "user"), _change(second, "manager"), _change(acme.add("user"), "manager")]

    told, done = (_results(_promote(actor, changes, dry_run=dry_run)) for dry_run in (True, False))

    assert told == done
    assert [one.get("error_code") for one in done] == [None, "LAST_ADMIN", None]


def test_a_temporary_admin_created_earlier_in_the_request_does_not_count_as_a_remaining_admin(
    acme: Tenant, time: MovedClock
) -> None:
    until = time.ahead(HOUR)
    other, actor, user = acme.add("manager"), _temporary_admin(acme, until, "user"), acme.add("user")
    # Who is admin until a moment can make nobody an admin for good.
    changes = [_change(user, "admin", until), _change(other, "admin"), _change(acme.admin, "user")]
    told, done = (_results(_promote(actor, changes, dry_run=dry_run)) for dry_run in (True, False))
    assert told == done
    assert [one.get("error_code") for one in done] == [None, "ROLE_TRANSITION_DENIED", "LAST_ADMIN"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_user_who_is_being_deleted_is_not_found(acme: Tenant, dry_run: bool) -> None:
    user = acme.add("user")
    writes.write(writes.Update(keys.user(acme.id, user.id), set={"deleted_at": "2026-06-15"}, when=writes.MUST_EXIST))
    with unchanged():
        assert _outcomes(_promote(acme.admin, [_change(user, "manager")], dry_run=dry_run)) == ["USER_NOT_FOUND"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_with_a_wrong_count_of_admins_only_the_demotion_of_an_admin_is_refused(acme: Tenant, dry_run: bool) -> None:
    changes = [_change(acme.add("user"), "manager"), _change(acme.add("admin"), "user")]
    writes.write(writes.Update(keys.tenant(acme.id), set={"active_admins": 0}, when=writes.MUST_EXIST))
    assert _outcomes(_promote(acme.admin, changes, dry_run=dry_run)) == ["changed", "LAST_ADMIN"]


@pytest.mark.parametrize("seed", range(20))
def test_a_dry_run_predicts_the_results_of_the_real_run(acme: Tenant, time: MovedClock, seed: int) -> None:
    dice = random.Random(seed)
    ends = [time.ahead(seconds) for seconds in (HOUR, 2 * HOUR, 3 * HOUR)]
    members = [acme.admin, *(acme.add(dice.choice(ROLES)) for _ in range(7))]
    for member in dice.sample(members[1:], 3):
        _promote(acme.admin, [_change(member, dice.choice(ROLES[:2]), dice.choice(ends))])
    for member in dice.sample(members[1:], 2):
        acme.admin.request("PUT", f"/users/{member.id}", {"active": False})
    time.forward(dice.choice([0, HOUR + 60]))  # some of them end, and nobody has written it down
    actors = [one for one in members if (gateway.authorize(one.token) or {}).get("role") in {"admin", "manager"}]
    actor = dice.choice(actors)
    principal = actor.principal
    if dice.random() < 0.3:  # who is authorized, and then demoted by somebody else
        acme.admin.promote(actor, "user")
    changes = [
        _change(member, dice.choice(ROLES), dice.choice([None, None, *ends, time.ahead(30)]))
        for member in dice.sample(members, len(members))
    ]

    def ask(dry_run: bool) -> Response:
        body = {"changes": changes, "dry_run": dry_run}
        return gateway.request("POST", "/users/promote", body=body, principal=principal)

    before = table_without_audit()
    told = ask(dry_run=True)
    assert table_without_audit() == before
    done = ask(dry_run=False)

    assert (told.status, done.status) == (200, 200)
    assert told.body["data"]["results"] == done.body["data"]["results"]
