"""POST /login, /login/refresh and /logout: a person of a tenant signs in."""

import json
from typing import Any

import jwt
import pytest
from argon2 import PasswordHasher

from rolecall.auth import passwords
from rolecall.auth.session_owners import UserOwner
from rolecall.storage import dynamodb, keys, reads, writes
from tests import gateway
from tests.gateway import Response
from tests.integration.accounts.test_sessions import CLIENT, ELSEWHERE, Clock
from tests.integration.accounts.test_sessions import time as time
from tests.integration.conftest import (
    MASTER_TOKEN,
    NO_TIME_TO_SWEEP,
    PASSWORD,
    Member,
    Session,
    Tenant,
    audit_of,
    delete_tenant,
    make_account,
    metrics_in,
    run_workers,
    table,
    table_without_audit,
    unchanged,
)


def log_in(email: str, password: str = PASSWORD) -> Response:
    return gateway.request("POST", "/login", body={"email": email, "password": password})


def refresh(token: str, *, ip: str = CLIENT["ip"], user_agent: str = CLIENT["user_agent"]) -> Response:
    event = gateway.event_of("refresh_user_session")
    event["body"] = json.dumps({"refresh_token": token})
    event["requestContext"]["identity"] = {"sourceIp": ip, "userAgent": user_agent}
    answer = gateway.invoke("refresh_user_session", event)
    return Response(answer["statusCode"], answer["headers"], answer["body"])


def works(access_token: str) -> bool:
    return gateway.authorize(access_token) is not None


def _is_over(session: Session) -> bool:
    """Whether neither of its tokens is good for anything; a session must not end by half."""
    access, refreshed = works(session.access_token), refresh(session.refresh_token).status
    assert (access, refreshed) in {(True, 200), (False, 401)}
    return not access


# --- Login -----------------------------------------------------------------------------------------


def test_a_login_returns_the_tokens_and_the_user(acme: Tenant) -> None:
    answer = log_in(acme.admin.email)

    assert answer.status == 200
    shown = acme.admin.request("GET", f"/users/{acme.admin.id}").body["data"]
    assert answer.body == {
        "success": True,
        "data": {
            "access_token": answer.body["data"]["access_token"],
            "refresh_token": answer.body["data"]["refresh_token"],
            "token_type": "Bearer",
            "expires_in": 900,
            "user": shown,
        },
    }


def test_the_access_token_names_tenant_user_and_session_and_ends_after_15_minutes(acme: Tenant) -> None:
    session = acme.admin.log_in()

    claims = jwt.decode(session.access_token, "J" * 64, algorithms=["HS256"], audience="rolecall-tenant")
    assert claims.keys() == {"iss", "aud", "sub", "tid", "sid", "jti", "iat", "exp"}
    assert (claims["sub"], claims["tid"]) == (acme.admin.id, acme.id)
    assert claims["exp"] - claims["iat"] == 900
    stored = reads.get(keys.item_of_user(acme.id, acme.admin.id, "SESSION", session.id))
    assert stored
    assert stored["expires_at"] - claims["iat"] == 7 * 24 * 3600


def test_the_tokens_are_kept_as_hashes_only(acme: Tenant) -> None:
    session = acme.admin.log_in()
    second = refresh(session.refresh_token).body["data"]

    stored = json.dumps(table(), default=str)
    for token in (session.access_token, session.refresh_token, second["access_token"], second["refresh_token"]):
        assert token not in stored


def test_the_email_may_be_in_any_case(acme: Tenant) -> None:
    assert log_in(acme.admin.email.upper()).status == 200


def test_every_failed_login_gets_the_same_answer(acme: Tenant, globex: Tenant) -> None:
    inactive, gone = acme.add("user"), acme.add("user")
    acme.admin.request("PUT", f"/users/{inactive.id}", {"active": False})
    acme.admin.request("DELETE", f"/users/{gone.id}")
    assert delete_tenant(globex.id, query="?grace_days=7").status == 202
    account = make_account()
    named = make_account(email="named@example.com")
    writes.write(writes.Put({**keys.email_reservation("username@example.com")._asdict(), "username_of": named.id}))

    before = table_without_audit()
    answers = [
        log_in("nobody@example.com"),
        log_in(acme.admin.email, "wrong " + PASSWORD),
        log_in(acme.admin.email, ""),
        log_in(inactive.email),
        log_in(gone.email),
        log_in(globex.admin.email),
        log_in(account.email),  # a platform account is no user of a tenant
        log_in("username@example.com"),
    ]

    assert table_without_audit() == before
    assert [answer.status for answer in answers] == [401] * len(answers)
    bodies = [{**answer.body, "timestamp": None} for answer in answers]
    refused = {"success": False, "error": "wrong email or password", "error_code": "UNAUTHORIZED", "timestamp": None}
    assert bodies == [refused] * len(answers)
    assert len({json.dumps(sorted(answer.headers)) for answer in answers}) == 1


