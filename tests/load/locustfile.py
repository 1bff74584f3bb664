"""The traffic of virtual users. Each of them compares every answer with the expected state.

Only locust runs this file, in a separate process, because locust replaces the blocking functions of Python.
"""

import json
import os
import random
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from locust import HttpUser, between, events, task
from locust.exception import RescheduleTask

from tests.load.expected import Person, Tenant, Tenants

GIVEN = json.loads(Path(os.environ["LOAD_GIVEN"]).read_text())
MASTER = GIVEN["master_token"]
PASSWORD = "correct horse battery"
#: The shortest and the longest time before a tenant is deleted, in seconds.
SECONDS_OF_A_LIFE = (12, 25)
MOST_PEOPLE = 12
TENANT_IS_GONE_WITHIN = 60.0
#: The most failed logins of the test and of one account. More would make the next login wait: the limit is 5 for an
#: account and 100 for an address.
MOST_FAILED_LOGINS, OF_AN_ACCOUNT = 50, 3
#: How often a request is repeated after `CONCURRENT_CHANGE`.
MOST_REPEATS = 4
ACCOUNTS = "/v1/api/superadmin/users"
SESSIONS = "/v1/api/auth"
TENANTS = Tenants()
RECORDS: dict[str, Any] = {"accounts": [], "repeated": 0, "failed_logins": 0}


def _write_records(**_: Any) -> None:
    Path(os.environ["LOAD_RECORDS"]).write_text(json.dumps(RECORDS | TENANTS.to_json()))


events.quitting.add_listener(_write_records)  # type: ignore[no-untyped-call]


