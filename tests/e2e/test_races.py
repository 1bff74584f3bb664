"""Several at once, over real connections to a table that can be raced for, explained by some order or refused.

The handlers run in this process, each request in a thread of its own, with small random delays before every call to
the table. The authorizer has seen some of the actors before the race, which is the hardest case, and sees the others
in it. Afterwards the state is read over HTTP. `make prove` takes more rounds.
"""

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import cycle
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest

from local.deployment.stack import Stack
from local.http import call
from rolecall import clock, config, deadline
from rolecall.accounts import sessions
from rolecall.auth import principals
from rolecall.aws import clients, queues, secrets_manager
from rolecall.deletion import requests
from rolecall.errors import ConcurrentChange
from rolecall.operations import maintenance
from rolecall.storage import dynamodb, keys, reads, writes
from rolecall.tenants import sessions as user_sessions
from tests import gateway
from tests.e2e import sequential
from tests.e2e.conftest import PASSWORD, Member, Tenant
from tests.e2e.sequential import Authorize, LogOut, Person, Refresh, Register, Registered, Request, Session
from tests.histories import Race, explain
from tests.superadmins import create_superadmin

ROUNDS = 100 if os.environ.get("ROLECALL_PROVE") else 5
#: Seconds that a call to the table waits at most, so that requests meet at every point of their way.
DELAY = 0.004