def test_every_refused_login_does_the_same_work(acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    inactive = acme.add("user")
    acme.admin.request("PUT", f"/users/{inactive.id}", {"active": False})
    assert delete_tenant(globex.id, query="?grace_days=7").status == 202
    account = make_account()
    work: list[str] = []
    matches = passwords._matches_hash

    def noted(password_hash: str, password: str) -> bool:
        work.append("hash")
        return matches(password_hash, password)

    def note(model: Any, **_: Any) -> None:
        work.append(model.name)

    monkeypatch.setattr(passwords, "_matches_hash", noted)
    events = dynamodb.client().meta.events
    events.register("before-parameter-build.dynamodb", note)
    done = []
    for email in ("nobody@example.com", acme.admin.email, inactive.email, globex.admin.email, account.email):
        work.clear()
        assert log_in(email, "wrong battery staple").status == 401
        done.append(list(work))
    events.unregister("before-parameter-build.dynamodb", note)

    assert done[0].count("hash") == 1
    assert done == [done[0]] * len(done)


def test_failed_logins_of_both_login_routes_share_one_limit(
    time: Clock, acme: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = ["/login", "/v1/api/auth/login"]
    capsys.readouterr()
    guess = {"email": acme.admin.email, "password": "wrong battery staple"}
    answers = [gateway.request("POST", paths[number % 2], body=guess) for number in range(7)]

    assert [answer.status for answer in answers] == [401] * 5 + [429] * 2
    assert [answer.headers.get("Retry-After") for answer in answers[5:]] == ["60", "120"]
    assert log_in(acme.admin.email).status == 429
    assert metrics_in(capsys.readouterr().out)["LoginFailed"] == 8
    time.forward(minutes=15)
    assert log_in(acme.admin.email).status == 200


@pytest.mark.parametrize("loss", ["inactive", "closed", "all sessions ended"])
def test_a_user_who_loses_access_during_the_login_gets_no_session(acme: Tenant, loss: str) -> None:
    member = acme.add("user")

    def shut_out(**_: Any) -> None:
        events.unregister("before-parameter-build.dynamodb.TransactWriteItems", shut_out)
        losses: dict[str, tuple[keys.Key, dict[str, Any]]] = {
            "inactive": (keys.user(acme.id, member.id), {"active": False}),
            "closed": (keys.tenant(acme.id), {"status": "scheduled"}),
            "all sessions ended": (keys.user(acme.id, member.id), {"session_generation": 2}),
        }
        key, change = losses[loss]
        writes.write(writes.Update(key, set=change, when=writes.MUST_EXIST))

    events = dynamodb.client().meta.events
    events.register("before-parameter-build.dynamodb.TransactWriteItems", shut_out)
    answer = log_in(member.email)

    assert (answer.status, answer.body["error"]) == (401, "wrong email or password")
    assert not [item for item in table() if "refresh_hash" in item]


def test_a_password_is_hashed_anew_when_the_parameters_have_changed(acme: Tenant) -> None:
    key = UserOwner(acme.id, acme.admin.id).password_key
    weak = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    assert passwords.needs_rehash(weak, PASSWORD)
    writes.write(writes.Update(key, set={"password_hash": weak}, when=writes.MUST_EXIST))

    assert log_in(acme.admin.email, "wrong").status == 401
    kept = reads.get(key)
    assert kept
    assert kept["password_hash"] == weak
    assert log_in(acme.admin.email).status == 200

    item = reads.get(key)
    assert item
    assert not passwords.needs_rehash(item["password_hash"], PASSWORD)
    assert passwords.verify_password(item["password_hash"], PASSWORD)


# --- What a session gives --------------------------------------------------------------------------


def test_the_access_token_gives_the_users_current_rights(acme: Tenant) -> None:
    member, target = acme.add("user"), acme.add("user")
    session = member.log_in()
    body = {"new_role": "manager"}
    assert session.request("POST", f"/users/{target.id}/promote", body).status == 403

    assert acme.admin.promote(member, "manager").status == 200
    assert session.request("POST", f"/users/{target.id}/promote", body).status == 200
    assert audit_of(acme.id)[-1]["actor"]["id"] == member.id

    assert acme.admin.promote(member, "user").status == 200
    assert session.request("POST", f"/users/{target.id}/promote", body).status == 403


def test_an_api_token_and_a_session_are_valid_at_the_same_time(acme: Tenant) -> None:
    session = acme.admin.log_in()

    rotated = session.request("POST", f"/users/{acme.admin.id}/token").body["data"]["token"]

    assert not works(acme.admin.token)
    assert works(rotated)
    assert not _is_over(session)


def test_a_session_that_ends_during_the_request_rotates_no_token(acme: Tenant) -> None:
    session = acme.admin.log_in()
    principal = gateway.authorize(session.access_token)
    assert session.request("POST", "/logout", {"refresh_token": session.refresh_token}).status == 200

    with unchanged():
        answer = gateway.request("POST", f"/users/{acme.admin.id}/token", principal=principal)

    assert answer.status == 401


def test_a_device_session_of_another_service_gives_no_access(acme: Tenant) -> None:
    acme.add_device_and_session(acme.admin)
    [session] = [item for item in table() if item["sk"].startswith("SESSION#")]
    own = acme.admin.log_in()
    claims = jwt.decode(own.access_token, options={"verify_signature": False})
    forged = jwt.encode(claims | {"sid": session["id"]}, "J" * 64, "HS256", headers={"kid": "1"})

    assert not works(forged)


# --- Refresh ---------------------------------------------------------------------------------------


def test_a_refresh_gives_a_new_pair_that_works(time: Clock, acme: Tenant) -> None:
    session = acme.admin.log_in()
    pair = refresh(session.refresh_token)

    assert pair.status == 200
    assert pair.body["data"].keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert pair.body["data"]["refresh_token"] != session.refresh_token
    assert works(pair.body["data"]["access_token"])
    time.forward(seconds=10)
    again = refresh(session.refresh_token)  # the answer was lost
    assert again.body["data"]["refresh_token"] == pair.body["data"]["refresh_token"]
    assert refresh(again.body["data"]["refresh_token"]).status == 200


@pytest.mark.parametrize(("seconds", "client"), [(10.001, CLIENT), (0, ELSEWHERE)], ids=["too late", "elsewhere"])
def test_a_spent_token_ends_the_session_and_is_audited_in_the_tenant(
    time: Clock,
    acme: Tenant,
    seconds: float,
    client: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    session, other = acme.admin.log_in(), acme.admin.log_in()
    pair = refresh(session.refresh_token).body["data"]
    time.forward(seconds=seconds)

    assert refresh(session.refresh_token, **client).status == 401

    assert _is_over(Session(pair["access_token"], pair["refresh_token"]))
    assert not _is_over(other)
    (entry,) = (one for one in audit_of(acme.id) if one["action"] == "revoke_session")
    assert entry["target"] == {"type": "user", "id": acme.admin.id}
    assert entry["before"] == {"session_id": session.id}
    assert [one.message for one in caplog.records if one.levelname == "CRITICAL"] == ["spent refresh token reused"]
    assert metrics_in(capsys.readouterr().out)["RefreshTokenReused"] == 1


def test_a_spent_token_adds_nothing_to_the_trail_of_a_tenant_that_closes_meanwhile(time: Clock, acme: Tenant) -> None:
    session = acme.admin.log_in()
    refresh(session.refresh_token)
    trail = len(audit_of(acme.id))

    def close(**_: Any) -> None:
        events.unregister("before-parameter-build.dynamodb.TransactWriteItems", close)
        writes.write(writes.Update(keys.tenant(acme.id), set={"status": "deleting"}, when=writes.MUST_EXIST))

    events = dynamodb.client().meta.events
    events.register("before-parameter-build.dynamodb.TransactWriteItems", close)

    assert refresh(session.refresh_token, **ELSEWHERE).status == 401
    assert len(audit_of(acme.id)) == trail


@pytest.mark.parametrize("kind", ["account", "API token", "nothing", "not base64", "another secret", "long"])
def test_a_text_that_is_not_a_users_refresh_token_is_refused_and_changes_nothing(acme: Tenant, kind: str) -> None:
    session = acme.admin.log_in()
    token = {
        "account": make_account().refresh_token,
        "API token": acme.admin.token,
        "nothing": "",
        "not base64": "é",
        "another secret": session.refresh_token[:-6] + "AAAAAA",
        "long": "A" * 4000,
    }[kind]

    with unchanged():
        answer = refresh(token)

    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
    assert not _is_over(session)


def test_the_platform_login_refuses_a_users_refresh_token(acme: Tenant) -> None:
    session = acme.admin.log_in()
    body = {"refreshToken": session.refresh_token}
    assert gateway.request("POST", "/v1/api/auth/refresh", body=body).status == 401
    assert not _is_over(session)


def test_both_tokens_expire_at_the_exact_second(time: Clock, acme: Tenant) -> None:
    session, other = acme.admin.log_in(), acme.admin.log_in()
    time.forward(minutes=15, seconds=-1)
    assert works(session.access_token)
    time.forward(seconds=1)
    assert not works(session.access_token)
    time.forward(days=7, minutes=-15, seconds=-1)
    assert refresh(session.refresh_token).status == 200
    time.forward(seconds=1)
    assert refresh(other.refresh_token).status == 401


# --- What ends a session ---------------------------------------------------------------------------


def test_a_deactivation_ends_sessions_for_good(acme: Tenant) -> None:
    member = acme.add("user")
    before = member.log_in()
    for active in (False, True):
        assert acme.admin.request("PUT", f"/users/{member.id}", {"active": active}).status == 200
        assert _is_over(before)

    assert works(member.token)
    assert not _is_over(member.log_in())


def test_a_change_that_is_not_a_deactivation_ends_no_session(acme: Tenant) -> None:
    member = acme.add("user")
    session = member.log_in()
    for change in ({"active": True}, {"role": "manager"}, {"role": "manager", "active": True}):
        assert acme.admin.request("PUT", f"/users/{member.id}", change).status == 200

    assert not _is_over(session)


def test_a_user_of_an_earlier_version_has_the_first_generation(acme: Tenant) -> None:
    member = acme.add("user")
    writes.write(writes.Update(keys.user(acme.id, member.id), remove=("session_generation",), when=writes.MUST_EXIST))
    session = member.log_in()
    assert refresh(session.refresh_token).status == 200
    for active in (False, True):
        assert acme.admin.request("PUT", f"/users/{member.id}", {"active": active}).status == 200

    assert _is_over(session)


def test_a_deleted_user_leaves_no_session(acme: Tenant) -> None:
    member = acme.add("user")
    session = member.log_in()
    refresh(session.refresh_token)

    assert acme.admin.request("DELETE", f"/users/{member.id}").status == 200

    assert _is_over(session)
    assert not [item for item in table() if member.id in item["pk"]]


def test_a_scheduled_deletion_ends_sessions_and_a_restore_brings_them_back(acme: Tenant) -> None:
    session = acme.add("user").log_in()

    assert delete_tenant(acme.id, query="?grace_days=7").status == 202
    assert _is_over(session)

    assert gateway.request("POST", f"/global/tenants/{acme.id}/restore", MASTER_TOKEN).status == 200
    assert not _is_over(session)


def test_a_deletion_ends_sessions_at_its_acceptance_and_leaves_none(acme: Tenant) -> None:
    session = acme.admin.log_in()
    refresh(session.refresh_token)

    assert delete_tenant(acme.id, seconds=NO_TIME_TO_SWEEP).status == 202
    assert _is_over(session)
    run_workers()

    receipt = gateway.request("GET", f"/global/tenants/{acme.id}/deletion", MASTER_TOKEN).body["data"]
    assert (receipt["total"]["sessions"], receipt["total"]["used_refresh_tokens"]) == (1, 1)


def test_no_session_item_is_written_while_the_tenant_is_deleted(acme: Tenant) -> None:
    session = acme.admin.log_in()

    def close(**_: Any) -> None:
        events.unregister("before-parameter-build.dynamodb.TransactWriteItems", close)
        writes.write(writes.Update(keys.tenant(acme.id), set={"status": "deleting"}, when=writes.MUST_EXIST))

    events = dynamodb.client().meta.events
    events.register("before-parameter-build.dynamodb.TransactWriteItems", close)

    assert refresh(session.refresh_token).status == 401
    assert not [item for item in table() if item["sk"].startswith("SPENT#")]


# --- Logout ----------------------------------------------------------------------------------------


def _log_out(caller: Session | Member, token: str) -> Response:
    return caller.request("POST", "/logout", {"refresh_token": token})


def test_a_logout_ends_both_tokens_at_once(acme: Tenant) -> None:
    session = acme.admin.log_in()

    answer = _log_out(session, session.refresh_token)

    assert (answer.status, answer.body) == (200, {"success": True, "message": "Logged out"})
    assert _is_over(session)
    assert refresh(session.refresh_token).body["error"] == "a valid refresh token is required"
    assert works(acme.admin.token)
    assert _log_out(session, session.refresh_token).status == 401


@pytest.mark.parametrize("credential", ["access token", "API token"])
def test_a_logout_ends_the_session_of_the_refresh_token_too(acme: Tenant, credential: str) -> None:
    other = acme.admin.log_in()
    caller = acme.admin if credential == "API token" else acme.admin.log_in()

    assert _log_out(caller, other.refresh_token).status == 200

    assert _is_over(other)


def test_nobody_logs_out_someone_else(acme: Tenant) -> None:
    member, session = acme.add("user"), acme.admin.log_in()
    own = member.log_in()

    assert _log_out(own, session.refresh_token).status == 200
    assert _log_out(member, make_account().refresh_token).status == 200

    assert not _is_over(session)
    assert _is_over(own)
