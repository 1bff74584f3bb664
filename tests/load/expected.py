"""The expected state of the tenants: the virtual users record every change here and compare each answer with it.

This is plain Python, without locust and without the layer.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

#: The pattern of a tenant's mark, a text that is part of its name and of the email of each of its users.
_MARK = re.compile(r"load-[0-9a-f]{8}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass
class Person:
    id: str
    email: str
    role: str
    token: str
    active: bool = True


@dataclass
class Tenant:
    """A tenant that one virtual user changes and others read.

    With `moment` and `still_since`, a reader finds out whether the tenant changed during its request.
    """

    id: str
    mark: str
    people: dict[str, Person] = field(default_factory=dict)
    #: The successful changes, as the audit trail must list them: pairs of action and target.
    log: list[tuple[str, str]] = field(default_factory=list)
    #: Ids of other tenants' users that users of this tenant have sent. The audit trail has those of refused requests.
    foreign_user_ids_in_requests: list[str] = field(default_factory=list)
    changing: bool = False
    changes: int = 0
    #: `closing`: the request to delete the tenant was sent. `closed`: it was accepted.
    closing: bool = False
    closed: bool = False
    #: The number of users that the deletion found.
    deleted_users: int = 0

    def __enter__(self) -> None:
        """A change begins."""
        self.changing = True
        self.changes += 1

    def __exit__(self, *_: object) -> None:
        self.changing = False

    def still_since(self, changes: int | None) -> bool:
        """Return whether no change began or ran since `moment` returned `changes`."""
        return changes is not None and changes == self.changes and not self.changing

    def moment(self) -> int | None:
        """Return the current number of changes, for `still_since`; None while a change runs."""
        return None if self.changing else self.changes

    def active(self, *roles: str) -> list[Person]:
        return [person for person in self.people.values() if person.active and (not roles or person.role in roles)]

    def listed(self, people: Iterable[Person]) -> list[dict[str, Any]]:
        """Return the fields of `GET /users` whose values are known, for these people, ordered by email."""
        return [
            {
                "id": person.id,
                "tenant_id": self.id,
                "email": person.email,
                "role": person.role,
                "token": f"********-****-****-****-********{person.token[-4:]}",
                "active": person.active,
            }
            for person in sorted(people, key=lambda one: one.email)
        ]


class Tenants:
    """All tenants, and the tenant to which each id belongs."""

    def __init__(self) -> None:
        self.open: list[Tenant] = []
        self.gone: list[Tenant] = []
        #: Tokens that can never be valid again.
        self.revoked_tokens: list[str] = []
        self._owners: dict[str, str] = {}

    def add(self, tenant: Tenant) -> None:
        self.open.append(tenant)
        self._owners[tenant.id] = tenant.id
        for person in tenant.people.values():
            self.own(tenant, person.id)

    def own(self, tenant: Tenant, thing: str) -> None:
        self._owners[thing] = tenant.id

    def mark_deleted(self, tenant: Tenant) -> None:
        tenant.closed = True
        self.open.remove(tenant)
        self.gone.append(tenant)
        self.revoked_tokens += [person.token for person in tenant.people.values()]

    def foreign(self, tenant: Tenant, text: str) -> set[str]:
        """Return the ids and marks of other tenants that the text of an answer contains."""
        marks = {mark for mark in _MARK.findall(text) if mark != tenant.mark}
        return marks | {one for one in _UUID.findall(text) if self._owners.get(one, tenant.id) != tenant.id}

    def to_json(self) -> dict[str, Any]:
        return {"open": [asdict(one) for one in self.open], "gone": [asdict(one) for one in self.gone]}