@pytest.fixture
def in_process(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The handlers of this process work on the stack's table, queues and secrets."""
    for name, value in stack.environment("AuthorizeRequest", "ListUsers", "LogIn", "DeleteTenant").items():
        monkeypatch.setenv(name, value)
    _forget_clients()
    yield
    _forget_clients()


def _forget_clients() -> None:
    for cached in (
        config.config,
        clients._shared_session,
        dynamodb.client,
        queues._sqs_client,
        secrets_manager._client,
    ):
        cached.cache_clear()
    secrets_manager._cache.clear()


@contextmanager
def _delayed(dice: random.Random) -> Iterator[None]:
    def wait(**_: Any) -> None:
        time.sleep(dice.uniform(0, DELAY))

    events = dynamodb.client().meta.events
    events.register("before-call.dynamodb.*", wait)
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb.*", wait)


class Rounds:
    """The rounds of one race, from a fixed seed, with the orders that their answers came to."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.dice = random.Random(name)
        self.orders: Counter[str] = Counter()

    def play(self, play_round: Callable[[], None]) -> None:
        started = time.monotonic()
        for _ in range(ROUNDS):
            play_round()
        seconds = time.monotonic() - started
        sys.stdout.write(f"\n{self._name}: {ROUNDS} rounds in {seconds:.1f} s, {len(self.orders)} outcomes\n")
        assert len(self.orders) > 1, "it was no race"

    def run[State](
        self,
        race: Race[Any, Any],
        contenders: list[Callable[[], object]],
        state: State,
        step: Callable[[State, Any, Any], State | None],
        look: Callable[[], Callable[[State], bool]],
    ) -> None:
        """Lets them run, and fails unless some order explains what they were answered and how it ended.

        `look` sees how it ended, and says of a state whether it is that one.
        """
        with _delayed(self.dice):
            race.run(*contenders)
        order = explain(race.history, state, step, look())
        assert order is not None, _told(race, state)
        self.orders[" ".join(sorted(_outcome(event.operation, event.answer) for event in race.history))] += 1


def _outcome(operation: object, answer: object) -> str:
    said = answer.status if isinstance(answer, gateway.Response) else answer
    return f"{getattr(operation, 'name', type(operation).__name__)}:{said}"


def _seen(answer: object) -> str:
    return f"{answer.status} {answer.text}" if isinstance(answer, gateway.Response) else str(answer)


def _told(race: Race[Any, Any], state: object) -> str:
    start = min(event.began for event in race.history)
    lines = [
        f"{(event.began - start) * 1000:6.1f} to {(event.answered - start) * 1000:6.1f} ms {event.operation}:"
        f" {_seen(event.answer)}"
        for event in sorted(race.history, key=lambda event: event.began)
    ]
    return "\n".join(["no order explains", str(state), *lines])


class Contest:
    """A tenant that is raced for by members whom the authorizer sees before a race or in it."""

    def __init__(self, stack: Stack, tenant: Tenant, dice: random.Random) -> None:
        self.stack, self.tenant, self.dice = stack, tenant, dice

    def state(self, *members: Member) -> sequential.Tenant:
        """The tenant as it is now, with these members."""
        items = [reads.get(keys.user(self.tenant.id, member.id)) for member in members]
        return sequential.Tenant(
            {
                member.id: Person(item["role"], member.token, item["active"], int(item["version"]))
                for member, item in zip(members, items, strict=True)
                if item
            }
        )

    def contender(
        self, race: Race[Any, Any], actor: Member, name: str, target: Member | None = None, **fields: Any
    ) -> Callable[[], object]:
        """One request, in two steps: the authorizer's look, which may have been before the race, and the rest."""
        if_match = fields.pop("if_match", None)
        credential = actor.token
        seen: list[dict[str, str] | None] = []

        def look() -> str | None:
            principal = gateway.authorize(credential)
            seen.append(principal)
            return principal["role"] if principal else None

        def ask() -> None:
            if not seen:
                race.record(Authorize(actor.id, credential), look)
            principal = seen[0]
            if principal:
                request = Request(
                    name, actor.id, principal["role"], credential, target.id if target else "", fields, if_match
                )
                race.record(request, lambda: _send(request, principal))

        if self.dice.random() < 0.5:
            look()
        return ask

    def look(self, *members: Member) -> Callable[[sequential.Tenant], bool]:
        """What an operator sees of these members over HTTP."""
        found = {}
        for member in members:
            answer = call("GET", f"{self.stack.api}/users/{member.id}", self.stack.master_token)
            if answer.status == 200:
                data = answer.json()["data"]
                found[member.id] = (data["role"], data["active"], answer.headers["etag"].strip('"'))
        ids = [member.id for member in members]
        return lambda state: (
            {
                each: (person.role, person.active, str(person.version))
                for each, person in state.people.items()
                if each in ids
            }
            == found
        )


def _send(request: Request, principal: dict[str, str] | None) -> gateway.Response:
    user, fields = f"/users/{request.target}", dict(request.fields)
    headers = {} if request.if_match is None else {"If-Match": f'"{request.if_match}"'}
    method, path, body = {
        "get_user": ("GET", user, None),
        "promote_user": ("POST", f"{user}/promote", {"new_role": fields.get("role")}),
        "update_user": ("PUT", user, fields),
        "delete_user": ("DELETE", user, None),
        "rotate_token": ("POST", f"{user}/token", None),
        "create_user": ("POST", "/users", {"email": f"{uuid4()}@example.com", "password": PASSWORD, **fields}),
        "delete_tenant": ("DELETE", f"/global/tenants/{request.target}", None),
    }[request.name]
    return gateway.request(method, path, body=body, headers=headers, principal=principal)


@pytest.mark.usefixtures("in_process")
def test_promote_against_promote(stack: Stack, register: Callable[[str], Tenant]) -> None:
    tenant, rounds = register("Tug of War"), Rounds("promote against promote")
    contest = Contest(stack, tenant, rounds.dice)
    target, actors = tenant.add("user"), [tenant.admin, tenant.add("admin"), tenant.add("manager")]
    everyone = [target, *actors]

    def play_round() -> None:
        race, state = Race[Any, Any](rounds.dice), contest.state(*everyone)
        version = state.people[target.id].version
        contenders = [
            contest.contender(
                race,
                actor,
                "promote_user",
                target,
                role=rounds.dice.choice(["admin", "manager", "user"]),
                if_match=rounds.dice.choice([None, None, version]),
            )
            for actor in actors
        ]
        rounds.run(race, contenders, state, sequential.of_tenant, lambda: contest.look(target))

    rounds.play(play_round)


@pytest.mark.usefixtures("in_process")
def test_demote_against_demote_of_the_last_two_admins(stack: Stack, register: Callable[[str], Tenant]) -> None:
    """Or one deactivates or deletes the other: there is an admin left every time."""
    tenant, rounds = register("Duel"), Rounds("demote against demote")
    contest = Contest(stack, tenant, rounds.dice)
    one, two = tenant.admin, tenant.add("admin")
    ways: list[tuple[str, dict[str, Any]]] = [
        ("promote_user", {"role": "user"}),
        ("promote_user", {"role": "user"}),
        ("update_user", {"active": False}),
        ("delete_user", {}),
    ]

    def play_round() -> None:
        nonlocal one, two
        race, state = Race[Any, Any](rounds.dice), contest.state(one, two)
        contenders = []
        for actor, target in ((one, two), (two, one)):
            way, fields = rounds.dice.choice(ways)
            contenders.append(contest.contender(race, actor, way, target, **fields))
        rounds.run(race, contenders, state, sequential.of_tenant, lambda: contest.look(one, two))

        left = contest.state(one, two).people
        if one.id not in left or not left[one.id].active_admin:
            one, two = two, one
        tenant.admin = one
        if two.id in left:
            assert tenant.request(one, "PUT", f"/users/{two.id}", {"role": "admin", "active": True}).status == 200
        else:
            two = tenant.add("admin")

    rounds.play(play_round)


@pytest.mark.usefixtures("in_process")
def test_many_changes_race_a_demotion_of_their_actor(stack: Stack, register: Callable[[str], Tenant]) -> None:
    """From the change on whose transaction comes after the demotion, every change is refused, and nothing of it is."""
    tenant, rounds = register("Halfway"), Rounds("many changes against a demotion of their actor")
    actor, users = tenant.add("admin"), [tenant.add("user") for _ in range(8)]
    roles = cycle(["manager", "user"])

    def play_round() -> None:
        assert tenant.promote(tenant.admin, actor, "admin").status == 200
        new_role, old_role = next(roles), next(roles)
        next(roles)
        for user in users:
            assert tenant.promote(tenant.admin, user, old_role).status == 200
        race, body = (
            Race[Any, Any](rounds.dice),
            {"changes": [{"user_id": one.id, "new_role": new_role} for one in users]},
        )
        principals = {who.id: gateway.authorize(who.token) for who in (actor, tenant.admin)}

        def change() -> None:
            path, principal = "/users/promote", principals[actor.id]
            race.record("changes", lambda: gateway.request("POST", path, body=body, principal=principal))

        def demote() -> None:
            path, principal = f"/users/{actor.id}/promote", principals[tenant.admin.id]
            time.sleep(rounds.dice.uniform(0, 0.25))
            race.record(
                "demotion", lambda: gateway.request("POST", path, body={"new_role": "user"}, principal=principal)
            )

        with _delayed(rounds.dice):
            race.run(change, demote)

        found = {event.operation: event for event in race.history}
        changes, demotion = found["changes"], found["demotion"]
        assert (changes.answer.status, demotion.answer.status) == (200, 200), _told(race, None)
        results = changes.answer.body["data"]["results"]
        codes = [one.get("error_code", one["outcome"]) for one in results]
        made = codes.count("changed")
        assert codes == ["changed"] * made + ["FORBIDDEN"] * (len(users) - made), _told(race, None)
        if demotion.answered < changes.began:
            assert made == 0
        if changes.answered < demotion.began:
            assert made == len(users)
        seen = [gateway.authorize(one.token) or {} for one in users]
        assert [one["role"] for one in seen] == [new_role] * made + [old_role] * (len(users) - made)
        rounds.orders[f"{made} of {len(users)}"] += 1

    rounds.play(play_round)
    sys.stdout.write(f"changes made before the demotion: {dict(sorted(rounds.orders.items()))}\n")


def _change_of(member: Member, new_role: str) -> dict[str, str]:
    return {"user_id": member.id, "new_role": new_role}


@pytest.mark.usefixtures("in_process")
def test_promote_against_delete(stack: Stack, register: Callable[[str], Tenant]) -> None:
    """And against a rotation by the user who goes."""
    tenant, rounds = register("Farewell"), Rounds("promote against delete")
    contest = Contest(stack, tenant, rounds.dice)
    other = tenant.add("admin")

    def play_round() -> None:
        target = tenant.add(rounds.dice.choice(["user", "admin"]))
        race, state = Race[Any, Any](rounds.dice), contest.state(tenant.admin, other, target)
        contenders = [
            contest.contender(race, tenant.admin, "promote_user", target, role="manager"),
            contest.contender(race, other, "delete_user", target),
            contest.contender(race, target, "rotate_token", target),
        ]
        rounds.run(race, contenders, state, sequential.of_tenant, lambda: contest.look(tenant.admin, other, target))

    rounds.play(play_round)


@pytest.mark.usefixtures("in_process")
def test_create_against_the_deletion_of_the_tenant(stack: Stack, register: Callable[[str], Tenant]) -> None:
    """Who was made in time is counted in the receipt, and gone."""
    rounds = Rounds("create against tenant deletion")
    operator = gateway.authorize(stack.master_token)

    def play_round() -> None:
        tenant = register(f"Closing {uuid4()}")
        contest = Contest(stack, tenant, rounds.dice)
        race, state = Race[Any, Any](rounds.dice), contest.state(tenant.admin)
        deletion = Request("delete_tenant", target=tenant.id)

        def delete() -> None:
            race.record(deletion, lambda: _send(deletion, operator))

        def look() -> Callable[[sequential.Tenant], bool]:
            receipt = _receipt(stack, tenant.id)
            return lambda state: (
                receipt["deleted"]["users"] == len(state.people)
                and all(gateway.authorize(person.token) is None for person in state.people.values())
            )

        creations = [
            contest.contender(race, tenant.admin, "create_user", role=role) for role in ("admin", "manager", "user")
        ]
        rounds.run(race, [*creations, delete], state, sequential.of_tenant, look)

    rounds.play(play_round)


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("start", ["maintenance", "delete_tenant"])
def test_restore_against_the_start_of_a_scheduled_deletion(
    stack: Stack, register: Callable[[str], Tenant], start: str
) -> None:
    """Only one of both happens: then either everything is there, or the deletion goes on to its end."""
    rounds = Rounds(f"restore against start by {start}")
    # By how many seconds the start comes before the restoration. Half a second decides who is first.
    leads = cycle([0.5, -0.5, 0.0, 0.05, -0.05])
    operator = gateway.authorize(stack.master_token)

    def once() -> None:
        tenant = register(f"Hesitant {uuid4()}")
        path = f"/global/tenants/{tenant.id}"
        assert call("DELETE", f"{stack.api}{path}?grace_days=1", stack.master_token).status == 202
        race, lead = Race[Any, Any](rounds.dice), next(leads)

        def restore() -> None:
            time.sleep(max(0, lead))
            race.record("restore", lambda: gateway.request("POST", f"{path}/restore", principal=operator))

        def delete() -> None:
            time.sleep(max(0, -lead))
            race.record("delete_tenant", lambda: gateway.request("DELETE", path, principal=operator))

        def start_if_due() -> None:
            time.sleep(max(0, -lead))
            deadline.set_time_left(20)
            at = clock.now() + timedelta(days=2)
            context = principals.RequestContext(maintenance.MAINTENANCE, at)

            def start_now() -> bool:
                with suppress(ConcurrentChange):
                    return requests.start_due_deletion(context, tenant.id)
                return False

            race.record("maintenance", start_now)

        def look() -> Callable[[str], bool]:
            if gateway.authorize(tenant.admin.token) is not None:
                return lambda status: status == "active"
            _receipt(stack, tenant.id)
            return lambda status: status == "deleting"

        rounds.run(
            race, [restore, delete if start == "delete_tenant" else start_if_due], "scheduled", _of_deletion, look
        )

    rounds.play(once)


def _of_deletion(status: str, operation: str, answer: Any) -> str | None:
    """The status of a tenant after a restoration, a start by maintenance or a deletion; None for a wrong answer."""
    match operation:
        case "restore":
            expected = {"scheduled": {(200, "active")}, "deleting": {(409, "deleting"), (404, "deleting")}}
        case "maintenance":
            expected = {"scheduled": {(True, "deleting")}, "active": {(False, "active")}}
        case _:
            # One that finds the tenant restored after its own look deletes nothing and says so.
            expected = {
                "scheduled": {(200, "deleting"), (202, "deleting")},
                "active": {(409, "active"), (200, "deleting"), (202, "deleting")},
            }
    given = answer.status if isinstance(answer, gateway.Response) else answer
    return next((after for wanted, after in expected.get(status, ()) if wanted == given), None)


def _receipt(stack: Stack, tenant_id: str) -> dict[str, Any]:
    until = time.monotonic() + 60
    while True:
        answer = call("GET", f"{stack.api}/global/tenants/{tenant_id}/deletion", stack.master_token)
        receipt: dict[str, Any] = answer.json()["data"]
        if receipt["status"] == "deleted":
            return receipt
        assert time.monotonic() < until, receipt
        time.sleep(0.2)


@pytest.mark.usefixtures("in_process")
def test_rotate_against_use(stack: Stack, register: Callable[[str], Tenant]) -> None:
    """The user and an admin rotate one token, while it is used: one token is good in the end, and it is the last."""
    tenant, rounds = register("Locksmiths"), Rounds("rotate against use")
    contest = Contest(stack, tenant, rounds.dice)
    owner = tenant.add("user")

    def play_round() -> None:
        race, state = Race[Any, Any](rounds.dice), contest.state(tenant.admin, owner)

        def look() -> Callable[[sequential.Tenant], bool]:
            given = [event.answer.body["data"]["token"] for event in race.history if _gave_a_token(event)]
            good = [
                token
                for token in (owner.token, *given)
                if call("GET", f"{stack.api}/users/{owner.id}", token).status == 200
            ]
            assert len(good) == 1, _told(race, state)
            owner.token = good[0]
            return lambda state: state.people[owner.id].token == owner.token

        contenders = [
            contest.contender(race, owner, "rotate_token", owner),
            contest.contender(race, tenant.admin, "rotate_token", owner),
            contest.contender(race, owner, "get_user", owner),
            contest.contender(race, owner, "get_user", owner),
        ]
        rounds.run(race, contenders, state, sequential.of_tenant, look)

    rounds.play(play_round)


def _gave_a_token(event: Any) -> bool:
    return getattr(event.operation, "name", "") == "rotate_token" and event.answer.status == 200


@pytest.mark.usefixtures("in_process")
def test_two_registrations_of_one_name(stack: Stack) -> None:
    """And of one email under another name."""
    rounds = Rounds("two registrations of one name")
    operator = gateway.authorize(stack.master_token)

    def play_round() -> None:
        race, name, email = Race[Any, Any](rounds.dice), f"Twins {uuid4()}", f"{uuid4()}@example.com"
        wanted = [
            Register(name, email),
            Register(name.upper(), f"{uuid4()}@example.com"),
            Register(f"{name} of late", email.upper()),
        ]

        def send(registration: Register) -> Callable[[], object]:
            body = {"tenant_name": registration.name, "email": registration.email, "password": PASSWORD}
            return lambda: race.record(
                registration, lambda: gateway.request("POST", "/register", body=body, principal=operator)
            )

        def look() -> Callable[[Registered], bool]:
            listed = call("GET", f"{stack.api}/tenants", stack.master_token).json()
            assert "next_cursor" not in listed
            found = {
                tenant["name"].casefold(): tenant["id"]
                for tenant in listed["tenants"]
                if tenant["name"].casefold().startswith(name.casefold())
            }
            return lambda state: state.tenants == found

        rounds.run(race, [send(each) for each in wanted], Registered(), sequential.of_registrations, look)
        for event in race.history:
            if event.answer.status == 201:
                _send(Request("delete_tenant", target=event.answer.body["tenant"]["id"]), operator)

    rounds.play(play_round)


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("owner", ["account", "user"])
def test_refresh_against_refresh(stack: Stack, register: Callable[[str], Tenant], owner: str) -> None:
    """By the same client, which may have missed the answer, by a thief, and while the owner logs out."""
    rounds = Rounds(f"refresh against refresh of {owner}s")
    if owner == "account":
        made = create_superadmin(stack, f"{uuid4()}@example.com")
        refresh_name, looked_at = "refreshToken", "/v1/api/superadmin/users?limit=1"
        refresh_path, logout_path = "/v1/api/auth/refresh", "/v1/api/auth/logout"
    else:
        admin = register(f"Refreshed {uuid4()}").admin
        made = {"email": admin.email, "password": PASSWORD}
        refresh_name, looked_at = "refresh_token", f"/users/{admin.id}"
        refresh_path, logout_path = "/login/refresh", "/logout"

    def play_round() -> None:
        race = Race[Any, Any](rounds.dice)
        pair: sessions.AccountTokens | user_sessions.UserTokens
        if owner == "account":
            pair = sessions.log_in(_operator(), made["email"], made["password"])
        else:
            pair = user_sessions.log_in_user(_operator(), made["email"], made["password"])
        principal = gateway.authorize(pair.access_token)
        body = {refresh_name: pair.refresh_token}

        def refresh(client: str) -> Callable[[], object]:
            return lambda: race.record(
                Refresh(pair.refresh_token, client),
                lambda: gateway.request("POST", refresh_path, body=body, user_agent=client),
            )

        def log_out() -> None:
            race.record(LogOut(), lambda: gateway.request("POST", logout_path, body=body, principal=principal))

        def look() -> Callable[[Session], bool]:
            answered = [event.answer.body for event in race.history if event.answer.status == 200]
            given = [token for token in map(sequential.refresh_token_in, answered) if token]
            last = given[0] if given else pair.refresh_token
            alive = call("GET", f"{stack.api}{looked_at}", pair.access_token).status == 200
            again = call("POST", f"{stack.api}{refresh_path}", body={refresh_name: last}).status == 200
            return lambda state: (state.alive, state.alive) == (alive, again) and (not alive or state.token == last)

        thief = rounds.dice.choice(["owner", "thief"])
        third = rounds.dice.choice([log_out, refresh("owner")])
        rounds.run(
            race, [refresh("owner"), refresh(thief), third], Session(pair.refresh_token), sequential.of_session, look
        )

    rounds.play(play_round)


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
    made = [create_superadmin(stack, f"duel-{n}@example.com") for n in range(2)]
    pairs = [sessions.log_in(_operator(), one["email"], one["password"]) for one in made]
    principals = [gateway.authorize(pair.access_token) for pair in pairs]
    # Other tests' superadmins count as well: leave these two.
    count = reads.get(keys.platform_counters())
    assert count
    writes.write(writes.Update(keys.platform_counters(), set={"enabled_superadmins": 2}, when=writes.MUST_EXIST))

    def send(change: tuple[int, int]) -> gateway.Response:
        actor, target = change
        path = f"/v1/api/superadmin/users/{made[target]['id']}/disable"
        return gateway.request("PUT", path, body={"reason": "a duel"}, principal=principals[actor])

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(send, [(0, 1), (1, 0)]))

    # Whoever was disabled first has no access any more, and learns only that.
    assert sorted(answer.status for answer in answers) == [200, 401]
    after = reads.get(keys.platform_counters())
    assert after
    assert after["enabled_superadmins"] == 1
    left = count["enabled_superadmins"] - 1
    writes.write(writes.Update(keys.platform_counters(), set={"enabled_superadmins": left}, when=writes.MUST_EXIST))


def _operator() -> principals.RequestContext:
    return principals.RequestContext(principals.Principal(principals.PrincipalType.SYSTEM, "operator"), clock.now())
