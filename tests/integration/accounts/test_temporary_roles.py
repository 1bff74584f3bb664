"""Temporary roles of platform accounts."""

from collections.abc import Iterator
from typing import Any

import pytest

from rolecall import clock
from rolecall.accounts import role_ends
from rolecall.auth.roles import PlatformRole
from rolecall.storage import keys, reads
from tests import faults, gateway
from tests.gateway import Response
from tests.integration.clock import MovedClock
from tests.integration.conftest import (
    PASSWORD,
    Holder,
    assert_every_invariant_holds,
    audit_of,
    make_account,
    metrics_in,
    run_maintenance,
    unchanged,
)

USERS = "/v1/api/superadmin/users"
CLIENT, ADMIN, SUPERADMIN = "ROLE_CLIENT", "ROLE_ADMIN", "ROLE_SUPERADMIN"
#: Within the lifetime of an access token.
SOON = 600


@pytest.fixture
def superadmin(time: MovedClock) -> Holder:
    return make_account(PlatformRole.SUPERADMIN)


@pytest.fixture(autouse=True)
def every_invariant_holds(time: MovedClock) -> Iterator[None]:
    """After each test, whatever it did."""
    yield
    assert_every_invariant_holds()


def _change(actor: Holder, target: Holder, role: str, until: str | None = None, **more: Any) -> Response:
    body = {"newRole": role} if until is None else {"newRole": role, "until": until}
    return actor.request("PUT", f"{USERS}/{target.id}/role", body, **more)


def _act(actor: Holder, target: Holder, verb: str, **more: Any) -> Response:
    return actor.request("PUT", f"{USERS}/{target.id}/{verb}", {"reason": "a test"}, **more)


def _change_in_way(way: str, actor: Holder, target: Holder, **more: Any) -> Response:
    """Give the target another role or a ban, or reset its password."""
    match way:
        case "role":
            return _change(actor, target, SUPERADMIN, **more)
        case "ban":
            return _act(actor, target, "ban", **more)
        case _:
            return actor.request("POST", f"{USERS}/{target.id}/password", **more)


def _temporary(superadmin: Holder, role: str, until: str, lasting: PlatformRole = PlatformRole.CLIENT) -> Holder:
    holder = make_account(lasting)
    assert _change(superadmin, holder, role, until).status == 200
    return holder


def _profile(superadmin: Holder, target: Holder) -> Response:
    return superadmin.request("GET", f"{USERS}/{target.id}")


def _shown(superadmin: Holder, target: Holder) -> dict[str, Any]:
    """The role as everybody sees it: the profile and the authorizer must agree."""
    profile = _profile(superadmin, target).body
    authorized = gateway.authorize(target.access_token) or {}
    assert [authorized["role"]] == profile["roles"]
    assert authorized.get("lasting_role") == profile.get("lastingRole")
    return {name: profile[name] for name in ("roles", "lastingRole", "roleUntil") if name in profile}


def _superadmins() -> int:
    return int((reads.get(keys.platform_counters()) or {})["enabled_superadmins"])


def _ids(superadmin: Holder, query: str) -> set[int]:
    answer = superadmin.request("GET", f"{USERS}{query}")
    assert answer.status == 200, answer.text
    return {account["id"] for account in answer.body["users"]}


def test_a_role_is_given_until_a_moment_and_is_over_from_that_second_on(superadmin: Holder, time: MovedClock) -> None:
    target, until = make_account(), time.ahead(SOON)

    answer = _change(superadmin, target, ADMIN, until)

    temporary = {"roles": [ADMIN], "lastingRole": CLIENT, "roleUntil": until}
    assert {name: answer.body[name] for name in temporary} == temporary
    assert _shown(superadmin, target) == temporary
    time.to_second_before(until)
    assert _shown(superadmin, target) == temporary
    with unchanged():
        time.to(until)
        assert _shown(superadmin, target) == {"roles": [CLIENT]}