class Caller(HttpUser):
    """Sends requests. A wrong answer counts as a failed request."""

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
        named: Iterable[str] = (),
        query: str = "",
        check: Callable[[int, Any], object] = lambda _status, _body: None,
    ) -> tuple[int, Any]:
        """Send a request and return the status and the body of the answer.

        `name` is method and path, `to` the id in the path, `of` the tenant whose user sends the request. The
        answer may contain no id of another tenant but those in `named`. `check` returns a description of what is wrong
        with the answer, or an empty text. A wrong answer ends the task.
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
                parsed = _json(text)
                code = parsed.get("error_code") or parsed.get("code") if isinstance(parsed, dict) else None
                if (status, code) == (409, "CONCURRENT_CHANGE") and repeats < MOST_REPEATS:
                    answer.success()
                    repeats += 1
                    RECORDS["repeated"] += 1
                    continue
                foreign = _foreign(of, text, {to, *named})
                wrong = _wrong(status, text, parsed, expect) or foreign or check(status, parsed)
                if not wrong:
                    answer.success()
                    return status, parsed
                answer.failure(f"{wrong}: {status} {text[:600]}")
                raise RescheduleTask


def _json(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except ValueError:
        return None


def _wrong(status: int, text: str, answer: Any, expect: set[int]) -> str:
    if status not in expect:
        return f"not one of {sorted(expect)}"
    if answer is None and status != 204:
        return "no JSON"
    return ""


def _foreign(of: Tenant | None, text: str, named: set[str]) -> str:
    """Return a complaint if the answer names another tenant. Errors of the gateway repeat the id in the path."""
    found = TENANTS.foreign(of, text) - named if of else None
    return f"another tenant's: {sorted(found)}" if found else ""


def _unless(good: bool, wrong: str) -> str:
    return "" if good else wrong


def _same(expected: object, found: object) -> str:
    return _unless(expected == found, f"not what it must be, {expected}")


class Deleter(Caller):
    abstract = True

    def delete(self, tenant: Tenant) -> None:
        """Delete the tenant while others use it; return when the receipt says that it is deleted."""
        count = len(tenant.people)

        def counts(_: int, answer: Any) -> str:
            return _same(count, answer["data"]["would_delete"]["users"])

        path, dry = "DELETE /global/tenants/{id}", "?dry_run=true"
        self.ask(path, MASTER, to=tenant.id, query=dry, expect={200}, check=counts)
        tenant.closing = True
        with tenant:
            self.ask(path, MASTER, to=tenant.id, expect={200, 202})
        TENANTS.mark_deleted(tenant)
        tenant.deleted_users = count
        deadline = time.monotonic() + TENANT_IS_GONE_WITHIN

        def check(_: int, answer: Any) -> str:
            data = answer["data"]
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
    """Makes all changes of one tenant, with the tokens of its users. When it is deleted, registers another tenant."""

    fixed_count = GIVEN["owners"]
    tenant: Tenant

    def on_start(self) -> None:
        self.register_tenant()

    def register_tenant(self) -> None:
        mark = f"load-{secrets.token_hex(4)}"
        self.end = time.monotonic() + random.uniform(*SECONDS_OF_A_LIFE)
        body = {"tenant_name": f"Load {mark}", "email": f"owner@{mark}.example.com", "password": PASSWORD}
        answer = self.ask("POST /register", MASTER, body, expect={201})[1]
        admin = answer["user"]
        tenant = Tenant(answer["tenant"]["id"], mark, log=[("register_tenant", answer["tenant"]["id"])])
        tenant.people[admin["id"]] = Person(admin["id"], admin["email"], "admin", answer["token"])
        self.tenant = tenant
        TENANTS.add(tenant)
        for role in ("admin", "manager", "user", "user"):
            self.create(role)

    def random_active_user(self, *roles: str) -> Person:
        """Return a random active user with one of the roles."""
        return random.choice(self.tenant.active(*roles))

    def other_user(self, than: Person) -> Person:
        return random.choice([person for person in self.tenant.people.values() if person is not than])

    @contextmanager
    def change(self, action: str, target: str) -> Iterator[None]:
        """The request in this block changes the tenant. If it succeeds, the audit trail must list the change."""
        with self.tenant:
            yield
            self.tenant.log.append((action, target))

    @task(6)
    def promote(self) -> None:
        actor = self.random_active_user("admin", "manager")
        target, new = self.other_user(actor), random.choice(["admin", "manager", "user"])
        old = target.role
        may = actor.role == "admin" or (old, new) in {("user", "manager"), ("manager", "user")}
        if not may and old == new:
            return

        def check(_: int, answer: Any) -> str:
            if not may:
                return _same("ROLE_TRANSITION_DENIED", answer["error_code"])
            return _same({"user_id": target.id, "old_role": old, "new_role": new}, answer["data"])

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
        token = random.choice([MASTER, self.random_active_user("admin").token])
        expected: dict[str, Any] = {"id": target.id, "tenant_id": self.tenant.id, "email": target.email}
        expected |= {"role": target.role, "active": target.active}

        def check(_: int, answer: Any) -> str:
            return _same(expected, {name: answer["data"][name] for name in expected})

        self.ask("GET /users/{id}", token, to=target.id, expect={200}, of=self.tenant, check=check)

    @task(4)
    def list(self) -> None:
        role, cursor = random.choice(["admin", "manager", "user", ""]), ""
        limit = random.choice([2, 5, 1000])
        people = [person for person in self.tenant.people.values() if role in {"", person.role}]
        found: list[dict[str, Any]] = []
        while True:
            query = f"?limit={limit}" + (f"&role={role}" if role else "") + (f"&cursor={cursor}" if cursor else "")
            page = self.ask(
                "GET /users", self.random_active_user("admin").token, query=query, expect={200}, of=self.tenant
            )[1]
            found += page["users"]
            cursor = page.get("next_cursor", "")
            if not cursor:
                break
        expected = self.tenant.listed(people)
        shown = [{name: user[name] for name in expected[0]} for user in found] if expected else found
        if shown != expected:
            raise AssertionError(f"GET /users: {shown} differs from {expected}")

    @task(2)
    def create(self, role: str = "") -> None:
        if len(self.tenant.people) >= MOST_PEOPLE:
            return
        role = role or random.choice(["admin", "manager", "user"])
        email = f"{secrets.token_hex(6)}@{self.tenant.mark}.example.com"
        body = {"email": email, "password": PASSWORD, "role": role}
        with self.tenant:
            answer = self.ask(
                "POST /users", self.random_active_user("admin").token, body, expect={201}, of=self.tenant
            )[1]["user"]
            self.tenant.people[answer["id"]] = Person(answer["id"], email, role, answer["token"])
            TENANTS.own(self.tenant, answer["id"])
            self.tenant.log.append(("create_user", answer["id"]))
        self.ask("GET /users/{id}", answer["token"], to=answer["id"], expect={200}, of=self.tenant)

    @task(2)
    def switch(self) -> None:
        """Deactivate a user, whose token is then invalid, or activate the user again."""
        actor = self.random_active_user("admin")
        target = self.other_user(actor)
        with self.change("update_user", target.id):
            body = {"active": not target.active}
            self.ask("PUT /users/{id}", actor.token, body, to=target.id, expect={200}, of=self.tenant)
            target.active = not target.active
        expect = {200} if target.active else {401}
        self.ask("GET /users/{id}", target.token, to=target.id, expect=expect, of=self.tenant)

    @task(2)
    def rotate(self) -> None:
        target = self.random_active_user()
        actor = random.choice([target, self.random_active_user("admin")])
        old = target.token
        with self.change("rotate_token", target.id):
            answer = self.ask("POST /users/{id}/token", actor.token, to=target.id, expect={200}, of=self.tenant)[1]
            target.token = answer["data"]["token"]
            TENANTS.revoked_tokens.append(old)
        for token, status in ((old, 401), (target.token, 200)):
            self.ask("GET /users/{id}", token, to=target.id, expect={status}, of=self.tenant)

    @task(1)
    def delete_user(self) -> None:
        actor = self.random_active_user("admin")
        target = self.other_user(actor)
        if len(self.tenant.people) <= 4:
            return
        with self.change("delete_user", target.id):
            self.ask("DELETE /users/{id}", actor.token, to=target.id, expect={200}, of=self.tenant)
            del self.tenant.people[target.id]
            TENANTS.revoked_tokens.append(target.token)
        self.ask("GET /users/{id}", self.random_active_user("admin").token, to=target.id, expect={404}, of=self.tenant)

    @task(2)
    def audit(self) -> None:
        """The audit trail lists exactly the changes that were made, in their order."""

        def check(_: int, answer: Any) -> str:
            entries = [one for one in answer["entries"] if one["outcome"] == "succeeded"]
            found = [(one["action"], one["target"]["id"]) for one in reversed(entries)]
            return _same(self.tenant.log[len(self.tenant.log) - len(found) :], found) or _unless(
                "next_cursor" in answer or len(found) == len(self.tenant.log), "entries are missing"
            )

        self.ask(
            "GET /audit",
            self.random_active_user("admin").token,
            query="?limit=50",
            expect={200},
            of=self.tenant,
            named=self.tenant.foreign_user_ids_in_requests,
            check=check,
        )

    @task(3)
    def live(self) -> None:
        if time.monotonic() > self.end:
            self.delete(self.tenant)
            self.register_tenant()


class Bystander(Caller):
    """Reads every tenant, also during its deletion, and sends requests that must be refused."""

    fixed_count = GIVEN["bystanders"]

    @task(5)
    def look(self) -> None:
        """Read a user with that user's token. The answer is checked if the tenant did not change during the request."""
        if not TENANTS.open:
            return
        tenant = random.choice(TENANTS.open)
        person = random.choice(list(tenant.people.values()))
        token, moment, was = person.token, tenant.moment(), Person(**vars(person))

        def check(status: int, answer: Any) -> str:
            if not tenant.still_since(moment) or tenant.closing:
                return ""
            if status != (200 if was.active else 401):
                return "nothing had changed"
            shown = answer.get("data", {})
            return _same((was.role, was.email), (shown["role"], shown["email"])) if status == 200 else ""

        expect = {200, 401, 404}  # 404: the user was deleted after its token was read here
        self.ask("GET /users/{id}", token, to=person.id, expect=expect, of=tenant, check=check)

    @task(2)
    def list(self) -> None:
        if not TENANTS.open:
            return
        tenant = random.choice(TENANTS.open)
        admins = tenant.active("admin")
        if not admins:
            return
        token, moment = random.choice(admins).token, tenant.moment()
        expected = sorted(person.email for person in tenant.people.values())

        def check(status: int, answer: Any) -> str:
            if tenant.still_since(moment) and not tenant.closing:
                return _same((200, expected), (status, [user["email"] for user in answer.get("users", [])]))
            return ""

        self.ask("GET /users", token, expect={200, 401, 403}, of=tenant, check=check)

    @task(3)
    def reach_into_other_tenant(self) -> None:
        """A user of another tenant is not found, or the request is refused, whatever it is."""
        if len(TENANTS.open) < 2:
            return
        tenant, other = random.sample(TENANTS.open, 2)
        people = tenant.active()
        if not people:
            return
        caller, moment = random.choice(people), tenant.moment()
        role = caller.role
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

        def check(status: int, answer: Any) -> str:
            still = tenant.still_since(moment) and not tenant.closing
            if not still or (status == 403 and role != "admin"):
                return ""
            return _same((404, "USER_NOT_FOUND"), (status, answer["error_code"]))

        tenant.foreign_user_ids_in_requests.append(stranger.id)
        self.ask(name, caller.token, body, to=stranger.id, expect={404, 401, 403}, of=tenant, check=check)

    @task(2)
    def use_revoked_token(self) -> None:
        """A token that was revoked is refused."""
        if TENANTS.revoked_tokens:
            token = random.choice(TENANTS.revoked_tokens)
            self.ask(random.choice(["GET /users", "GET /audit"]), token, expect={401})


