"""The limits on failed logins, and that no answer tells why a login failed."""

import time as stopwatch
from hashlib import sha256
from typing import Any

import pytest

from rolecall import clock, deadline
from rolecall.auth import login_attempts
from rolecall.auth.roles import PlatformRole
from rolecall.errors import ConcurrentChange
from rolecall.storage import dynamodb
from tests import gateway
from tests.gateway import Response
from tests.integration.accounts.test_sessions import Clock, refresh
from tests.integration.accounts.test_sessions import time as time
from tests.integration.conftest import PASSWORD, Holder, make_account, table
from tests.integration.deletion.deletions import call_before_request

WRONG = "wrong"
ADDRESS_LIMIT = login_attempts.FREE_FAILURES["ADDRESS"]


def log_in(email: str, password: str = WRONG, ip: str = "198.51.100.7") -> Response:
    event = gateway.event_of("log_in")
    event["body"] = f'{{"email": "{email}", "password": "{password}"}}'
    event["requestContext"]["identity"]["sourceIp"] = ip
    answer = gateway.invoke("log_in", event)
    return Response(answer["statusCode"], answer["headers"], answer["body"])


@pytest.mark.parametrize("email", [None, "nobody@example.com"], ids=["known", "unknown"])
def test_from_the_sixth_failure_on_the_wait_grows(time: Clock, superadmin: Holder, email: str | None) -> None:
    email = email or superadmin.email
    answers = [log_in(email) for _ in range(12)]

    assert [answer.status for answer in answers] == [401] * 5 + [429] * 7
    assert answers[5].code == "RATE_LIMITED"
    assert [int(answer.headers["Retry-After"]) for answer in answers[5:]] == [60, 120, 240, 480, 900, 900, 900]


def test_a_login_below_the_limit_need_not_wait_even_if_the_last_failure_is_in_the_future(
    time: Clock, superadmin: Holder
) -> None:
    log_in(superadmin.email)
    time.forward(seconds=-1)

    assert log_in(superadmin.email).status == 401
    assert log_in(superadmin.email, PASSWORD).status == 200


def test_the_right_password_must_wait_too_and_works_after_the_wait(time: Clock, superadmin: Holder) -> None:
    for _ in range(5):
        log_in(superadmin.email)
    refused = log_in(superadmin.email, PASSWORD)
    assert refused.status == 429

    time.forward(seconds=int(refused.headers["Retry-After"]) - 1)
    # An attempt within the wait makes it longer.
    refused = log_in(superadmin.email, PASSWORD)
    assert refused.status == 429
    time.forward(seconds=int(refused.headers["Retry-After"]))
    assert log_in(superadmin.email, PASSWORD).status == 200
    assert [log_in(superadmin.email).status for _ in range(6)] == [401] * 5 + [429]


def test_one_attempt_is_checked_when_the_wait_is_over(time: Clock, superadmin: Holder) -> None:
    for _ in range(6):
        log_in(superadmin.email)
    time.forward(seconds=60)

    assert int(log_in(superadmin.email).headers["Retry-After"]) == 120
    assert log_in(superadmin.email, PASSWORD).status == 429


def test_a_success_forgets_the_failures(superadmin: Holder) -> None:
    for _ in range(3):
        assert [log_in(superadmin.email).status for _ in range(4)] == [401] * 4
        assert log_in(superadmin.email, PASSWORD).status == 200


def test_failures_are_forgotten_after_a_day_whatever_ttl_has_left(time: Clock, superadmin: Holder) -> None:
    for _ in range(9):
        log_in(superadmin.email)
    time.forward(days=1)
    assert [log_in(superadmin.email).status for _ in range(6)] == [401] * 5 + [429]


def test_the_holder_of_a_refresh_token_is_never_locked_out(superadmin: Holder) -> None:
    for _ in range(20):
        log_in(superadmin.email)
    assert refresh(superadmin.refresh_token).status == 200
    assert gateway.authorize(superadmin.access_token)


def test_an_address_has_a_limit_of_its_own_that_locks_nobody_elses_account(time: Clock, superadmin: Holder) -> None:
    _fail(ADDRESS_LIMIT, time)

    assert [log_in(superadmin.email).status for _ in range(9)] == [429] * 9
    assert log_in(superadmin.email, PASSWORD).status == 429
    assert log_in(superadmin.email, PASSWORD, ip="203.0.113.9").status == 200


