"""The contract as a program: the answer to each request, and what the request changes.

It is plain Python with plain objects, written from the contract, and from the decisions where the contract says
nothing. It imports nothing from Rolecall, so both are independent. It knows no storage, no transaction and no token
format. It learns ids, tokens and cursors from the answers in which they first appear.

A model's answer has everything that the contract defines: status, error code, headers and the whole body. A value that
the implementation may choose is a `Form`, such as "any UUID".
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

ROLES = ("admin", "manager", "user")
PLATFORM_ROLES = ("ROLE_CLIENT", "ROLE_VERIFIED_USER", "ROLE_ADMIN", "ROLE_SUPERADMIN")
#: `MANAGES`: the roles of the other users whom each role may see and manage. `CHANGES`: the role changes that each role
#: may make.
MANAGES = {"admin": {"admin", "manager", "user"}, "manager": {"manager", "user"}, "user": set[str]()}
CHANGES = {
    "admin": {(old, new) for old in ROLES for new in ROLES},
    "manager": {("user", "manager"), ("manager", "user")},
    "user": set[tuple[str, str]](),
}
DAY = 24 * 3600
ACCESS_SECONDS, REFRESH_SECONDS, RETRY_SECONDS, IDEMPOTENCY_SECONDS = 900, 7 * DAY, 10, DAY
FREE_FAILURES, FIRST_WAIT, LONGEST_WAIT = 5, 30, 900
#: The address from which all requests come.
IP = "198.51.100.7"


# --- Answers ---------------------------------------------------------------------------------------


class Form:
    """Equal to each text that matches the pattern."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and bool(re.fullmatch(self.pattern, other))

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<{self.pattern}>"


class Whatever:
    """Equal to everything, for a value that the contract does not define."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return "<whatever>"


ANY = Whatever()
UUID = Form(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TEXT = Form(r"(?s).+")
WEBHOOK_SECRET = Form(r"whsec_[A-Za-z0-9+/]{43}=")
REDACTED = Form(r"hmac-sha256:[0-9a-f]{64}")


def _nothing(_body: Any, _headers: Mapping[str, str]) -> None:
    """The `learn` of an answer from which the model learns nothing."""


@dataclass
class Answer:
    """The expected answer. After the comparison, `learn` takes over values that only the real answer has.

    `changes` is true if more than the audit trail and the counts of failed logins may change.
    """

    status: int
    body: Any = ANY
    code: str = ""
    headers: dict[str, Any] = field(default_factory=dict)
    learn: Callable[[Any, Mapping[str, str]], None] = _nothing
    changes: bool = True


#: The answer to a request that was accepted before its tenant was closed: refused in one of several ways, or without
#: effect.
CLOSED = Answer(0, changes=False)


class Refusal(Exception):
    """The request is refused with this status and code.

    `audited` says whether the audit trail must show the refusal.
    """

    def __init__(self, status: int, code: str, *, retry_after: int | None = None) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.retry_after = status, code, retry_after

    @property
    def audited(self) -> bool:
        return self.status == 403 or self.code in {"LAST_ADMIN", "LAST_SUPERADMIN"}


class Malformed(Refusal):
    """A body or a query is refused before anything about the actor or the target is looked at."""


UNAUTHORIZED = (401, "UNAUTHORIZED")
FORBIDDEN = (403, "FORBIDDEN")
MASTER_ONLY = (403, "MASTER_TOKEN_REQUIRED")
SELF_CHANGE = (403, "SELF_CHANGE_DENIED")
TRANSITION = (403, "ROLE_TRANSITION_DENIED")
INVALID = (400, "VALIDATION_ERROR")
NO_USER = (404, "USER_NOT_FOUND")
NO_TENANT = (404, "TENANT_NOT_FOUND")
CHANGE_REQUIRED = (403, "PASSWORD_CHANGE_REQUIRED")
WRONG_PASSWORD = (403, "WRONG_PASSWORD")
STALE = (412, "PRECONDITION_FAILED")
EMAIL_TAKEN = (409, "EMAIL_TAKEN")


def refuse_if(condition: object, refusal: tuple[int, str], kind: type[Refusal] = Refusal) -> None:
    if condition:
        raise kind(*refusal)


# --- The model's objects ----------------------------------------------------------------------------


@dataclass(eq=False)
class Tenant:
    id: str
    name: str
    created_at: str
    updated_at: str
    protected: bool = False
    version: int = 1
    status: str = "active"
    redacted: bool = False
    users: "list[User]" = field(default_factory=list)
    trail: "list[Entry]" = field(default_factory=list)
    #: The deleted users whose items are left to maintenance, because the deletion ran out of time.
    left_over: "list[User]" = field(default_factory=list)
    deletion: dict[str, Any] = field(default_factory=dict)

    @property
    def active_admins(self) -> int:
        return sum(user.lasting == "admin" and user.active for user in self.users)

    @property
    def shown(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "created_at": self.created_at, "updated_at": self.updated_at}

    @property
    def listed(self) -> dict[str, Any]:
        return {**self.shown, "deletes_at": self.deletion["deletes_at"]} if self.status == "scheduled" else self.shown


type Power = tuple[str, int | None]


def _rank(role: str) -> int:
    return [*ROLES[::-1], *PLATFORM_ROLES].index(role)


@dataclass(eq=False, kw_only=True)
class Holder:
    """Somebody with a role: a lasting one, or a temporary one until a second, and `lasting` after it."""

    role: str  # in force
    lasting: str = ""
    until: int | None = None
    #: The temporary role that has ended, with its lasting role and its end, until the end is written down.
    unwritten: tuple[str, str, int] | None = None

    def __post_init__(self) -> None:
        self.lasting = self.lasting or self.role

    @property
    def powers(self) -> list[Power]:
        lasting: Power = (self.lasting, None)
        return [lasting] if self.until is None else [lasting, (self.role, self.until)]

    @property
    def held(self) -> tuple[str, str, int | None]:
        return self.role, self.lasting, self.until

    def hold(self, role: str, until: int | None) -> None:
        self.role, self.lasting, self.until = role, self.lasting if until else role, until

    def changed(self, role: str, until: int | None) -> tuple[str, str, int | None]:
        """The role after a change; refused if a temporary role would not be above the lasting one."""
        refuse_if(until is not None and _rank(role) <= _rank(self.lasting), INVALID)
        return (role, self.lasting, until) if until is not None else (role, role, None)


def facts_of(role: str, lasting: str, until: int | None) -> dict[str, Any]:
    """The role as answers and the audit trail show it."""
    return {"role": role} | ({} if until is None else {"lasting_role": lasting, "role_until": rfc3339(until)})


def outlives(lasting: str, until: int | None, power: Power) -> bool:
    """Whether a power would outlive the role of the one who gives it."""
    role, end = power
    return _rank(role) > _rank(lasting) and (end is None or until is None or end > until)


@dataclass(eq=False)
class User(Holder):
    id: str
    tenant: Tenant
    email: str
    token: str  # empty for a user without one
    created_at: str
    updated_at: str
    active: bool = True
    version: int = 1
    devices: int = 0
    webhooks: int = 0
    deleted: bool = False
    #: None for a user whom an identity provider has created, until someone sets one.
    password: str | None = ""
    #: What an identity provider has stored about the user, without empty fields.
    profile: dict[str, str] = field(default_factory=dict)

    @property
    def may_act(self) -> bool:
        return self.active and not self.deleted and self.tenant.status == "active"

    reason: str | None = None  # of the last change, as the role event tells it

    @property
    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "tenant_id": self.tenant.id,
            "email": self.email,
            **facts_of(*self.held),
            "active": self.active,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }

    @property
    def listed(self) -> dict[str, Any]:
        return {**self.shown, "token": f"********-****-****-****-********{self.token[-4:]}" if self.token else None}


@dataclass(eq=False)
class Account(Holder):
    id: int
    email: str
    password: str
    profile: dict[str, Any]
    created_at: str
    updated_at: str
    enabled: bool = True
    ban: tuple[str, str] | None = None  # reason and time
    last_login_at: str | None = None
    version: int = 1
    must_change_password: bool = False

    @property
    def may_act(self) -> bool:
        return self.enabled and self.ban is None

    @property
    def counts(self) -> bool:
        return self.may_act and self.lasting == "ROLE_SUPERADMIN"

    @property
    def name(self) -> str:
        return f"{self.profile['firstName']} {self.profile['lastName']}"

    @property
    def shown(self) -> dict[str, Any]:
        reason, at = self.ban or (None, None)
        return {
            "id": self.id,
            "email": self.email,
            **self.profile,
            "enabled": self.enabled,
            "banned": self.ban is not None,
            "banReason": reason,
            "bannedAt": at,
            "roles": [self.role],
            **({} if self.until is None else {"lastingRole": self.lasting, "roleUntil": rfc3339(self.until)}),
            **dict.fromkeys(("walletBalance", "pendingWithdrawalAmount", "totalEarned", "totalWithdrawn"), Decimal(0)),
            "stripeConnectedAccountId": None,
            "stripeAccountComplete": False,
            "kycStatus": "PENDING",
            "kycSubmittedAt": None,
            "kycReviewedAt": None,
            "totalAnnonces": 0,
            "totalReservationsAsSender": 0,
            "totalReservationsAsCarrier": 0,
            "totalTransactions": 0,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "lastLoginAt": self.last_login_at,
        }


@dataclass(eq=False)
class Session:
    owner: "Account | User"
    refresh_token: str
    until: int
    alive: bool = True
    previous: str = ""
    rotated_at: int = 0
    rotated_by: str | None = None  # the client
    spent: dict[str, int] = field(default_factory=dict)  # token, and when it would have expired


@dataclass
class Entry:
    """An entry of an audit trail."""

    action: str
    outcome: str
    actor: Any
    target: dict[str, Any]
    before: Any
    after: Any
    reason: Any
    timestamp: str
    ip: Any
    actor_name: Any = None
    #: How many refusals the entry stands for, if it counts the rest of a minute.
    refusals: int | None = None

    @property
    def shown(self) -> dict[str, Any]:
        names = ("action", "outcome", "actor", "target", "before", "after", "reason", "timestamp", "ip")
        counted = {} if self.refusals is None else {"refusals": self.refusals}
        return {"id": UUID, "request_id": ANY, **{name: getattr(self, name) for name in names}, **counted}


@dataclass(frozen=True, eq=False)
class Caller:
    """The owner of a credential when the authorizer read it. `role` is the role at that time."""

    kind: str  # "user", "account", "master"
    holder: Any = None
    role: str = ""
    session: Session | None = None
    token: str = ""
    lasting: str = ""
    until: int | None = None
    #: Whether the account had to change its password when it was looked at.
    must_change_password: bool = False
    #: The email of a user when the authorizer read it.
    email: str = ""

    def at(self, now: int) -> "Caller":
        """The caller with the role in force at this time: the authorizer's answer may be older than the end."""
        ended = self.until is not None and self.until <= now
        return replace(self, role=self.lasting, until=None) if ended else self

    def gives_too_much(self, powers: Iterable[Power]) -> bool:
        return any(outlives(self.lasting or self.role, self.until, power) for power in powers)

    @property
    def id(self) -> str:
        return str(self.holder.id) if self.holder else "master"

    @property
    def tenant(self) -> Tenant | None:
        return self.holder.tenant if self.kind == "user" else None

    @property
    def actor(self) -> dict[str, Any]:
        return {"type": self.kind, "id": self.id, "email": self.email or (self.holder.email if self.holder else None)}

    @property
    def name(self) -> str:
        return self.holder.name if self.kind == "account" else self.id


