"""The traffic: virtual users who know what each answer must be, as they know what they did.

Run by locust alone, in a process of its own: it makes all input and output cooperative.
"""

import json
import os
import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from locust import HttpUser, between, events, task
from locust.exception import RescheduleTask

from tests.load.expected import Person, Tenant, Town

GIVEN = json.loads(Path(os.environ["LOAD_GIVEN"]).read_text())
MASTER = GIVEN["master_token"]
PASSWORD = "correct horse battery"
#: Before a tenant is deleted, at least and at most.
SECONDS_OF_A_LIFE = (12, 25)
MOST_PEOPLE = 12
TENANT_IS_GONE_WITHIN = 60.0
#: Failed logins keep an account waiting from the sixth on, and everyone at this address from the hundred and first.
MOST_FAILED_LOGINS, OF_AN_ACCOUNT = 50, 3
#: Of a request that the document says can be repeated at once.
MOST_REPEATS = 4
ACCOUNTS = "/v1/api/superadmin/users"
SESSIONS = "/v1/api/auth"
TOWN = Town()
BOOKS: dict[str, Any] = {"accounts": [], "repeated": 0, "failed_logins": 0}


def _tell(**_: Any) -> None:
    Path(os.environ["LOAD_BOOKS"]).write_text(json.dumps(BOOKS | TOWN.to_json()))


events.quitting.add_listener(_tell)  # type: ignore[no-untyped-call]


class Caller(HttpUser):
    """Sends requests, and fails what is not answered as it must be."""

    abstract = True
    wait_time = between(0, 0.2)

    def ask(  # noqa: PLR0913 (a request has that many parts)
        self,
        name: str,
        token: str,
        body: object = None,
        *,
        to: str = "",
        expect: set[int],
        of: Tenant | None = None,
        query: str = "",
        check: Callable[[int, Any], object] = lambda _status, _body: None,
    ) -> tuple[int, Any]:
        """Status and body. `name` is method and path, `to` the id in it, `of` the tenant whose user asks.

        `check` says what is wrong with an answer, if anything. What is wrong ends the task.
        """
        method, _, path = name.partition(" ")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        repeats = 0
        while True:
            with self.client.request(
                method,
                path.replace("{id}", to) + query,
                name=path,
                headers=headers,
                json=body,
                catch_response=True,
                timeout=60,
            ) as answer:
                status, text = answer.status_code, answer.text
                said = _json(text)
                code = said.get("error_code") or said.get("code") if isinstance(said, dict) else None
                if (status, code) == (409, "CONCURRENT_CHANGE") and repeats < MOST_REPEATS:
                    answer.success()
                    repeats += 1
                    BOOKS["repeated"] += 1
                    continue
                wrong = _wrong(status, text, said, expect) or _foreign(of, text, to) or check(status, said)
                if not wrong:
                    answer.success()
                    return status, said
                answer.failure(f"{wrong}: {status} {text[:600]}")
                raise RescheduleTask