def test_the_holder_has_the_rights_of_the_role_until_its_end(superadmin: Holder, time: MovedClock) -> None:
    until = time.ahead(SOON)
    holder = _temporary(superadmin, SUPERADMIN, until)
    principal = holder.principal
    assert holder.request("GET", USERS).status == 200
    time.to(until)
    assert holder.request("GET", USERS).code == "FORBIDDEN"
    # Also with an answer of the authorizer from before the end.
    assert holder.request("GET", USERS, principal=principal).code == "FORBIDDEN"
    assert _act(holder, make_account(), "ban", principal=principal).code == "FORBIDDEN"


@pytest.mark.parametrize("seconds", [-60, 59, 90 * 24 * 3600 + 1])
def test_an_end_that_is_too_near_or_too_far_is_refused(superadmin: Holder, time: MovedClock, seconds: int) -> None:
    target = make_account()
    with unchanged():
        answer = _change(superadmin, target, ADMIN, time.ahead(seconds))
        nobody = Holder(999, "", "")
        assert _change(superadmin, nobody, ADMIN, time.ahead(seconds)).status == 400
    assert (answer.status, answer.body["fieldErrors"][0]["field"]) == (400, "until")
    assert _change(superadmin, nobody, ADMIN, time.ahead(SOON)).code == "USER_NOT_FOUND"


def test_an_end_needs_a_role_above_the_lasting_one(superadmin: Holder, time: MovedClock) -> None:
    target = make_account(PlatformRole.ADMIN)
    with unchanged():
        for role in (ADMIN, "ROLE_VERIFIED_USER", CLIENT):
            assert _change(superadmin, target, role, time.ahead(SOON)).status == 400
    assert _change(superadmin, target, SUPERADMIN, time.ahead(SOON)).status == 200


def test_the_same_role_and_end_change_nothing_and_the_same_role_alone_becomes_the_lasting_one(
    superadmin: Holder, time: MovedClock
) -> None:
    until = time.ahead(SOON)
    target = _temporary(superadmin, SUPERADMIN, until)
    assert _superadmins() == 1
    with unchanged():
        assert _change(superadmin, target, SUPERADMIN, until).body["roleUntil"] == until
    assert "roleUntil" not in _change(superadmin, target, SUPERADMIN).body
    assert _superadmins() == 2
    item = reads.get(keys.account(target.id)) or {}
    assert not {"lasting_role", "role_until", "gsi3pk", "gsi4pk"} & item.keys()


@pytest.mark.parametrize("way", ["role", "ban", "disable"])
def test_a_temporary_superadmin_does_not_count_as_the_last_one(superadmin: Holder, time: MovedClock, way: str) -> None:
    holder = _temporary(superadmin, SUPERADMIN, time.ahead(SOON))
    with unchanged():
        answer = _change(holder, superadmin, CLIENT) if way == "role" else _act(holder, superadmin, way)
    assert (answer.status, answer.code) == (422, "LAST_SUPERADMIN")
    assert _act(superadmin, holder, "ban").status == 200
    assert _superadmins() == 1


def test_a_temporary_superadmin_gives_no_power_that_outlives_their_own_role(
    superadmin: Holder, time: MovedClock
) -> None:
    end = time.ahead(SOON)
    holder = _temporary(superadmin, SUPERADMIN, end, PlatformRole.VERIFIED_USER)
    target, above = make_account(), make_account(PlatformRole.ADMIN)
    assert _act(superadmin, above, "ban").status == 200
    new = {"email": "new@example.com", "password": PASSWORD, "firstName": "Grace", "lastName": "Hopper"}
    with unchanged():
        assert _change(holder, target, ADMIN).code == "ROLE_TRANSITION_DENIED"
        assert _change(holder, target, ADMIN, time.ahead(SOON + 1)).code == "ROLE_TRANSITION_DENIED"
        assert _act(holder, above, "unban").code == "FORBIDDEN"
    for role in (ADMIN, SUPERADMIN):
        assert holder.request("POST", USERS, {**new, "role": role}).code == "FORBIDDEN"
    assert _change(holder, target, ADMIN, end).status == 200
    assert _change(holder, target, "VERIFIED_USER").status == 200
    assert holder.request("POST", USERS, {**new, "role": "VERIFIED_USER"}).status == 201
    assert _act(holder, target, "ban").status == _act(holder, target, "unban").status == 200


