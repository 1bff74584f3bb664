"""Logins, refreshes, thefts, logouts, bans, role changes and the clock in any order, against a model of sets.

Seeded bugs that it found each time, within about ten examples:
- `session_alive` without its comparison of generations: a ban, then its lifting, brings a session back;
- `_refresh_once` without `_revoke`: a stolen token that comes back leaves the session alive.
"""

from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from rolecall import accounts, calls, clock, login_attempts
from tests import gateway
from tests.integration.conftest import PASSWORD, Holder
from tests.integration.test_account_sessions import CLIENT, ELSEWHERE, Clock, refresh
from tests.integration.test_account_sessions import time as time

USERS = "/v1/api/superadmin/users"
MOST_SESSIONS = 3
ROLES = ["ROLE_CLIENT", "ROLE_VERIFIED_USER", "ROLE_ADMIN"]
pick = st.integers(0, 20)
_accounts = count()


class Sessions(RuleBasedStateMachine):
    """What the service must do is read off these sets; what it does is asked over its routes.

    Sessions and tokens are numbered as they come, so that the same choices make the same example.
    """

    time: Clock
    root: dict[str, str]

    def __init__(self) -> None:
        super().__init__()
        self.numbers = count()
        made = [self._account() for _ in range(2)]
        self.accounts = {account.id for account in made}
        self.emails = {(account.id, account.email) for account in made}
        self.roles = {(account.id, "ROLE_CLIENT") for account in made}
        self.barred: set[int] = set()
        self.live: set[tuple[int, int]] = set()  # session, account
        self.current: set[tuple[int, int, str, float]] = set()  # number, session, refresh token, until
        self.spent: set[tuple[int, int, str, float]] = set()
        self.retried: set[tuple[int, str, str, float, bool]] = set()  # session, spent, its successor, until, elsewhere
        self.access: set[tuple[int, int, str, float]] = set()  # number, session, access token, until

    def _account(self) -> accounts.Account:
        operator = calls.Call(calls.Principal(calls.PrincipalType.SYSTEM, "operator"), clock.now())
        email = f"machine-{next(_accounts)}@example.com"
        return accounts.create_account(operator, accounts.NewAccount(email, PASSWORD, "Ada", "Byron"))

    @property
    def now(self) -> float:
        return self.time.at.timestamp()

    def _take(self, session: int, pair: dict[str, Any], *, fresh: bool) -> None:
        self.access.add((next(self.numbers), session, pair["accessToken"], self.now + 900))
        if fresh:
            self.current.add((next(self.numbers), session, pair["refreshToken"], self.now + 7 * 24 * 3600))

    def _end(self, session: int) -> None:
        self.live = {one for one in self.live if one[0] != session}

    def _stands(self, session: int) -> bool:
        lasts = any(one == session and self.now < until for _, one, _, until in self.current)
        return lasts and any(one == session for one, _ in self.live)

    @precondition(lambda self: len(self.live) < MOST_SESSIONS)
    @rule(at=pick)
    def log_in(self, at: int) -> None:
        account, email = sorted(self.emails)[at % len(self.emails)]
        answer = gateway.request("POST", "/v1/api/auth/login", body={"email": email, "password": PASSWORD})
        if account in self.barred:
            assert answer.status == 401
            login_attempts.succeeded(login_attempts.Attempt(email, CLIENT["ip"], 1))  # it is not what is tried here
            return
        assert answer.status == 200
        session = next(self.numbers)
        self.live.add((session, account))
        self._take(session, answer.body, fresh=True)

    @precondition(lambda self: self.current)
    @rule(at=pick, elsewhere=st.booleans())
    def refresh(self, at: int, elsewhere: bool) -> None:
        self._refresh(sorted(self.current)[at % len(self.current)], elsewhere)

    @precondition(lambda self: self.spent)
    @rule(at=pick, elsewhere=st.booleans())
    def use_a_spent_token(self, at: int, elsewhere: bool) -> None:
        # The last one of a session that stands comes first: there a retry is told from a theft.
        tokens = sorted(self.spent, key=lambda one: (self._stands(one[1]), one[0]), reverse=True)
        self._refresh(tokens[at % min(2, len(tokens))], elsewhere)

    def _refresh(self, chosen: tuple[int, int, str, float], elsewhere: bool) -> None:
        _, session, token, until = chosen
        answer = refresh(token, **(ELSEWHERE if elsewhere else CLIENT))
        stands = self._stands(session)
        retries = {one for one in self.retried if one[1] == token and self.now <= one[3] and one[4] is elsewhere}

        if stands and chosen in self.current:
            assert answer.status == 200
            self.current.discard(chosen)
            self.spent.add(chosen)
            self.retried = {one for one in self.retried if one[0] != session}
            self.retried.add((session, token, answer.body["refreshToken"], self.now + 10, elsewhere))
            self._take(session, answer.body, fresh=True)
        elif stands and retries:
            assert answer.status == 200
            assert {one[2] for one in retries} == {answer.body["refreshToken"]}
            self._take(session, answer.body, fresh=False)
        else:
            assert answer.status == 401
            if stands and self.now < until:
                self._end(session)

    @precondition(lambda self: self.access)
    @rule(at=pick)
    def log_out(self, at: int) -> None:
        _, session, token, until = sorted(self.access)[at % len(self.access)]
        works = self._stands(session) and self.now < until
        (refresh_token,) = {one for _, name, one, _ in self.current if name == session}
        body = {"refreshToken": refresh_token}
        assert gateway.request("POST", "/v1/api/auth/logout", token, body).status == (204 if works else 401)
        if works:
            self._end(session)

    @precondition(lambda self: self.live)
    @rule(at=pick)
    def ban(self, at: int) -> None:
        account = sorted(self.live)[at % len(self.live)][1]
        self._change(account, "ban", {"reason": "x"})
        self.barred.add(account)
        self.live = {one for one in self.live if one[1] != account}

    @precondition(lambda self: self.barred)
    @rule(at=pick)
    def unban(self, at: int) -> None:
        account = sorted(self.barred)[at % len(self.barred)]
        self._change(account, "unban", {"reason": "x"})
        self.barred.discard(account)

    def _change(self, account: int, what: str, body: dict[str, str]) -> None:
        answer = gateway.request("PUT", f"{USERS}/{account}/{what}", body=body, principal=self.root)
        assert answer.status == 200

    @rule(at=pick, role=st.sampled_from(ROLES))
    def change_role(self, at: int, role: str) -> None:
        account = sorted(self.accounts)[at % len(self.accounts)]
        self._change(account, "role", {"newRole": role})
        self.roles = {one for one in self.roles if one[0] != account} | {(account, role)}

    @rule(seconds=st.sampled_from([1, 9, 10, 11, 60, 899, 4 * 24 * 3600]))
    def wait(self, seconds: int) -> None:
        self.time.at += timedelta(seconds=seconds)

    @invariant()
    def an_access_token_works_as_long_as_it_may_and_shows_the_role_of_now(self) -> None:
        for _, session, token, until in self.access:
            principal = gateway.authorize(token)
            assert (principal is not None) is (self._stands(session) and self.now < until)
            if principal:
                assert (int(principal["id"]), principal["role"]) in self.roles


def test_sessions_do_what_the_sets_say(time: Clock, superadmin: Holder) -> None:
    Sessions.time, Sessions.root = time, superadmin.principal
    run_state_machine_as_test(
        Sessions,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],  # shrinking takes longer than a test may
        ),
    )
