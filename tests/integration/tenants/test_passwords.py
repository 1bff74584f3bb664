"""PUT /users/{id}/password: one's own password, and that of someone whom one manages."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rolecall import clock
from rolecall.storage import dynamodb, keys, reads, writes
from tests.gateway import Response
from tests.integration.conftest import (
    PASSWORD,
    Member,
    Session,
    Tenant,
    audit_of,
    metrics_in,
    table,
    unchanged,
)
from tests.integration.tenants.test_sessions import log_in, refresh, works

NEW = "another horse entirely"


def change(actor: Member | Session, target: Member, new: str = NEW, current: str | None = None) -> Response:
    body = {"new_password": new} | ({} if current is None else {"current_password": current})
    return actor.request("PUT", f"/users/{target.id}/password", body)


def _before_the_write(act: Any) -> None:
    """Do something when the next transaction is about to be sent."""

    def once(**_: Any) -> None:
        events.unregister("before-parameter-build.dynamodb.TransactWriteItems", once)
        act()

    events = dynamodb.client().meta.events
    events.register("before-parameter-build.dynamodb.TransactWriteItems", once)


# --- One's own -------------------------------------------------------------------------------------


def test_ones_own_password_is_changed_with_the_current_one_and_other_sessions_end(
    acme: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    member = acme.add("user")
    here, there = member.log_in(), member.log_in()
    before = reads.get(keys.user(acme.id, member.id)) or {}
    capsys.readouterr()

    answer = change(here, member, current=PASSWORD)

    assert (answer.status, answer.body) == (200, {"success": True, "message": "Password changed"})
    assert answer.headers["ETag"] == f'"{before["version"] + 1}"'
    assert works(here.access_token)
    assert refresh(here.refresh_token).status == 200
    assert not works(there.access_token)
    assert refresh(there.refresh_token).status == 401
    assert works(member.token)
    assert log_in(member.email).status == 401
    assert log_in(member.email, NEW).status == 200
    assert metrics_in(capsys.readouterr().out)["PasswordChanged"] == 1


def test_with_an_api_token_every_session_ends(acme: Tenant) -> None:
    member = acme.add("user")
    session = member.log_in()

    assert change(member, member, current=PASSWORD).status == 200

    assert not works(session.access_token)
    assert works(member.token)


def test_the_trail_names_the_actor_and_contains_no_password(acme: Tenant) -> None:
    member = acme.add("user")
    change(member, member, current=PASSWORD)
    change(acme.admin, member, "yet another horse")
    change(member, member, current="wrong horse battery")

    own, by_admin, refused = audit_of(acme.id)[-3:]
    assert [(one["action"], one["outcome"]) for one in (own, by_admin, refused)] == [
        ("change_password", "succeeded"),
        ("change_password", "succeeded"),
        ("change_password", "denied"),
    ]
    assert [one["actor"]["id"] for one in (own, by_admin, refused)] == [member.id, acme.admin.id, member.id]
    assert {(one["target"]["type"], one["target"]["id"]) for one in (own, by_admin, refused)} == {("user", member.id)}
    assert refused["reason"] == "WRONG_PASSWORD"
    assert (own["before"], own["after"], refused["after"]) == (None, None, {})
    stored = str(table())
    assert not [text for text in (NEW, "yet another horse", "wrong horse battery") if text in stored]


def test_a_wrong_current_password_is_counted_like_a_failed_login(
    acme: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    member = acme.add("user")
    session = member.log_in()
    capsys.readouterr()
    with unchanged():
        answers = [change(session, member, current=f"wrong {number}") for number in range(7)]

    assert [(answer.status, answer.code) for answer in answers] == [(403, "WRONG_PASSWORD")] * 5 + [
        (429, "RATE_LIMITED")
    ] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert metrics_in(capsys.readouterr().out)["LoginFailed"] == 7
    # The right one has to wait as well, and so has the login.
    assert change(session, member, current=PASSWORD).status == 429
    assert log_in(member.email).status == 429


def test_a_right_current_password_forgets_the_failures(acme: Tenant) -> None:
    for _ in range(2):
        for number in range(4):
            assert change(acme.admin, acme.admin, current=f"wrong {number}").status == 403
        refused = change(acme.admin, acme.admin, PASSWORD, current=PASSWORD)
        assert refused.body["validation"] == [
            {"field": "new_password", "message": "must differ from the present password"}
        ]


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (PASSWORD, "must differ from the present password"),
        ("password", "is among the most common passwords: choose another"),
        ("short", "must have at least 8 characters"),
        ("OWNER", "must have at least 8 characters"),
    ],
)
def test_a_bad_new_password_is_refused(acme: Tenant, new: str, message: str) -> None:
    for actor, target, current in ((acme.admin, acme.admin, PASSWORD), (acme.admin, acme.add("user"), None)):
        with unchanged():
            answer = change(actor, target, new, current)
        assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
        assert answer.body["validation"] == [{"field": "new_password", "message": message}]


def test_the_email_is_no_password(acme: Tenant) -> None:
    for new in (acme.admin.email, acme.admin.email.upper()):
        answer = change(acme.admin, acme.admin, new, PASSWORD)
        assert answer.body["validation"] == [{"field": "new_password", "message": "must not be the email"}]


def test_the_current_password_is_needed_only_to_change_ones_own_password(acme: Tenant) -> None:
    member = acme.add("user")
    with unchanged():
        without, with_one = change(member, member), change(acme.admin, member, current=PASSWORD)

    for answer, message in (
        (without, "is required for one's own password"),
        (with_one, "is only for one's own password"),
    ):
        assert answer.status == 400
        assert answer.body["validation"] == [{"field": "current_password", "message": message}]


def test_a_password_change_is_stored_with_its_time(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    member, actor = acme.add("user"), acme.admin.principal
    monkeypatch.setattr(clock, "now", lambda: datetime(2040, 1, 1, tzinfo=UTC))

    answer = acme.admin.request("PUT", f"/users/{member.id}/password", {"new_password": NEW}, principal=actor)

    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    user = reads.get(keys.user(acme.id, member.id)) or {}
    credential = reads.get(keys.item_of_user(acme.id, member.id, "CREDENTIAL", "PASSWORD")) or {}
    assert (user["version"], user["session_generation"]) == (2, 2)
    assert (
        user["updated_at"] == credential["changed_at"] == audit_of(acme.id)[-1]["timestamp"] == "2040-01-01T00:00:00Z"
    )


# --- Of others -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actor", "target", "status"),
    [
        ("admin", "admin", 200),
        ("admin", "manager", 200),
        ("admin", "user", 200),
        ("manager", "admin", 403),
        ("manager", "manager", 200),
        ("manager", "user", 200),
        ("user", "admin", 403),
        ("user", "manager", 403),
        ("user", "user", 403),
    ],
)
def test_which_caller_may_set_which_users_password(acme: Tenant, actor: str, target: str, status: int) -> None:
    by, of = acme.add(actor), acme.add(target)
    session = of.log_in()

    answer = change(by, of)

    assert answer.status == status
    assert works(session.access_token) is (status == 403)
    assert log_in(of.email, NEW).status == (200 if status == 200 else 401)


def test_a_password_is_set_only_for_a_user_of_the_callers_tenant(acme: Tenant, globex: Tenant) -> None:
    deleted = acme.add("user")
    marked = {"deleted_at": "2026-06-15T12:00:00Z"}
    writes.write(writes.Update(keys.user(acme.id, deleted.id), set=marked, when=writes.MUST_EXIST))
    unknown = [Member(user_id, acme.id, "", "user", "") for user_id in ("me", "00000000-0000-4000-8000-000000000000")]
    with unchanged():
        for target in (*unknown, globex.admin, deleted):
            assert (change(acme.admin, target).status, change(acme.admin, target).code) == (404, "USER_NOT_FOUND")


def test_an_inactive_user_can_get_a_password_but_cannot_log_in(acme: Tenant) -> None:
    member = acme.add("user")
    acme.admin.request("PUT", f"/users/{member.id}", {"active": False})

    assert change(acme.admin, member).status == 200
    assert log_in(member.email, NEW).status == 401
    acme.admin.request("PUT", f"/users/{member.id}", {"active": True})
    assert log_in(member.email, NEW).status == 200


def test_a_temporary_admin_sets_no_password_of_a_lasting_admin(acme: Tenant) -> None:
    manager, user = acme.add("manager"), acme.add("user")
    until = clock.rfc3339(clock.now() + timedelta(hours=1))
    promoted = acme.admin.request("POST", f"/users/{manager.id}/promote", {"new_role": "admin", "until": until})
    assert promoted.status == 200, promoted.text

    with unchanged():
        assert (change(manager, acme.admin).status, change(manager, acme.admin).code) == (403, "FORBIDDEN")
    assert change(manager, user).status == 200


# --- Races -----------------------------------------------------------------------------------------


def test_of_two_concurrent_changes_with_the_same_current_password_one_succeeds(acme: Tenant) -> None:
    member = acme.add("user")
    here, there = member.log_in(), member.log_in()
    other: list[Response] = []
    _before_the_write(lambda: other.append(change(there, member, "the other horse", PASSWORD)))

    mine = change(here, member, current=PASSWORD)

    assert other[0].status == 200
    # The session of the slower one is over, and its current password is no longer the current one.
    assert mine.status in {401, 403}
    assert log_in(member.email, "the other horse").status == 200


@pytest.mark.parametrize("end", ["logout", "rotation", "deactivation"])
def test_a_credential_that_ends_during_the_request_changes_no_password(acme: Tenant, end: str) -> None:
    member = acme.add("user")
    session = member.log_in()
    acts = {
        "logout": lambda: session.request("POST", "/logout", {"refresh_token": session.refresh_token}),
        "rotation": lambda: member.request("POST", f"/users/{member.id}/token"),
        "deactivation": lambda: acme.admin.request("PUT", f"/users/{member.id}", {"active": False}),
    }
    done: list[Response] = []
    _before_the_write(lambda: done.append(acts[end]()))

    answer = change(member if end == "rotation" else session, member, current=PASSWORD)

    assert done[0].status == 200
    assert answer.status == 401
    assert log_in(member.email).status == (401 if end == "deactivation" else 200)


def test_an_actor_who_is_demoted_during_the_request_sets_no_password(acme: Tenant) -> None:
    admin, member = acme.add("admin"), acme.add("user")
    _before_the_write(lambda: acme.admin.promote(admin, "user"))

    assert change(admin, member).status == 403
    assert log_in(member.email).status == 200


def test_a_login_with_the_old_password_during_the_change_gets_no_session(acme: Tenant) -> None:
    member = acme.add("user")
    _before_the_write(lambda: change(acme.admin, member))

    assert log_in(member.email).status == 401


def test_nothing_is_changed_in_a_tenant_that_closes(acme: Tenant) -> None:
    member = acme.add("user")

    def close() -> None:
        writes.write(writes.Update(keys.tenant(acme.id), set={"status": "scheduled"}, when=writes.MUST_EXIST))

    _before_the_write(close)
    assert change(acme.admin, member).status == 401
    credential = [item for item in table() if member.id in item["pk"] and item["sk"] == "CREDENTIAL#PASSWORD"]
    assert "changed_at" not in credential[0]
