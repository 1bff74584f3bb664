"""POST /v1/api/auth/refresh and /logout, and how long a session is valid."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rolecall import clock
from rolecall.auth import passwords
from rolecall.auth.roles import PlatformRole
from rolecall.storage import dynamodb, keys, reads, writes
from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import PASSWORD, Holder, Tenant, audit_of, make_account, metrics_in, table, unchanged
from tests.integration.deletion.deletions import call_before_request

USERS = "/v1/api/superadmin/users"
ELSEWHERE = {"ip": "203.0.113.9", "user_agent": "curl/8"}
CLIENT = {"ip": "198.51.100.7", "user_agent": "curl/8.5.0"}


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 6, 15, 12, tzinfo=UTC)

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    monkeypatch.setattr(clock, "now", lambda: stopped.at)
    return stopped


def refresh(token: str, *, ip: str = CLIENT["ip"], user_agent: str = CLIENT["user_agent"]) -> Response:
    event = gateway.event_of("refresh_session")
    event["body"] = f'{{"refreshToken": "{token}"}}'
    event["requestContext"]["identity"] = {"sourceIp": ip, "userAgent": user_agent}
    answer = gateway.invoke("refresh_session", event)
    return Response(answer["statusCode"], answer["headers"], answer["body"])


def log_out(holder: Holder, refresh_token: str | None = None) -> Response:
    return holder.request("POST", "/v1/api/auth/logout", {"refreshToken": refresh_token or holder.refresh_token})


def works(access_token: str) -> bool:
    return gateway.authorize(access_token) is not None


# --- Refresh ---------------------------------------------------------------------------------------


def test_a_refresh_gives_a_new_pair_that_works(time: Clock, superadmin: Holder) -> None:
    pair = refresh(superadmin.refresh_token)

    assert pair.status == 200
    assert pair.body.keys() == {"accessToken", "refreshToken", "tokenType", "expiresIn"}
    assert pair.body["refreshToken"] != superadmin.refresh_token
    assert works(pair.body["accessToken"])
    assert refresh(pair.body["refreshToken"]).status == 200


@pytest.mark.parametrize("seconds", [10, -59])
def test_a_retry_from_the_same_client_gets_the_same_refresh_token(
    time: Clock, superadmin: Holder, seconds: float
) -> None:
    first = refresh(superadmin.refresh_token)
    time.forward(seconds=seconds)
    again = refresh(superadmin.refresh_token)

    assert (first.status, again.status) == (200, 200)
    assert again.body["refreshToken"] == first.body["refreshToken"]
    assert works(again.body["accessToken"])
    assert refresh(again.body["refreshToken"]).status == 200


@pytest.mark.parametrize(
    ("seconds", "client"),
    [
        (10.001, CLIENT),
        (-61, CLIENT),
        (-5 * 3600, CLIENT),
        (0, ELSEWHERE),
        (0, CLIENT | {"ip": "203.0.113.9"}),
        (0, CLIENT | {"user_agent": "x"}),
    ],
    ids=["too late", "clock set back", "clock set back by hours", "another client", "another address", "another agent"],
)
def test_a_spent_token_ends_the_session_and_is_audited(
    time: Clock,
    superadmin: Holder,
    seconds: float,
    client: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    pair = refresh(superadmin.refresh_token).body
    time.forward(seconds=seconds)

    assert refresh(superadmin.refresh_token, **client).status == 401

    assert not works(superadmin.access_token)
    assert not works(pair["accessToken"])
    assert refresh(pair["refreshToken"]).status == 401
    (entry,) = (one for one in audit_of(keys.PLATFORM) if one["action"] == "revoke_session")
    assert entry["target"]["id"] == str(superadmin.id)
    assert entry["before"] == {"session_id": superadmin.session_id}
    assert entry["reason"] == "a spent refresh token was used again"
    assert [one.message for one in caplog.records if one.levelname == "CRITICAL"] == ["spent refresh token reused"]
    assert metrics_in(capsys.readouterr().out)["RefreshTokenReused"] == 1


@pytest.mark.parametrize("rotations", [1, 2])
@pytest.mark.parametrize("remove", [(), ("previous_expires_at",)], ids=["today's", "an earlier version's"])
def test_a_spent_token_is_noticed_when_the_batch_read_its_marker_before_the_rotation(
    time: Clock, superadmin: Holder, monkeypatch: pytest.MonkeyPatch, rotations: int, remove: tuple[str, ...]
) -> None:
    spent = last = superadmin.refresh_token
    for _ in range(rotations):
        last = refresh(last).body["refreshToken"]
        time.forward(seconds=60)
    session = keys.item_of_account(superadmin.id, "SESSION", superadmin.session_id)
    writes.write(writes.Update(session, set={"seen": True}, remove=remove, when=writes.MUST_EXIST))

    with monkeypatch.context() as patched:
        patched.setattr(reads, "get_many", _without_marker(reads.get_many))
        assert refresh(spent).status == 401
    assert refresh(last).status == 401


def _without_marker(get_many: Callable[..., list[dynamodb.Item | None]]) -> Callable[..., list[dynamodb.Item | None]]:
    """A batch read of an owner, a session and a marker that does not find the marker yet."""

    def torn(*wanted: keys.Key) -> list[dynamodb.Item | None]:
        found = get_many(*wanted)
        return found if len(wanted) == 1 else [*found[:2], None]

    return torn


@pytest.mark.parametrize("marker", ["found", "not found yet"])
@pytest.mark.parametrize(("seconds", "ends_session"), [(-1, True), (0, False)])
def test_a_spent_token_that_would_have_expired_ends_no_session(
    time: Clock,
    superadmin: Holder,
    monkeypatch: pytest.MonkeyPatch,
    marker: str,
    seconds: float,
    ends_session: bool,
) -> None:
    time.forward(days=1)
    last = refresh(superadmin.refresh_token).body["refreshToken"]
    time.forward(days=6, seconds=seconds)

    with monkeypatch.context() as patched:
        if marker == "not found yet":
            patched.setattr(reads, "get_many", _without_marker(reads.get_many))
        assert refresh(superadmin.refresh_token).status == 401
    assert refresh(last).status == (401 if ends_session else 200)


def test_a_token_from_before_the_last_ends_the_session_even_at_once(time: Clock, superadmin: Holder) -> None:
    second = refresh(superadmin.refresh_token).body
    third = refresh(second["refreshToken"]).body

    assert refresh(superadmin.refresh_token).status == 401
    assert refresh(third["refreshToken"]).status == 401


def test_the_end_of_one_session_leaves_the_others(time: Clock, superadmin: Holder) -> None:
    body = {"email": superadmin.email, "password": PASSWORD}
    other = gateway.request("POST", "/v1/api/auth/login", body=body).body
    refresh(superadmin.refresh_token)
    refresh(superadmin.refresh_token, **ELSEWHERE)

    assert works(other["accessToken"])
    assert refresh(other["refreshToken"]).status == 200


@pytest.mark.parametrize("token", ["", "x", "Z", "é", "MTpub25zZW5zZTp4", "OjE6MTox", "A" * 4000])
def test_a_text_that_is_no_token_is_refused_and_changes_nothing(superadmin: Holder, token: str) -> None:
    with unchanged():
        answer = refresh(token)
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
    assert answer.body["message"] == "A valid refresh token is required"


def test_a_guess_at_a_known_session_does_not_end_it(superadmin: Holder) -> None:
    # The session's id is in every access token, so knowing it must not be enough to end the session.
    guess = superadmin.refresh_token[:-6] + "AAAAAA"
    assert refresh(guess).status == 401
    assert works(superadmin.access_token)
    assert refresh(superadmin.refresh_token).status == 200


def test_a_refresh_token_ends_at_the_second_whatever_ttl_has_left(time: Clock, superadmin: Holder) -> None:
    body = {"email": superadmin.email, "password": PASSWORD}
    tokens = [gateway.request("POST", "/v1/api/auth/login", body=body).body["refreshToken"] for _ in range(2)]

    time.forward(days=7, seconds=-1)
    assert refresh(tokens[0]).status == 200
    time.forward(seconds=1)
    with unchanged():
        assert refresh(tokens[1]).status == 401


def test_a_session_that_began_with_a_clock_that_was_ahead_is_not_valid_for_longer(
    time: Clock, superadmin: Holder
) -> None:
    for hours, status in ((30 * 24, 401), (24.1, 401), (24, 200)):
        time.forward(hours=hours)
        holder = make_account()
        time.forward(hours=-hours)
        assert refresh(holder.refresh_token).status == status


def test_an_access_token_ends_at_the_second(time: Clock, superadmin: Holder) -> None:
    access_token = refresh(superadmin.refresh_token).body["accessToken"]
    time.forward(minutes=15, seconds=-1)
    assert works(access_token)
    time.forward(seconds=1)
    assert not works(access_token)


def test_two_concurrent_refreshes_get_the_same_token(superadmin: Holder) -> None:
    other: list[Response] = []

    def overtake(**_: Any) -> None:
        events.unregister("before-parameter-build.dynamodb.TransactWriteItems", overtake)
        other.append(refresh(superadmin.refresh_token))

    events = dynamodb.client().meta.events
    events.register("before-parameter-build.dynamodb.TransactWriteItems", overtake)
    mine = refresh(superadmin.refresh_token)

    assert (mine.status, other[0].status) == (200, 200)
    assert mine.body["refreshToken"] == other[0].body["refreshToken"]


def test_no_token_is_in_the_table(superadmin: Holder) -> None:
    pair = refresh(superadmin.refresh_token).body
    stored = str(table())
    assert not [token for token in (*pair.values(), superadmin.refresh_token) if str(token) in stored and token != 900]


# --- Bans ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("end", "lift"), [("ban", "unban"), ("disable", "enable")])
def test_a_ban_or_deactivation_ends_all_sessions_for_good(superadmin: Holder, end: str, lift: str) -> None:
    holder = make_account()

    for change in (end, lift):
        assert superadmin.request("PUT", f"{USERS}/{holder.id}/{change}", {"reason": "spam"}).status == 200
        assert not works(holder.access_token)
        assert refresh(holder.refresh_token).status == 401

    body = {"email": holder.email, "password": PASSWORD}
    assert gateway.request("POST", "/v1/api/auth/login", body=body).status == 200


# --- Logout ----------------------------------------------------------------------------------------


def test_a_logout_ends_both_tokens_at_once(superadmin: Holder) -> None:
    answer = log_out(superadmin)

    assert (answer.status, answer.text) == (204, "")
    assert "Content-Type" not in answer.headers
    assert not works(superadmin.access_token)
    assert refresh(superadmin.refresh_token).status == 401
    assert log_out(superadmin).status == 401


def test_a_logout_with_another_session_of_the_account_ends_both(superadmin: Holder) -> None:
    body = {"email": superadmin.email, "password": PASSWORD}
    other = gateway.request("POST", "/v1/api/auth/login", body=body).body

    assert log_out(superadmin, other["refreshToken"]).status == 204

    assert not works(superadmin.access_token)
    assert not works(other["accessToken"])


def test_a_logout_with_the_token_of_a_session_that_has_ended_ends_ones_own(superadmin: Holder) -> None:
    body = {"email": superadmin.email, "password": PASSWORD}
    ended = Holder(superadmin.id, superadmin.email, *_tokens(gateway.request("POST", "/v1/api/auth/login", body=body)))
    assert log_out(ended).status == 204

    assert log_out(superadmin, ended.refresh_token).status == 204

    assert not works(superadmin.access_token)


def test_a_logout_with_a_made_up_token_leaves_the_session_that_it_names(superadmin: Holder) -> None:
    body = {"email": superadmin.email, "password": PASSWORD}
    access_token, refresh_token = _tokens(gateway.request("POST", "/v1/api/auth/login", body=body))

    assert log_out(superadmin, refresh_token[:-6] + "AAAAAA").status == 204

    assert works(access_token)
    assert not works(superadmin.access_token)


def _tokens(login: Response) -> tuple[str, str]:
    return login.body["accessToken"], login.body["refreshToken"]


def test_nobody_logs_out_someone_else(superadmin: Holder) -> None:
    holder = make_account(PlatformRole.ADMIN)

    assert log_out(holder, superadmin.refresh_token).status == 204

    assert works(superadmin.access_token)
    assert refresh(superadmin.refresh_token).status == 200
    assert not works(holder.access_token)


def test_a_tenants_user_has_no_session_to_log_out_of(acme: Tenant) -> None:
    answer = acme.admin.request("POST", "/v1/api/auth/logout", {"refreshToken": "x"})
    assert (answer.status, answer.code) == (403, "FORBIDDEN")


# --- Passwords -------------------------------------------------------------------------------------


def _store_hash_with_other_parameters(superadmin: Holder) -> tuple[keys.Key, str]:
    """Store a hash of the password with parameters that no test uses otherwise. Return its item's key, and the hash."""
    from argon2 import PasswordHasher  # noqa: PLC0415

    key = keys.item_of_account(superadmin.id, "CREDENTIAL", "PASSWORD")
    weak = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    assert passwords.needs_rehash(weak, PASSWORD)
    writes.write(writes.Update(key, set={"password_hash": weak}, when=writes.MUST_EXIST))
    return key, weak