@pytest.mark.parametrize(("seconds", "status"), [(30, 429), (3600, 200)])
def test_a_clock_that_was_ahead_locks_no_address_out(
    time: Clock, superadmin: Holder, seconds: int, status: int
) -> None:
    _fail(ADDRESS_LIMIT, time)
    time.forward(seconds=-seconds)
    assert log_in(superadmin.email, PASSWORD).status == status


def test_guesses_at_one_account_do_not_lock_its_neighbours_out(time: Clock, superadmin: Holder) -> None:
    for _ in range(ADDRESS_LIMIT + 10):
        log_in("nobody@example.com")
    assert log_in(superadmin.email, PASSWORD).status == 200


def _fail(times: int, time: Clock, ip: str = "198.51.100.7") -> None:
    """Count failed logins of that many accounts, without checking passwords."""
    for number in range(times):
        login_attempts.count_attempt_unless_waiting(f"nobody-{number}@example.com", ip, time.at)


def test_successes_do_not_count_against_an_address_and_do_not_forgive_it(time: Clock, superadmin: Holder) -> None:
    _fail(ADDRESS_LIMIT - 1, time)
    for _ in range(3):
        assert log_in(superadmin.email, PASSWORD).status == 200

    assert log_in(superadmin.email).status == 401
    assert log_in(superadmin.email, PASSWORD).status == 429


def test_all_addresses_of_an_ipv6_network_are_one(time: Clock, aws: None) -> None:
    _fail(ADDRESS_LIMIT - 1, time, ip="2001:db8:1:2::1")
    log_in("one@example.com", ip="2001:db8:1:2::2")
    assert log_in("another@example.com", ip="2001:db8:1:2:ffff::1").status == 429
    assert log_in("another@example.com", ip="2001:db8:1:3::1").status == 401


def test_an_ipv4_address_is_the_same_in_the_form_of_ipv6_and_no_other(aws: None) -> None:
    for number in range(ADDRESS_LIMIT):
        log_in(f"{number}@example.com", ip="::ffff:192.0.2.1" if number % 2 else "192.0.2.1")
    assert log_in("x@example.com", ip="::FFFF:c000:201").status == 429
    assert log_in("y@example.com", ip="::ffff:192.0.2.2").status == 401


def test_the_emails_that_were_tried_are_not_kept(aws: None) -> None:
    log_in("secret-interest@example.com")
    assert "secret-interest" not in str(table())


def test_the_counters_have_the_expected_keys(time: Clock, aws: None) -> None:
    """A version that changed a key would forget the failures and the networks that an earlier one has stored."""
    new = login_attempts.count_attempt_unless_waiting("Ada@example.com", "192.0.2.1", time.at)
    login_attempts.forget_failures_and_remember_network(new, time.at)
    login_attempts.count_attempt_unless_waiting("ada@example.com", "192.0.2.1", time.at)
    login_attempts.count_attempt_unless_waiting("ada@example.com", "2001:db8:1:2::1", time.at)

    name, address, network = (
        sha256(text).hexdigest() for text in (b"ada@example.com", b"192.0.2.1", b"2001:db8:1:2::/64")
    )
    known = sha256(b"ada@example.com\n192.0.2.1").hexdigest()
    assert {item["pk"].removeprefix("ATTEMPTS#") for item in table()} == {
        f"ADDRESS#{address}",
        f"ADDRESS#{network}",
        f"EMAIL#{name}",
        f"KNOWN#{known}",
        f"NETWORKS#{name}",
    }


# --- Attackers in other networks can't lock the owner out -------------------------------------------

HOME, OFFICE, ELSEWHERE = "192.0.2.1", "192.0.2.2", "203.0.113.{}"


