"""A state machine (Hypothesis) that sends all operations in random order and compares the answers with the model.

A rule chooses caller and request at random, asks the model for the expected answer, and sends the request. Most
requests are valid. The others have demoted actors who were authorized before, revoked tokens, users of other tenants,
old versions, forged cursors, used idempotency keys or invalid bodies.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import Role
from rolecall.errors import RolecallError
from rolecall.tenants import devices, user_changes, user_creation, user_lookup
from rolecall.tenants.change_rules import UserChange
from rolecall.tenants.user_profiles import UserProfile
from tests import gateway
from tests.faults import call_before_building_transaction, call_before_nth_transaction
from tests.integration.conftest import (
    MASTER_TOKEN,
    NO_TIME_TO_SWEEP,
    PASSWORD,
    run_maintenance,
    run_workers,
    waiting_messages,
)
from tests.model.contract import ROLES, Account, Answer, Caller, Session, Tenant, User, rfc3339
from tests.model.world import Clock, World

EMAILS = [
    *(f"{name}@example.com" for name in ("ana", "Ana", "ben", "carla", "dora", "elisa", "FINN", "gil", "hans", "ida")),
    "ana.b@example.com",
    "an@example.com",
]
NAMES = ["Acme", "ACME", "Globex", "Straße", "STRASSE", "Initech", " Initech "]
SPEAKS_OF_NOBODY = "0f0e0d0c-0b0a-4900-8807-060504030201"
NO_IDS = ["not-an-id", "..%2f", "7", SPEAKS_OF_NOBODY]
NO_ACCOUNTS = ["0", "99", "2147483648", "1e3", "-1", "007", SPEAKS_OF_NOBODY]
SUPERADMINS = "/v1/api/superadmin/users"
SUPERADMIN = "ROLE_SUPERADMIN"
#: The seconds until the timeout with which a user is deleted, but the user's items are left to maintenance.
HURRIED = 2.4

#: The number with which a rule chooses among the objects that exist at that moment.
pick = st.integers(0, 99)
flaws = st.sampled_from([None] * 12 + ["missing", "unknown", "type", "list", "null", "long"])
versions = st.sampled_from(
    [None] * 4 + ["current", "current", "stale", "stale", "stale", "any", "list", "garbage", "weak"]
)
keys = st.sampled_from([None, None, None, "one", "two"])
new_passwords = st.sampled_from([PASSWORD, "another horse entirely", "the third horse of all", "short"])
names_of_users = st.sampled_from(["user_id", "email"])
roles = st.sampled_from(ROLES)
platform_roles = st.sampled_from(["ROLE_CLIENT", "verified_user", "Role_Admin", SUPERADMIN, SUPERADMIN])
emails = st.sampled_from(EMAILS)
profiles = st.fixed_dictionaries(
    {}, optional={"external_id": st.sampled_from(["1", "2", "a#b"]), "display_name": st.sampled_from(["Ana", "Ben"])}
)
usernames = st.sampled_from([None, None, "Grace", " GRACE ", "hopper", *EMAILS])
ends = st.sampled_from(
    [None, None, None, None, 61, 3600, 3600, 7200, 90 * 24 * 3600, "same", 10, -5, 91 * 24 * 3600, "x"]
)
limits = st.sampled_from([None, None, "1", "2", "3", "1000", "0", "1001", "x"])
flags = st.sampled_from([None, None, None, "true", "false", "yes"])
includes = st.sampled_from([None, "allowed_roles", "allowed_roles", "allowed_roles", "roles"])
reasons = st.sampled_from([None, None, None, "holidays", " as ana@example.com says ", "x" * 500, " ", "x" * 501])


def choose[T](options: Sequence[T], number: int) -> T:
    return options[number % len(options)]


def flawed(body: dict[str, Any], flaw: str | None) -> Any:
    first = next(iter(body))
    without = {name: value for name, value in body.items() if name != first}
    flawed_bodies: dict[str | None, Any] = {
        None: body,
        "missing": without,
        "unknown": body | {"tenant_id": SPEAKS_OF_NOBODY},
        "type": body | {first: 7},
        "list": [body],
        "null": body | {first: None},
        "long": body | {first: "x" * 600},
    }
    return flawed_bodies[flaw]


class Gift(NamedTuple):
    """How a holder of a temporary role gives power to others, and the end of that, in seconds after its own end."""

    act: str
    target: int
    role: str
    after_end: int | None
    email: str


class Platform(RuleBasedStateMachine):
    """One example: a platform that starts empty."""

    clock: ClassVar[Clock]
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.world = World(type(self).clock, MASTER_TOKEN)
        self.model = self.world.model
        #: Callers that were authorized earlier, with the authorizer's answer of that time.
        self.seen: list[tuple[Caller, dict[str, str]]] = []
        self.used: list[str] = []  # tokens of tenant users, also revoked ones
        self.sent: dict[str, Any] = {}  # bodies, by idempotency key
        self.maintained = Platform.steps

    # --- Who and what ---

    def step(self) -> None:
        Platform.steps += 1
        self.world.forward(1)

    def ask(
        self,
        who: tuple[Caller | None, str | None, dict[str, str] | None],
        method: str,
        path: str,
        expected: Answer,
        **more: Any,
    ) -> gateway.Response:
        caller, credential, principal = who
        return self.world.request(
            method, path, expected, credential=credential, principal=principal, caller=caller, **more
        )

    def live(self, credential: str | None) -> tuple[Caller | None, str | None, None]:
        return self.model.caller(credential), credential, None

    def everyone(self, *roles: str) -> list[User]:
        """The active users with one of the roles and with an API token."""
        users = [user for one in self.model.tenants for user in one.users]
        return [user for user in users if user.role in roles and user.active and user.token]

    def member(self, number: int) -> tuple[Caller | None, str | None, dict[str, str] | None]:
        """A caller of the tenant API: mostly one who may call, sometimes one who may not, of each kind."""
        stale = [one for one in self.seen if one[0].kind == "user"]
        if number >= 75 and number < 90 and stale:
            caller, principal = choose(stale, number)
            return caller, None, principal
        kinds: list[tuple[int, Sequence[str]]] = [
            (50, self.credentials_of("admin")),
            (66, self.credentials_of("manager")),
            (75, self.credentials_of("user")),
            (90, self.used),
            (94, [MASTER_TOKEN, MASTER_TOKEN.lower(), "", SPEAKS_OF_NOBODY]),
            (100, list(self.model.access)),
        ]
        options = next(options for limit, options in kinds if number < limit)
        return self.live(choose(options, number) if options else None)

    def credentials_of(self, role: str) -> list[str]:
        """The API tokens of users with the role, and the access tokens of their latest sessions."""
        signed_in = [token for token in self.model.access if (who := self.model.caller(token)) and who.role == role]
        return [user.token for user in self.everyone(role)] + signed_in[-4:]

    def operator(self, number: int) -> tuple[Caller | None, str | None, dict[str, str] | None]:
        return self.live(MASTER_TOKEN) if number < 85 else self.member(number * 7 % 100)

    def superadmin(self, number: int) -> tuple[Caller | None, str | None, dict[str, str] | None]:
        stale = [one for one in self.seen if one[0].kind == "account"]
        if number >= 65 and number < 85 and stale:
            caller, principal = choose(stale, number)
            return caller, None, principal
        if number >= 85:
            return self.live(choose(list(self.model.access), number)) if number < 95 else self.member(number * 7 % 100)
        if not (tokens := self.tokens_of(SUPERADMIN)):
            candidates = [one for one in self.model.accounts if one.counts]
            self.log_in_as(choose(candidates, number))
            tokens = self.tokens_of(SUPERADMIN)
        return self.live(choose(tokens, number) if tokens else None)

    def tokens_of(self, *roles: str) -> list[str]:
        tokens = [token for token in self.model.access if (who := self.model.caller(token)) and who.role in roles]
        return tokens[-4:]

    def log_in_as(self, account: Account, password: str | None = None) -> None:
        body = {"email": account.email, "password": password or account.password}
        self.world.request("POST", "/v1/api/auth/login", self.model.log_in(body), body=body)

    def log_in_user_as(self, user: User, password: str | None = None) -> Session | None:
        """None if the user may not log in, or has to wait for others' guesses."""
        known, body = len(self.model.sessions), {"email": user.email, "password": password or user.password or PASSWORD}
        self.world.request("POST", "/login", self.model.log_in(body, of_user=True), body=body)
        return self.model.sessions[-1] if len(self.model.sessions) > known else None

    def target(self, caller: Caller | None, number: int) -> User | str:
        """A user, mostly of the caller's tenant; or a text that is no id, or the id of a deleted user."""
        own = list(caller.tenant.users) if caller and caller.tenant else []
        others = [user for one in self.model.tenants for user in one.users if user not in own]
        if number < 80 and own:
            return choose(own, number)
        if number < 93 and others:
            return choose(others, number)
        return choose(NO_IDS, number)

    @staticmethod
    def id_of(target: "User | Account | Tenant | str", number: int) -> str:
        text = target if isinstance(target, str) else str(target.id)
        return text.upper() if number % 10 == 9 and not isinstance(target, str) else text

    @staticmethod
    def if_match(target: object, version: str | None) -> str | None:
        current = getattr(target, "version", 1)
        return {
            None: None,
            "current": f'"{current}"',
            "stale": f'"{current - 1}"',
            "any": "*",
            "list": f'"{current + 5}", "{current}"',
            "garbage": "current",
            "weak": f'W/"{current}"',
        }[version]

    def account(self, number: int) -> Account | str:
        if number < 92:
            return choose(self.model.accounts, number)
        return choose(NO_ACCOUNTS, number)

    def tenant(self, number: int) -> Tenant | str:
        if number < 92 and self.model.tenants:
            return choose(self.model.tenants, number)
        return choose(NO_IDS, number)

    # --- Tenants ---

    @initialize()
    def begin(self) -> None:
        """Create two tenants with a few users, a superadmin and a client account."""
        self.step()
        made = gateway.invoke("run_operation", {"operation": "create_superadmin", "email": "root@example.com"})
        root = self.model.operator_made(made)
        self.world.check(Answer(0))
        self.log_in_as(root)
        own = self.live(list(self.model.access)[-1])
        change = {"currentPassword": root.password, "newPassword": "the root of all horses"}
        expected = self.model.change_account_password(own[0], change)
        self.ask(own, "PUT", "/v1/api/auth/password", expected, body=change)
        for number, name in enumerate(("Acme", "Globex")):
            body = {"tenant_name": name, "email": f"owner-{number}@example.com", "password": PASSWORD}
            self.send_registration(self.live(MASTER_TOKEN), body, None)
            admin = self.live(self.model.tenants[-1].users[0].token)
            for role in ("admin", "manager", "user"):
                body = {"email": f"{role}-{number}@example.com", "password": PASSWORD, "role": role}
                self.send_user(admin, body, None)
        new = {"email": "client@example.com", "password": PASSWORD, "firstName": "Ada", "lastName": "Byron"}
        who = self.superadmin(0)
        for role in ("CLIENT", "SUPERADMIN"):
            body = {**new, "email": f"{role.lower()}@example.com", "role": role}
            self.ask(who, "POST", SUPERADMINS, self.model.create_account(who[0], body), body=body)
        self.remember_everyone()

    def remember_everyone(self) -> None:
        for user in self.everyone("admin", "manager"):
            self.remember(user.token)
        for token in self.tokens_of(SUPERADMIN):
            self.remember(token)

    def remember(self, credential: str) -> None:
        caller, principal = self.model.caller(credential), gateway.authorize(credential)
        assert (caller is None) == (principal is None), "the authorizer and the model disagree"
        if caller and principal:
            assert (principal["principal_type"], principal["id"], principal["role"]) == (
                caller.kind,
                caller.id,
                caller.role,
            )
            self.seen = [*self.seen[-5:], (caller, principal)]

    def remember_tokens(self) -> None:
        tokens = [user.token for one in self.model.tenants for user in one.users if user.token]
        self.used += [token for token in tokens if token not in self.used]

    def send_registration(self, who: Any, body: Any, key: str | None) -> None:
        expected = self.model.register(who[0], body, key)
        self.ask(who, "POST", "/register", expected, body=body, headers={"Idempotency-Key": key})
        self.used += [
            user.token for one in self.model.tenants for user in one.users if user.token not in ("", *self.used)
        ]

    def send_user(self, who: Any, body: Any, key: str | None) -> None:
        expected = self.model.create_user(who[0], body, key)
        self.ask(who, "POST", "/users", expected, body=body, headers={"Idempotency-Key": key})
        self.used += [
            user.token for one in self.model.tenants for user in one.users if user.token not in ("", *self.used)
        ]

    @rule(who=pick, name=st.sampled_from(NAMES), email=emails, flaw=flaws, key=keys, again=st.booleans())
    def register(self, who: int, name: str, email: str, flaw: str | None, key: str | None, again: bool) -> None:
        self.step()
        body: Any = {"tenant_name": name, "email": email, "password": PASSWORD, "role": "user"}
        body = flawed(body, flaw)
        if key is not None:
            body = self.sent.setdefault(f"register {key}", body) if again else body
        self.send_registration(self.operator(who), body, key)

    @rule(who=pick, email=emails, role=roles, flaw=flaws, key=keys, again=st.booleans(), webhook=flags)
    def create_user(
        self, who: int, email: str, role: str, flaw: str | None, key: str | None, again: bool, webhook: str | None
    ) -> None:
        self.step()
        url = {None: {}, "true": {"webhook_url": "https://example.com/hook"}, "false": {"webhook_url": None}}
        body: Any = {"email": email, "password": PASSWORD, "role": role}
        body |= url.get(webhook, {"webhook_url": "http://example.com"})
        body = flawed(body, flaw)
        if key is not None:
            body = self.sent.setdefault(f"user {key}", body) if again else body
        self.send_user(self.member(who), body, key)

    @rule(
        who=pick,
        limit=limits,
        cursor=pick,
        status=st.sampled_from([None, None, "active", "scheduled", "scheduled", "deleting", "deleted"]),
        name=st.sampled_from([None, None, "a", "AC", "z"]),
    )
    def list_tenants(self, who: int, limit: str | None, cursor: int, status: str | None, name: str | None) -> None:
        self.step()
        query = {"limit": limit, "status": status, "name": name}
        self.page(self.operator(who), "/tenants", self.model.list_tenants, query, cursor)

    def page(
        self,
        who: Any,
        path: str,
        ask: Callable[[Caller | None, dict[str, str]], Answer],
        query: dict[str, str | None],
        number: int,
    ) -> None:
        """Read all pages of a list, or one page with a cursor that may belong to another list."""
        given = {name: text for name, text in query.items() if text is not None}
        if number >= 75 and self.model.cursors:
            given["cursor"] = choose(list(self.model.cursors), number)
        elif number >= 70:
            given["cursor"] = choose(["forged", "AAAA", "%00", "="], number)
        for _ in range(6):
            known = len(self.model.cursors)
            answer = self.ask(who, "GET", path, ask(who[0], given), query=given)
            if answer.status != 200 or len(self.model.cursors) == known:
                return
            given["cursor"] = list(self.model.cursors)[-1]

    @rule(who=pick, tenant=pick)
    def get_tenant(self, who: int, tenant: int) -> None:
        self.step()
        asks, tenant_id = self.operator(who), self.id_of(self.tenant(tenant), tenant)
        self.ask(asks, "GET", f"/global/tenants/{tenant_id}", self.model.get_tenant(asks[0], tenant_id))

    @rule(who=pick, tenant=pick, protected=st.booleans(), flaw=flaws, version=versions)
    def update_tenant(self, who: int, tenant: int, protected: bool, flaw: str | None, version: str | None) -> None:
        self.step()
        asks, target = self.operator(who), self.tenant(tenant)
        tenant_id, if_match = self.id_of(target, tenant), self.if_match(target, version)
        body = flawed({"deletion_protection": protected}, flaw)
        expected = self.model.update_tenant(asks[0], tenant_id, body, if_match)
        path, headers = f"/global/tenants/{tenant_id}", {"If-Match": if_match}
        self.ask(asks, "PUT", path, expected, body=body, headers=headers)

    @rule(
        who=pick,
        tenant=pick,
        dry=st.sampled_from([None, None, "true", "false", "1"]),
        confirm=st.sampled_from([None, None, "right", "wrong"]),
        hurried=st.booleans(),
        days=st.sampled_from([None, None, "1", "1", "7", "90", "0", "91", "x"]),
        reason=reasons,
    )
    def delete_tenant(
        self,
        who: int,
        tenant: int,
        dry: str | None,
        confirm: str | None,
        hurried: bool,
        days: str | None,
        reason: str | None,
    ) -> None:
        self.step()
        asks, target = self.operator(who), self.tenant(tenant)
        given = {"dry_run": dry, "grace_days": days, "reason": reason}
        tenant_id, query = self.id_of(target, tenant), {name: text for name, text in given.items() if text is not None}
        name = target.name if isinstance(target, Tenant) and target.name.isascii() else "Acme"
        header = {None: None, "right": name, "wrong": f"{name}!"}[confirm]
        expected = self.model.delete_tenant(asks[0], tenant_id, query, header, hurried=hurried)
        self.ask(
            asks,
            "DELETE",
            f"/global/tenants/{tenant_id}",
            expected,
            query=query,
            headers={"X-Confirm-Tenant-Name": header},
            # A dry run gets enough time to count everything.
            seconds=NO_TIME_TO_SWEEP if hurried and dry != "true" else 20.0,
        )

    @rule(who=pick, tenant=pick)
    def restore_tenant(self, who: int, tenant: int) -> None:
        self.step()
        scheduled = [one for one in self.model.tenants if one.status == "scheduled"]
        target = choose(scheduled, tenant) if scheduled and tenant % 2 else self.tenant(tenant)
        asks, tenant_id = self.operator(who), self.id_of(target, tenant)
        expected = self.model.restore_tenant(asks[0], tenant_id)
        self.ask(asks, "POST", f"/global/tenants/{tenant_id}/restore", expected)
        self.check_credentials()

    @rule(
        tenant=pick,
        meanwhile=st.sampled_from(["nothing", "schedule", "schedule", "list", "write"]),
        wait=st.sampled_from([None, None, None, -1, 0, 3600]),
        email=emails,
    )
    def schedule_and_restore(self, tenant: int, meanwhile: str, wait: int | None, email: str) -> None:
        """A deletion is scheduled and taken back: at once, or after maintenance ran so long after it was due."""
        self.step()
        active = [one for one in self.model.tenants if one.status == "active" and not one.protected]
        if not active:
            return
        target, master = choose(active, tenant), self.live(MASTER_TOKEN)
        writer = choose([one for one in self.everyone("admin") if one.tenant is target], tenant)
        self.remember(writer.token)
        caller, principal = self.seen[-1]
        self._schedule(target)
        match meanwhile:
            case "schedule":
                self._schedule(target)
            case "list":
                for status in ("active", "scheduled"):
                    self.page(master, "/tenants", self.model.list_tenants, {"status": status, "limit": "2"}, 0)
            case "write":
                self._act((caller, None, principal), "create", writer, "user", email)
        if wait is not None:
            self.world.forward(target.deletion["due"] - self.model.now + wait)
            self.maintain()
        path = f"/global/tenants/{target.id}/restore"
        self.ask(master, "POST", path, self.model.restore_tenant(master[0], target.id))
        self.check_credentials()

    def _schedule(self, tenant: Tenant) -> None:
        master, query = self.live(MASTER_TOKEN), {"grace_days": "1"}
        expected = self.model.delete_tenant(master[0], tenant.id, query, None, hurried=True)
        path = f"/global/tenants/{tenant.id}"
        self.ask(master, "DELETE", path, expected, query=query, seconds=NO_TIME_TO_SWEEP)

    @rule(reason=st.sampled_from(["as ana@example.com says ", "x"]), refused=st.booleans(), limit=limits)
    def delete_tenant_with_emails_in_reasons(self, reason: str, refused: bool, limit: str | None) -> None:
        """A tenant has reasons with emails in its trail, is deleted, and maintenance replaces the emails."""
        self.step()
        master, owner = self.live(MASTER_TOKEN), f"owner@{Platform.steps}.example.com"
        new = {"tenant_name": f"Deleted {Platform.steps}", "email": owner, "password": PASSWORD}
        self.send_registration(master, new, None)
        target = self.model.tenants[-1]
        admin = self.live(target.users[0].token)
        manager = {"email": f"manager@{Platform.steps}.example.com", "password": PASSWORD, "role": "manager"}
        self.send_user(admin, manager, None)
        changes = {"new_role": "user", "reason": reason}
        if refused:
            self._promote(self.live(target.users[1].token), target.users[0], changes)
        self._promote(admin, target.users[1], changes)
        expected = self.model.delete_tenant(master[0], target.id, {"reason": reason}, None, hurried=False)
        self.ask(master, "DELETE", f"/global/tenants/{target.id}", expected, query={"reason": reason})
        self.maintain()
        query = {"tenant_id": target.id, "limit": limit}
        self.page(master, "/audit", self.model.list_audit, query, 0)

    @rule(who=pick, tenant=pick)
    def get_deletion(self, who: int, tenant: int) -> None:
        self.step()
        asks, tenant_id = self.operator(who), self.id_of(self.tenant(tenant), tenant)
        self.ask(asks, "GET", f"/global/tenants/{tenant_id}/deletion", self.model.get_deletion(asks[0], tenant_id))

    @property
    def deleting(self) -> list[Tenant]:
        return [tenant for tenant in self.model.tenants if tenant.status == "deleting"]

    @precondition(lambda self: self.deleting)
    @rule(lost=st.booleans())
    def work(self, lost: bool) -> None:
        """Run the workers; or lose their messages, so that maintenance must resume the deletion."""
        self.step()
        if lost:
            waiting_messages()
            self.world.forward(300)
            self.maintain()
        run_workers()
        lasting = list(self.deleting)
        for tenant in self.model.tenants:
            if tenant in lasting and not self._waits(tenant):
                self.model.complete_deletion(tenant)
        self.world.check(Answer(0))

    def _waits(self, tenant: Tenant) -> bool:
        """Whether the tenant's messages were lost and maintenance does not yet send them again."""
        answer = gateway.request("GET", f"/global/tenants/{tenant.id}/deletion", MASTER_TOKEN)
        assert answer.status == 200
        return bool(answer.body["data"]["status"] != "deleted")

    @precondition(lambda self: Platform.steps >= self.maintained + 8)
    @rule()
    def maintenance(self) -> None:
        self.step()
        self.maintain()

    def maintain(self) -> None:
        self.maintained = Platform.steps
        written = self.model.write_due_ends()
        started = self.model.start_due_deletions()
        report = run_maintenance()
        assert report["role_ends_written"] == written
        assert report["deletions_started"] == started
        assert (report["violations"], report["repaired"], report["complete"]) == (0, 0, True)
        assert report["deletions_open"] == len(self.deleting)
        self.model.maintenance_ran()
        self.world.compare_trails_of_deleted_tenants_again()
        self.world.check(Answer(0))

    # --- Users ---

    @rule(who=pick, user=pick, include=includes)
    def get_user(self, who: int, user: int, include: str | None) -> None:
        self.step()
        asks = self.member(who) if who % 5 else self.live(MASTER_TOKEN)
        if asks[2] is not None and asks[0] and asks[0].tenant and asks[0].tenant.status != "active":
            return  # a caller authorized before the tenant was closed may still read items that are being removed
        user_id = self.id_of(self.target(asks[0], user), user)
        query = {} if include is None else {"include": include}
        self.ask(asks, "GET", f"/users/{user_id}", self.model.get_user(asks[0], user_id, query), query=query)

    @rule(
        who=pick,
        query=st.fixed_dictionaries(
            {
                "limit": limits,
                "role": st.sampled_from([None, None, None, *ROLES, "boss", "ROLE_ADMIN"]),
                "active": flags,
                "email": st.sampled_from([None, None, "an", "ANA@", "zz"]),
                "include": includes,
            }
        ),
        cursor=pick,
    )
    def list_users(self, who: int, query: dict[str, str | None], cursor: int) -> None:
        self.step()
        asks = self.member(who)
        if asks[2] is not None:
            return  # a list changes nothing, so its result is not compared twice
        self.page(asks, "/users", self.model.list_users, query, cursor)

    @rule(
        who=pick,
        user=pick,
        role=st.one_of(roles, st.just("boss")),
        until=ends,
        reason=reasons,
        flaw=flaws,
        version=versions,
    )
    def promote(
        self,
        who: int,
        user: int,
        role: str,
        until: int | str | None,
        reason: str | None,
        flaw: str | None,
        version: str | None,
    ) -> None:
        self.step()
        asks = self.member(who)
        target = self.target(asks[0], user)
        user_id, if_match = self.id_of(target, user), self.if_match(target, version)
        end = {} if until is None else {"until": self._end(target, until)}
        body = flawed({"new_role": role} | end | ({"reason": reason} if reason is not None else {}), flaw)
        expected = self.model.promote(asks[0], user_id, body, if_match)
        path, headers = f"/users/{user_id}/promote", {"If-Match": if_match}
        self.ask(asks, "POST", path, expected, body=body, headers=headers)

    @rule(who=pick, user=pick, role=roles)
    def promote_plainly(self, who: int, user: int, role: str) -> None:
        self.promote(who, user, role, None, None, None, None)

    def _end(self, target: object, until: int | str) -> str:
        """A number of seconds from now, or the end that the target's role has already, as a request has it."""
        if until == "same":
            return rfc3339(getattr(target, "until", None) or self.model.now + 3600)
        return rfc3339(self.model.now + until) if isinstance(until, int) else until

    @rule(who=pick, user=pick, role=st.sampled_from(["admin", "admin", "manager"]), seconds=st.sampled_from([61, 3600]))
    def give_for_a_while(self, who: int, user: int, role: str, seconds: int) -> None:
        """An admin or a manager gives a temporary role, and remembers a request of its holder for later."""
        self.step()
        actor = choose(self.everyone("admin"), who) if who % 4 else choose(self.everyone("admin", "manager"), who)
        others = [one for one in actor.tenant.users if one is not actor and one.lasting != "admin"] or [actor]
        target, body = choose(others, user), {"new_role": role, "until": rfc3339(self.model.now + seconds)}
        asks = self.live(actor.token)
        expected = self.model.promote(asks[0], target.id, body, None)
        self.ask(asks, "POST", f"/users/{target.id}/promote", expected, body=body)
        if target.active and target.tenant.status == "active":
            self.remember(target.token)

    @rule(
        user=pick,
        act=st.sampled_from(
            [
                *("promote", "extend", "promote many", "extend many", "deactivate", "activate"),
                *("delete", "rotate", "create", "password"),
            ]
        ),
        holder=pick,
        role=roles,
        email=emails,
        late=st.sampled_from([None, None, None, "before", "at"]),
    )
    def act_with_a_temporary_role(
        self, holder: int, act: str, user: int, role: str, email: str, late: str | None
    ) -> None:
        """Its holder uses it: well before its end, in the second before, or from the end on with an old principal."""
        self.step()
        holders = [one for one in self.everyone("admin", "manager") if one.until and one.tenant.status == "active"]
        if not holders:
            return
        actor = choose(holders, holder)
        self.remember(actor.token)
        caller, principal = self.seen[-1]
        if late and actor.until:
            self.world.forward(actor.until - self.model.now - (late == "before"))
        colleagues = [one for one in actor.tenant.users if one is not actor]
        admins = [one for one in colleagues if one.lasting == "admin"]
        target = choose(admins if admins and user % 2 else colleagues or [actor], user)
        self._act((caller, None, principal), act, target, role, email)

    @rule(
        who=pick,
        user=pick,
        role=st.sampled_from(["admin", "admin", "manager"]),
        seconds=st.sampled_from([61, 900, 3600]),
        shortened=st.sampled_from([False, False, True]),
        gifts=st.lists(
            st.builds(
                Gift,
                act=st.sampled_from(
                    ["promote", "promote", "promote", "update", "many", "create", "rotate", "password", "activate"]
                ),
                target=pick,
                role=st.sampled_from(["admin", "admin", "manager", "user"]),
                after_end=st.sampled_from([None, None, 0, 1, 1, -1, 900]),
                email=emails,
            ),
            min_size=3,
            max_size=6,
        ),
    )
    def hand_on_a_temporary_role(
        self, who: int, user: int, role: str, seconds: int, shortened: bool, gifts: list[Gift]
    ) -> None:
        """Somebody gets a temporary role and gives power to others, perhaps after its end was moved forward."""
        self.step()
        deputy = self._make_deputy(who, user, role, seconds)
        if deputy is None:
            return
        admin, holder = deputy
        end, by = holder.until or self.model.now, self.live(admin.token)
        caller, principal = self.seen[-1]
        if shortened and seconds > 61:
            self._promote(by, holder, {"new_role": role, "until": rfc3339(end - 60)})
        for gift in gifts:
            others = [one for one in admin.tenant.users if one is not holder]
            admins = [one for one in others if one.lasting == "admin"]
            target = choose(admins if gift.target % 2 and admins else others, gift.target)
            if gift.act == "activate" and target.active and target is not admin:
                self._act(self.live(admin.token), "deactivate", target, "", "")
            self._give((caller, None, principal), target, gift, end)

    def _make_deputy(self, who: int, user: int, role: str, seconds: int) -> tuple[User, User] | None:
        """A lasting admin gives a temporary role to a user of the tenant, who is authorized then; return both."""
        admins = [one for one in self.everyone("admin") if one.until is None and one.tenant.status == "active"]
        if not admins:
            return None
        admin = choose(admins, who)
        may_get = [one for one in admin.tenant.users if one.lasting == "user" and one.active]
        may_get = may_get or [one for one in admin.tenant.users if one.lasting == "manager" and one.active]
        if not may_get:
            return None
        holder = choose(may_get, user)
        self._promote(self.live(admin.token), holder, {"new_role": role, "until": rfc3339(self.model.now + seconds)})
        self.remember(holder.token)
        return admin, holder

    def _promote(self, who: Any, target: User, body: dict[str, Any]) -> None:
        expected = self.model.promote(who[0], target.id, body, None)
        self.ask(who, "POST", f"/users/{target.id}/promote", expected, body=body)

    def _give(self, who: Any, target: User, gift: Gift, end: int) -> None:
        row = {"new_role": gift.role}
        if gift.after_end is not None:
            row["until"] = rfc3339(end + gift.after_end)
        match gift.act:
            case "promote":
                self._promote(who, target, row)
            case "update":
                body: dict[str, Any] = {"role": gift.role}
                expected = self.model.update_user(who[0], target.id, body, None)
                self.ask(who, "PUT", f"/users/{target.id}", expected, body=body)
            case "many":
                others = [one for one in target.tenant.users if one is not target]
                changes = [{"user_id": one.id, **row} for one in (target, *others) if one is not who[0].holder]
                for dry_run in (True, False):
                    body = {"changes": changes, "dry_run": dry_run}
                    self.ask(who, "POST", "/users/promote", self.model.promote_users(who[0], body), body=body)
            case _:
                self._act(who, gift.act, target, gift.role, gift.email)

    @rule(
        who=pick,
        user=pick,
        seconds=st.sampled_from([61, 900]),
        act=st.sampled_from(["promote", "promote", "extend", "many", "deactivate", "rotate", "password", "delete"]),
        role=st.sampled_from(["admin", "admin", "manager", "user"]),
    )
    def change_a_temporary_admin(self, who: int, user: int, seconds: int, act: str, role: str) -> None:
        """An admin makes a user a temporary admin, and a manager tries to change that."""
        self.step()
        deputy = self._make_deputy(who, user, "admin", seconds)
        if deputy is None:
            return
        admin, holder = deputy
        managers = [one for one in self.everyone("manager") if one.tenant is admin.tenant and one is not holder]
        if managers:
            gift = Gift("promote" if act == "extend" else act, 0, role, 60 if act == "extend" else None, "")
            self._give(self.live(choose(managers, who).token), holder, gift, holder.until or 0)

    @rule(
        who=pick,
        user=pick,
        act=st.sampled_from(["promote", "extend", "deactivate", "activate", "delete", "rotate", "create", "password"]),
        holder=pick,
        role=roles,
        email=emails,
    )
    def lose_a_temporary_role_during_request(
        self, who: int, holder: int, act: str, user: int, role: str, email: str
    ) -> None:
        """The request begins in the last second of its actor's role, and commits in the next one."""
        self.step()
        deputy = self._make_deputy(who, holder, "admin", 61)
        if deputy is None or deputy[1].until is None:
            return
        actor, end = deputy[1], deputy[1].until
        targets = [one for one in actor.tenant.users if one is not actor and one.until != end]
        self.world.forward(end - 1 - self.model.now)
        self.remember(actor.token)
        caller, principal = self.seen[-1]
        self.model.seconds_until_write = 1
        with call_before_building_transaction(lambda: self.world.clock.forward(1)):
            self._act((caller, None, principal), act, choose(targets, user), role, email)
        self.model.seconds_until_write = 0
        self.model.move_to(self.world.clock.at)

    @rule(number=pick, before=st.sampled_from([0, 0, 1]), pages=st.booleans())
    def wait_for_the_end(self, number: int, before: int, pages: bool) -> None:
        """Go to the second at which a temporary role ends, or to the second before; and list who has which role."""
        self.step()
        holders: list[User | Account] = [user for one in self.model.tenants for user in one.users if user.until]
        holders += [one for one in self.model.accounts if one.until]
        if not holders:
            return
        holder = choose(sorted(holders, key=lambda one: one.until or 0), number)
        tenant = holder.tenant if isinstance(holder, User) else None
        self.world.forward(max(0, (holder.until or 0) - self.model.now - before))
        self.check_credentials()
        for admin in [one for one in self.everyone("admin") if one.tenant is tenant][:1] if pages else ():
            for role in ROLES:
                self.page(self.live(admin.token), "/users", self.model.list_users, {"role": role, "limit": "2"}, 0)

    @rule(
        who=pick,
        user=pick,
        act=st.sampled_from(
            ["promote", "extend", "extend many", "same", "deactivate", "rotate", "rename", "delete", "password"]
        ),
        role=roles,
        email=emails,
    )
    def change_whose_role_has_ended(self, who: int, user: int, act: str, role: str, email: str) -> None:
        """A change of a user whose end is not written down yet, or, without one, of a user with a temporary role."""
        self.step()
        everyone = [one for tenant in self.model.tenants if tenant.status == "active" for one in tenant.users]
        targets = [one for one in everyone if one.unwritten] or [one for one in everyone if one.until]
        if not targets:
            return
        target = choose(targets, user)
        actors = [one for one in self.everyone("admin", "manager") if one.tenant is target.tenant and one is not target]
        if not actors:
            return
        self._act(self.live(choose(actors, who).token), act, target, role, email)

    @rule(who=pick, user=pick, new_roles=st.tuples(roles, roles), named=st.tuples(names_of_users, names_of_users))
    def promote_a_user_twice(self, who: int, user: int, new_roles: tuple[str, str], named: tuple[str, str]) -> None:
        """One request with two changes of the same user, who may be named by id in one and by email in the other."""
        self.step()
        actors = [one for one in self.everyone("admin", "manager") if len(one.tenant.users) > 1]
        if actors:
            actor = choose(actors, who)
            target = choose([one for one in actor.tenant.users if one is not actor], user)
            names = {"user_id": target.id, "email": target.email}
            rows = [{"new_role": role, name: names[name]} for role, name in zip(new_roles, named, strict=True)]
            asks, body = self.live(actor.token), {"changes": rows}
            self.ask(asks, "POST", "/users/promote", self.model.promote_users(asks[0], body), body=body)

    @rule(
        who=pick,
        changes=st.lists(
            st.tuples(pick, roles, st.sampled_from(["id", "id", "email", "email", "nobody"]), reasons, ends), max_size=4
        ),
        reason=reasons,
        modes=st.sampled_from([[True], [False], [True, False], [True, False], [False, False]]),
        flaw=flaws,
        twice=st.sampled_from([False] * 9 + [True]),
    )
    def promote_users(
        self,
        who: int,
        changes: list[tuple[int, str, str, str | None, int | str | None]],
        reason: str | None,
        modes: list[bool],
        flaw: str | None,
        twice: bool,
    ) -> None:
        """Many promotions in one request; often the dry run of them, and then the same in earnest."""
        self.step()
        asks = self.member(who)
        rows: dict[str, dict[str, Any]] = {}
        for number, role, name, why, until in changes:
            target = self.target(asks[0], number)
            user_id = target.id if isinstance(target, User) else SPEAKS_OF_NOBODY
            row: dict[str, Any] = {"new_role": role}
            row |= {"user_id": self.id_of(target, number)} if isinstance(target, User) else {"user_id": user_id}
            if name == "email" and isinstance(target, User):
                row = {"new_role": role, "email": target.email}
            if name == "nobody":
                row, user_id = {"new_role": role, "email": "nobody@example.com"}, "nobody"
            if why is not None:
                row["reason"] = why
            if until is not None:
                row["until"] = self._end(target, until)
            rows.setdefault(user_id, row)
        listed = [*rows.values(), *(list(rows.values())[:1] if twice else [])]
        for dry_run in modes:
            body = flawed({"changes": listed, "dry_run": dry_run} | ({"reason": reason} if reason else {}), flaw)
            self.ask(asks, "POST", "/users/promote", self.model.promote_users(asks[0], body), body=body)

    @rule(
        who=pick,
        position=st.sampled_from([0, 1, 1, 1, 2, 3]),
        loss=st.sampled_from(["demoted", "demoted", "deactivated", "deleted"]),
    )
    def lose_standing_halfway(self, who: int, position: int, loss: str) -> None:
        """Someone's many changes are on their way when another admin takes that power.

        The last change is of that other admin. So at least one change comes after the one that is refused first.
        """
        self.step()
        actor = choose(self.everyone("admin", "manager"), who)
        # A temporary admin may not take the role of the last lasting one.
        admins = [one for one in self.everyone("admin") if one.until is None]
        others = [one for one in admins if one.tenant is actor.tenant and one is not actor]
        users = [one for one in actor.tenant.users if one.role != "admin" and one is not actor]
        if not others or len(users) <= position or actor.tenant.status != "active":
            return
        if actor.until is not None or any(one.unwritten for one in users):
            return  # a refusal or the end of a role would be a transaction of its own, before that of a change
        if actor.lasting == "admin" and actor.tenant.active_admins == 1:
            return  # the last admin stays, also if somebody else is an admin for a while
        by = self.live(others[0].token)
        asks = self.live(actor.token)
        flipped = {"user": "manager", "manager": "user"}
        changes = [{"user_id": one.id, "new_role": flipped[one.role]} for one in users]
        body = {"changes": [*changes, {"user_id": others[0].id, "new_role": "manager"}]}
        act, path, asked = {
            "demoted": ("POST", f"/users/{actor.id}/promote", {"new_role": "user"}),
            "deactivated": ("PUT", f"/users/{actor.id}", {"active": False}),
            "deleted": ("DELETE", f"/users/{actor.id}", None),
        }[loss]

        def take() -> None:
            answer = {
                "demoted": lambda: self.model.promote(by[0], actor.id, asked, None),
                "deactivated": lambda: self.model.update_user(by[0], actor.id, asked, None),
                "deleted": lambda: self.model.delete_user(by[0], actor.id, {}, None, hurried=False),
            }[loss]()
            assert answer.status == 200

        expected = self.model.promote_users(asks[0], body, meanwhile=(position, take))
        expected.changes = True  # what happened on the way does, also if the request itself is refused
        with call_before_nth_transaction(position + 1, lambda: gateway.request(act, path, by[1], asked)):
            self.ask(asks, "POST", "/users/promote", expected, body=body)

    @rule(
        who=pick,
        user=pick,
        body=st.fixed_dictionaries(
            {}, optional={"role": roles, "active": st.booleans(), "email": emails, "reason": reasons}
        ),
        flaw=flaws,
        version=versions,
    )
    def update_user(self, who: int, user: int, body: dict[str, Any], flaw: str | None, version: str | None) -> None:
        self.step()
        asks = self.member(who)
        target = self.target(asks[0], user)
        user_id, if_match = self.id_of(target, user), self.if_match(target, version)
        sent = flawed(body, flaw) if body else body
        expected = self.model.update_user(asks[0], user_id, sent, if_match)
        self.ask(asks, "PUT", f"/users/{user_id}", expected, body=sent, headers={"If-Match": if_match})

    @rule(who=pick, user=pick, email=emails, then=st.sampled_from(["create", "rename", "log in", "delete", None]))
    def rename(self, who: int, user: int, email: str, then: str | None) -> None:
        """An admin changes an email, its own or somebody else's. Then the former one is used, or the new one."""
        self.step()
        admin = choose(self.everyone("admin"), who)
        if admin.tenant.status != "active":
            return
        target = choose(admin.tenant.users, user)
        others, former = [one for one in admin.tenant.users if one is not target], target.email
        self._act(self.live(admin.token), "rename", target, "", email)
        by = self.live(admin.token)  # with the new email, if the admin has changed its own
        match then:
            case "create":
                self._act(by, "create", target, "user", former)
            case "rename" if others:
                self._act(by, "rename", choose(others, user), "", former)
            case "log in":
                self.log_in_user_as(target)
                body = {"email": former, "password": target.password or PASSWORD}
                self.world.request("POST", "/login", self.model.log_in(body, of_user=True), body=body)
            case "delete" if target is not admin:
                self._act(by, "delete", target, "", "")
                self._act(by, "create", target, "user", email)

    def provider(self, number: int) -> tuple[Caller, dict[str, str]] | None:
        """An identity provider, which acts as an admin: often one whose access has ended since it was authorized."""
        stale = [one for one in self.seen if one[0].kind == "user" and one[0].at(self.model.now).role == "admin"]
        if number >= 75 and stale:
            return choose(stale, number)
        admins = self.everyone("admin")
        caller = self.model.caller(choose(admins, number).token) if admins else None
        return None if caller is None else (caller, gateway.authorize(caller.token) or {})

    @rule(
        who=pick, email=emails, role=roles, active=st.booleans(), profile=profiles, then=st.sampled_from(["token", ""])
    )
    def provision_user(self, who: int, email: str, role: str, active: bool, profile: dict[str, str], then: str) -> None:
        """An identity provider creates a user without credentials. Then an admin makes a token, or none."""
        self.step()
        if (provider := self.provider(who)) is None:
            return
        caller, principal = provider

        def create(context: RequestContext) -> str:
            return user_creation.create_user_without_credentials(
                context, email, Role(role), active=active, profile=UserProfile(**profile)
            ).id

        expected = self.model.provision_user(caller, email, role, active, profile)
        self.world.act(expected, principal, caller, create)
        admins = [one for one in self.everyone("admin") if one.tenant is caller.tenant]
        if expected.status == 200 and then and admins and caller.tenant:
            self._act(self.live(choose(admins, who).token), "rotate", caller.tenant.users[-1], "", "")

    @rule(
        who=pick,
        user=pick,
        role=roles,
        active=st.booleans(),
        new_email=st.one_of(st.none(), emails),
        profile=profiles,
        keeps=st.booleans(),
    )
    def provider_changes_user(
        self, who: int, user: int, role: str, active: bool, new_email: str | None, profile: dict[str, str], keeps: bool
    ) -> None:
        """An identity provider sends all fields of a user, each with or without a change."""
        self.step()
        if (provider := self.provider(who)) is None:
            return
        caller, principal = provider
        if not (users := caller.tenant.users if caller.tenant else []):
            return
        target = choose(users, user)
        email = new_email or target.email
        sent = UserChange(
            role=Role(target.role if keeps else role),
            active=keeps or active,
            email=email,
            profile=UserProfile(**profile),
        )

        def update(context: RequestContext) -> str:
            return user_changes.update_user_by(context, target.id, sent.without_present_role_and_state).id

        change = {"role": str(sent.role), "active": sent.active, "email": email, "profile": profile}
        expected = self.model.provider_changes_user(caller, target, change)
        self.world.act(expected, principal, caller, update)

    @rule(who=pick, email=emails, profile=profiles)
    def find_users(self, who: int, email: str, profile: dict[str, str]) -> None:
        self.step()
        if (provider := self.provider(who)) is None:
            return
        external_id = profile.get("external_id", "0")

        def find(context: RequestContext) -> list[list[str]]:
            found = user_lookup.find_user_by_email(context, email)
            others = user_lookup.find_users_by_external_id(context, external_id)
            return [[found.id] if found else [], sorted(user.id for user in others)]

        self.world.act(self.model.find_users(provider[0], email, external_id), provider[1], provider[0], find)

    @rule(who=pick, user=pick, version=versions, reason=reasons, hurried=st.booleans())
    def delete_user(self, who: int, user: int, version: str | None, reason: str | None, hurried: bool) -> None:
        self.step()
        asks = self.member(who)
        target = self.target(asks[0], user)
        user_id, if_match = self.id_of(target, user), self.if_match(target, version)
        query = {} if reason is None else {"reason": reason}
        expected = self.model.delete_user(asks[0], user_id, query, if_match, hurried=hurried)
        path, headers, seconds = f"/users/{user_id}", {"If-Match": if_match}, HURRIED if hurried else 20.0
        self.ask(asks, "DELETE", path, expected, query=query, headers=headers, seconds=seconds)

    @rule(
        who=pick,
        user=pick,
        loss=st.sampled_from(
            ["demoted", "temporary", "temporary", "deactivated", "both", "deleted", "closed", "scheduled"]
        ),
        act=st.sampled_from(
            [
                *("promote", "promote many", "extend", "extend many", "deactivate"),
                *("delete", "rotate", "rename", "create", "password"),
            ]
        ),
        role=roles,
        email=emails,
    )
    def lose_access_during_request(self, who: int, user: int, loss: str, act: str, role: str, email: str) -> None:
        """An actor is authorized, then another admin takes its role away, and then its request reaches the function."""
        self.step()
        actor = choose(self.everyone("admin", "manager"), who)
        others = [one for one in self.everyone("admin") if one.tenant is actor.tenant and one is not actor]
        if not others or actor.tenant.status != "active":
            return
        self.remember(actor.token)
        caller, principal = self.seen[-1]
        self._take_power(self.live(choose(others, user).token), actor, loss)
        # The target is often the admin who took the role away, because that may be the last admin now.
        users = [*others, *others, *actor.tenant.users] or [actor]
        self._act((caller, None, principal), act, choose(users, user), role, email)

    @rule(
        who=pick,
        user=pick,
        loss=st.sampled_from(["demoted", "demoted", "temporary", "deactivated"]),
        new_roles=st.lists(st.sampled_from(["present", "present", "user", "manager"]), min_size=3, max_size=3),
    )
    def promote_many_after_loss(self, who: int, user: int, loss: str, new_roles: list[str]) -> None:
        """An actor is authorized and loses its role. Then it sends many changes, some of which would change nothing.

        Afterwards the other admin gives the role back, so that the tenant does not run out of admins.
        """
        self.step()
        lasting = [one for one in self.everyone("admin") if one.until is None and one.tenant.status == "active"]
        actors = [
            one
            for one in self.everyone("admin", "manager")
            if any(admin.tenant is one.tenant and admin is not one for admin in lasting)
        ]
        if not actors:
            return
        actor = choose(actors, who)
        by = self.live(choose([one for one in lasting if one.tenant is actor.tenant and one is not actor], user).token)
        self.remember(actor.token)
        caller, principal = self.seen[-1]
        self._take_power(by, actor, loss)
        colleagues = [one for one in actor.tenant.users if one is not actor]
        rows = [
            {"user_id": one.id, "new_role": one.role if role == "present" else role}
            for one, role in zip(colleagues, new_roles, strict=False)
        ]
        for dry_run in (True, False):
            body = {"changes": rows, "dry_run": dry_run}
            expected = self.model.promote_users(caller, body)
            self.ask((caller, None, principal), "POST", "/users/promote", expected, body=body)
        self._act(by, "activate" if loss == "deactivated" else "promote", actor, caller.role, "")

    def _take_power(self, by: Any, actor: User, loss: str) -> None:
        if loss in {"closed", "scheduled"}:
            query = {"grace_days": "7"} if loss == "scheduled" else {}
            master = self.model.caller(MASTER_TOKEN)
            expected = self.model.delete_tenant(master, actor.tenant.id, query, None, hurried=True)
            path = f"/global/tenants/{actor.tenant.id}"
            self.ask(self.live(MASTER_TOKEN), "DELETE", path, expected, query=query, seconds=NO_TIME_TO_SWEEP)
        elif loss == "deleted":
            self._act(by, "delete", actor, "", "")
        else:
            if loss in {"demoted", "both", "temporary"}:
                role, lasting = actor.role, "user"
                self._act(by, "promote", actor, lasting, "")
                if loss == "temporary":  # the actor has the same role again, but until a moment
                    self._act(by, "extend", actor, role, "")
            if loss in {"deactivated", "both"}:
                self._act(by, "deactivate", actor, "", "")

    def _give_until(self, who: Any, act: str, target: User, role: str) -> None:
        body = {"new_role": role, "until": rfc3339(self.model.now + 900)}
        if act == "same":
            body = {"new_role": target.role, "until": self._end(target, "same")}
        path = f"/users/{target.id}/promote"
        self.ask(who, "POST", path, self.model.promote(who[0], target.id, body, None), body=body)

    def _act(self, who: Any, act: str, target: User, role: str, email: str) -> None:  # noqa: C901 (a case for each act)
        path = f"/users/{target.id}"
        match act:
            case "promote":
                body: dict[str, Any] = {"new_role": role}
                self.ask(who, "POST", f"{path}/promote", self.model.promote(who[0], target.id, body, None), body=body)
            case "promote many" | "extend many":
                others = [one for one in target.tenant.users if one is not target]
                row = {"new_role": role}
                if act == "extend many":
                    row["until"] = rfc3339(self.model.now + 900)
                changes = [{"user_id": one.id, **row} for one in (target, *others)]
                for dry_run in (True, False):
                    body = {"changes": changes, "dry_run": dry_run}
                    self.ask(who, "POST", "/users/promote", self.model.promote_users(who[0], body), body=body)
            case "extend" | "same":
                self._give_until(who, act, target, role)
            case "deactivate" | "activate":
                body = {"active": act == "activate"}
                self.ask(who, "PUT", path, self.model.update_user(who[0], target.id, body, None), body=body)
            case "delete":
                self.ask(who, "DELETE", path, self.model.delete_user(who[0], target.id, {}, None, hurried=False))
            case "rotate":
                self.ask(who, "POST", f"{path}/token", self.model.rotate_token(who[0], target.id))
            case "rename":
                body = {"email": email}
                self.ask(who, "PUT", path, self.model.update_user(who[0], target.id, body, None), body=body)
            case "password":
                body = {"new_password": f"a horse of step {Platform.steps}"}
                expected = self.model.change_password(who[0], target.id, body)
                self.ask(who, "PUT", f"{path}/password", expected, body=body)
            case "create":
                self.send_user(who, {"email": email, "password": PASSWORD, "role": role}, None)

    @rule(who=pick, user=pick, first=st.sampled_from(["deactivate", "deactivate", "promote"]), role=roles)
    def delete_in_two_steps(self, who: int, user: int, first: str, role: str) -> None:
        """An admin changes another user, and then deletes that user."""
        self.step()
        admin = choose(self.everyone("admin"), who)
        colleagues = [one for one in admin.tenant.users if one is not admin]
        if not colleagues or admin.tenant.status != "active":
            return
        admins = [one for one in colleagues if one.role == "admin"]
        target = choose(admins if admins and user % 2 else colleagues, user)
        self._act(self.live(admin.token), first, target, role, "")
        self._act(self.live(admin.token), "delete", target, "", "")

    @rule(who=pick, user=pick, second=st.sampled_from(["promote", "deactivate", "rename"]), email=emails)
    def change_twice_with_one_reason(self, who: int, user: int, second: str, email: str) -> None:
        """An admin changes another user with a reason, and then again without one."""
        self.step()
        admin = choose(self.everyone("admin"), who)
        colleagues = [one for one in admin.tenant.users if one is not admin]
        if not colleagues or admin.tenant.status != "active":
            return
        target = choose(colleagues, user)
        role = "manager" if target.role == "user" else "user"
        self._promote(self.live(admin.token), target, {"new_role": role, "reason": "holidays"})
        self._act(self.live(admin.token), second, target, "user" if role == "manager" else "manager", email)

    @rule(who=pick, user=pick, role=st.sampled_from(["manager", "user"]), email=emails)
    def change_own_email_after_demotion(self, who: int, user: int, role: str, email: str) -> None:
        """An admin is authorized, then loses that role, and then its request for a new own email is carried out."""
        self.step()
        admins = [one for one in self.everyone("admin") if one.until is None and one.tenant.status == "active"]
        if not admins:
            return
        admin = choose(admins, who)
        others = [one for one in self.everyone(*ROLES) if one.tenant is admin.tenant and one is not admin]
        if not others:
            return
        actor = choose(others, user)
        self._promote(self.live(admin.token), actor, {"new_role": "admin"})
        self.remember(actor.token)
        caller, principal = self.seen[-1]
        self._promote(self.live(admin.token), actor, {"new_role": role})
        self._act((caller, None, principal), "rename", actor, "", email)

    @rule(who=pick, user=pick, email=emails)
    def change_email_as_manager(self, who: int, user: int, email: str) -> None:
        """A manager tries to change the email of somebody in the tenant, perhaps its own."""
        self.step()
        managers = self.everyone("manager")
        if managers:
            manager = choose(managers, who)
            self._act(self.live(manager.token), "rename", choose(manager.tenant.users, user), "", email)

    @rule(
        who=pick,
        taken=st.booleans(),
        emails=st.tuples(emails, emails),
        then=st.sampled_from(["the same", "another body", "another body"]),
    )
    def create_user_again(self, who: int, taken: bool, emails: tuple[str, str], then: str) -> None:
        """Send the same idempotency key twice: after a stored answer, or after a refusal, which is not stored."""
        self.step()
        asks, key = self.live(choose(self.everyone("admin"), who).token), f"again-{Platform.steps}"
        first = {"email": emails[0], "password": PASSWORD, "role": "user"}
        if taken:
            first["email"] = asks[0].holder.email if asks[0] else ""
        self.send_user(asks, first, key)
        self.send_user(asks, first if then == "the same" else {**first, "email": emails[1], "role": "manager"}, key)

    @rule(
        who=pick,
        limit=st.sampled_from(["1", "2"]),
        filters=st.sampled_from([{}, {}, {"active": "true"}, {"role": "admin"}, {"role": "user", "active": "true"}]),
    )
    def list_users_by_pages(self, who: int, limit: str, filters: dict[str, str]) -> None:
        """Read all pages of a tenant's users, then use the first cursor as an admin of another tenant."""
        self.step()
        admin = choose(self.everyone("admin"), who)
        known = len(self.model.cursors)
        self.page(self.live(admin.token), "/users", self.model.list_users, {"limit": limit, **filters}, 0)
        strangers = [one for one in self.everyone("admin") if one.tenant is not admin.tenant]
        if len(self.model.cursors) > known and strangers:
            stranger = self.live(choose(strangers, who).token)
            query = {"limit": limit, **filters, "cursor": list(self.model.cursors)[known]}
            self.ask(stranger, "GET", "/users", self.model.list_users(stranger[0], query), query=query)

    @rule(who=pick, user=pick)
    def rotate_token(self, who: int, user: int) -> None:
        self.step()
        asks = self.member(who)
        target = self.target(asks[0], user) if user % 4 else (asks[0].holder if asks[0] and asks[0].tenant else "7")
        user_id = self.id_of(target, user)
        self.ask(asks, "POST", f"/users/{user_id}/token", self.model.rotate_token(asks[0], user_id))
        self.used += [
            user.token for one in self.model.tenants for user in one.users if user.token not in ("", *self.used)
        ]

    @rule(user=pick)
    def add_device(self, user: int) -> None:
        """Another service writes an item of a user through the layer."""
        self.step()
        target = self.target(None, user)
        if isinstance(target, str):
            return
        refused = target.tenant.status != "active" or not target.active
        try:
            devices.register_device(target.tenant.id, target.id, "phone", self.world.clock.now())
        except RolecallError:
            assert refused
        else:
            assert not refused
            target.devices += 1
        self.world.check(Answer(0, changes=not refused))

    @rule(
        who=pick,
        tenant=pick,
        filters=st.fixed_dictionaries(
            {
                "limit": limits,
                "action": st.sampled_from([None, None, "promote_user", "create_user", "nothing"]),
                "from": st.sampled_from([None, None, 0, 5, 60, 10**6, "yesterday"]),
                "to": st.sampled_from([None, None, 0, 5, 60]),
            }
        ),
        actor=pick,
        about=pick,
        cursor=pick,
    )
    def list_audit(self, who: int, tenant: int, filters: dict[str, Any], actor: int, about: int, cursor: int) -> None:
        self.step()
        asks = self.member(who) if who % 3 else self.live(MASTER_TOKEN)
        if asks[2] is not None:
            return
        trails = self.tenant(tenant)
        named = self.id_of(trails, tenant) if asks[1] == MASTER_TOKEN or tenant % 3 == 0 else None
        # Times are numbers of seconds before now.
        query = {
            name: rfc3339(self.model.now - value) if isinstance(value, int) else value
            for name, value in filters.items()
        } | {"tenant_id": named, "actor": self._someone(actor), "target": self._someone(about)}
        self.page(asks, "/audit", self.model.list_audit, query, cursor)

    @rule(who=pick, entry=pick, edges=st.sampled_from([("from",), ("to",), ("from", "to")]), limit=limits)
    def list_audit_to_the_second(self, who: int, entry: int, edges: tuple[str, ...], limit: str | None) -> None:
        """Read an audit trail with a time filter that begins or ends in the same second as one of its entries."""
        self.step()
        admin = choose(self.everyone("admin"), who)
        at = choose(admin.tenant.trail, entry).timestamp
        query = {"limit": limit, **dict.fromkeys(edges, at)}
        self.page(self.live(admin.token), "/audit", self.model.list_audit, query, 0)

    def _someone(self, number: int) -> str | None:
        """The id of a user, an account or a tenant, as a filter for an audit trail."""
        ids = [user.id for one in self.model.tenants for user in one.users]
        ids += [one.id for one in self.model.tenants] + [str(one.id) for one in self.model.accounts]
        return choose(ids, number) if number >= 65 else None

    @rule(who=pick, again=st.booleans())
    def remember_someone(self, who: int, again: bool) -> None:
        """Authorize a caller whose request reaches its function in a later step."""
        self.step()
        _, credential, _ = self.member(who) if again else self.superadmin(who)
        if credential:
            self.remember(credential)

    # --- Sessions and passwords of users ---

    @rule(who=pick, right=st.integers(0, 4), flaw=flaws)
    def log_in_user(self, who: int, right: int, flaw: str | None) -> None:
        self.step()
        users = [user for one in self.model.tenants for user in one.users]
        email = choose(users, who).email if users and who < 90 else choose(self.model.accounts, who).email
        password = choose(users, who).password if users and right else None
        password = password or "wrong horse battery"
        body = flawed({"email": email.upper() if who % 7 == 0 else email, "password": password}, flaw)
        self.world.request("POST", "/login", self.model.log_in(body, of_user=True), body=body)

    @rule(token=pick, spent=st.booleans(), flaw=flaws, client=st.sampled_from([None, None, None, "another"]))
    def refresh_user(self, token: int, spent: bool, flaw: str | None, client: str | None) -> None:
        self.step()
        sessions = [one for one in self.model.sessions if isinstance(one.owner, User) or token % 5 == 0]
        good = [session.refresh_token for session in sessions]
        old = [one for session in sessions for one in session.spent]
        tokens = (old if spent and old else good) or ["never issued"]
        body = flawed({"refresh_token": tokens[-1 - token % min(len(tokens), 4)]}, flaw)
        expected = self.model.refresh(body, client, of_user=True)
        self.world.request("POST", "/login/refresh", expected, body=body, user_agent=client)

    @rule(user=pick, seconds=st.sampled_from([1, 11, 31]), client=st.sampled_from([None, None, "another"]))
    def steal_a_session_of_a_user(self, user: int, seconds: int, client: str | None) -> None:
        """A refresh token is used again after a while, and then the one that took its place."""
        self.step()
        if (first := self.log_in_user_as(choose(self.everyone("admin", "manager"), user))) is None:
            return
        stolen = first.refresh_token
        for token, by in ((stolen, None), (stolen, client), (None, None)):
            body = {"refresh_token": token or first.refresh_token}
            expected = self.model.refresh(body, by, of_user=True)
            self.world.request("POST", "/login/refresh", expected, body=body, user_agent=by)
            self.world.forward(seconds)
        self.check_credentials()

    @rule(who=pick, token=pick, flaw=flaws)
    def log_out_user(self, who: int, token: int, flaw: str | None) -> None:
        self.step()
        asks = self.live(choose(list(self.model.access)[-6:], who)) if who < 70 else self.member(who)
        if asks[2] is not None:
            return
        tokens = [session.refresh_token for session in self.model.sessions]
        body = flawed({"refresh_token": choose([*tokens, "never issued"], token)}, flaw)
        self.ask(asks, "POST", "/logout", self.model.log_out_user(asks[0], body), body=body)

    @rule(
        who=pick, user=pick, new=new_passwords, current=st.sampled_from(["right", "right", "wrong", None]), flaw=flaws
    )
    def change_password(self, who: int, user: int, new: str, current: str | None, flaw: str | None) -> None:
        self.step()
        asks = self.member(who)
        own = asks[0].holder if asks[0] and asks[0].tenant else "7"
        target = own if user % 2 else self.target(asks[0], user)
        body: Any = {"new_password": new}
        if current is not None and target is own:
            right = (own.password if isinstance(own, User) else "") or ""
            body["current_password"] = right if current == "right" else "wrong horse battery"
        user_id, body = self.id_of(target, user), flawed(body, flaw)
        self.ask(
            asks, "PUT", f"/users/{user_id}/password", self.model.change_password(asks[0], user_id, body), body=body
        )
        self.check_credentials()

    @rule(who=pick, user=pick, equal=st.sampled_from([True, True, False]))
    def set_password_of_colleague(self, who: int, user: int, equal: bool) -> None:
        """A user or a manager sets a password of another user of the tenant, mostly of one with the same role."""
        self.step()
        actor = choose(self.everyone("user", "manager") or self.everyone("admin"), who)
        colleagues = [one for one in actor.tenant.users if one is not actor]
        equals = [one for one in colleagues if one.role == actor.role]
        if not equals and actor.tenant.status == "active":
            admin = next(one for one in self.everyone("admin") if one.tenant is actor.tenant)
            body = {"email": f"equal@{Platform.steps}.example.com", "password": PASSWORD, "role": actor.role}
            self.send_user(self.live(admin.token), body, None)
            equals = [one for one in actor.tenant.users if one is not actor and one.role == actor.role]
        targets = equals if equal else colleagues
        if targets:
            self._act(self.live(actor.token), "password", choose(targets, user), "", "")

    @rule(
        user=pick,
        end=st.sampled_from(["password", "own password", "deactivated", "scheduled", "deleted", "closed"]),
        new=new_passwords,
        back=st.booleans(),
    )
    def end_a_session_of_a_user(self, user: int, end: str, new: str, back: bool) -> None:
        """A user signs in twice, loses the sessions by what somebody does, and perhaps comes back."""
        self.step()
        target = choose(self.everyone("admin", "manager", "user"), user)
        admins = [one for one in self.everyone("admin") if one.tenant is target.tenant and one is not target]
        if not admins or target.tenant.status != "active":
            return
        first, second = self.log_in_user_as(target), self.log_in_user_as(target)
        if first is None or second is None:
            return
        by = self.live(admins[0].token)
        path, body = f"/users/{target.id}", {"new_password": new}
        match end:
            case "password":
                expected = self.model.change_password(by[0], target.id, body)
                self.ask(by, "PUT", f"{path}/password", expected, body=body)
            case "own password":
                own = self.live(list(self.model.access)[-1])
                body["current_password"] = target.password or PASSWORD
                expected = self.model.change_password(own[0], target.id, body)
                self.ask(own, "PUT", f"{path}/password", expected, body=body)
            case _:
                self._take_power(by, target, end)
        self.check_credentials()
        master = self.live(MASTER_TOKEN)
        if back and end == "deactivated":
            change = {"active": True}
            self.ask(by, "PUT", path, self.model.update_user(by[0], target.id, change, None), body=change)
        if back and end == "scheduled":
            expected = self.model.restore_tenant(master[0], target.tenant.id)
            self.ask(master, "POST", f"/global/tenants/{target.tenant.id}/restore", expected)
        self.check_credentials()
        for session in (first, second):
            body = {"refresh_token": session.refresh_token}
            expected = self.model.refresh(body, None, of_user=True)
            self.world.request("POST", "/login/refresh", expected, body=body)

    @rule(user=pick, by=st.sampled_from(["user", "account"]), times=st.integers(2, 7))
    def guess_the_current_password(self, user: int, by: str, times: int) -> None:
        """Wrong passwords for a change of one's own, and then the right one."""
        self.step()
        target = choose(self.everyone("admin", "manager", "user"), user)
        who = self.live(target.token)
        if target.tenant.status != "active":
            return
        path = f"/users/{target.id}/password"
        for number in range(times):
            current = target.password or PASSWORD if number == times - 1 else f"wrong horse {number}"
            body = {"current_password": current, "new_password": f"new horse {number} of {user}"}
            self.ask(who, "PUT", path, self.model.change_password(who[0], target.id, body), body=body)

    # --- Accounts ---

    @rule(who=pick, new=new_passwords, right=st.integers(0, 3), flaw=flaws)
    def change_account_password(self, who: int, new: str, right: int, flaw: str | None) -> None:
        self.step()
        asks = self.live(choose(list(self.model.access)[-6:], who)) if who < 80 else self.superadmin(who)
        holder = asks[0].holder if asks[0] and asks[0].kind == "account" else None
        current = holder.password if holder and right else "wrong horse battery"
        body = flawed({"currentPassword": current, "newPassword": new}, flaw)
        self.ask(asks, "PUT", "/v1/api/auth/password", self.model.change_account_password(asks[0], body), body=body)
        self.check_credentials()

    @rule(who=pick, account=pick, then=st.sampled_from(["nothing", "change", "refresh", "act"]))
    def reset_account_password(self, who: int, account: int, then: str) -> None:
        """A superadmin resets a password; its owner logs in and tries to do something."""
        self.step()
        asks, target = self.superadmin(who), self.account(account)
        account_id = self.id_of(target, 0)
        expected = self.model.reset_account_password(asks[0], account_id)
        self.ask(asks, "POST", f"{SUPERADMINS}/{account_id}/password", expected)
        self.check_credentials()
        if isinstance(target, str) or then == "nothing":
            return
        if (session := self._new_session(target)) is None:
            return
        if then == "refresh":
            body = {"refreshToken": session.refresh_token}
            self.world.request("POST", "/v1/api/auth/refresh", self.model.refresh(body, None), body=body)
        if then == "change":
            own = self.live(list(self.model.access)[-1])
            change = {"currentPassword": target.password, "newPassword": f"chosen by {target.id} at {self.model.now}"}
            expected = self.model.change_account_password(own[0], change)
            self.ask(own, "PUT", "/v1/api/auth/password", expected, body=change)
        own = self.live(list(self.model.access)[-1])
        self.ask(own, "GET", f"{SUPERADMINS}/{target.id}", self.model.get_account(own[0], str(target.id)))

    @rule(
        account=pick,
        end=st.sampled_from(["own password", "own password", "reset", "disable", "ban"]),
        back=st.booleans(),
    )
    def end_the_sessions_of_an_account(self, account: int, end: str, back: bool) -> None:
        """An account logs in twice and loses its sessions, at its own change of the password all but one."""
        self.step()
        by = self.superadmin(0)
        others = [one for one in self.model.accounts if by[0] and one is not by[0].holder and one.may_act]
        if not others:
            return
        target = choose(others, account)
        sessions = [self._new_session(target), self._new_session(target)]
        if None in sessions:
            return
        if end == "own password":
            own = self.live(list(self.model.access)[-1])
            change = {"currentPassword": target.password, "newPassword": f"chosen by {target.id} at {self.model.now}"}
            expected = self.model.change_account_password(own[0], change)
            self.ask(own, "PUT", "/v1/api/auth/password", expected, body=change)
        elif end == "reset":
            expected = self.model.reset_account_password(by[0], str(target.id))
            self.ask(by, "POST", f"{SUPERADMINS}/{target.id}/password", expected)
        else:
            self._change_account(by, end, target)
            if back:
                self._change_account(by, {"disable": "enable", "ban": "unban"}[end], target)
        self.check_credentials()
        for session in filter(None, sessions):
            body = {"refreshToken": session.refresh_token}
            self.world.request("POST", "/v1/api/auth/refresh", self.model.refresh(body, None), body=body)

    @rule(
        account=pick,
        seconds=st.sampled_from([61, 3600]),
        gifts=st.lists(
            st.builds(
                Gift,
                act=st.sampled_from(["role", "role", "role", "create", "reset", "enable"]),
                target=pick,
                role=platform_roles,
                after_end=st.sampled_from([None, None, 0, 1, 1, -1]),
                email=emails,
            ),
            min_size=2,
            max_size=4,
        ),
    )
    def hand_on_a_temporary_platform_role(self, account: int, seconds: int, gifts: list[Gift]) -> None:
        """A superadmin for a while gives power to others."""
        self.step()
        by = self.superadmin(0)
        may_get = [one for one in self.model.accounts if one.lasting != SUPERADMIN and one.may_act]
        if not may_get or by[0] is None:
            return
        holder = choose(may_get, account)
        body: dict[str, Any] = {"newRole": SUPERADMIN, "until": rfc3339(self.model.now + seconds)}
        expected = self.model.change_account_role(by[0], str(holder.id), body, None)
        self.ask(by, "PUT", f"{SUPERADMINS}/{holder.id}/role", expected, body=body)
        if holder.until is None or self._new_session(holder) is None:
            return
        own, end = self.live(list(self.model.access)[-1]), holder.until
        for gift in gifts:
            target = choose([one for one in self.model.accounts if one is not holder], gift.target)
            if gift.act == "enable" and target is not by[0].holder:
                self._change_account(by, "disable", target)
            self._give_platform_role(own, target, gift, end)

    def _give_platform_role(self, who: Any, target: Account, gift: Gift, end: int) -> None:
        path = f"{SUPERADMINS}/{target.id}"
        match gift.act:
            case "role":
                body = {"newRole": gift.role}
                if gift.after_end is not None:
                    body["until"] = rfc3339(end + gift.after_end)
                expected = self.model.change_account_role(who[0], str(target.id), body, None)
                self.ask(who, "PUT", f"{path}/role", expected, body=body)
            case "create":
                body = {"email": gift.email, "password": PASSWORD, "firstName": "Eve", "lastName": "Late"}
                body["role"] = gift.role
                self.ask(who, "POST", SUPERADMINS, self.model.create_account(who[0], body), body=body)
            case "reset":
                self.ask(who, "POST", f"{path}/password", self.model.reset_account_password(who[0], str(target.id)))
            case _:
                self._change_account(who, gift.act, target)

    @rule(who=pick, right=st.integers(0, 3), email=st.one_of(st.none(), emails), flaw=flaws)
    def log_in(self, who: int, right: int, email: str | None, flaw: str | None) -> None:
        self.step()
        account = choose(self.model.accounts, who)
        address = account.email.upper() if who % 7 == 0 else account.email
        password = account.password if right else "wrong horse battery"
        body = flawed({"email": email if email and who > 70 else address, "password": password}, flaw)
        self.world.request("POST", "/v1/api/auth/login", self.model.log_in(body), body=body)

    @rule(who=pick, times=st.integers(2, 6))
    def guess(self, who: int, times: int) -> None:
        """Try wrong passwords for one email, without waiting."""
        users = [user.email for one in self.model.tenants for user in one.users]
        email = choose([*(one.email for one in self.model.accounts), "nobody@example.com", *users], who)
        self.step()
        for number in range(times):
            body, of_user = {"email": email, "password": f"wrong horse {number}"}, bool((number + who) % 2)
            path = "/login" if of_user else "/v1/api/auth/login"
            self.world.request("POST", path, self.model.log_in(body, of_user=of_user), body=body)

    @rule(token=pick, spent=st.booleans(), flaw=flaws, client=st.sampled_from([None, None, None, "another"]))
    def refresh(self, token: int, spent: bool, flaw: str | None, client: str | None) -> None:
        self.step()
        sessions = [one for one in self.model.sessions if isinstance(one.owner, Account) or token % 5 == 0]
        good = [session.refresh_token for session in sessions]
        old = [one for session in sessions for one in session.spent]
        tokens = (old if spent and old else good) or ["never issued"]
        # The newest tokens are the most likely to be valid.
        chosen = tokens[-1 - token % min(len(tokens), 4)] if token < 95 else choose(["x", "MTp4OnM", ""], token)
        body = flawed({"refreshToken": chosen}, flaw)
        expected = self.model.refresh(body, client)
        self.world.request("POST", "/v1/api/auth/refresh", expected, body=body, user_agent=client)

    @rule(account=pick, seconds=st.sampled_from([1, 11, 31, 3600]), client=st.sampled_from([None, None, "another"]))
    def steal_a_session(self, account: int, seconds: int, client: str | None) -> None:
        """Use a refresh token a second time after some time, then use its successor."""
        self.step()
        if (first := self._new_session(choose(self.model.accounts, account))) is None:
            return
        stolen = first.refresh_token
        for token, by in ((stolen, None), (stolen, client), (None, None)):
            body = {"refreshToken": token or first.refresh_token}
            expected = self.model.refresh(body, by)
            self.world.request("POST", "/v1/api/auth/refresh", expected, body=body, user_agent=by)
            self.world.forward(seconds)
        self.check_credentials()

    def _new_session(self, account: Account) -> Session | None:
        """A new session; None if the account may not log in, or must wait because of failed logins."""
        known = len(self.model.sessions)
        self.log_in_as(account)
        return self.model.sessions[-1] if len(self.model.sessions) > known else None

    @rule(account=pick, change=st.sampled_from([("ban", "unban"), ("disable", "enable")]))
    def come_back(self, account: int, change: tuple[str, str]) -> None:
        """Ban or disable an account and undo that. Its earlier sessions stay invalid."""
        self.step()
        by = self.superadmin(0)
        others = [one for one in self.model.accounts if by[0] and one is not by[0].holder and one.may_act]
        if not others or (session := self._new_session(owner := choose(others, account))) is None:
            return
        for verb in change:
            self._change_account(by, verb, owner)
        body = {"refreshToken": session.refresh_token}
        self.world.request("POST", "/v1/api/auth/refresh", self.model.refresh(body, None), body=body)
        self.check_credentials()

    @rule(who=pick, token=pick, flaw=flaws)
    def log_out(self, who: int, token: int, flaw: str | None) -> None:
        self.step()
        asks = self.live(choose(list(self.model.access)[-6:], who)) if who < 90 else self.member(who)
        if asks[2] is not None:
            return
        tokens = [session.refresh_token for session in self.model.sessions]
        body = flawed({"refreshToken": choose([*tokens, "never issued"], token)}, flaw)
        self.ask(asks, "POST", "/v1/api/auth/logout", self.model.log_out(asks[0], body), body=body)

    @rule(who=pick, email=emails, role=platform_roles, username=usernames, flaw=flaws)
    def create_account(self, who: int, email: str, role: str, username: str | None, flaw: str | None) -> None:
        self.step()
        asks = self.superadmin(who)
        new = {"email": email, "password": PASSWORD, "firstName": " Grace", "lastName": "Hopper", "role": role}
        if username is not None:
            new["username"] = username
        body = flawed(new, flaw)
        self.ask(asks, "POST", SUPERADMINS, self.model.create_account(asks[0], body), body=body)

    @rule(who=pick, account=pick)
    def get_account(self, who: int, account: int) -> None:
        self.step()
        asks, account_id = self.superadmin(who), self.id_of(self.account(account), 0)
        self.ask(asks, "GET", f"{SUPERADMINS}/{account_id}", self.model.get_account(asks[0], account_id))

    @rule(
        who=pick,
        query=st.fixed_dictionaries(
            {
                "limit": limits,
                "role": st.sampled_from([None, None, "ROLE_CLIENT", SUPERADMIN, "admin"]),
                "enabled": flags,
                "banned": flags,
                "email": st.sampled_from([None, None, "an", "C", "zz"]),
            }
        ),
        cursor=pick,
    )
    def list_accounts(self, who: int, query: dict[str, str | None], cursor: int) -> None:
        self.step()
        self.page(self.superadmin(who), SUPERADMINS, self.model.list_accounts, query, cursor)

    @rule(
        who=pick,
        account=pick,
        role=st.one_of(platform_roles, st.just("boss")),
        until=ends,
        flaw=flaws,
        version=versions,
    )
    def change_account_role(
        self, who: int, account: int, role: str, until: int | str | None, flaw: str | None, version: str | None
    ) -> None:
        self.step()
        asks, target = self.superadmin(who), self.account(account)
        account_id, if_match = self.id_of(target, 0), self.if_match(target, version)
        end = {} if until is None else {"until": self._end(target, until)}
        body = flawed({"newRole": role, "reason": "a better fit", **end}, flaw)
        expected = self.model.change_account_role(asks[0], account_id, body, if_match)
        path, headers = f"{SUPERADMINS}/{account_id}/role", {"If-Match": if_match}
        self.ask(asks, "PUT", path, expected, body=body, headers=headers)

    @rule(
        who=pick,
        account=pick,
        verb=st.sampled_from(["ban", "unban", "enable", "disable"]),
        reason=st.sampled_from(["spam", " spam ", " "]),
        flaw=flaws,
        version=versions,
    )
    def change_account_state(
        self, who: int, account: int, verb: str, reason: str, flaw: str | None, version: str | None
    ) -> None:
        self.step()
        asks, target = self.superadmin(who), self.account(account)
        account_id, if_match = self.id_of(target, 0), self.if_match(target, version)
        body = flawed({"reason": reason}, flaw)
        expected = self.model.change_account_state(asks[0], verb, account_id, body, if_match)
        path, headers = f"{SUPERADMINS}/{account_id}/{verb}", {"If-Match": if_match}
        self.ask(asks, "PUT", path, expected, body=body, headers=headers)

    @rule(
        account=pick,
        loss=st.sampled_from(["role", "ban", "disable"]),
        act=st.sampled_from(["role", "ban", "disable", "create"]),
        email=emails,
    )
    def lose_superadmin_during_request(self, account: int, loss: str, act: str, email: str) -> None:
        """A superadmin is authorized, then another one changes its account, then its request reaches the function."""
        self.step()
        by = self.superadmin(0)
        others = [one for one in self.model.accounts if one.counts and by[0] and one is not by[0].holder]
        if not others or by[0] is None:
            return
        actor = choose(others, account)
        known = len(self.model.access)
        self.log_in_as(actor)
        if len(self.model.access) == known:
            return  # it must wait because of failed logins
        self.remember(list(self.model.access)[-1])
        caller, principal = self.seen[-1]
        self._change_account(by, loss, actor)
        stale = (caller, None, principal)
        if act == "create":
            new = {"email": email, "password": PASSWORD, "firstName": "Eve", "lastName": "Late", "role": SUPERADMIN}
            self.ask(stale, "POST", SUPERADMINS, self.model.create_account(caller, new), body=new)
        else:
            self._change_account(stale, act, by[0].holder)

    def _change_account(self, who: Any, change: str, account: Account) -> None:
        path, account_id = f"{SUPERADMINS}/{account.id}/{change}", str(account.id)
        if change == "role":
            body = {"newRole": "CLIENT"}
            expected = self.model.change_account_role(who[0], account_id, body, None)
        else:
            body = {"reason": "a reason"}
            expected = self.model.change_account_state(who[0], change, account_id, body, None)
        self.ask(who, "PUT", path, expected, body=body)

    @rule(who=pick, account=pick, limit=limits, cursor=pick)
    def history(self, who: int, account: int, limit: str | None, cursor: int) -> None:
        self.step()
        account_id = self.id_of(self.account(account), 0)

        def ask(caller: Caller | None, query: dict[str, str]) -> Answer:
            return self.model.history(caller, account_id, query)

        self.page(self.superadmin(who), f"{SUPERADMINS}/{account_id}/history", ask, {"limit": limit}, cursor)

    # --- Time ---

    @rule(seconds=st.sampled_from([8, 29, 30, 31, 60, 899, 900, 3600, 24 * 3600, 6 * 24 * 3600, 7 * 24 * 3600]))
    def wait(self, seconds: int) -> None:
        self.step()
        self.world.forward(seconds)
        self.check_credentials()

    @rule()
    def remove_expired(self) -> None:
        self.step()
        self.world.remove_expired()
        self.world.check(Answer(0, changes=False))

    def check_credentials(self) -> None:
        """Every token ever issued is accepted or refused, with the right principal, as the model says."""
        for credential in [*self.used[-8:], *list(self.model.access)[-4:]]:
            caller, principal = self.model.caller(credential), gateway.authorize(credential)
            assert (caller is None) == (principal is None), "the authorizer and the model disagree about a credential"
            if caller and principal:
                assert (principal["id"], principal["role"]) == (caller.id, caller.role)