def test_a_password_is_hashed_anew_when_the_parameters_have_changed(superadmin: Holder) -> None:
    key, weak = _store_hash_with_other_parameters(superadmin)
    body = {"email": superadmin.email, "password": PASSWORD}

    assert gateway.request("POST", "/v1/api/auth/login", body={**body, "password": "wrong"}).status == 401
    unchanged_item = reads.get(key)
    assert unchanged_item
    assert unchanged_item["password_hash"] == weak
    assert gateway.request("POST", "/v1/api/auth/login", body=body).status == 200

    item = reads.get(key)
    assert item
    assert not passwords.needs_rehash(item["password_hash"], PASSWORD)
    assert passwords.verify_password(item["password_hash"], PASSWORD)


def test_a_login_does_not_bring_back_a_password_that_is_changed_at_the_same_time(superadmin: Holder) -> None:
    key, _ = _store_hash_with_other_parameters(superadmin)
    new = passwords.hash_password("another horse entirely")
    body = {"email": superadmin.email, "password": PASSWORD}

    def change_password() -> None:
        writes.write(writes.Update(key, set={"password_hash": new}, when=writes.MUST_EXIST))

    with call_before_request("UpdateItem", change_password, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}}):
        assert gateway.request("POST", "/v1/api/auth/login", body=body).status == 200

    item = reads.get(key)
    assert item
    assert item["password_hash"] == new