def test_guesses_from_elsewhere_do_not_lock_the_owner_out_of_known_networks(time: Clock, superadmin: Holder) -> None:
    for known in (HOME, OFFICE):
        assert log_in(superadmin.email, PASSWORD, ip=known).status == 200
    for number in range(96):
        time.forward(minutes=15)
        log_in(superadmin.email, ip=ELSEWHERE.format(number))

    assert log_in(superadmin.email, PASSWORD, ip=HOME).status == 200
    assert log_in(superadmin.email, PASSWORD, ip=ELSEWHERE.format(200)).status == 429
    # The owner's login gives the others no new guesses.
    assert log_in(superadmin.email, ip=ELSEWHERE.format(201)).status == 429


def test_a_known_network_is_counted_by_itself(time: Clock, superadmin: Holder) -> None:
    for known in (HOME, OFFICE):
        assert log_in(superadmin.email, PASSWORD, ip=known).status == 200

    assert [log_in(superadmin.email, ip=HOME).status for _ in range(6)] == [401] * 5 + [429]

    assert log_in(superadmin.email, PASSWORD, ip=HOME).status == 429
    assert log_in(superadmin.email, PASSWORD, ip=OFFICE).status == 200
    assert log_in(superadmin.email, PASSWORD, ip=ELSEWHERE.format(1)).status == 200


def test_all_unknown_networks_are_counted_together(superadmin: Holder) -> None:
    statuses = [log_in(superadmin.email, ip=ELSEWHERE.format(number)).status for number in range(7)]
    assert statuses == [401] * 5 + [429] * 2


def test_what_a_blocked_address_tries_does_not_count_against_an_account(time: Clock, superadmin: Holder) -> None:
    _fail(ADDRESS_LIMIT, time)
    assert [log_in(superadmin.email).status for _ in range(20)] == [429] * 20

    assert [log_in(superadmin.email, ip=HOME).status for _ in range(6)] == [401] * 5 + [429]


def test_what_a_blocked_account_is_refused_does_not_prolong_the_wait_of_an_address(
    time: Clock, superadmin: Holder
) -> None:
    for _ in range(10):
        log_in("nobody@example.com", ip=HOME)
    _fail(ADDRESS_LIMIT, time)
    time.forward(seconds=31)
    assert log_in("nobody@example.com").status == 429
    assert log_in(superadmin.email, PASSWORD).status == 200


def test_a_login_name_keeps_ten_networks_at_most_and_forgets_the_oldest(time: Clock, superadmin: Holder) -> None:
    for number in range(15):
        time.forward(minutes=1)
        assert log_in(superadmin.email, PASSWORD, ip=f"192.0.2.{number}").status == 200
    [kept] = [item for item in table() if "networks" in item and len(item["networks"]) > 1]
    assert len(kept["networks"]) == login_attempts.MAX_KNOWN_NETWORKS

    for _ in range(6):
        log_in(superadmin.email, ip=ELSEWHERE.format(1))
    assert log_in(superadmin.email, PASSWORD, ip="192.0.2.14").status == 200
    assert log_in(superadmin.email, PASSWORD, ip="192.0.2.0").status == 429


def test_a_network_that_a_clock_that_was_ahead_has_noted_gets_its_true_time(time: Clock, superadmin: Holder) -> None:
    email = superadmin.email
    first_login = time.at
    time.forward(days=30)
    log_in(email, PASSWORD, ip="192.0.2.1")
    time.forward(days=-30)
    log_in(email, PASSWORD, ip="192.0.2.1")
    time.forward(seconds=-50)  # the clocks of two machines may differ by that much
    log_in(email, PASSWORD, ip="192.0.2.1")

    known = [item for item in table() if item["pk"].startswith("ATTEMPTS#NETWORKS#")]
    times = [second for item in known for second in item["networks"].values()]
    assert times == [int(first_login.timestamp())] * len(times)
    assert len(times) == 2


def test_networks_are_forgotten_after_90_days_whatever_ttl_has_left(time: Clock, superadmin: Holder) -> None:
    log_in(superadmin.email, PASSWORD, ip=HOME)
    time.forward(days=90)
    for _ in range(6):
        log_in(superadmin.email, ip=ELSEWHERE.format(1))
    assert log_in(superadmin.email, PASSWORD, ip=HOME).status == 429


# --- Nothing tells why -----------------------------------------------------------------------------


