"""PUT /v1/api/auth/password and POST /v1/api/superadmin/users/{id}/password."""

from typing import Any

import pytest

from rolecall.auth.roles import PlatformRole
from rolecall.clock import rfc3339
from rolecall.storage import dynamodb, keys, reads
from tests import gateway
from tests.gateway import Response
from tests.integration.accounts.test_sessions import Clock, refresh, works
from tests.integration.accounts.test_sessions import time as time
from tests.integration.conftest import PASSWORD, Holder, audit_of, make_account, metrics_in, table, unchanged
from tests.integration.deletion.deletions import call_before_request

USERS = "/v1/api/superadmin/users"
NEW = "another horse entirely"


def log_in(email: str, password: str = PASSWORD) -> Response:
    return gateway.request("POST", "/v1/api/auth/login", body={"email": email, "password": password})


def session_of(holder: Holder, password: str = PASSWORD) -> Holder:
    """Another session of the account."""
    body = log_in(holder.email, password).body
    return Holder(holder.id, holder.email, body["accessToken"], body["refreshToken"])


def change(holder: Holder, new: str = NEW, current: str = PASSWORD) -> Response:
    return holder.request("PUT", "/v1/api/auth/password", {"currentPassword": current, "newPassword": new})


def reset(actor: Holder, target: Holder, **more: Any) -> Response:
    return actor.request("POST", f"{USERS}/{target.id}/password", **more)


def history_of(superadmin: Holder, holder: Holder) -> list[tuple[str, str]]:
    entries = superadmin.request("GET", f"{USERS}/{holder.id}/history").body
    return [(entry["action"], entry["status"]) for entry in entries]


# --- One's own -------------------------------------------------------------------------------------