@dataclass
class Kept:
    """The answer that is stored for an idempotency key."""

    body: Any
    answer: Answer
    until: int
    owner: User  # the user that the request created; the stored answer is emptied with this user
    tenant: Tenant


@dataclass
class Cursor:
    listing: tuple[Any, ...]
    position: Any


@dataclass
class Failures:
    number: int
    last_at: int


# --- Checks of bodies and parameters ---------------------------------------------------------------

type Check = Callable[[Any], bool]


def _text(low: int, high: int) -> Check:
    return lambda value: isinstance(value, str) and low <= len(value) <= high


def _name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 100 and bool(value.strip())


def _email(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", value))


#: What an identity provider stores about a user.
PROFILE = (
    *("external_id", "given_name", "family_name", "formatted_name", "display_name", "nick_name", "title"),
    *("user_type", "preferred_language", "locale", "timezone"),
)


def _optional(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _role(value: Any) -> bool:
    return value in ROLES if isinstance(value, str) else False


def _platform_role(value: Any) -> bool:
    return isinstance(value, str) and platform_role(value) in PLATFORM_ROLES


def _https(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 2000 and bool(re.match(r"https://[^/]", value))


def _reason(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 500 and bool(value.strip())


def _time(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value))


def platform_role(text: str) -> str:
    """The role from a text with or without `ROLE_`, in any case."""
    name = text.strip().upper()
    return name if name.startswith("ROLE_") else f"ROLE_{name}"


_PASSWORD = _text(8, 128)
#: The fields of each body: the check of the value, and whether the field is required.
BODIES: dict[str, dict[str, tuple[Check, bool]]] = {
    "promote": {"new_role": (_role, True), "until": (_time, False), "reason": (_optional(_reason), False)},
    "promote_users": {
        "changes": (lambda value: isinstance(value, list) and 1 <= len(value) <= 100, True),
        "reason": (_optional(_reason), False),
        "dry_run": (_boolean, False),
    },
    "change": {
        "user_id": (lambda value: isinstance(value, str) and is_uuid(value), False),
        "email": (_email, False),
        "new_role": (_role, True),
        "until": (_optional(_time), False),
        "reason": (_optional(_reason), False),
    },
    "create_user": {
        "email": (_email, True),
        "password": (_PASSWORD, True),
        "role": (_role, True),
        "webhook_url": (_optional(_https), False),
    },
    "update_user": {
        "active": (_boolean, False),
        "role": (_role, False),
        "email": (_email, False),
        "reason": (_optional(_reason), False),
    },
    "register": {
        "tenant_name": (_name, True),
        "email": (_email, True),
        "password": (_PASSWORD, True),
        "role": (_role, False),
        "webhook_url": (_optional(_https), False),
    },
    "update_tenant": {"deletion_protection": (_boolean, True)},
    "refresh_user": {"refresh_token": (_text(0, 16384), True)},
    "change_password": {"current_password": (_text(0, 16384), False), "new_password": (_PASSWORD, True)},
    "change_account_password": {"currentPassword": (_text(0, 16384), True), "newPassword": (_PASSWORD, True)},
    "login": {"email": (_email, True), "password": (_text(0, 16384), True)},
    "refresh": {"refreshToken": (_text(0, 16384), True)},
    "change_account_role": {
        "newRole": (_platform_role, True),
        "until": (_time, False),
        "reason": (_optional(_reason), False),
    },
    "reason_only": {"reason": (_reason, True)},
    "create_account": {
        "email": (_email, True),
        "password": (_PASSWORD, True),
        "firstName": (_name, True),
        "lastName": (_name, True),
        "role": (_platform_role, False),
        "username": (_optional(_name), False),
    },
}


def check_body(kind: str, body: Any) -> None:
    fields = BODIES[kind]
    refuse_if(not isinstance(body, dict), INVALID, Malformed)
    refuse_if(body.keys() - fields.keys(), INVALID, Malformed)
    for name, (check, required) in fields.items():
        refuse_if(required and name not in body, INVALID, Malformed)
        refuse_if(name in body and not check(body[name]), INVALID, Malformed)
    refuse_if(kind == "change" and ("user_id" in body) == ("email" in body), INVALID, Malformed)
    for change in body["changes"] if kind == "promote_users" else ():
        check_body("change", change)
    refuse_if(kind == "update_user" and not body.keys() & {"active", "role", "email"}, INVALID, Malformed)


def check_query(query: Mapping[str, str], known: Iterable[str], most: int = 1000) -> None:
    refuse_if(query.keys() - set(known), INVALID, Malformed)
    choices = {"role": ROLES, "active": ("true", "false"), "enabled": ("true", "false"), "banned": ("true", "false")}
    for name, text in query.items():
        if name == "limit":
            refuse_if(not text.isdecimal() or not 1 <= int(text) <= most, INVALID, Malformed)
        if name in choices:
            refuse_if(text not in choices[name] and not (name == "role" and text in PLATFORM_ROLES), INVALID, Malformed)
        refuse_if(name == "include" and text != "allowed_roles", INVALID, Malformed)
        refuse_if(name == "reason" and not _reason(text), INVALID)
        if name in {"from", "to"}:
            refuse_if(not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text), INVALID, Malformed)


def is_uuid(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text.lower()))


def rfc3339(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parsed(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp())


def powers_of(held: tuple[str, str, int | None]) -> list[Power]:
    role, lasting, until = held
    lasting_power: Power = (lasting, None)
    return [lasting_power] if until is None else [lasting_power, (role, until)]


def given(target: Holder, held: tuple[str, str, int | None]) -> list[Power]:
    """The powers that a change of role gives."""
    return [power for power in powers_of(held) if power not in target.powers]


def etag(version: int) -> dict[str, Any]:
    return {"ETag": f'"{version}"'}


def check_version(if_match: str | None, version: int) -> None:
    if if_match is None or if_match.strip() == "*":
        return
    refuse_if(f'"{version}"' not in [tag.strip() for tag in if_match.split(",")], STALE)


# --- The platform ----------------------------------------------------------------------------------


class Model:
    """All tenants and accounts, and the time, in seconds. A method is a request, and returns its `Answer`."""

    def __init__(self, now: int, master_token: str) -> None:
        self.now = now
        #: How many seconds pass between the beginning of a request and its first write.
        self.seconds_until_write = 0
        self.master_token = master_token
        self.tenants: list[Tenant] = []
        self.accounts: list[Account] = []
        self.sessions: list[Session] = []
        self.access: dict[str, tuple[Session, int]] = {}  # access token: its session, and when it ends
        self.cursors: dict[str, Cursor] = {}
        self.kept: dict[tuple[str, ...], Kept] = {}
        #: The failed logins by login name, and by whether the one network of these tests is known for that name.
        self.failures: dict[tuple[str, bool], Failures] = {}
        self.known_until: dict[str, int] = {}  # until when the network is known for a login name
        self.known_since: dict[str, int] = {}
        self.trail: list[Entry] = []  # of the platform
        #: All secrets that were sent or received. None of them may ever appear in the table.
        self.secrets: set[str] = {master_token}

    @property
    def time(self) -> str:
        return rfc3339(self.now)

    def move_to(self, now: int) -> None:
        """The time goes on. A temporary role is over at its second, which counts as a change."""
        self.now = now
        holders: list[User | Account] = [*(user for one in self.tenants for user in one.users), *self.accounts]
        for holder in holders:
            if holder.until is not None and holder.until <= now:
                holder.unwritten = (holder.role, holder.lasting, holder.until)
                holder.version, holder.updated_at = holder.version + 1, rfc3339(holder.until)
                holder.role, holder.until = holder.lasting, None

    def write_end(self, holder: "User | Account") -> None:
        """Write down that a temporary role has ended, if that is not written down yet."""
        if holder.unwritten is None:
            return
        role, lasting, until = holder.unwritten
        after = {"role": lasting, "ended_at": rfc3339(until)}
        kind, tenant = ("user", holder.tenant) if isinstance(holder, User) else ("account", None)
        actor = {"type": "system", "id": "role_ends", "email": None}
        target = {"type": kind, "id": str(holder.id)}
        before = facts_of(role, lasting, until)
        entry = Entry("lapse_role", "succeeded", actor, target, before, after, None, self.time, None)
        entry.actor_name = "role_ends"
        (tenant.trail if tenant else self.trail).append(entry)
        holder.unwritten = None
        if isinstance(holder, User):
            holder.reason = None

    def write_due_ends(self) -> int:
        """Maintenance writes down the ends that are due, the earliest first, but those of closed tenants."""
        users = [user for tenant in self.tenants if tenant.status == "active" for user in tenant.users]
        holders: list[User | Account] = [*users, *self.accounts]
        due = [(one.unwritten[2], str(one.id), one) for one in holders if one.unwritten]
        for _, _, holder in sorted(due, key=lambda end: end[:2]):
            self.write_end(holder)
        return len(due)

    def problem_of_end(self, text: str | None) -> bool:
        """Whether the end of a temporary role is too near or too far."""
        return text is not None and not 60 < parsed(text) - self.now <= 90 * DAY

    # --- Who calls ---

    def caller(self, credential: str | None) -> Caller | None:
        """The owner of the credential now; None if it is not valid."""
        if credential is None:
            return None
        if credential == self.master_token:
            return Caller("master")
        for tenant in self.tenants:
            for user in tenant.users:
                if user.token and credential.lower() == user.token and user.active and tenant.status == "active":
                    caller = Caller("user", user, user.role, token=user.token, lasting=user.lasting, until=user.until)
                    return replace(caller, email=user.email)
        session, until = self.access.get(credential, (None, 0))
        if session is not None and self.now < until and self.is_session_valid(session):
            owner = session.owner
            if isinstance(owner, User):
                caller = Caller("user", owner, owner.role, session, lasting=owner.lasting, until=owner.until)
                return replace(caller, email=owner.email)
            return Caller(
                "account",
                owner,
                owner.role,
                session,
                lasting=owner.lasting,
                until=owner.until,
                must_change_password=owner.must_change_password,
            )
        return None

    def is_session_valid(self, session: Session) -> bool:
        return session.alive and session.owner.may_act and self.now < session.until

    def _end_sessions(self, owner: "Account | User", *, but: Session | None = None) -> None:
        for session in self.sessions:
            session.alive = session.alive and (session.owner is not owner or session is but)

    @staticmethod
    def check_active(caller: Caller) -> None:
        """At the moment of a write: refuse an actor that is deleted or inactive with 401, before any other refusal."""
        holder = caller.holder
        if caller.kind == "user":
            refuse_if(holder.deleted or not holder.active, UNAUTHORIZED)
        elif caller.kind == "account":
            refuse_if(not holder.may_act, UNAUTHORIZED)

    def check_standing(self, caller: Caller) -> None:
        """At the moment of a write: like `check_active`, and refuse an account whose password was reset meanwhile."""
        self.check_active(caller)
        reset = caller.kind == "account" and caller.holder.must_change_password and not caller.must_change_password
        refuse_if(reset, UNAUTHORIZED)

    def check_still_authorized(self, caller: Caller, gives: Iterable[Power] = ()) -> None:
        """At the moment of a write: refuse unless the actor is active and has the role that the authorizer saw.

        No power that the change gives may outlive the role that the actor has now.
        """
        self.check_standing(caller)
        holder = caller.holder
        if holder is not None:
            ends = self.seconds_until_write and holder.until and holder.until <= self.now + self.seconds_until_write
            refuse_if((holder.lasting if ends else holder.role) != caller.role, FORBIDDEN)
            refuse_if(any(outlives(holder.lasting, holder.until, power) for power in gives), FORBIDDEN)

    def answer(
        self,
        caller: Caller | None,
        request: Callable[[Caller], Answer],
        *,
        audited: tuple[str, str, str] | None = None,
        asked: Callable[[], Any] = dict,
    ) -> Answer:
        """The answer to a request.

        `audited` has action and target of a request whose refusals the audit trail shows.
        """
        try:
            refuse_if(caller is None, UNAUTHORIZED)
            assert caller is not None
            caller = caller.at(self.now)
            answer = request(caller)
        except Refusal as refusal:
            if _is_closed(caller):
                return CLOSED
            if audited and caller is not None:
                refusal = self._refusal_of_former_actor(caller, audited[1], refusal) or refusal
            if audited and refusal.audited:
                assert caller is not None
                action, target_type, target_id = audited
                self._record(
                    caller, action, (target_type, target_id), after=asked(), reason=refusal.code, outcome="denied"
                )
            headers = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
            return Answer(refusal.status, code=refusal.code, headers=headers, changes=False)
        if _is_closed(caller):
            assert not answer.changes
            return CLOSED
        return answer

    def _refusal_of_former_actor(self, caller: Caller, target_type: str, refusal: Refusal) -> Refusal | None:
        """The refusal of an actor who has lost access or role, in place of one about the target; None if it has not."""
        is_about_target = refusal.status in {400, 404, 412} and not isinstance(refusal, Malformed)
        try:
            if is_about_target or refusal.code == "EMAIL_TAKEN":
                self.check_still_authorized(caller)
            elif refusal.audited and (caller.kind != "account" or target_type == "account"):
                self.check_standing(caller)
        except Refusal as former:
            return former
        return None

    def _record(  # noqa: PLR0913 (an entry has that many facts)
        self,
        caller: Caller | None,
        action: str,
        target: tuple[str, str],
        *,
        before: Any = None,
        after: Any = None,
        reason: Any = None,
        outcome: str = "succeeded",
        tenant: Tenant | None = None,
        by: str = "",
    ) -> None:
        actor: Any = caller.actor if caller else {"type": "system", "id": by, "email": None}
        entry = Entry(
            action, outcome, actor, dict(zip(("type", "id"), target, strict=True)), before, after, reason, self.time, IP
        )
        entry.actor_name = caller.name if caller else by
        tenant = tenant or (caller.tenant if caller else None)
        trail = tenant.trail if tenant else self.trail
        if outcome == "denied" and actor["type"] != "master":
            same = [
                one
                for one in trail
                if one.outcome == "denied"
                and (one.action, one.timestamp[:16]) == (action, entry.timestamp[:16])
                and one.actor["id"] == actor["id"]
            ]
            if same and same[-1].refusals is not None:
                same[-1].refusals += 1
                return
            entry.refusals = 1 if len(same) == 10 else None
        trail.append(entry)

    @staticmethod
    def _in_tenant(caller: Caller, roles: Iterable[str]) -> User:
        refuse_if(caller.kind != "user" or caller.role not in roles, FORBIDDEN)
        user: User = caller.holder
        return user

    def _with_choices(self, caller: Caller, user: User, shown: dict[str, Any], query: Mapping[str, str]) -> Any:
        """A user as it is shown, with the roles that the caller could give, if that was asked for."""
        if "include" not in query:
            return shown
        roles = [new for new in ROLES if new != user.role and self._could_promote(caller, user, new)]
        return {**shown, "allowed_roles": roles}

    def _could_promote(self, caller: Caller, user: User, new: str) -> bool:
        """Whether the caller could give the user this role now, without an end."""
        if caller.kind != "user":
            return False
        # A lasting admin is an admin besides the user.
        is_last_admin = user.lasting == "admin" and user.active and user.tenant.active_admins == 1
        if is_last_admin and new != "admin" and caller.lasting != "admin":
            return False
        try:
            self._check_role_change(caller, user, user.changed(new, None))
        except Refusal:
            return False
        return True

    @staticmethod
    def _target(actor: User, user_id: str) -> User:
        found = [user for user in actor.tenant.users if user.id == user_id.lower()]
        refuse_if(not found, NO_USER)
        return found[0]

    def _email_is_taken(self, email: str) -> bool:
        owners = [user.email for tenant in self.tenants if tenant.status != "deleted" for user in tenant.users]
        accounts = [name for one in self.accounts for name in (one.email, one.profile["username"])]
        return email.lower() in {other.lower() for other in (*owners, *accounts)}

    def _username_is_taken(self, username: str, own_email: str) -> bool:
        """Whether it is another account's username, or another person's email."""
        if username.lower() == own_email.lower():
            return False
        return self._email_is_taken(username)

    # --- Tenants ---

    def register(self, caller: Caller | None, body: Any, key: str | None) -> Answer:
        def request(caller: Caller) -> Answer:
            refuse_if(caller.kind != "master", MASTER_ONLY)
            check_body("register", body)
            if (kept := self._kept(("register", key or ""), key, body)) is not None:
                return kept
            name = body["tenant_name"].strip()
            # If both the name and the email are taken, the refusal is about the name.
            names = [one.name.casefold() for one in self.tenants if one.status in {"active", "scheduled"}]
            refuse_if(name.casefold() in names, (409, "TENANT_EXISTS"))
            refuse_if(self._email_is_taken(body["email"]), EMAIL_TAKEN)
            shown = {"id": UUID, "name": name, "created_at": self.time, "updated_at": self.time}
            answer = self._created_user({**body, "role": "admin"}, UUID)
            answer.body |= {"tenant": shown, "token": UUID}
            at = self.time

            def learn(made: Any, _headers: Mapping[str, str]) -> None:
                tenant = Tenant(made["tenant"]["id"], name, at, at)
                self.tenants.append(tenant)
                user = self._add(tenant, made["user"], body)
                self.secrets |= {made["webhook_secret"]} if "webhook_secret" in made else set()
                assert made["token"] == user.token
                self._record(
                    caller,
                    "register_tenant",
                    ("tenant", tenant.id),
                    after={"name": name, "admin": user.id},
                    tenant=tenant,
                )
                self._keep(("register", key or ""), key, body, made, user, tenant)

            answer.learn = learn
            return answer

        return self.answer(caller, request)

    def _created_user(self, body: Mapping[str, Any], tenant_id: Any) -> Answer:
        url = body.get("webhook_url")
        user = {
            "id": UUID,
            "tenant_id": tenant_id,
            "email": body["email"],
            "role": body["role"],
            "token": UUID,
            "active": True,
            "created_at": self.time,
            "updated_at": self.time,
        }
        shown = {"success": True, "user": user, "webhook_configured": url is not None, "webhook_url": url, "note": TEXT}
        if url is not None:
            shown["webhook_secret"] = WEBHOOK_SECRET
        return Answer(201, shown, headers=etag(1))

    def _add(self, tenant: Tenant, made: Mapping[str, Any], body: Mapping[str, Any]) -> User:
        assert made["id"] not in {user.id for one in self.tenants for user in one.users}
        assert made["token"] not in self.secrets
        user = User(made["id"], tenant, made["email"], made["token"], self.time, self.time, role=made["role"])
        user.webhooks = int(body.get("webhook_url") is not None)
        user.password = body["password"]
        tenant.users.append(user)
        self.secrets |= {made["token"], body["password"]}
        return user

    def _kept(self, scope: tuple[str, ...], key: str | None, body: Any) -> Answer | None:
        """The stored answer for an idempotency key; None if there is none."""
        kept = self.kept.get(scope) if key is not None else None
        if kept is None or kept.until <= self.now:
            return None
        refuse_if(kept.body != body, (422, "IDEMPOTENCY_KEY_REUSED"))
        refuse_if(kept.tenant.status == "deleted" or kept.owner.deleted, (409, "DELETION_STARTED"))
        return kept.answer

    def _keep(self, scope: tuple[str, ...], key: str | None, body: Any, made: Any, owner: User, tenant: Tenant) -> None:
        if key is not None:
            replay = Answer(201, made, headers=etag(1), changes=False)
            self.kept[scope] = Kept(dict(body), replay, self.now + IDEMPOTENCY_SECONDS, owner, tenant)

    def list_tenants(self, caller: Caller | None, query: Mapping[str, str]) -> Answer:
        def request(caller: Caller) -> Answer:
            refuse_if(caller.kind != "master", MASTER_ONLY)
            check_query(query, ("limit", "cursor", "status", "name"))
            status, prefix = query.get("status", "active"), query.get("name", "").casefold()
            refuse_if(status not in {"active", "scheduled", "deleting"}, INVALID)
            rows = [
                ((one.name.casefold(), one.id), one.listed)
                for one in self.tenants
                if one.status == status and one.name.casefold().startswith(prefix)
            ]
            listing = ("tenants", status, prefix)
            return self._page("tenants", listing, sorted(rows, key=lambda row: row[0]), query, 1000)

        return self.answer(caller, request)

    def _page(
        self,
        name: str,
        listing: tuple[Any, ...],
        rows: list[tuple[Any, Any]],
        query: Mapping[str, str],
        limit: int,
    ) -> Answer:
        """A page of rows, each with its position in the order. The next page starts after the last position shown."""
        if "cursor" in query:
            cursor = self.cursors.get(query["cursor"])
            refuse_if(cursor is None or cursor.listing != listing, INVALID)
            assert cursor is not None
            rows = [row for row in rows if row[0] > cursor.position]
        shown = rows[: int(query.get("limit", limit))]
        next_cursor = "nextCursor" if listing[0] == "accounts" else "next_cursor"
        body: dict[str, Any] = {name: [row for _, row in shown]}
        if listing[0] != "accounts":
            body["success"] = True

        def learn(body: Any, _headers: Mapping[str, str]) -> None:
            if next_cursor in body:
                self.cursors[body[next_cursor]] = Cursor(listing, shown[-1][0])

        return Answer(200, body | ({next_cursor: TEXT} if len(rows) > len(shown) else {}), learn=learn, changes=False)

    def _tenant(self, caller: Caller, tenant_id: str, *, body: tuple[str, Any] | None = None) -> Tenant:
        """An active tenant, for the master token."""
        refuse_if(caller.kind != "master", MASTER_ONLY)
        if body is not None:
            check_body(*body)
        refuse_if(not is_uuid(tenant_id), INVALID)
        found = [one for one in self.tenants if one.id == tenant_id.lower() and one.status == "active"]
        refuse_if(not found, NO_TENANT)
        return found[0]

    def get_tenant(self, caller: Caller | None, tenant_id: str) -> Answer:
        def request(caller: Caller) -> Answer:
            tenant = self._tenant(caller, tenant_id)
            data = {**tenant.shown, "deletion_protection": tenant.protected}
            return Answer(200, {"success": True, "data": data}, headers=etag(tenant.version), changes=False)

        return self.answer(caller, request)

    def update_tenant(self, caller: Caller | None, tenant_id: str, body: Any, if_match: str | None) -> Answer:
        def request(caller: Caller) -> Answer:
            tenant = self._tenant(caller, tenant_id, body=("update_tenant", body))
            check_version(if_match, tenant.version)
            wanted, changes = body["deletion_protection"], tenant.protected is not body["deletion_protection"]
            if changes:
                before = {"deletion_protection": tenant.protected}
                tenant.protected, tenant.updated_at, tenant.version = wanted, self.time, tenant.version + 1
                after = {"deletion_protection": wanted}
                self._record(caller, "update_tenant", ("tenant", tenant.id), before=before, after=after, tenant=tenant)
            data = {**tenant.shown, "deletion_protection": tenant.protected}
            shown = {"success": True, "message": TEXT, "data": data}
            return Answer(200, shown, headers=etag(tenant.version), changes=changes)

        return self.answer(caller, request)

    def delete_tenant(
        self, caller: Caller | None, tenant_id: str, query: Mapping[str, str], confirm: str | None, *, hurried: bool
    ) -> Answer:
        """Delete a tenant. With `hurried`, the request has no time to sweep, as for a large tenant."""

        def request(caller: Caller) -> Answer:
            refuse_if(caller.kind != "master", MASTER_ONLY)
            check_query(query, ("dry_run", "grace_days", "reason"))
            refuse_if(query.get("dry_run", "true") not in {"true", "false"}, INVALID)
            days = query.get("grace_days", "1")
            refuse_if(not days.isdecimal() or not 1 <= int(days) <= 90, INVALID)
            refuse_if(not is_uuid(tenant_id), INVALID)
            dry = query.get("dry_run") == "true"
            found = [one for one in self.tenants if one.id == tenant_id.lower() and one.status != "deleted"]
            refuse_if(not found, NO_TENANT)
            tenant = found[0]
            refuse_if(dry and tenant.status == "deleting", NO_TENANT)
            if tenant.status == "deleting":
                return self._accepted(tenant, changes=False)
            refuse_if(tenant.protected, (409, "TENANT_PROTECTED"))
            refuse_if(confirm is not None and confirm != tenant.name, (409, "CONFIRMATION_MISMATCH"))
            if dry:
                counts = self._counts(tenant)
                data = {"tenant_id": tenant.id, "tenant_name": tenant.name, "dry_run": True, "complete": True}
                shown = {"success": True, "message": TEXT, "data": {**data, "would_delete": Counts(counts)}}
                return Answer(200, shown, changes=False)
            if "grace_days" in query:
                if tenant.status == "active":
                    self._schedule(caller, tenant, int(days), query.get("reason"))
                    return self._accepted(tenant, changes=True)
                return self._accepted(tenant, changes=False)
            self._start_deletion(caller, tenant, query.get("reason"))
            if hurried:
                return self._accepted(tenant, changes=True)
            self.complete_deletion(tenant)
            data = {"tenant_id": tenant.id, "tenant_name": tenant.name, "deleted_at": self.time}
            return Answer(200, {"success": True, "message": TEXT, "data": data})

        return self.answer(caller, request)

    def _schedule(self, caller: Caller, tenant: Tenant, days: int, reason: str | None) -> None:
        """Close the tenant as a deletion does, but remove nothing."""
        tenant.status, tenant.updated_at, tenant.version = "scheduled", self.time, tenant.version + 1
        due = self.now + days * DAY
        tenant.deletion = {"requested_at": self.time, "requested_by": caller.id, "deletes_at": rfc3339(due), "due": due}
        tenant.deletion["reason"] = reason and reason.strip()
        before = {"name": tenant.name, "status": "active"}
        after = {"status": "scheduled", "deletes_at": tenant.deletion["deletes_at"]}
        self._record(
            caller,
            "schedule_tenant_deletion",
            ("tenant", tenant.id),
            before=before,
            after=after,
            reason=tenant.deletion["reason"],
            tenant=tenant,
        )

    def _start_deletion(self, caller: Caller | None, tenant: Tenant, reason: str | None) -> None:
        """By a request, or by maintenance when it is due. Who gives no reason has the one of who scheduled it."""
        reason = reason.strip() if reason else tenant.deletion.get("reason")
        before = {"name": tenant.name, "status": tenant.status}
        asked = {"requested_at": self.time, "requested_by": caller.id if caller else ""}
        if tenant.status == "scheduled":
            asked = {name: tenant.deletion[name] for name in asked}
        tenant.status, tenant.updated_at = "deleting", self.time
        tenant.deletion = {**asked, "counts": self._counts(tenant), "reason": reason}
        self._record(
            caller,
            "delete_tenant",
            ("tenant", tenant.id),
            before=before,
            after={"status": "deleting"},
            reason=reason,
            tenant=tenant,
            by="maintenance",
        )
        if caller is None:
            tenant.trail[-1].ip = None

    def start_due_deletions(self) -> list[str]:
        """Start the scheduled deletions that are due, as maintenance does; return their ids, the earliest first."""
        scheduled = [tenant for tenant in self.tenants if tenant.status == "scheduled"]
        due = sorted((one.deletion["due"], one.id) for one in scheduled if one.deletion["due"] <= self.now)
        for _, tenant_id in due:
            self._start_deletion(None, next(one for one in scheduled if one.id == tenant_id), None)
        return [tenant_id for _, tenant_id in due]

    def restore_tenant(self, caller: Caller | None, tenant_id: str) -> Answer:
        def request(caller: Caller) -> Answer:
            refuse_if(caller.kind != "master", MASTER_ONLY)
            refuse_if(not is_uuid(tenant_id), INVALID)
            found = [one for one in self.tenants if one.id == tenant_id.lower()]
            refuse_if(found and found[0].status == "deleting", (409, "DELETION_STARTED"))
            refuse_if(not found or found[0].status != "scheduled", NO_TENANT)
            tenant = found[0]
            before = {"status": "scheduled", "deletes_at": tenant.deletion["deletes_at"]}
            tenant.status, tenant.updated_at, tenant.version = "active", self.time, tenant.version + 1
            tenant.deletion = {}
            after = {"status": "active"}
            self._record(caller, "restore_tenant", ("tenant", tenant.id), before=before, after=after, tenant=tenant)
            data = {**tenant.shown, "deletion_protection": tenant.protected}
            return Answer(200, {"success": True, "message": TEXT, "data": data}, headers=etag(tenant.version))

        return self.answer(caller, request)

    @staticmethod
    def _accepted(tenant: Tenant, *, changes: bool) -> Answer:
        data = {"tenant_id": tenant.id, "tenant_name": tenant.name, "status": tenant.status}
        data["requested_at"] = tenant.deletion["requested_at"]
        if tenant.status == "scheduled":
            data["deletes_at"] = tenant.deletion["deletes_at"]
        location = {"Location": f"{tenant.id}/deletion"}
        return Answer(202, {"success": True, "message": TEXT, "data": data}, headers=location, changes=changes)

    @staticmethod
    def _counts(tenant: Tenant) -> dict[str, int]:
        """The counts in a receipt, for the types that a caller knows."""
        everyone = tenant.users + tenant.left_over
        counts = {
            "tenants": 1,
            "names": 1,
            "users": len(everyone),
            "tokens": sum(bool(user.token) for user in tenant.users),
            "emails": len(tenant.users),
            "devices": sum(user.devices for user in everyone),
            "webhooks": sum(user.webhooks for user in everyone),
        }
        return {name: number for name, number in counts.items() if number}

    def complete_deletion(self, tenant: Tenant) -> None:
        """Remove everything of the tenant except its audit trail and the receipt."""
        tenant.left_over.clear()
        tenant.status = "deleted"
        tenant.deletion["deleted_at"] = self.time
        entry = Entry(
            "complete_tenant_deletion",
            "succeeded",
            ANY,  # the request or the worker that completed the deletion
            {"type": "tenant", "id": tenant.id},
            {"status": "deleting"},
            {"status": "deleted"},
            tenant.deletion["reason"],
            self.time,
            ANY,
        )
        tenant.trail.append(entry)
        for user in tenant.users:
            user.deleted = True

    def get_deletion(self, caller: Caller | None, tenant_id: str) -> Answer:
        def request(caller: Caller) -> Answer:
            refuse_if(caller.kind != "master", MASTER_ONLY)
            refuse_if(not is_uuid(tenant_id), INVALID)
            found = [one for one in self.tenants if one.id == tenant_id.lower() and one.deletion]
            refuse_if(not found, NO_TENANT)
            tenant, done = found[0], found[0].status == "deleted"
            counts = Counts(tenant.deletion.get("counts", {}))
            # After a long time without progress, the status is `failed`, but the deletion continues.
            status: Any = "scheduled" if tenant.status == "scheduled" else Form("deleting|failed")
            data = {
                "tenant_id": tenant.id,
                "tenant_name": tenant.name,
                "status": "deleted" if done else status,
                "requested_at": tenant.deletion["requested_at"],
                "requested_by": tenant.deletion["requested_by"],
                "deleted": counts if done else ANY,
                "total": counts if done else ANY,
                "percent": 100 if done else Below(100),
                "attempts": ANY,
                "verified": done,
                **({"deleted_at": tenant.deletion["deleted_at"]} if done else {}),
                **({"deletes_at": tenant.deletion["deletes_at"]} if tenant.status == "scheduled" else {}),
            }
            return Answer(200, {"success": True, "data": data}, changes=False)

        return self.answer(caller, request)

    def maintenance_ran(self) -> None:
        """Maintenance has removed all items of deleted users, and all emails in the audit trails of deleted tenants."""
        for tenant in self.tenants:
            tenant.left_over.clear()
            if tenant.status == "deleted" and not tenant.redacted:
                tenant.redacted = True
                for entry in tenant.trail:
                    for facts in (entry.actor, entry.before, entry.after):
                        for name in ("email", *PROFILE) if isinstance(facts, dict) else ():
                            if facts.get(name):
                                facts[name] = REDACTED
                        if isinstance(facts, dict) and facts.get("reason"):
                            facts["reason"] = redact_emails_in_text(facts["reason"])
                    entry.reason = entry.reason and redact_emails_in_text(entry.reason)

    # --- Users ---

    def create_user(self, caller: Caller | None, body: Any, key: str | None) -> Answer:
        def request(caller: Caller) -> Answer:
            actor = self._in_tenant(caller, ["admin"])
            check_body("create_user", body)
            gives: list[Power] = [(body["role"], None)]
            if body.get("webhook_url") is not None:
                gives.append(("admin", None))  # whoever has a webhook hears for good what only an admin may hear
            if caller.gives_too_much(gives):
                self.check_active(caller)
                raise Refusal(*FORBIDDEN)
            refuse_if(actor.tenant.status != "active", UNAUTHORIZED)
            scope = ("create_user", actor.tenant.id, actor.id, key or "")
            self.check_active(caller)
            if key is not None:
                self.check_still_authorized(caller)
            if (kept := self._kept(scope, key, body)) is not None:
                return kept
            self.check_still_authorized(caller, gives)
            refuse_if(self._email_is_taken(body["email"]), EMAIL_TAKEN)
            answer = self._created_user(body, actor.tenant.id)

            def learn(made: Any, _headers: Mapping[str, str]) -> None:
                user = self._add(actor.tenant, made["user"], body)
                after = {"email": user.email, "role": user.role, "active": True}
                if body.get("webhook_url") is not None:
                    after["webhook"] = {"id": UUID, "host": "example.com"}
                self._record(caller, "create_user", ("user", user.id), after=after)
                self._keep(scope, key, body, made, user, actor.tenant)

            answer.learn = learn
            return answer

        return self.answer(caller, request)

    def get_user(self, caller: Caller | None, user_id: str, query: Mapping[str, str]) -> Answer:
        def request(caller: Caller) -> Answer:
            if caller.kind != "master":
                self._in_tenant(caller, ROLES)
            check_query(query, ("include",))
            if caller.kind == "master":
                everyone = [user for one in self.tenants if one.status == "active" for user in one.users]
                found = [user for user in everyone if user.id == user_id.lower()]
                refuse_if(not found, NO_USER)
                user = found[0]
            else:
                actor = self._in_tenant(caller, ROLES)
                user = self._target(actor, user_id)
                refuse_if(user is not actor and user.role not in MANAGES[caller.role], FORBIDDEN)
            shown = self._with_choices(caller, user, user.shown, query)
            return Answer(200, {"success": True, "data": shown}, headers=etag(user.version), changes=False)

        return self.answer(caller, request)

    def list_users(self, caller: Caller | None, query: Mapping[str, str]) -> Answer:
        def request(caller: Caller) -> Answer:
            actor = self._in_tenant(caller, ["admin"])
            check_query(query, ("limit", "cursor", "role", "active", "email", "include"))
            refuse_if(query.get("role", "user") not in ROLES, INVALID)
            prefix = query.get("email", "").lower()
            rows = [
                (user.email.lower(), self._with_choices(caller, user, user.listed, query))
                for user in actor.tenant.users
                if query.get("role", user.role) == user.role
                and query.get("active", str(user.active).lower()) == str(user.active).lower()
                and user.email.lower().startswith(prefix)
            ]
            listing = ("users", actor.tenant.id, query.get("role"), query.get("active"), prefix)
            return self._page("users", listing, sorted(rows, key=lambda row: row[0]), query, 1000)

        return self.answer(caller, request)

    def promote(self, caller: Caller | None, user_id: str, body: Any, if_match: str | None) -> Answer:
        def request(caller: Caller) -> Answer:
            actor = self._in_tenant(caller, ["admin", "manager"])
            check_body("promote", body)
            new, end = body["new_role"], body.get("until")
            problem = self.problem_of_end(end)
            refuse_if(problem and user_id.lower() not in {user.id for user in actor.tenant.users}, INVALID)
            target = self._target(actor, user_id)
            until = None if end is None else parsed(end)
            refuse_if(problem and (target.role, target.until) != (new, until), INVALID)
            check_version(if_match, target.version)
            old, held = target.role, target.changed(new, until)
            self._check_role_change(caller, target, held)
            changes = self._change_user(caller, "promote_user", target, held, target.active, body.get("reason"))
            data = {"user_id": target.id, "old_role": old, "new_role": new} | ({} if end is None else {"until": end})
            shown = {"success": True, "message": "User role updated successfully", "data": data}
            return Answer(200, shown, headers=etag(target.version), changes=changes)

        return self.answer(
            caller,
            request,
            audited=("promote_user", "user", _named(user_id)),
            asked=lambda: _compared_request("promote", body, caller and caller.at(self.now)),
        )

    def promote_users(
        self, caller: Caller | None, body: Any, *, meanwhile: tuple[int, Callable[[], object]] | None = None
    ) -> Answer:
        """Many promotions in one request. `meanwhile`: the position of a change, and what to call before its write."""

        def request(caller: Caller) -> Answer:
            actor = self._in_tenant(caller, ["admin", "manager"])
            check_body("promote_users", body)
            tenant, dry_run = actor.tenant, body.get("dry_run", False)
            targets = [self._named_in_change(tenant, change) for change in body["changes"]]
            people = [target if isinstance(target, str) else target.id for target in targets]
            refuse_if(len(set(people)) < len(people), INVALID)
            refuse_if(tenant.status != "active", UNAUTHORIZED)
            self.check_active(caller)
            undo = _snapshot_of(tenant)
            results: list[dict[str, Any]] = []
            for position, (target, change) in enumerate(zip(targets, body["changes"], strict=True)):
                entries = len(tenant.trail)
                if meanwhile and meanwhile[0] == position:
                    meanwhile[1]()
                results.append(self._change_in_bulk(caller, target, body, change, results))
                if meanwhile and meanwhile[0] == position and len(tenant.trail) == entries + 2:
                    # The change began before what happened on the way, and its entry has that time.
                    tenant.trail[-1], tenant.trail[-2] = tenant.trail[-2], tenant.trail[-1]
            outcomes = [result["outcome"] for result in results]
            counts = {name: outcomes.count(name) for name in ("changed", "unchanged", "refused", "not_tried")}
            if dry_run:
                undo()
            shown = {"success": True, "message": TEXT, "data": {"dry_run": dry_run, **counts, "results": results}}
            return Answer(200, shown, changes=not dry_run and (counts["changed"] > 0 or meanwhile is not None))

        return self.answer(caller, request, audited=("promote_users", "user", "unknown"), asked=lambda: ANY)

    @staticmethod
    def _named_in_change(tenant: Tenant, change: Mapping[str, Any]) -> "User | str":
        """The user whom a change names, or the name if that is nobody of the tenant."""
        name = (change.get("user_id") or change["email"]).lower()
        return next((user for user in tenant.users if name in {user.id, user.email.lower()}), name)

    def _change_in_bulk(
        self, caller: Caller, target: "User | str", body: Any, change: Mapping[str, Any], earlier: list[dict[str, Any]]
    ) -> dict[str, Any]:
        named = {name: change[name] for name in ("user_id", "email") if name in change}
        if "user_id" in named:
            named["user_id"] = named["user_id"].lower()
        new, reason = change["new_role"], change.get("reason") or body.get("reason")
        end = change.get("until")
        asked = {"new_role": new} | ({} if end is None else {"until": end})
        try:
            refuse_if(earlier and earlier[-1].get("error_code") == "UNAUTHORIZED", UNAUTHORIZED)
            problem, until = self.problem_of_end(end), None if end is None else parsed(end)
            refuse_if(isinstance(target, str) and problem, INVALID)
            refuse_if(isinstance(target, str), NO_USER)
            assert isinstance(target, User)
            refuse_if(problem and (target.role, target.until) != (new, until), INVALID)
            old, held = target.role, target.changed(new, until)
            self._check_role_change(caller, target, held)
            changes = self._change_user(caller, "promote_user", target, held, target.active, reason)
        except Refusal as refusal:
            if refusal.status in {400, 404}:
                try:
                    self.check_still_authorized(caller)
                except Refusal as former:
                    refusal = former
            return {**named, **asked, **self._refused_in_bulk(caller, target, asked, reason, refusal, earlier)}
        if old in MANAGES[caller.role]:
            named["email"] = target.email
        outcome = "changed" if changes else "unchanged"
        return {**named, **asked, "user_id": target.id, "outcome": outcome, "old_role": old}

    def _refused_in_bulk(
        self,
        caller: Caller,
        target: "User | str",
        asked: dict[str, str],
        reason: str | None,
        refusal: Refusal,
        earlier: list[dict[str, Any]],
    ) -> dict[str, Any]:
        code = refusal.code
        if refusal.audited:
            try:
                self.check_active(caller)
                asked = asked | ({"reason": reason.strip()} if reason else {})
                user_id = target if isinstance(target, str) else target.id
                self._record(caller, "promote_user", ("user", user_id), after=asked, reason=code, outcome="denied")
            except Refusal:
                code = "UNAUTHORIZED"
        if code == "UNAUTHORIZED" and not any(one["outcome"] == "changed" for one in earlier):
            raise Refusal(*UNAUTHORIZED)
        return {"outcome": "refused", "error_code": code, "error": TEXT}

    @staticmethod
    def _check_role_change(caller: Caller, target: User, held: tuple[str, str, int | None]) -> None:
        new = held[0]
        refuse_if(target is caller.holder, SELF_CHANGE)
        refuse_if(target.role != new and (target.role, new) not in CHANGES[caller.role], TRANSITION)
        if held != target.held:
            lasting = target.lasting
            refuse_if(lasting != new and (lasting, new) not in CHANGES[caller.role], TRANSITION)
            refuse_if(caller.gives_too_much(given(target, held)), TRANSITION)

    def _change_user(  # noqa: PLR0913 (a change has that many parts)
        self,
        caller: Caller,
        action: str,
        target: User,
        held: tuple[str, str, int | None],
        active: bool,
        reason: str | None,
        *,
        email: str | None = None,
        profile: dict[str, str] | None = None,
    ) -> bool:
        """Change the user; return whether there was anything to change."""
        email, profile = email or target.email, target.profile if profile is None else profile
        tenant = target.tenant
        refuse_if(tenant.status != "active", UNAUTHORIZED)
        self.check_active(caller)
        if (held, active, email, profile) == (target.held, target.active, target.email, target.profile):
            self.check_still_authorized(caller)
            return False
        loses_admin = target.lasting == "admin" and target.active and not (held[1] == "admin" and active)
        refuse_if(loses_admin and tenant.active_admins == 1, (409, "LAST_ADMIN"))
        by_identity = self._gives_by_identity(caller, target, email, profile)
        self.check_still_authorized(caller, self._gives(target, held, active) + by_identity)
        refuse_if(email.lower() != target.email.lower() and self._email_is_taken(email), EMAIL_TAKEN)
        self.write_end(target)
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        if held != target.held:
            before, after = facts_of(*target.held), facts_of(*held)
        if active != target.active:
            before["active"], after["active"] = target.active, active
        if email != target.email:
            before["email"], after["email"] = target.email, email
        for name in sorted(profile.keys() | target.profile.keys()):
            if profile.get(name) != target.profile.get(name):
                before[name], after[name] = target.profile.get(name), profile.get(name)
        target.email, target.profile = email, profile
        target.role, target.lasting, target.until = held
        if target.active and not active:
            self._end_sessions(target)
        target.active = active
        target.version, target.updated_at = target.version + 1, self.time
        target.reason = reason and reason.strip()
        self._record(caller, action, ("user", target.id), before=before, after=after, reason=target.reason)
        return True

    @staticmethod
    def _gives(target: User, held: tuple[str, str, int | None], active: bool) -> list[Power]:
        """Who becomes active again has all powers of their roles again."""
        return powers_of(held) if active and not target.active else given(target, held)

    @staticmethod
    def _gives_by_identity(caller: Caller, target: User, email: str, profile: dict[str, str]) -> list[Power]:
        """Whoever is meant by another user's new email or profile has all powers of that user's roles."""
        is_same = target is caller.holder or (email, profile) == (target.email, target.profile)
        return [] if is_same else target.powers

    def update_user(self, caller: Caller | None, user_id: str, body: Any, if_match: str | None) -> Answer:
        def request(caller: Caller) -> Answer:
            actor = self._in_tenant(caller, ["admin", "manager"])
            check_body("update_user", body)
            target = self._target(actor, user_id)
            check_version(if_match, target.version)
            held, active = target.held, body.get("active", target.active)
            if "role" in body:
                held = target.changed(body["role"], None)
                self._check_role_change(caller, target, held)
            if "active" in body:
                refuse_if(target is actor, SELF_CHANGE)
                refuse_if(target.role not in MANAGES[caller.role], FORBIDDEN)
                refuse_if(caller.gives_too_much(self._gives(target, held, active)), FORBIDDEN)
            if "email" in body:
                refuse_if(caller.role != "admin", FORBIDDEN)
                by_identity = self._gives_by_identity(caller, target, body["email"], target.profile)
                refuse_if(caller.gives_too_much(by_identity), FORBIDDEN)
            changes = self._change_user(
                caller, "update_user", target, held, active, body.get("reason"), email=body.get("email")
            )
            shown = {"success": True, "message": "User updated successfully"}
            return Answer(200, shown, headers=etag(target.version), changes=changes)

        return self.answer(
            caller,
            request,
            audited=("update_user", "user", _named(user_id)),
            asked=lambda: _compared_request("update_user", body, caller and caller.at(self.now)),
        )

    def provision_user(
        self, caller: Caller | None, email: str, role: str, active: bool, profile: dict[str, str]
    ) -> Answer:
        """An identity provider, which acts as an admin, creates a user without credentials."""

        def request(caller: Caller) -> Answer:
            actor = self._in_tenant(caller, ["admin"])
            if caller.gives_too_much([(role, None)]):
                self.check_active(caller)
                raise Refusal(*FORBIDDEN)
            refuse_if(actor.tenant.status != "active", UNAUTHORIZED)
            self.check_still_authorized(caller, [(role, None)])
            refuse_if(self._email_is_taken(email), EMAIL_TAKEN)
            at = self.time

            def learn(user_id: Any, _headers: Mapping[str, str]) -> None:
                user = User(user_id, actor.tenant, email, "", at, at, active, role=role)
                user.password, user.profile = None, profile
                actor.tenant.users.append(user)
                after = {"email": email, "role": role, "active": active, **profile}
                self._record(caller, "create_user", ("user", user.id), after=after)

            return Answer(200, UUID, learn=learn)

        return self.answer(caller, request)

    def provider_changes_user(self, caller: Caller | None, target: User, change: Mapping[str, Any]) -> Answer:
        """An identity provider sends all fields of a user. The role and the state count only if they differ."""

        def request(caller: Caller) -> Answer:
            actor = self._in_tenant(caller, ["admin"])
            self._target(actor, target.id)
            held, active = target.held, change["active"]
            if change["role"] != target.role:
                held = target.changed(change["role"], None)
                self._check_role_change(caller, target, held)
            if active != target.active:
                refuse_if(target is actor, SELF_CHANGE)
                refuse_if(caller.gives_too_much(self._gives(target, held, active)), FORBIDDEN)
            by_identity = self._gives_by_identity(caller, target, change["email"], change["profile"])
            refuse_if(caller.gives_too_much(by_identity), FORBIDDEN)
            changes = self._change_user(
                *(caller, "update_user", target, held, active, None),
                email=change["email"],
                profile=change["profile"],
            )
            return Answer(200, target.id, changes=changes)

        return self.answer(caller, request)

    def find_users(self, caller: Caller | None, email: str, external_id: str) -> Answer:
        """An identity provider searches for an email, and for an external id: the ids of the users that it finds."""

        def request(caller: Caller) -> Answer:
            users = self._in_tenant(caller, ["admin"]).tenant.users
            by_email = sorted(user.id for user in users if user.email.lower() == email.lower())
            by_external_id = sorted(user.id for user in users if user.profile.get("external_id") == external_id)
            return Answer(200, [by_email, by_external_id], changes=False)

        return self.answer(caller, request)

    def delete_user(
        self, caller: Caller | None, user_id: str, query: Mapping[str, str], if_match: str | None, *, hurried: bool
    ) -> Answer:
        def request(caller: Caller) -> Answer:
            actor = self._in_tenant(caller, ["admin", "manager"])
            check_query(query, ("reason",))
            reason = query.get("reason")
            target, tenant = self._target(actor, user_id), actor.tenant
            check_version(if_match, target.version)
            refuse_if(target is actor, SELF_CHANGE)
            refuse_if(target.role not in MANAGES[caller.role], FORBIDDEN)
            refuse_if(tenant.status != "active", UNAUTHORIZED)
            self.check_active(caller)
            last = target.lasting == "admin" and target.active and tenant.active_admins == 1
            refuse_if(last, (409, "LAST_ADMIN"))
            self.check_still_authorized(caller)
            self.write_end(target)
            before = {
                "email": target.email,
                **facts_of(*target.held),
                "active": target.active,
                **target.profile,
            }
            target.deleted, target.active = True, False
            tenant.users.remove(target)
            if hurried:
                tenant.left_over.append(target)
            reason = reason and reason.strip()
            self._record(caller, "delete_user", ("user", target.id), before=before, reason=reason)
            return Answer(200, {"success": True, "message": "User permanently deleted"})

        return self.answer(caller, request, audited=("delete_user", "user", _named(user_id)))

    def _check_own_credential(self, caller: Caller) -> None:
        """At the moment of a write: the caller is active, and its API token or its session is still valid."""
        refuse_if(not caller.holder.active or caller.holder.deleted, UNAUTHORIZED)
        if caller.session is None:
            refuse_if(caller.token != caller.holder.token, UNAUTHORIZED)
        else:
            refuse_if(not caller.session.alive or self.now >= caller.session.until, UNAUTHORIZED)

    def rotate_token(self, caller: Caller | None, user_id: str) -> Answer:
        def request(caller: Caller) -> Answer:
            actor = self._in_tenant(caller, ROLES)
            target = self._target(actor, user_id)
            if target is actor:
                self._check_own_credential(caller)
            else:
                refuse_if(target.role not in MANAGES[caller.role], FORBIDDEN)
                refuse_if(caller.gives_too_much(target.powers), FORBIDDEN)
                self.check_still_authorized(caller, target.powers)
            refuse_if(actor.tenant.status != "active", UNAUTHORIZED)
            before, at = {"token_last4": target.token[-4:] or None, "token_last_used_at": ANY}, self.time

            def learn(body: Any, _headers: Mapping[str, str]) -> None:
                token = body["data"]["token"]
                assert token not in self.secrets
                self.secrets.add(token)
                self.write_end(target)
                target.token, target.updated_at, target.version = token, at, target.version + 1
                after = {"token_last4": token[-4:]}
                self._record(caller, "rotate_token", ("user", target.id), before=before, after=after)

            data = {"user_id": target.id, "token": UUID}
            shown = {"success": True, "message": TEXT, "data": data, "note": TEXT}
            return Answer(200, shown, headers=etag(target.version + 1), learn=learn)

        return self.answer(caller, request, audited=("rotate_token", "user", _named(user_id)))

    def list_audit(self, caller: Caller | None, query: Mapping[str, str]) -> Answer:
        def request(caller: Caller) -> Answer:
            if caller.kind != "master":
                refuse_if(caller.kind != "user" or caller.role != "admin", FORBIDDEN)
            check_query(query, ("limit", "cursor", "tenant_id", "action", "actor", "target", "outcome", "from", "to"))
            refuse_if(query.get("outcome", "denied") not in ("succeeded", "denied"), INVALID)
            named = query.get("tenant_id")
            if caller.tenant is not None:
                refuse_if(named is not None and named.lower() != caller.tenant.id, NO_TENANT)
                trail, tenant_id = caller.tenant.trail, caller.tenant.id
            else:
                refuse_if(named is None or not is_uuid(named), INVALID)
                tenant_id = str(named).lower()
                trail = next((one.trail for one in self.tenants if one.id == tenant_id), [])
            rows = [(-place, one.shown) for place, one in enumerate(trail) if _matches(one, query)]
            filters = tuple(query.get(name) for name in ("action", "actor", "target", "from", "to", "outcome"))
            return self._page("entries", ("audit", tenant_id, *filters), rows[::-1], query, 100)

        return self.answer(caller, request)

    # --- Accounts ---

    def log_in(self, body: Any, *, of_user: bool = False) -> Answer:
        try:
            check_body("login", body)
            owner = self._logged_in(body["email"], body["password"], of_user=of_user)
        except Refusal as refusal:
            headers = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
            return Answer(refusal.status, code=refusal.code, headers=headers, changes=False)
        if isinstance(owner, Account):
            owner.last_login_at = self.time
        session = Session(owner, "", self.now + REFRESH_SECONDS)
        self.sessions.append(session)
        return self._pair(session, at_login=True)

    def _logged_in(self, email: str, password: str, *, of_user: bool) -> "Account | User":
        everyone: list[Account | User] = list(self.accounts)
        if of_user:
            everyone = [user for tenant in self.tenants for user in tenant.users]
        found = [one for one in everyone if one.email.lower() == email.lower() and one.may_act]
        owner = found[0] if found and found[0].password == password else None
        self._count_attempt(email, succeeds=owner is not None, refusal=UNAUTHORIZED)
        assert owner is not None
        return owner

    def _count_attempt(self, email: str, *, succeeds: bool, refusal: tuple[int, str]) -> None:
        """Count an attempt with a password; refuse it during a wait, and if it does not succeed."""
        name = email.lower()
        source = (name, self.now < self.known_until.get(name, 0))
        failures = self.failures.get(source)
        if failures is None or failures.last_at + DAY <= self.now:
            failures = self.failures[source] = Failures(0, self.now)
        left = failures.last_at + wait_after(failures.number) - self.now
        # The attempt is counted before the password is checked, so that simultaneous attempts all count.
        failures.number, failures.last_at = failures.number + 1, self.now
        if left > 0:
            raise Refusal(429, "RATE_LIMITED", retry_after=wait_after(failures.number))
        if not succeeds:
            if failures.number > FREE_FAILURES:
                raise Refusal(429, "RATE_LIMITED", retry_after=wait_after(failures.number))
            raise Refusal(*refusal)
        del self.failures[source]
        if not source[1] or self.known_since[name] <= self.now - DAY:
            self.known_since[name], self.known_until[name] = self.now, self.now + 90 * DAY

    def _pair(
        self, session: Session, *, refresh_token: Any = TEXT, changes: bool = True, at_login: bool = False
    ) -> Answer:
        now, owner = self.now, session.owner
        of_user = isinstance(owner, User)
        names = ("access_token", "refresh_token", "token_type", "expires_in")
        if not of_user:
            names = ("accessToken", "refreshToken", "tokenType", "expiresIn")

        def learn(body: Any, _headers: Mapping[str, str]) -> None:
            tokens = body["data"] if of_user else body
            access, refresh = tokens[names[0]], tokens[names[1]]
            assert access not in self.secrets
            if changes:
                assert refresh not in self.secrets
            session.refresh_token = refresh
            self.access[access] = (session, now + ACCESS_SECONDS)
            self.secrets |= {access, refresh}

        tokens: dict[str, Any] = dict(zip(names, (TEXT, refresh_token, "Bearer", ACCESS_SECONDS), strict=True))
        if isinstance(owner, User):
            data = {**tokens, "user": owner.shown} if at_login else tokens
            return Answer(200, {"success": True, "data": data}, learn=learn, changes=changes)
        if at_login and owner.must_change_password:
            tokens["passwordChangeRequired"] = True
        return Answer(200, tokens, learn=learn, changes=changes)

    def refresh(self, body: Any, client: str | None, *, of_user: bool = False) -> Answer:
        try:
            check_body("refresh_user" if of_user else "refresh", body)
        except Refusal as refusal:
            return Answer(refusal.status, code=refusal.code, changes=False)
        token = body["refresh_token" if of_user else "refreshToken"]
        refused = Answer(401, code="UNAUTHORIZED", changes=False)
        session = next((one for one in self.sessions if token == one.refresh_token or token in one.spent), None)
        if session is None or isinstance(session.owner, User) is not of_user or not self.is_session_valid(session):
            return refused
        if token == session.refresh_token:
            session.spent[token], session.previous = session.until, token
            session.rotated_at, session.rotated_by = self.now, client
            session.until = self.now + REFRESH_SECONDS
            return self._pair(session)
        in_time = self.now - session.rotated_at <= RETRY_SECONDS
        if token == session.previous and in_time and client == session.rotated_by:
            return self._pair(session, refresh_token=session.refresh_token, changes=False)
        if session.spent[token] > self.now:
            session.alive = False
            owner = session.owner
            target = ("user" if of_user else "account", str(owner.id))
            tenant = owner.tenant if isinstance(owner, User) else None
            self._record(None, "revoke_session", target, before=ANY, reason=ANY, by="anonymous", tenant=tenant)
            refused.changes = True
        return refused

    def log_out(self, caller: Caller | None, body: Any) -> Answer:
        def request(caller: Caller) -> Answer:
            refuse_if(caller.kind != "account", FORBIDDEN)
            check_body("refresh", body)
            self._log_out(caller, body["refreshToken"])
            return Answer(204, None)

        return self.answer(caller, request)

    def log_out_user(self, caller: Caller | None, body: Any) -> Answer:
        def request(caller: Caller) -> Answer:
            self._in_tenant(caller, ROLES)
            check_body("refresh_user", body)
            self._log_out(caller, body["refresh_token"])
            return Answer(200, {"success": True, "message": TEXT})

        return self.answer(caller, request)

    def _log_out(self, caller: Caller, token: str) -> None:
        for session in self.sessions:
            own = session.owner is caller.holder and token in {session.refresh_token, session.previous}
            if session is caller.session or own:
                session.alive = False

    # --- Passwords ---

    def change_password(self, caller: Caller | None, user_id: str, body: Any) -> Answer:
        def request(caller: Caller) -> Answer:
            actor = self._in_tenant(caller, ROLES)
            check_body("change_password", body)
            target, new = self._target(actor, user_id), body["new_password"]
            if target is actor:
                refuse_if(not actor.active, UNAUTHORIZED)
                refuse_if(caller.session is None and caller.token != actor.token, UNAUTHORIZED)
                refuse_if("current_password" not in body, INVALID)
                right = body["current_password"] == target.password
                self._count_attempt(target.email, succeeds=right, refusal=WRONG_PASSWORD)
            else:
                refuse_if(target.role not in MANAGES[caller.role], FORBIDDEN)
                refuse_if(caller.gives_too_much(target.powers), FORBIDDEN)
                refuse_if("current_password" in body, INVALID)
            refuse_if(new == target.password, INVALID)
            refuse_if(actor.tenant.status != "active", UNAUTHORIZED)
            if target is actor:
                self._check_own_credential(caller)
            else:
                self.check_still_authorized(caller, target.powers)
            self.write_end(target)
            target.password, target.version, target.updated_at = new, target.version + 1, self.time
            self.secrets.add(new)
            self._end_sessions(target, but=caller.session if target is actor else None)
            self._record(caller, "change_password", ("user", target.id))
            return Answer(200, {"success": True, "message": "Password changed"}, headers=etag(target.version))

        return self.answer(caller, request, audited=("change_password", "user", _named(user_id)))

    def change_account_password(self, caller: Caller | None, body: Any) -> Answer:
        def request(caller: Caller) -> Answer:
            refuse_if(caller.kind != "account", FORBIDDEN)
            check_body("change_account_password", body)
            account, new = caller.holder, body["newPassword"]
            refuse_if(not account.may_act, UNAUTHORIZED)
            right = body["currentPassword"] == account.password
            self._count_attempt(account.email, succeeds=right, refusal=WRONG_PASSWORD)
            refuse_if(new == account.password, INVALID)
            assert caller.session is not None
            refuse_if(not caller.session.alive or self.now >= caller.session.until, UNAUTHORIZED)
            self.write_end(account)
            account.password, account.must_change_password = new, False
            account.version, account.updated_at = account.version + 1, self.time
            self.secrets.add(new)
            self._end_sessions(account, but=caller.session)
            self._record(caller, "change_account_password", ("account", str(account.id)))
            return Answer(204, None)

        target = _numbered(caller.id) if caller else ""
        return self.answer(caller, request, audited=("change_account_password", "account", target))

    def reset_account_password(self, caller: Caller | None, account_id: str) -> Answer:
        def request(caller: Caller) -> Answer:
            self._check_superadmin(caller)
            account = self._account(account_id)
            refuse_if(account is caller.holder, SELF_CHANGE)
            refuse_if(caller.gives_too_much(account.powers), FORBIDDEN)
            self.check_still_authorized(caller, account.powers)
            self.write_end(account)
            at = self.time

            def learn(body: Any, _headers: Mapping[str, str]) -> None:
                assert body["temporaryPassword"] not in self.secrets
                account.password, account.must_change_password = body["temporaryPassword"], True
                account.version, account.updated_at = account.version + 1, at
                self.secrets.add(account.password)
                self._end_sessions(account)
                self._record(caller, "reset_account_password", ("account", str(account.id)))

            return Answer(200, {"temporaryPassword": TEXT}, learn=learn)

        return self.answer(
            caller, request, audited=("reset_account_password", "account", _numbered(account_id)), asked=lambda: ANY
        )

    @staticmethod
    def _check_superadmin(caller: Caller) -> None:
        refuse_if(caller.role != "ROLE_SUPERADMIN", FORBIDDEN)
        refuse_if(caller.must_change_password, CHANGE_REQUIRED)

    def create_account(self, caller: Caller | None, body: Any) -> Answer:
        def request(caller: Caller) -> Answer:
            self._check_superadmin(caller)
            check_body("create_account", body)
            gives: list[Power] = [(platform_role(body.get("role", "CLIENT")), None)]
            if caller.gives_too_much(gives):
                self.check_standing(caller)
                raise Refusal(*FORBIDDEN)
            self.check_still_authorized(caller, gives)
            refuse_if(self._email_is_taken(body["email"]), EMAIL_TAKEN)
            username = (body.get("username") or body["email"]).strip()
            refuse_if(self._username_is_taken(username, body["email"]), (409, "USERNAME_TAKEN"))
            profile = {
                "firstName": body["firstName"].strip(),
                "lastName": body["lastName"].strip(),
                "username": username,
                "phoneNumber": None,
                "nationality": None,
                "birthDate": None,
            }
            role = platform_role(body.get("role", "CLIENT"))
            account = Account(0, body["email"], body["password"], profile, self.time, self.time, role=role)
            shown = {**account.shown, "id": Number()}

            def learn(made: Any, headers: Mapping[str, str]) -> None:
                assert made["id"] not in {one.id for one in self.accounts}
                assert headers["Location"] == f"users/{made['id']}"
                account.id = made["id"]
                self.accounts.append(account)
                self.secrets.add(body["password"])
                after = {"email": account.email, "role": role}
                self._record(caller, "create_account", ("account", str(account.id)), after=after)

            return Answer(201, shown, headers=etag(1), learn=learn)

        return self.answer(caller, request)

    def operator_made(self, made: Mapping[str, Any]) -> Account:
        """Add the superadmin that an operator has created."""
        profile = {"firstName": "Super", "lastName": "Admin", "username": made["email"]}
        profile |= dict.fromkeys(("phoneNumber", "nationality", "birthDate"))
        at = self.time
        account = Account(made["id"], made["email"], made["password"], profile, at, at, role="ROLE_SUPERADMIN")
        account.must_change_password = True
        self.accounts.append(account)
        self.secrets.add(made["password"])
        after = {"email": account.email, "role": account.role}
        self._record(None, "create_account", ("account", str(account.id)), after=after, by="operator")
        self.trail[-1].ip = None
        return account

    @property
    def has_superadmin(self) -> bool:
        return any(account.counts for account in self.accounts)

    def _account(self, account_id: str) -> Account:
        refuse_if(not account_id.isdecimal() or not 1 <= int(account_id) < 2**31, INVALID)
        found = [one for one in self.accounts if one.id == int(account_id)]
        refuse_if(not found, NO_USER)
        return found[0]

    def get_account(self, caller: Caller | None, account_id: str) -> Answer:
        def request(caller: Caller) -> Answer:
            self._check_superadmin(caller)
            account = self._account(account_id)
            return Answer(200, account.shown, headers=etag(account.version), changes=False)

        return self.answer(caller, request)

    def list_accounts(self, caller: Caller | None, query: Mapping[str, str]) -> Answer:
        def request(caller: Caller) -> Answer:
            self._check_superadmin(caller)
            check_query(query, ("limit", "cursor", "role", "enabled", "banned", "email"))
            refuse_if(query.get("role", "ROLE_CLIENT") not in PLATFORM_ROLES, INVALID)
            prefix = query.get("email", "").lower()
            rows = [
                (one.email.lower(), one.shown)
                for one in self.accounts
                if query.get("role", one.role) == one.role
                and query.get("enabled", str(one.enabled).lower()) == str(one.enabled).lower()
                and query.get("banned", str(one.ban is not None).lower()) == str(one.ban is not None).lower()
                and one.email.lower().startswith(prefix)
            ]
            filters = tuple(query.get(name) for name in ("role", "enabled", "banned"))
            listing = ("accounts", *filters, prefix)
            return self._page("users", listing, sorted(rows, key=lambda row: row[0]), query, 100)

        return self.answer(caller, request)

    def change_account_role(self, caller: Caller | None, account_id: str, body: Any, if_match: str | None) -> Answer:
        def become(account: Account) -> None:
            new, end = platform_role(body["newRole"]), body.get("until")
            until = None if end is None else parsed(end)
            refuse_if(self.problem_of_end(end) and (account.role, account.until) != (new, until), INVALID)
            account.role, account.lasting, account.until = account.changed(new, until)

        return self._change_account(caller, "change_account_role", account_id, body, if_match, become)

    def change_account_state(
        self, caller: Caller | None, verb: str, account_id: str, body: Any, if_match: str | None
    ) -> Answer:
        """`verb` is ban, unban, enable or disable."""

        def become(account: Account) -> None:
            if verb == "ban":
                account.ban = account.ban or (body["reason"].strip(), self.time)
            elif verb == "unban":
                account.ban = None
            else:
                account.enabled = verb == "enable"

        return self._change_account(caller, f"{verb}_account", account_id, body, if_match, become)

    def _change_account(
        self,
        caller: Caller | None,
        action: str,
        account_id: str,
        body: Any,
        if_match: str | None,
        become: Callable[[Account], None],
    ) -> Answer:
        def request(caller: Caller) -> Answer:
            self._check_superadmin(caller)
            check_body("change_account_role" if action == "change_account_role" else "reason_only", body)
            end = body.get("until")
            known = account_id.isdecimal() and int(account_id) in {one.id for one in self.accounts}
            valid = account_id.isdecimal() and len(account_id) <= 10 and 1 <= int(account_id) < 2**31
            refuse_if(valid and not known and self.problem_of_end(end), INVALID)
            account = self._account(account_id)
            check_version(if_match, account.version)
            was = Account(**vars(account))
            becoming = Account(**vars(account))
            become(becoming)
            refuse_if(account is caller.holder, SELF_CHANGE)
            changes = (was.held, was.ban, was.enabled) != (becoming.held, becoming.ban, becoming.enabled)
            comes_back = becoming.may_act and not was.may_act
            gives = becoming.powers if comes_back else given(was, becoming.held)
            if not changes:
                self.check_still_authorized(caller)
            if changes:
                refuse_if(caller.gives_too_much(gives), TRANSITION if was.held != becoming.held else FORBIDDEN)
                self.check_standing(caller)
                last = was.counts and not becoming.counts and sum(one.counts for one in self.accounts) == 1
                refuse_if(last, (422, "LAST_SUPERADMIN"))
                self.check_still_authorized(caller, gives)
                self.write_end(account)
                become(account)
                account.version, account.updated_at = account.version + 1, self.time
                if not account.may_act:
                    self._end_sessions(account)
                reason = body.get("reason")
                reason = reason if reason is None or action == "change_account_role" else reason.strip()
                target = ("account", str(account.id))
                self._record(caller, action, target, before=ANY, after=ANY, reason=reason)
            return Answer(200, account.shown, headers=etag(account.version), changes=changes)

        return self.answer(caller, request, audited=(action, "account", _numbered(account_id)), asked=lambda: ANY)

    def history(self, caller: Caller | None, account_id: str, query: Mapping[str, str]) -> Answer:
        def request(caller: Caller) -> Answer:
            self._check_superadmin(caller)
            check_query(query, ("limit", "cursor"))
            if "cursor" in query:
                # A cursor of another list is refused, even if the account does not exist.
                cursor = self.cursors.get(query["cursor"])
                refuse_if(cursor is None or cursor.listing[0] != "history", INVALID)
                refuse_if(cursor is not None and str(cursor.listing[1]) != account_id.lstrip("0"), INVALID)
            account = self._account(account_id)
            entries = [
                (-place, self._history_row(one))
                for place, one in enumerate(self.trail)
                if one.target == {"type": "account", "id": str(account.id)}
                and not (one.outcome == "denied" and one.reason == "FORBIDDEN")
            ]
            page = self._page("entries", ("history", account.id), entries[::-1], query, 100)
            more = "next_cursor" in page.body

            def learn(_body: Any, headers: Mapping[str, str]) -> None:
                assert ("Link" in headers) is more
                if more:
                    [cursor] = re.findall(r"cursor=([\w-]+)", headers["Link"])
                    page.learn({"next_cursor": cursor}, headers)

            return Answer(200, page.body["entries"], learn=learn, changes=False)

        return self.answer(caller, request)

    @staticmethod
    def _history_row(entry: Entry) -> dict[str, Any]:
        actor, name = entry.actor, entry.action.removesuffix("_account").removeprefix("change_account_").upper()
        names = {
            "LAPSE_ROLE": "USER_ROLE_LAPSE",
            "PASSWORD": "USER_PASSWORD_CHANGE",
            "RESET_ACCOUNT_PASSWORD": "USER_PASSWORD_RESET",
            "CREATE": "USER_CREATE",
            "ROLE": "USER_ROLE_CHANGE",
            "REVOKE_SESSION": "USER_SESSION_REVOKE",
        }
        return {
            "id": UUID,
            "adminId": int(actor["id"]) if actor["type"] == "account" else None,
            "adminName": entry.actor_name,
            "adminEmail": actor["email"],
            "action": names.get(name, f"USER_{name}"),
            "actionDescription": TEXT,
            "targetEntityType": "USER",
            "targetEntityId": int(entry.target["id"]),
            "description": ANY,
            "ipAddress": entry.ip,
            "actionTimestamp": entry.timestamp,
            "status": "SUCCESS" if entry.outcome == "succeeded" else "DENIED",
        }


class Number:
    """Equal to each positive whole number."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and other > 0

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return "<number>"


class Below:
    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and 0 <= other < self.limit

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<below {self.limit}>"


class Counts:
    """Counts by type. Types that a caller knows must have exactly these counts; other types are not compared."""

    KNOWN = frozenset({"tenants", "names", "users", "tokens", "emails", "devices", "webhooks"})

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.counts = dict(counts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, dict) and {name: other[name] for name in other.keys() & self.KNOWN} == self.counts

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<{self.counts} and others>"


def wait_after(failures: int) -> int:
    """Seconds from the last failure until the next attempt is checked. They double with each failure, up to a limit."""
    beyond = failures - FREE_FAILURES
    return 0 if beyond < 0 else min(LONGEST_WAIT, FIRST_WAIT * 2**beyond)


def redact_emails_in_text(text: str) -> Any:
    """The text of a reason once its tenant is gone. The reasons of these tests have an address as a word."""
    words = [re.escape(word) if "@" not in word else REDACTED.pattern for word in text.split(" ")]
    return Form(" ".join(words)) if "@" in text else text


def _is_closed(caller: Caller | None) -> bool:
    return caller is not None and caller.tenant is not None and caller.tenant.status != "active"


def _snapshot_of(tenant: Tenant) -> Callable[[], None]:
    """Remember the tenant's users and trail; the result puts them back."""
    users, trail = [(user, dict(vars(user))) for user in tenant.users], list(tenant.trail)
    refusals = [entry.refusals for entry in trail]

    def put_back() -> None:
        for user, fields in users:
            vars(user).update(fields)
        tenant.trail[:] = trail
        for entry, number in zip(trail, refusals, strict=True):
            entry.refusals = number

    return put_back


def _named(user_id: str) -> str:
    """The id in the form of the audit trail; `unknown` for a text that is no id, such as an email."""
    return user_id.lower() if is_uuid(user_id) else "unknown"


def _numbered(account_id: str) -> str:
    return str(int(account_id)) if account_id.isdecimal() and len(account_id) <= 10 else "unknown"


def _compared_request(kind: str, body: Any, caller: Caller | None) -> Any:
    """The requested change for the audit entry; empty if the caller is refused before the body is read."""
    may = caller is not None and caller.kind == "user" and caller.role in {"admin", "manager"}
    given = {name: body[name] for name in BODIES[kind] if body.get(name) is not None} if may else {}
    return given | ({"reason": given["reason"].strip()} if "reason" in given else {})


def _matches(entry: Entry, query: Mapping[str, str]) -> bool:
    return (
        query.get("action", entry.action) == entry.action
        and ("actor" not in query or (isinstance(entry.actor, dict) and entry.actor["id"] == query["actor"]))
        and query.get("target", entry.target["id"]) == entry.target["id"]
        and query.get("outcome", entry.outcome) == entry.outcome
        and query.get("from", "") <= entry.timestamp <= query.get("to", "9")
    )