@pytest.fixture
def cases(superadmin: Holder) -> dict[str, tuple[str, str]]:
    """An email and a password for each way in which a login fails."""
    known, banned, disabled = make_account(), make_account(), make_account(PlatformRole.ADMIN)
    for verb, holder in (("ban", banned), ("disable", disabled)):
        superadmin.request("PUT", f"/v1/api/superadmin/users/{holder.id}/{verb}", {"reason": "spam"})
    return {
        "unknown": ("nobody@example.com", PASSWORD),
        "wrong": (known.email, "wrong"),
        "banned": (banned.email, PASSWORD),
        "disabled": (disabled.email, PASSWORD),
    }


def test_every_failure_makes_the_same_calls(cases: dict[str, tuple[str, str]]) -> None:
    calls: list[str] = []

    def note(model: Any, **_: Any) -> None:
        calls.append(model.name)

    events = dynamodb.client().meta.events
    events.register("before-parameter-build.dynamodb", note)
    made = {}
    for name, (email, password) in cases.items():
        calls.clear()
        log_in(email, password)
        made[name] = list(calls)
    events.unregister("before-parameter-build.dynamodb", note)

    assert made["unknown"] == ["BatchGetItem", "UpdateItem", "UpdateItem", "GetItem", "BatchGetItem"]
    assert all(one == made["unknown"] for one in made.values())


def test_every_failure_is_counted(cases: dict[str, tuple[str, str]]) -> None:
    for name, (email, password) in cases.items():
        statuses = [log_in(email, password).status for _ in range(6)]
        assert statuses == [401] * 5 + [429], name


@pytest.mark.real_passwords
def test_every_failure_takes_the_same_time(time: Clock, cases: dict[str, tuple[str, str]]) -> None:
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(15):
        time.forward(days=2)  # no attempt waits
        for name, (email, password) in cases.items():
            started = stopwatch.process_time()
            assert log_in(email, password).status == 401
            taken[name].append(stopwatch.process_time() - started)

    # The smallest CPU time of several runs is compared, because other work on the machine does not count there.
    least = {name: min(one) for name, one in taken.items()}
    # Without the check against a hash of no password, an unknown email would take less than half the time.
    assert max(least.values()) / min(least.values()) < 1.6, least


def test_a_refused_attempt_does_not_prolong_the_wait_of_its_address(time: Clock, superadmin: Holder) -> None:
    _fail(ADDRESS_LIMIT, time)
    wait = int(log_in(superadmin.email, PASSWORD).headers["Retry-After"])
    for _ in range(3):
        time.forward(seconds=wait // 4)
        assert log_in("nobody@example.com").status == 429
    time.forward(seconds=wait - 3 * (wait // 4))

    assert log_in(superadmin.email, PASSWORD).status == 200


def test_two_networks_that_are_new_at_the_same_moment_are_both_remembered(aws: None) -> None:
    at = clock.now()
    one, other = (
        login_attempts.count_attempt_unless_waiting("ada@example.com", ip, at) for ip in ("192.0.2.1", "192.0.2.2")
    )
    with call_before_request("PutItem", lambda: login_attempts.forget_failures_and_remember_network(other, at)):
        login_attempts.forget_failures_and_remember_network(one, at)

    [known] = [item["networks"] for item in table() if "networks" in item]
    assert len(known) == 2


def test_a_login_succeeds_although_its_network_cannot_be_remembered_for_others_that_write(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = clock.now()
    attempt = login_attempts.count_attempt_unless_waiting("ada@example.com", "192.0.2.1", at)

    def conflict(*_: Any) -> None:
        raise ConcurrentChange

    monkeypatch.setattr(login_attempts, "_remember_network", conflict)
    deadline.set_time_left(0.2)
    login_attempts.forget_failures_and_remember_network(attempt, at)
    assert not [item for item in table() if "networks" in item]


def test_networks_are_forgotten_in_the_second_of_their_end(time: Clock, aws: None) -> None:
    def log_in_from(ip: str) -> None:
        attempt = login_attempts.count_attempt_unless_waiting("ada@example.com", ip, clock.now())
        login_attempts.forget_failures_and_remember_network(attempt, clock.now())

    log_in_from("192.0.2.1")
    time.forward(days=90)
    log_in_from("192.0.2.2")
    [known] = [item["networks"] for item in table() if "networks" in item]
    assert len(known) == 1