class Operator(Deleter):
    """Lists tenants, reads users and audit trails, and deletes the large tenants one after another."""

    fixed_count = 1

    def on_start(self) -> None:
        self.large = []
        for given in GIVEN["large"]:
            tenant = Tenant(given["id"], given["mark"])
            tenant.people = {one["id"]: Person(**one) for one in given["people"]}
            TENANTS.add(tenant)
            self.large.append(tenant)
        self.every = GIVEN["seconds"] / (len(self.large) + 1)
        self.next = time.monotonic() + self.every / 2

    @task(3)
    def tenants(self) -> None:
        """A tenant that exists during the whole request is listed once; a tenant that was deleted before is not."""
        before, gone = {tenant.id for tenant in TENANTS.open}, {tenant.id for tenant in TENANTS.gone}
        found: list[str] = []
        cursor = ""
        while True:
            query = "?limit=20" + (f"&cursor={cursor}" if cursor else "")
            page = self.ask("GET /tenants", MASTER, query=query, expect={200})[1]
            found += [tenant["id"] for tenant in page["tenants"]]
            cursor = page.get("next_cursor", "")
            if not cursor:
                break
        throughout = {tenant.id for tenant in TENANTS.open if tenant.id in before and not tenant.closing}
        if len(found) != len(set(found)) or not throughout <= set(found) or gone & set(found):
            raise AssertionError(f"GET /tenants: {found}; must have {throughout} and none of {gone}")

    @task(3)
    def look(self) -> None:
        if not TENANTS.open:
            return
        tenant = random.choice(TENANTS.open)
        person = random.choice(list(tenant.people.values()))
        expect = {200, 404} if tenant.closing or tenant.changing else {200}
        moment = tenant.moment()

        def check(status: int, answer: Any) -> str:
            still = tenant.still_since(moment) and not tenant.closing
            return _same((200, person.role), (status, answer.get("data", {}).get("role"))) if still else ""

        self.ask("GET /users/{id}", MASTER, to=person.id, expect=expect | {404}, check=check)

    @task(1)
    def audit(self) -> None:
        every = [*TENANTS.open, *TENANTS.gone]
        if every:
            tenant = random.choice(every)
            query = f"?limit=20&tenant_id={tenant.id}"
            self.ask(
                "GET /audit", MASTER, query=query, expect={200}, of=tenant, named=tenant.foreign_user_ids_in_requests
            )

    @task(2)
    def delete_large(self) -> None:
        if self.large and time.monotonic() > self.next:
            self.next += self.every
            self.delete(self.large.pop())


