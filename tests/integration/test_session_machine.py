"""Logins, refreshes, thefts, logouts, bans, role changes and the clock in any order, against a model of sets.

Seeded bugs that it finds within a few examples, tried by hand:
- `session_alive` without its comparison of generations: a ban, then its lifting, brings a session back;
- `_revoke` left out of `_refresh_once`: a stolen token that comes back leaves the session alive;
- `_is_retry` without its time: a spent token still works after eleven seconds.
"""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from rolecall import accounts, calls, clock, login_attempts
from tests import gateway
from tests.integration.conftest import PASSWORD, Holder
from tests.integration.test_account_sessions import CLIENT, ELSEWHERE, Clock, refresh
from tests.integration.test_account_sessions import time as time

USERS = "/v1/api/superadmin/users"
ROLES = ["ROLE_CLIENT", "ROLE_VERIFIED_USER", "ROLE_ADMIN"]
pick = st.integers(0, 10**6)


class Sessions(RuleBasedStateMachine):
    """What the service must do is read off these sets; what it does is asked over its routes."""

    time: Clock
    root: dict[str, str]

    def __init__(self) -> None:
        super().__init__()
        made = [self._account(number) for number in range(2)]
        self.accounts = {account.id for account in made}
        self.emails = {(account.id, account.email) for account in made}
        self.roles = {(account.id, "ROLE_CLIENT") for account in made}
        self.barred: set[int] = set()
        self.live: set[tuple[int, str]] = set()  # account, first refresh token of the session
        self.current: set[tuple[str, str, float]] = set()  # session, refresh token, until
        self.retried: set[tuple[str, str, str, float, bool]] = set()  # session, spent, its successor, until, elsewhere
        self.spent: set[tuple[str, str, float]] = set()  # session, refresh token, until
        self.access: set[tuple[str, str, float]] = set()  # session, access token, until

    def _account(self, number: int) -> accounts.Account:
        operator = calls.Call(calls.Principal(calls.PrincipalType.SYSTEM, "operator"), clock.now())
        email = f"machine-{id(self)}-{number}-{self.time.at.timestamp()}@example.com"
        return accounts.create_account(operator, accounts.NewAccount(email, PASSWORD, "Ada", "Byron"))

    @property
    def now(self) -> float:
        return self.time.at.timestamp()

    def _take(self, session: str, pair: dict[str, Any], *, fresh: bool) -> None:
        self.access.add((session, pair["accessToken"], self.now + 900))
        if fresh:
            self.current.add((session, pair["refreshToken"], self.now + 7 * 24 * 3600))

    def _end(self, session: str) -> None:
        self.live = {one for one in self.live if one[1] != session}

    def _stands(self, session: str) -> bool:
        lasts = any(one == session and self.now < until for one, _, until in self.current)
        return lasts and any(one == session for _, one in self.live)

    @rule(at=pick)
    def log_in(self, at: int) -> None:
        account, email = sorted(self.emails)[at % len(self.emails)]
        answer = gateway.request("POST", "/v1/api/auth/login", body={"email": email, "password": PASSWORD})
        if account in self.barred:
            assert answer.status == 401
            login_attempts.succeeded(login_attempts.Attempt(email, CLIENT["ip"], 1))  # it is not what is tried here
            return
        assert answer.status == 200
        session = answer.body["refreshToken"]
        self.live.add((account, session))
        self._take(session, answer.body, fresh=True)

    @precondition(lambda self: self.current or self.spent)
    @rule(at=pick, elsewhere=st.booleans())
    def refresh(self, at: int, elsewhere: bool) -> None:
        tokens = sorted(self.current | self.spent)
        session, token, until = tokens[at % len(tokens)]
        answer = refresh(token, **(ELSEWHERE if elsewhere else CLIENT))
        stands, current = self._stands(session), (session, token, until) in self.current
        retries = {one for one in self.retried if one[1] == token and self.now <= one[3] and one[4] is elsewhere}

        if stands and current:
            assert answer.status == 200
            self.current.discard((session, token, until))
            self.spent.add((session, token, until))
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
        session, token, until = sorted(self.access)[at % len(self.access)]
        works = self._stands(session) and self.now < until
        (refresh_token,) = {one for name, one, _ in self.current if name == session}
        body = {"refreshToken": refresh_token}
        assert gateway.request("POST", "/v1/api/auth/logout", token, body).status == (204 if works else 401)
        if works:
            self._end(session)

    @rule(at=pick, verb=st.sampled_from(["ban", "unban"]))
    def bar(self, at: int, verb: str) -> None:
        account = sorted(self.accounts)[at % len(self.accounts)]
        path = f"{USERS}/{account}/{verb}"
        assert gateway.request("PUT", path, body={"reason": "x"}, principal=self.root).status == 200
        if verb == "ban":
            self.barred.add(account)
            self.live = {one for one in self.live if one[0] != account}
        else:
            self.barred.discard(account)

    @rule(at=pick, role=st.sampled_from(ROLES))
    def change_role(self, at: int, role: str) -> None:
        account = sorted(self.accounts)[at % len(self.accounts)]
        path = f"{USERS}/{account}/role"
        assert gateway.request("PUT", path, body={"newRole": role}, principal=self.root).status == 200
        self.roles = {one for one in self.roles if one[0] != account} | {(account, role)}

    @rule(seconds=st.sampled_from([1, 9, 11, 899, 3 * 24 * 3600]))
    def wait(self, seconds: int) -> None:
        self.time.at += timedelta(seconds=seconds)

    @invariant()
    def an_access_token_works_as_long_as_it_may_and_shows_the_role_of_now(self) -> None:
        for session, token, until in self.access:
            principal = gateway.authorize(token)
            assert (principal is not None) is (self._stands(session) and self.now < until)
            if principal:
                assert (int(principal["id"]), principal["role"]) in self.roles


def test_sessions_do_what_the_sets_say(time: Clock, superadmin: Holder) -> None:
    Sessions.time, Sessions.root = time, superadmin.principal
    run_state_machine_as_test(
        Sessions,
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
