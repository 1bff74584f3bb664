"""The right answers to requests that come one after the other, with which `histories.explain` compares races.

Each model is small, plain Python without the layer. A request is two operations: the authorizer checks the
credential, and the function runs with a principal that may have lost its role or its access since then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

_CHANGES = {
    "admin": {(old, new) for old in ("admin", "manager", "user") for new in ("admin", "manager", "user")},
    "manager": {("user", "manager"), ("manager", "user")},
}
type Refusal = tuple[int, str]


class Answered(Protocol):
    @property
    def status(self) -> int: ...
    @property
    def body(self) -> Any: ...
    @property
    def code(self) -> str: ...


def _refusal_in(answer: Answered) -> Refusal | None:
    return (answer.status, answer.code) if answer.status >= 400 else None


# --- A tenant and its users ------------------------------------------------------------------------


@dataclass(frozen=True)
class Person:
    role: str
    token: str
    active: bool = True
    version: int = 1

    @property
    def active_admin(self) -> bool:
        return self.active and self.role == "admin"


@dataclass(frozen=True)
class Tenant:
    people: Mapping[str, Person]
    is_open: bool = True

    @property
    def active_admins(self) -> int:
        return sum(person.active_admin for person in self.people.values())

    def with_person(self, person_id: str, person: Person) -> "Tenant":
        return replace(self, people={**self.people, person_id: person})

    def without(self, person_id: str) -> "Tenant":
        return replace(self, people={other: person for other, person in self.people.items() if other != person_id})


@dataclass(frozen=True)
class Authorize:
    """Answered with the role, or None for a denial."""

    actor: str
    token: str


@dataclass(frozen=True)
class Request:
    """What a function is asked by an actor whom the authorizer saw; `actor` is None for an operator."""

    name: str
    actor: str | None = None
    seen_role: str = ""
    token: str = ""
    target: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    if_match: int | None = None


def of_tenant(state: Tenant, operation: Authorize | Request, answer: Any) -> Tenant | None:
    if isinstance(operation, Authorize):
        person = state.people.get(operation.actor)
        stands = state.is_open and person and person.active and person.token == operation.token
        return state if answer == (person.role if person and stands else None) else None
    return _answered(state, operation, answer)


def _answered(state: Tenant, request: Request, answer: Answered) -> Tenant | None:
    refusal, given = _refusal(state, request), _refusal_in(answer)
    lost = _refusal_if_access_lost(state, request)
    if lost is not None:
        # It changes nothing any more; what comes before the write may be answered as if it had not happened.
        return state if given in {lost, refusal} and (given or _changes_nothing(state, request)) else None
    if refusal is not None or given is not None:
        return state if given == refusal else None
    return _after(state, request, answer)


def _refusal_if_access_lost(state: Tenant, request: Request) -> Refusal | None:
    if request.actor is None:
        return None
    actor = state.people.get(request.actor)
    if not state.is_open or actor is None or not actor.active or actor.token != request.token:
        return (401, "UNAUTHORIZED")
    if request.name == "rotate_token" and request.actor == request.target:
        return None  # everyone may, whatever the role is by now
    return (403, "FORBIDDEN") if actor.role != request.seen_role else None


def _changes_nothing(state: Tenant, request: Request) -> bool:
    target = state.people.get(request.target)
    wanted = request.fields
    return request.name in {"promote_user", "update_user", "get_user"} and bool(
        target
        and target.role == wanted.get("role", target.role)
        and target.active == wanted.get("active", target.active)
    )


def _refusal(state: Tenant, request: Request) -> Refusal | None:
    """The refusal of the request, without the refusals because of its actor's role and state. None if there is none."""
    if request.seen_role == "user" and request.actor != request.target:
        return (403, "FORBIDDEN")
    if request.name in {"create_user", "delete_tenant"}:
        return None  # each of them occurs once in a race
    return _refusal_for(state, request)