@pytest.mark.parametrize("way", ["role", "create", "unban"])
def test_the_write_checks_an_end_that_was_moved_earlier_during_the_request(
    superadmin: Holder, time: MovedClock, way: str
) -> None:
    holder, target = make_account(PlatformRole.SUPERADMIN), make_account(PlatformRole.ADMIN)
    assert _act(superadmin, target, "ban").status == 200
    if way == "role":
        assert _change(superadmin, holder, CLIENT).status == 200
        assert _change(superadmin, holder, SUPERADMIN, time.ahead(3600)).status == 200
    principal = holder.principal
    if way != "role":
        assert _change(superadmin, holder, CLIENT).status == 200
    assert _change(superadmin, holder, SUPERADMIN, time.ahead(SOON)).status == 200
    accounts = len(_ids(superadmin, ""))

    match way:
        case "role":
            answer = _change(holder, target, SUPERADMIN, time.ahead(2 * SOON), principal=principal)
        case "create":
            new = {"email": "new@example.com", "password": PASSWORD, "firstName": "Grace", "lastName": "Hopper"}
            answer = holder.request("POST", USERS, {**new, "role": ADMIN}, principal=principal)
        case _:
            answer = _act(holder, target, "unban", principal=principal)
    assert (answer.status, answer.code) == (403, "FORBIDDEN")
    assert len(_ids(superadmin, "")) == accounts


def test_the_filter_by_role_is_right_at_the_moment_of_the_answer(superadmin: Holder, time: MovedClock) -> None:
    until = time.ahead(SOON)
    up = _temporary(superadmin, SUPERADMIN, until, PlatformRole.ADMIN)
    banned = _temporary(superadmin, ADMIN, until)
    assert _act(superadmin, banned, "ban").status == 200
    lasting = make_account(PlatformRole.ADMIN)
    time.to_second_before(until)
    assert _ids(superadmin, f"?role={SUPERADMIN}") == {superadmin.id, up.id}
    assert _ids(superadmin, f"?role={ADMIN}") == {lasting.id, banned.id}
    assert _ids(superadmin, f"?role={CLIENT}") == set()
    time.to(until)
    for _ in range(2):
        assert _ids(superadmin, f"?role={SUPERADMIN}") == {superadmin.id}
        assert _ids(superadmin, f"?role={ADMIN}") == {lasting.id, up.id}
        assert _ids(superadmin, f"?role={CLIENT}&banned=true") == {banned.id}
        assert _ids(superadmin, f"?role={CLIENT}&banned=false") == set()
        assert _ids(superadmin, "?banned=false") == {superadmin.id, up.id, lasting.id}
        run_maintenance()


def test_maintenance_records_the_end_once_with_the_time_of_the_end(superadmin: Holder, time: MovedClock) -> None:
    until = time.ahead(SOON)
    target = _temporary(superadmin, ADMIN, until)
    before = _profile(superadmin, target).headers["ETag"]
    time.to(until)
    unwritten = _profile(superadmin, target)
    assert unwritten.headers["ETag"] != before
    time.forward(60)
    assert run_maintenance()["role_ends_written"] == 1
    written = _profile(superadmin, target)
    assert (written.headers["ETag"], written.body) == (unwritten.headers["ETag"], unwritten.body)
    with unchanged():
        assert run_maintenance()["role_ends_written"] == 0
    [entry] = [entry for entry in audit_of("PLATFORM") if entry["action"] == "lapse_role"]
    assert (entry["actor"]["type"], entry["after"]) == ("system", {"role": CLIENT, "ended_at": until})
    [shown, *_] = superadmin.request("GET", f"{USERS}/{target.id}/history").body
    assert shown["action"] == "USER_ROLE_LAPSE"
    assert shown["description"] == f"role: {ADMIN} -> {CLIENT}; ended_at: {until}"


def test_the_history_shows_a_temporary_role(superadmin: Holder, time: MovedClock) -> None:
    until = time.ahead(SOON)
    target = _temporary(superadmin, ADMIN, until)
    [shown, *_] = superadmin.request("GET", f"{USERS}/{target.id}/history").body
    assert shown["description"] == f"role: {CLIENT} -> {ADMIN}; lasting_role: {CLIENT}; role_until: {until}"