def _json(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except ValueError:
        return None


def _wrong(status: int, text: str, said: Any, expect: set[int]) -> str:
    if status not in expect:
        return f"not one of {sorted(expect)}"
    if said is None and status != 204:
        return "no JSON"
    return ""


def _foreign(of: Tenant | None, text: str, asked_for: str) -> str:
    """The gateway's own errors echo the path, with the id that was asked for."""
    found = TOWN.foreign(of, text) - {asked_for} if of else None
    return f"another tenant's: {sorted(found)}" if found else ""


def _unless(good: bool, wrong: str) -> str:
    return "" if good else wrong


def _same(expected: object, found: object) -> str:
    return _unless(expected == found, f"not what it must be, {expected}")


class Deleter(Caller):
    abstract = True

    def delete(self, tenant: Tenant) -> None:
        """Deletes it while others use it; returns once nothing is left of it."""
        count = len(tenant.people)

        def counts(_: int, said: Any) -> str:
            return _same(count, said["data"]["would_delete"]["users"])

        path, dry = "DELETE /global/tenants/{id}", "?dry_run=true"
        self.ask(path, MASTER, to=tenant.id, query=dry, expect={200}, check=counts)
        tenant.closing = True
        with tenant:
            self.ask(path, MASTER, to=tenant.id, expect={200, 202})
        TOWN.bury(tenant)
        tenant.buried = count
        deadline = time.monotonic() + TENANT_IS_GONE_WITHIN

        def check(_: int, said: Any) -> str:
            data = said["data"]
            if data["status"] == "deleted":
                return _same((count, True), (data["deleted"]["users"], data["verified"]))
            return _unless(time.monotonic() < deadline, "it is not gone in time")

        while True:
            receipt = self.ask("GET /global/tenants/{id}/deletion", MASTER, to=tenant.id, expect={200}, check=check)[1][
                "data"
            ]
            if receipt["status"] == "deleted":
                break
            time.sleep(0.5)
        for method in ("GET", "DELETE"):
            self.ask(f"{method} /global/tenants/{{id}}", MASTER, to=tenant.id, expect={404})


class Owner(Deleter):
    """The only one who writes into a tenant, through its people; founds the next when one has been deleted."""

    fixed_count = GIVEN["owners"]
    tenant: Tenant

    def on_start(self) -> None:
        self.found()

    def found(self) -> None:
        mark = f"load-{secrets.token_hex(4)}"
        self.end = time.monotonic() + random.uniform(*SECONDS_OF_A_LIFE)
        body = {"tenant_name": f"Load {mark}", "email": f"owner@{mark}.example.com", "password": PASSWORD}
        said = self.ask("POST /register", MASTER, body, expect={201})[1]
        admin = said["user"]
        tenant = Tenant(said["tenant"]["id"], mark, log=[("register_tenant", said["tenant"]["id"])])
        tenant.people[admin["id"]] = Person(admin["id"], admin["email"], "admin", said["token"])
        self.tenant = tenant
        TOWN.add(tenant)
        for role in ("admin", "manager", "user", "user"):
            self.create(role)

    def a(self, *roles: str) -> Person:
        """One of the active users who have one of the roles."""
        return random.choice(self.tenant.active(*roles))

    def other(self, than: Person) -> Person:
        return random.choice([person for person in self.tenant.people.values() if person is not than])

    @contextmanager
    def change(self, action: str, target: str) -> Iterator[None]:
        """What is asked for within changes the tenant; it is in the trail if it was answered well."""
        with self.tenant:
            yield
            self.tenant.log.append((action, target))

    @task(6)
    def promote(self) -> None:
        actor = self.a("admin", "manager")
        target, new = self.other(actor), random.choice(["admin", "manager", "user"])
        old = target.role
        may = actor.role == "admin" or (old, new) in {("user", "manager"), ("manager", "user")}
        if not may and old == new:
            return

        def check(_: int, said: Any) -> str:
            if not may:
                return _same("ROLE_TRANSITION_DENIED", said["error_code"])
            return _same({"user_id": target.id, "old_role": old, "new_role": new}, said["data"])

        with self.tenant:
            path, body = "POST /users/{id}/promote", {"new_role": new}
            expect = {200} if may else {403}
            self.ask(path, actor.token, body, to=target.id, expect=expect, of=self.tenant, check=check)
            if may and old != new:
                target.role = new
                self.tenant.log.append(("promote_user", target.id))
        self.get(target)

    @task(6)
    def get(self, target: Person | None = None) -> None:
        target = target or random.choice(list(self.tenant.people.values()))
        token = random.choice([MASTER, self.a("admin").token])
        expected: dict[str, Any] = {"id": target.id, "tenant_id": self.tenant.id, "email": target.email}
        expected |= {"role": target.role, "active": target.active}

        def check(_: int, said: Any) -> str:
            return _same(expected, {name: said["data"][name] for name in expected})

        self.ask("GET /users/{id}", token, to=target.id, expect={200}, of=self.tenant, check=check)

    @task(4)
    def list(self) -> None:
        role, cursor = random.choice(["admin", "manager", "user", ""]), ""
        limit = random.choice([2, 5, 1000])
        people = [person for person in self.tenant.people.values() if role in {"", person.role}]
        found: list[dict[str, Any]] = []
        while True:
            query = f"?limit={limit}" + (f"&role={role}" if role else "") + (f"&cursor={cursor}" if cursor else "")
            page = self.ask("GET /users", self.a("admin").token, query=query, expect={200}, of=self.tenant)[1]
            found += page["users"]
            cursor = page.get("next_cursor", "")
            if not cursor:
                break
        expected = self.tenant.listed(people)
        shown = [{name: user[name] for name in expected[0]} for user in found] if expected else found
        if shown != expected:
            raise AssertionError(f"GET /users: {shown} is not what it must be, {expected}")

    @task(2)
    def create(self, role: str = "") -> None:
        if len(self.tenant.people) >= MOST_PEOPLE:
            return
        role = role or random.choice(["admin", "manager", "user"])
        email = f"{secrets.token_hex(6)}@{self.tenant.mark}.example.com"
        body = {"email": email, "password": PASSWORD, "role": role}
        with self.tenant:
            said = self.ask("POST /users", self.a("admin").token, body, expect={201}, of=self.tenant)[1]["user"]
            self.tenant.people[said["id"]] = Person(said["id"], email, role, said["token"])
            TOWN.own(self.tenant, said["id"])
            self.tenant.log.append(("create_user", said["id"]))
        self.ask("GET /users/{id}", said["token"], to=said["id"], expect={200}, of=self.tenant)

    @task(2)
    def switch(self) -> None:
        """Deactivates someone, whose token is dead from then on, or lets them back."""
        actor = self.a("admin")
        target = self.other(actor)
        with self.change("update_user", target.id):
            body = {"active": not target.active}
            self.ask("PUT /users/{id}", actor.token, body, to=target.id, expect={200}, of=self.tenant)
            target.active = not target.active
        expect = {200} if target.active else {401}
        self.ask("GET /users/{id}", target.token, to=target.id, expect=expect, of=self.tenant)

    @task(2)
    def rotate(self) -> None:
        target = self.a()
        actor = random.choice([target, self.a("admin")])
        old = target.token
        with self.change("rotate_token", target.id):
            said = self.ask("POST /users/{id}/token", actor.token, to=target.id, expect={200}, of=self.tenant)[1]
            target.token = said["data"]["token"]
            TOWN.dead.append(old)
        for token, status in ((old, 401), (target.token, 200)):
            self.ask("GET /users/{id}", token, to=target.id, expect={status}, of=self.tenant)

    @task(1)
    def delete_user(self) -> None:
        actor = self.a("admin")
        target = self.other(actor)
        if len(self.tenant.people) <= 4:
            return
        with self.change("delete_user", target.id):
            self.ask("DELETE /users/{id}", actor.token, to=target.id, expect={200}, of=self.tenant)
            del self.tenant.people[target.id]
            TOWN.dead.append(target.token)
        self.ask("GET /users/{id}", self.a("admin").token, to=target.id, expect={404}, of=self.tenant)

    @task(2)
    def audit(self) -> None:
        """The trail has what was done, in its order, and nothing else."""

        def check(_: int, said: Any) -> str:
            entries = [one for one in said["entries"] if one["outcome"] == "succeeded"]
            found = [(one["action"], one["target"]["id"]) for one in reversed(entries)]
            return _same(self.tenant.log[len(self.tenant.log) - len(found) :], found) or _unless(
                "next_cursor" in said or len(found) == len(self.tenant.log), "entries are missing"
            )

        self.ask("GET /audit", self.a("admin").token, query="?limit=50", expect={200}, of=self.tenant, check=check)

    @task(3)
    def live(self) -> None:
        if time.monotonic() > self.end:
            self.delete(self.tenant)
            self.found()


class Bystander(Caller):
    """Uses every tenant, also while it is being deleted, and tries what must not work."""

    fixed_count = GIVEN["bystanders"]

    @task(5)
    def look(self) -> None:
        """As someone of a tenant: what is still must be told as it is, and what is dead is dead."""
        if not TOWN.open:
            return
        tenant = random.choice(TOWN.open)
        person = random.choice(list(tenant.people.values()))
        token, moment, was = person.token, tenant.moment(), Person(**vars(person))

        def check(status: int, said: Any) -> str:
            if not tenant.still_since(moment) or tenant.closing:
                return ""
            if status != (200 if was.active else 401):
                return "nothing had changed"
            shown = said.get("data", {})
            return _same((was.role, was.email), (shown["role"], shown["email"])) if status == 200 else ""

        expect = {200, 401, 404}  # deleted after its token was seen: there is no such user
        self.ask("GET /users/{id}", token, to=person.id, expect=expect, of=tenant, check=check)

    @task(2)
    def list(self) -> None:
        if not TOWN.open:
            return
        tenant = random.choice(TOWN.open)
        admins = tenant.active("admin")
        if not admins:
            return
        token, moment = random.choice(admins).token, tenant.moment()
        expected = sorted(person.email for person in tenant.people.values())

        def check(status: int, said: Any) -> str:
            if tenant.still_since(moment) and not tenant.closing:
                return _same((200, expected), (status, [user["email"] for user in said.get("users", [])]))
            return ""

        self.ask("GET /users", token, expect={200, 401, 403}, of=tenant, check=check)

    @task(3)
    def trespass(self) -> None:
        """What is another tenant's is not there."""
        if len(TOWN.open) < 2:
            return
        tenant, other = random.sample(TOWN.open, 2)
        admins = tenant.active("admin")
        if not admins:
            return
        token, moment = random.choice(admins).token, tenant.moment()
        stranger = random.choice(list(other.people.values()))
        name, body = random.choice(
            [
                ("GET /users/{id}", None),
                ("PUT /users/{id}", {"active": False}),
                ("DELETE /users/{id}", None),
                ("POST /users/{id}/promote", {"new_role": "admin"}),
                ("POST /users/{id}/token", None),
            ]
        )

        def check(status: int, said: Any) -> str:
            still = tenant.still_since(moment) and not tenant.closing
            return _same((404, "USER_NOT_FOUND"), (status, said["error_code"])) if still else ""

        self.ask(name, token, body, to=stranger.id, expect={404, 401, 403}, of=tenant, check=check)

    @task(2)
    def haunt(self) -> None:
        """A dead token stays dead."""
        if TOWN.dead:
            token = random.choice(TOWN.dead)
            self.ask(random.choice(["GET /users", "GET /audit"]), token, expect={401})


class Operator(Deleter):
    """Lists, looks, and deletes large tenants, one after another."""

    fixed_count = 1

    def on_start(self) -> None:
        self.large = []
        for given in GIVEN["large"]:
            tenant = Tenant(given["id"], given["mark"])
            tenant.people = {one["id"]: Person(**one) for one in given["people"]}
            TOWN.add(tenant)
            self.large.append(tenant)
        self.every = GIVEN["seconds"] / (len(self.large) + 1)
        self.next = time.monotonic() + self.every / 2

    @task(3)
    def tenants(self) -> None:
        """Who is there throughout is listed once; what was gone before is not."""
        before, gone = {tenant.id for tenant in TOWN.open}, {tenant.id for tenant in TOWN.gone}
        found: list[str] = []
        cursor = ""
        while True:
            query = "?limit=20" + (f"&cursor={cursor}" if cursor else "")
            page = self.ask("GET /tenants", MASTER, query=query, expect={200})[1]
            found += [tenant["id"] for tenant in page["tenants"]]
            cursor = page.get("next_cursor", "")
            if not cursor:
                break
        throughout = {tenant.id for tenant in TOWN.open if tenant.id in before and not tenant.closing}
        if len(found) != len(set(found)) or not throughout <= set(found) or gone & set(found):
            raise AssertionError(f"GET /tenants: {found}; must have {throughout} and none of {gone}")

    @task(3)
    def look(self) -> None:
        if not TOWN.open:
            return
        tenant = random.choice(TOWN.open)
        person = random.choice(list(tenant.people.values()))
        expect = {200, 404} if tenant.closing or tenant.changing else {200}
        moment = tenant.moment()

        def check(status: int, said: Any) -> str:
            still = tenant.still_since(moment) and not tenant.closing
            return _same((200, person.role), (status, said.get("data", {}).get("role"))) if still else ""

        self.ask("GET /users/{id}", MASTER, to=person.id, expect=expect | {404}, check=check)

    @task(1)
    def audit(self) -> None:
        every = [*TOWN.open, *TOWN.gone]
        if every:
            tenant = random.choice(every)
            query = f"?limit=20&tenant_id={tenant.id}"
            self.ask("GET /audit", MASTER, query=query, expect={200}, of=tenant)

    @task(2)
    def delete_large(self) -> None:
        if self.large and time.monotonic() > self.next:
            self.next += self.every
            self.delete(self.large.pop())


class Superadmin(Caller):
    """Manages platform accounts of its own, and logs in as them."""

    fixed_count = 1
    ROLES = ("ROLE_CLIENT", "ROLE_VERIFIED_USER", "ROLE_ADMIN", "ROLE_SUPERADMIN")
    OTHERS = "PUT /v1/api/superadmin/users/{id}/"

    def on_start(self) -> None:
        root = GIVEN["superadmin"]
        self.pair = self.log_in(root["email"], root["password"])
        self.accounts: list[dict[str, Any]] = []
        self.hire()

    @property
    def token(self) -> str:
        token: str = self.pair["accessToken"]
        return token

    def log_in(self, email: str, password: str) -> dict[str, Any]:
        body = {"email": email, "password": password}
        pair: dict[str, Any] = self.ask(f"POST {SESSIONS}/login", "", body, expect={200})[1]
        return pair

    @task(1)
    def hire(self) -> None:
        if len(self.accounts) >= 12:
            return
        email = f"{secrets.token_hex(6)}@staff.example.com"
        body = {"email": email, "password": PASSWORD, "firstName": "Lo", "lastName": "Ad"}
        said = self.ask(f"POST {ACCOUNTS}", self.token, body, expect={201})[1]
        account = {"id": said["id"], "email": email, "role": "ROLE_CLIENT", "enabled": True, "banned": False}
        account |= {"pair": None, "log": ["USER_CREATE"], "failed": 0}
        self.accounts.append(account)
        BOOKS["accounts"].append(account)

    def ask_of(self, account: dict[str, Any], what: str, body: object) -> None:
        """A change of an account, which the whole profile tells from then on."""

        def check(_: int, said: Any) -> str:
            expected = ([account["role"]], account["enabled"], account["banned"])
            return _same(expected, (said["roles"], said["enabled"], said["banned"]))

        to = str(account["id"])
        self.ask(f"{self.OTHERS}{what}", self.token, body, to=to, expect={200}, check=check)
        self.ask("GET /v1/api/superadmin/users/{id}", self.token, to=to, expect={200}, check=check)

    def stands(self, account: dict[str, Any]) -> None:
        """The account's token is as good as the account is now."""
        if account["pair"]:
            expect = {200} if account["role"] == "ROLE_SUPERADMIN" else {403}
            token = account["pair"]["accessToken"]
            self.ask(f"GET {ACCOUNTS}", token, query="?limit=1", expect=expect)

    def ends(self, account: dict[str, Any]) -> None:
        """Every token of the account is dead."""
        pair, account["pair"] = account["pair"], None
        if pair:
            self.ask(f"GET {ACCOUNTS}", pair["accessToken"], query="?limit=1", expect={401})
            body = {"refreshToken": pair["refreshToken"]}
            self.ask(f"POST {SESSIONS}/refresh", "", body, expect={401})

    @task(4)
    def change_role(self) -> None:
        account, role = random.choice(self.accounts), random.choice(self.ROLES)
        if role != account["role"]:
            account["log"].append("USER_ROLE_CHANGE")
        account["role"] = role
        self.ask_of(account, "role", {"newRole": role, "reason": "load"})
        self.stands(account)

    @task(2)
    def shut_out(self) -> None:
        """Bans or disables, or takes it back."""
        account = random.choice(self.accounts)
        field, what = random.choice([("banned", "ban"), ("enabled", "disable")])
        out = field == "banned"
        if account[field] is out:
            what = {"ban": "unban", "disable": "enable"}[what]
        account[field] = not account[field]
        account["log"].append(f"USER_{what.upper()}")
        self.ask_of(account, what, {"reason": "load"})
        if what in {"ban", "disable"}:
            self.ends(account)
            if account["failed"] < OF_AN_ACCOUNT and BOOKS["failed_logins"] < MOST_FAILED_LOGINS:
                account["failed"] += 1
                BOOKS["failed_logins"] += 1
                body = {"email": account["email"], "password": PASSWORD}
                self.ask(f"POST {SESSIONS}/login", "", body, expect={401})

    @task(3)
    def use_session(self) -> None:
        account = random.choice(self.accounts)
        if not account["enabled"] or account["banned"]:
            return
        if not account["pair"]:
            account["pair"] = self.log_in(account["email"], PASSWORD)
        elif random.random() < 0.6:
            body = {"refreshToken": account["pair"]["refreshToken"]}
            account["pair"] = self.ask(f"POST {SESSIONS}/refresh", "", body, expect={200})[1]
        else:
            body = {"refreshToken": account["pair"]["refreshToken"]}
            self.ask(f"POST {SESSIONS}/logout", account["pair"]["accessToken"], body, expect={204})
            self.ends(account)
            return
        self.stands(account)

    @task(1)
    def history(self) -> None:
        account = random.choice(self.accounts)

        def check(_: int, said: Any) -> str:
            found = [one["action"] for one in reversed(said) if one["action"] != "USER_SESSION_REVOKE"]
            return _same(account["log"], found)

        path = "GET /v1/api/superadmin/users/{id}/history"
        self.ask(path, self.token, to=str(account["id"]), query="?limit=100", expect={200}, check=check)