class Superadmin(Caller):
    """Creates platform accounts, changes them, and logs in as them."""

    fixed_count = 1
    ROLES = ("ROLE_CLIENT", "ROLE_VERIFIED_USER", "ROLE_ADMIN", "ROLE_SUPERADMIN")
    OTHERS = "PUT /v1/api/superadmin/users/{id}/"

    def on_start(self) -> None:
        root = GIVEN["superadmin"]
        self.pair = self.log_in(root["email"], root["password"])
        self.accounts: list[dict[str, Any]] = []
        self.create_account()

    @property
    def token(self) -> str:
        token: str = self.pair["accessToken"]
        return token

    def log_in(self, email: str, password: str) -> dict[str, Any]:
        body = {"email": email, "password": password}
        pair: dict[str, Any] = self.ask(f"POST {SESSIONS}/login", "", body, expect={200})[1]
        return pair

    @task(1)
    def create_account(self) -> None:
        if len(self.accounts) >= 12:
            return
        email = f"{secrets.token_hex(6)}@staff.example.com"
        body = {"email": email, "password": PASSWORD, "firstName": "Lo", "lastName": "Ad"}
        answer = self.ask(f"POST {ACCOUNTS}", self.token, body, expect={201})[1]
        account = {"id": answer["id"], "email": email, "role": "ROLE_CLIENT", "enabled": True, "banned": False}
        account |= {"pair": None, "log": ["USER_CREATE"], "failed": 0}
        self.accounts.append(account)
        RECORDS["accounts"].append(account)

    def ask_of(self, account: dict[str, Any], what: str, body: object) -> None:
        """Change an account, and check that both the answer and the profile show the change."""

        def check(_: int, answer: Any) -> str:
            expected = ([account["role"]], account["enabled"], account["banned"])
            return _same(expected, (answer["roles"], answer["enabled"], answer["banned"]))

        to = str(account["id"])
        self.ask(f"{self.OTHERS}{what}", self.token, body, to=to, expect={200}, check=check)
        self.ask("GET /v1/api/superadmin/users/{id}", self.token, to=to, expect={200}, check=check)

    def check_token_works(self, account: dict[str, Any]) -> None:
        """Check that the account's access token has the rights of the account's current role."""
        if account["pair"]:
            expect = {200} if account["role"] == "ROLE_SUPERADMIN" else {403}
            token = account["pair"]["accessToken"]
            self.ask(f"GET {ACCOUNTS}", token, query="?limit=1", expect=expect)

    def check_tokens_refused(self, account: dict[str, Any]) -> None:
        """Check that the account's access token and refresh token are refused."""
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
        self.check_token_works(account)

    @task(2)
    def ban_or_disable_or_undo(self) -> None:
        """Ban or disable an account, or undo that."""
        account = random.choice(self.accounts)
        field, what = random.choice([("banned", "ban"), ("enabled", "disable")])
        out = field == "banned"
        if account[field] is out:
            what = {"ban": "unban", "disable": "enable"}[what]
        account[field] = not account[field]
        account["log"].append(f"USER_{what.upper()}")
        self.ask_of(account, what, {"reason": "load"})
        if what in {"ban", "disable"}:
            self.check_tokens_refused(account)
            if account["failed"] < OF_AN_ACCOUNT and RECORDS["failed_logins"] < MOST_FAILED_LOGINS:
                account["failed"] += 1
                RECORDS["failed_logins"] += 1
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
            self.check_tokens_refused(account)
            return
        self.check_token_works(account)

    @task(1)
    def history(self) -> None:
        account = random.choice(self.accounts)

        def check(_: int, answer: Any) -> str:
            found = [one["action"] for one in reversed(answer) if one["action"] != "USER_SESSION_REVOKE"]
            return _same(account["log"], found)

        path = "GET /v1/api/superadmin/users/{id}/history"
        self.ask(path, self.token, to=str(account["id"]), query="?limit=100", expect={200}, check=check)