def test_ones_own_password_is_changed_and_other_sessions_end(
    superadmin: Holder, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = make_account()
    other = session_of(holder)
    capsys.readouterr()

    answer = change(holder)

    assert (answer.status, answer.text) == (204, "")
    assert works(holder.access_token)
    assert refresh(holder.refresh_token).status == 200
    assert not works(other.access_token)
    assert refresh(other.refresh_token).status == 401
    assert log_in(holder.email).status == 401
    assert log_in(holder.email, NEW).status == 200
    assert history_of(superadmin, holder)[0] == ("USER_PASSWORD_CHANGE", "SUCCESS")
    assert metrics_in(capsys.readouterr().out)["PasswordChanged"] == 1


def test_a_wrong_current_password_is_counted_like_a_failed_login(superadmin: Holder) -> None:
    with unchanged():
        answers = [change(superadmin, current=f"wrong {number}") for number in range(6)]

    assert [(answer.status, answer.code) for answer in answers] == [(403, "WRONG_PASSWORD")] * 5 + [
        (429, "RATE_LIMITED")
    ]
    assert log_in(superadmin.email).status == 429
    assert history_of(superadmin, superadmin)[0] == ("USER_PASSWORD_CHANGE", "DENIED")
    assert "wrong" not in str([entry["after"] for entry in audit_of(keys.PLATFORM)])


@pytest.mark.parametrize(
    ("new", "message"),
    [(PASSWORD, "must differ from the present password"), ("password", "is among the most common passwords")],
)
def test_a_bad_new_password_is_refused(superadmin: Holder, new: str, message: str) -> None:
    with unchanged():
        answer = change(superadmin, new)
    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
    assert answer.body["fieldErrors"][0]["field"] == "newPassword"
    assert answer.body["fieldErrors"][0]["message"].startswith(message)


def test_the_email_is_no_password(superadmin: Holder) -> None:
    answer = change(superadmin, superadmin.email.upper())
    assert answer.body["fieldErrors"] == [{"field": "newPassword", "message": "must not be the email"}]


@pytest.mark.parametrize("end", ["logout", "ban", "reset"])
def test_a_session_that_ends_during_the_request_changes_no_password(superadmin: Holder, end: str) -> None:
    holder = make_account()

    def act(**_: Any) -> None:
        events.unregister("before-parameter-build.dynamodb.TransactWriteItems", act)
        if end == "logout":
            holder.request("POST", "/v1/api/auth/logout", {"refreshToken": holder.refresh_token})
        elif end == "ban":
            superadmin.request("PUT", f"{USERS}/{holder.id}/ban", {"reason": "spam"})
        else:
            reset(superadmin, holder)

    events = dynamodb.client().meta.events
    events.register("before-parameter-build.dynamodb.TransactWriteItems", act)
    answer = change(holder)

    # After a reset, the current password is wrong as well. The answer does not tell that.
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
    assert log_in(holder.email, NEW).status == 401


# --- Temporary passwords ---------------------------------------------------------------------------


def test_a_reset_ends_every_session_and_gives_a_temporary_password(
    superadmin: Holder, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = make_account(PlatformRole.ADMIN)
    capsys.readouterr()

    answer = reset(superadmin, holder)

    assert (answer.status, answer.body.keys()) == (200, {"temporaryPassword"})
    temporary = answer.body["temporaryPassword"]
    assert not works(holder.access_token)
    assert refresh(holder.refresh_token).status == 401
    assert log_in(holder.email).status == 401
    login = log_in(holder.email, temporary)
    assert login.body["passwordChangeRequired"] is True
    assert history_of(superadmin, holder)[0] == ("USER_PASSWORD_RESET", "SUCCESS")
    assert metrics_in(capsys.readouterr().out)["PasswordReset"] == 1
    assert temporary not in caplog.text + str(table())
    assert reset(superadmin, holder).body["temporaryPassword"] != temporary


def test_an_account_with_a_temporary_password_can_do_nothing_before_it_changes_it(superadmin: Holder) -> None:
    other = make_account(PlatformRole.SUPERADMIN)
    temporary = reset(superadmin, other).body["temporaryPassword"]
    here, there = session_of(other, temporary), session_of(other, temporary)
    refreshed = refresh(there.refresh_token).body
    there = Holder(other.id, other.email, refreshed["accessToken"], refreshed["refreshToken"])

    with unchanged():
        for session in (here, there):
            for route in gateway.routes():
                if route.path.startswith(USERS):
                    event = gateway.event_of(route.function)
                    answer = session.request(route.method, event["path"], event["body"])
                    assert (answer.status, answer.code) == (403, "PASSWORD_CHANGE_REQUIRED"), route

    assert change(here, current=temporary).status == 204
    assert here.request("GET", USERS).status == 200
    assert not works(there.access_token)
    assert "passwordChangeRequired" not in log_in(other.email, NEW).body


def test_a_password_change_and_a_reset_store_the_expected_attributes(time: Clock, superadmin: Holder) -> None:
    holder = make_account()
    key = keys.account(holder.id)
    for generation, action, actor in (
        (2, "change_account_password", holder),
        (3, "reset_account_password", superadmin),
    ):
        time.forward(seconds=1)
        answer = change(holder) if actor is holder else reset(superadmin, holder)
        assert answer.status in {200, 204}

        account, password = reads.get_many(key, keys.item_of_account(holder.id, "CREDENTIAL", "PASSWORD"))
        assert account
        assert password
        assert (account["session_generation"], account["version"]) == (generation, generation)
        assert account["password_change_required"] is (actor is superadmin)
        assert account["updated_at"] == password["changed_at"] == rfc3339(time.at)
        entry = audit_of(keys.PLATFORM)[-1]
        assert (entry["action"], entry["actor"]["id"]) == (action, str(actor.id))
        assert entry["target"] == {"type": "account", "id": str(holder.id)}


def test_a_reset_and_a_change_of_the_role_at_once_both_count(superadmin: Holder) -> None:
    holder = make_account()

    def promote() -> None:
        body = {"newRole": "admin", "reason": "leads support"}
        assert superadmin.request("PUT", f"{USERS}/{holder.id}/role", body).status == 200

    with call_before_request("TransactWriteItems", promote):
        temporary = reset(superadmin, holder).must(200)["temporaryPassword"]

    assert superadmin.request("GET", f"{USERS}/{holder.id}").body["roles"] == ["ROLE_ADMIN"]
    assert log_in(holder.email, temporary).status == 200


def test_an_account_with_a_temporary_password_can_log_out(superadmin: Holder) -> None:
    other = make_account()
    session = session_of(other, reset(superadmin, other).body["temporaryPassword"])
    body = {"refreshToken": session.refresh_token}
    assert session.request("POST", "/v1/api/auth/logout", body).status == 204
    assert not works(session.access_token)


def test_only_a_superadmin_resets_passwords_and_never_their_own(superadmin: Holder) -> None:
    admin = make_account(PlatformRole.ADMIN)
    with unchanged():
        assert reset(admin, superadmin).code == "FORBIDDEN"
        own = reset(superadmin, superadmin)
        assert own.code == "SELF_CHANGE_DENIED"
        assert own.body["message"] == "Change your own password with PUT /v1/api/auth/password"
        assert superadmin.request("POST", f"{USERS}/999999/password").status == 404
        assert reset(superadmin, admin, headers={"If-Match": '"9"'}).status == 412
    assert reset(superadmin, admin, headers={"If-Match": '"1"'}).status == 200


def test_a_superadmin_whose_password_is_reset_during_a_request_changes_nothing(superadmin: Holder) -> None:
    other, target = make_account(PlatformRole.SUPERADMIN), make_account()

    def act(**_: Any) -> None:
        events.unregister("before-parameter-build.dynamodb.TransactWriteItems", act)
        assert reset(superadmin, other).status == 200

    events = dynamodb.client().meta.events
    events.register("before-parameter-build.dynamodb.TransactWriteItems", act)
    answer = other.request("PUT", f"{USERS}/{target.id}/role", {"newRole": "ADMIN"})

    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
    assert superadmin.request("GET", f"{USERS}/{target.id}").body["roles"] == ["ROLE_CLIENT"]


@pytest.mark.parametrize(("act", "status"), [("role", 403), ("ban", 401)])
def test_a_superadmin_who_loses_the_role_during_the_request_resets_no_password(
    superadmin: Holder, act: str, status: int
) -> None:
    other, target = make_account(PlatformRole.SUPERADMIN), make_account()
    body = {"newRole": "ADMIN"} if act == "role" else {"reason": "left"}
    path = f"{USERS}/{other.id}/{act}"

    with call_before_request("TransactWriteItems", lambda: superadmin.request("PUT", path, body).must(200)):
        assert reset(other, target).status == status
    assert log_in(target.email).status == 200


def test_the_operators_superadmin_begins_with_a_temporary_password(aws: None) -> None:
    made = gateway.invoke("run_operation", {"operation": "create_superadmin", "email": "root@example.com"})
    root = session_of(Holder(made["id"], made["email"], ""), made["password"])

    assert log_in(root.email, made["password"]).body["passwordChangeRequired"] is True
    assert root.request("GET", USERS).code == "PASSWORD_CHANGE_REQUIRED"
    assert change(root, current=made["password"]).status == 204
    assert root.request("GET", USERS).status == 200