@pytest.mark.parametrize("way", ["role", "ban", "own password", "reset", "delete"])
def test_a_change_after_the_end_first_writes_the_end_down(superadmin: Holder, time: MovedClock, way: str) -> None:
    until = time.ahead(SOON)
    target = _temporary(superadmin, SUPERADMIN, until)
    time.to(until)
    match way:
        case "role":
            assert _change(superadmin, target, ADMIN).status == 200
        case "ban":
            assert _act(superadmin, target, "ban").status == 200
        case "own password":
            login = {"email": target.email, "password": PASSWORD}
            token = gateway.request("POST", "/v1/api/auth/login", body=login).must(200)["accessToken"]
            change = {"currentPassword": PASSWORD, "newPassword": "another horse entirely"}
            assert gateway.request("PUT", "/v1/api/auth/password", token, change).status == 204
        case "reset":
            assert superadmin.request("POST", f"{USERS}/{target.id}/password").status == 200
        case _:
            gateway.invoke("run_operation", {"operation": "delete_account", "email": target.email})
    actions = [entry["action"] for entry in audit_of("PLATFORM")]
    assert actions[-2] == "lapse_role"
    assert run_maintenance()["role_ends_written"] == 0
    assert _superadmins() == 1


@pytest.mark.parametrize("way", ["role", "ban", "reset"])
def test_a_change_that_is_refused_after_the_end_writes_no_end(superadmin: Holder, time: MovedClock, way: str) -> None:
    until = time.ahead(SOON)
    target, actor = _temporary(superadmin, ADMIN, until), make_account(PlatformRole.SUPERADMIN)
    time.to(until)
    principal = actor.principal
    assert _act(superadmin, actor, "disable").status == 200
    with unchanged():
        answer = _change_in_way(way, actor, target, principal=principal)
    assert answer.status == 401
    assert "lapse_role" not in {entry["action"] for entry in audit_of("PLATFORM")}
    run_maintenance()


@pytest.mark.parametrize("way", ["role", "ban", "reset"])
def test_a_change_that_was_throttled_until_the_end_is_not_sent_again(
    superadmin: Holder, time: MovedClock, way: str
) -> None:
    until = time.ahead(SOON)
    target, principal = _temporary(superadmin, ADMIN, until), superadmin.principal
    time.to_second_before(until)
    with unchanged(), faults.throttle_first_transaction(lambda: time.to(until)) as sent:
        answer = _change_in_way(way, superadmin, target, principal=principal)
    # The first request may have been carried out, with the role that was in force then.
    assert (answer.status, sent.number) == (503, 1)
    run_maintenance()


def test_an_account_has_the_reason_and_the_actor_of_its_last_change(superadmin: Holder, time: MovedClock) -> None:
    target = make_account()
    body = {"newRole": ADMIN, "reason": "stands in"}
    assert superadmin.request("PUT", f"{USERS}/{target.id}/role", body).status == 200
    item = reads.get(keys.account(target.id)) or {}
    assert (item["change_reason"], item["changed_by"]) == ("stands in", {"type": "account", "id": str(superadmin.id)})


def test_an_end_is_stored_with_its_times_and_without_a_person(
    superadmin: Holder, time: MovedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    until, target = time.ahead(SOON), make_account()
    body = {"newRole": ADMIN, "until": until, "reason": "stands in"}
    assert superadmin.request("PUT", f"{USERS}/{target.id}/role", body).status == 200
    time.to(until)
    time.forward(60)
    capsys.readouterr()
    run_maintenance()

    item = reads.get(keys.account(target.id))
    assert item
    [entry] = [entry for entry in audit_of("PLATFORM") if entry["action"] == "lapse_role"]
    assert (item["change_reason"], item["changed_by"]) == (None, {"type": "system", "id": "role_ends"})
    assert item["role_end"] == {"at": until, "written_at": entry["timestamp"]}
    assert (item["updated_at"], item["version"]) == (until, 3)
    assert metrics_in(capsys.readouterr().out)["RoleEndWritten"] == 1
    with pytest.raises(ValueError, match="the role of this account has not ended"):
        role_ends.write_end(item, "request", clock.now())