def _refusal_for(state: Tenant, request: Request) -> Refusal | None:
    target = state.people.get(request.target)
    if target is None:
        return (404, "USER_NOT_FOUND")
    if request.if_match not in {None, target.version}:
        return (412, "PRECONDITION_FAILED")
    change = (target.role, request.fields.get("role", target.role))
    if change[0] != change[1] and change not in _CHANGES[request.seen_role]:
        return (403, "ROLE_TRANSITION_DENIED")
    after = _changed(target, request)
    lost = target.active_admin and not (after and after.active_admin)
    return (409, "LAST_ADMIN") if lost and state.active_admins == 1 else None


def _changed(target: Person, request: Request) -> Person | None:
    if request.name == "delete_user":
        return None
    after = replace(target, **request.fields)
    return after if after == target else replace(after, version=target.version + 1)


def _after(state: Tenant, request: Request, answer: Answered) -> Tenant | None:
    match request.name:
        case "delete_tenant":
            return replace(state, is_open=False) if answer.status in {200, 202} else None
        case "create_user":
            user = answer.body["user"]
            return state.with_person(user["id"], Person(request.fields["role"], user["token"]))
        case "delete_user":
            return state.without(request.target)
        case "rotate_token":
            target = state.people[request.target]
            after = replace(target, token=answer.body["data"]["token"], version=target.version + 1)
            return state.with_person(request.target, after)
    target, changed = state.people[request.target], _changed(state.people[request.target], request)
    said = answer.body.get("data", {})
    wrong = (
        not changed
        or (request.name == "get_user" and said["role"] != target.role)
        or (request.name == "promote_user" and (said["old_role"], said["new_role"]) != (target.role, changed.role))
    )
    return None if wrong or not changed else state.with_person(request.target, changed)


# --- Registrations ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Register:
    name: str
    email: str


@dataclass(frozen=True)
class Registered:
    """Names and emails that are taken, without case, and which tenant got which name."""

    tenants: Mapping[str, str] = field(default_factory=dict)
    emails: frozenset[str] = frozenset()


def of_registrations(state: Registered, operation: Register, answer: Answered) -> Registered | None:
    name, email = operation.name.casefold(), operation.email.lower()
    refusals = set[Refusal]()
    if name in state.tenants:
        refusals.add((409, "TENANT_EXISTS"))
    if email in state.emails:
        refusals.add((409, "EMAIL_TAKEN"))
    given = _refusal_in(answer)
    if refusals or given:
        return state if given in refusals else None
    return Registered({**state.tenants, name: answer.body["tenant"]["id"]}, state.emails | {email})


# --- A session -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Refresh:
    token: str
    client: str


@dataclass(frozen=True)
class LogOut:
    """By someone whose access token was good before the race."""


@dataclass(frozen=True)
class Session:
    """All within the ten seconds in which the client that spent a refresh token may say it again."""

    token: str
    spent: tuple[str, ...] = ()
    spent_by: str = ""
    alive: bool = True


def refresh_token_in(body: dict[str, Any]) -> str | None:
    """The new refresh token in an answer of either family; None for an answer that has none."""
    token: str | None = body.get("refreshToken") or body.get("data", {}).get("refresh_token")
    return token


def of_session(state: Session, operation: Refresh | LogOut, answer: Answered) -> Session | None:
    if isinstance(operation, LogOut):
        return replace(state, alive=False) if answer.status in {200, 204} else None
    refused = answer.status == 401
    if not state.alive:
        return state if refused else None
    if operation.token == state.token and answer.status == 200:
        return Session(refresh_token_in(answer.body) or "", (*state.spent, state.token), operation.client)
    if (operation.token, operation.client) == (*state.spent[-1:], state.spent_by):
        # The answer to the first use was lost, as far as anyone can tell.
        again = answer.status == 200 and refresh_token_in(answer.body) == state.token
        return state if again else None
    if operation.token in state.spent and refused:
        return replace(state, alive=False)
    return None
