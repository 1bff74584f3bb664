"""Two at once, over real connections to a table that can be raced for.

The handlers run in this process, with principals that the authorizer gave before the race: so both
requests are past the authorizer when they meet, which is the hardest case.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from local.operator import operate
from local.stack import Stack
from rolecall import account_sessions, calls, clients, clock, config, keys, store, vault
from tests import gateway
from tests.e2e.conftest import Member, Tenant

ROUNDS = 100


@pytest.fixture
def in_process(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The handlers of this process work on the stack's table and secrets."""
    for name, value in stack.environment("AuthorizeRequest", "ListUsers", "LogIn").items():
        monkeypatch.setenv(name, value)
    _forget_clients()
    yield
    _forget_clients()


def _forget_clients() -> None:
    for cached in (config.config, clients._session, store._client, vault._client):
        cached.cache_clear()
    vault._known.clear()


def _promote_at_once(*changes: tuple[Member, Member, str]) -> list[gateway.Response]:
    """Each (actor, target, new role) in a thread of its own, all starting at the same moment."""
    barrier = Barrier(len(changes))
    principals = [gateway.authorize(actor.token) for actor, _, _ in changes]

    def send(change: tuple[Member, Member, str], principal: dict[str, str] | None) -> gateway.Response:
        _, target, new_role = change
        barrier.wait()
        return gateway.request("POST", f"/users/{target.id}/promote", body={"new_role": new_role}, principal=principal)

    with ThreadPoolExecutor(len(changes)) as pool:
        return list(pool.map(send, changes, principals))


@pytest.mark.usefixtures("in_process")
def test_the_last_two_admins_who_demote_each_other_never_leave_none(register: Callable[[str], Tenant]) -> None:
    tenant = register("Duel")
    one, two = tenant.admin, tenant.add("admin")
    winners = set()

    for _ in range(ROUNDS):
        answers = _promote_at_once((one, two, "user"), (two, one, "user"))

        assert sorted(answer.status for answer in answers) == [200, 409]
        assert {answer.code for answer in answers if answer.status == 409} == {"LAST_ADMIN"}
        winner, loser = (one, two) if answers[0].status == 200 else (two, one)
        meta = store.get(keys.tenant(tenant.id))
        assert meta
        assert meta["active_admins"] == 1
        winners.add(winner.id)
        assert tenant.promote(winner, loser, "admin").status == 200

    # Else it was no race.
    assert winners == {one.id, two.id}


@pytest.mark.usefixtures("in_process")
def test_one_target_changed_twice_at_once_takes_the_changes_one_after_the_other(
    register: Callable[[str], Tenant],
) -> None:
    tenant = register("Tug of War")
    target, other = tenant.add("user"), tenant.add("admin")

    for _ in range(ROUNDS // 4):
        answers = _promote_at_once((tenant.admin, target, "manager"), (other, target, "admin"))

        assert [answer.status for answer in answers] == [200, 200]
        changes = {(answer.body["data"]["old_role"], answer.body["data"]["new_role"]) for answer in answers}
        assert changes in (
            {("user", "manager"), ("manager", "admin")},
            {("user", "admin"), ("admin", "manager")},
        )
        tenant.promote(tenant.admin, target, "user")


@pytest.mark.usefixtures("in_process")
def test_a_hundred_guesses_at_once_get_no_more_than_the_allowed_tries() -> None:
    barrier = Barrier(100)

    def guess(number: int) -> int:
        event = gateway.event_of("log_in")
        event["requestContext"]["identity"]["sourceIp"] = "203.0.113.77"
        event["body"] = json.dumps({"email": "guessed@example.com", "password": f"guess {number}"})
        barrier.wait()
        status: int = gateway.invoke("log_in", event)["statusCode"]
        return status

    with ThreadPoolExecutor(100) as pool:
        statuses = list(pool.map(guess, range(100)))

    counts = Counter(statuses)
    assert counts.keys() == {401, 429}
    # Fewer are looked at where a count is repeated because its answer was late: never more.
    assert 1 <= counts[401] <= 5


@pytest.mark.usefixtures("in_process")
def test_the_last_two_superadmins_who_disable_each_other_never_leave_none(stack: Stack) -> None:
    made = [operate(stack, "create_superadmin", [f"email=duel-{n}@example.com", "force=true"]) for n in range(2)]
    pairs = [account_sessions.log_in(_operator(), one["email"], one["password"]) for one in made]
    principals = [gateway.authorize(pair.access_token) for pair in pairs]
    # Other tests' superadmins count as well: leave these two.
    count = store.get(keys.platform())
    assert count
    store.write(store.Update(keys.platform(), set={"enabled_superadmins": 2}, when=store.EXISTS))

    def send(change: tuple[int, int]) -> gateway.Response:
        actor, target = change
        path = f"/v1/api/superadmin/users/{made[target]['id']}/disable"
        return gateway.request("PUT", path, body={"reason": "a duel"}, principal=principals[actor])

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(send, [(0, 1), (1, 0)]))

    assert sorted(answer.status for answer in answers) == [200, 422]
    after = store.get(keys.platform())
    assert after
    assert after["enabled_superadmins"] == 1
    left = count["enabled_superadmins"] - 1
    store.write(store.Update(keys.platform(), set={"enabled_superadmins": left}, when=store.EXISTS))


def _operator() -> calls.Call:
    return calls.Call(calls.Principal(calls.PrincipalType.SYSTEM, "operator"), clock.now())
