"""What the virtual users know of the tenants: what they did to them, and so what every answer must say.

Plain Python without locust, and without the layer.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

#: A tenant's mark is in the email of each of its users, and in its name.
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
    """One virtual user writes into it and others look; `changing` and `changes` tell them whether it was still."""

    id: str
    mark: str
    people: dict[str, Person] = field(default_factory=dict)
    #: What was done, as the audit trail tells it: action and target.
    log: list[tuple[str, str]] = field(default_factory=list)
    changing: bool = False
    changes: int = 0
    #: Its deletion was sent; its deletion was accepted.
    closing: bool = False
    closed: bool = False
    #: Users that the deletion found.
    buried: int = 0

    def __enter__(self) -> None:
        """Something is being changed."""
        self.changing = True
        self.changes += 1

    def __exit__(self, *_: object) -> None:
        self.changing = False

    def still_since(self, changes: int | None) -> bool:
        """Nothing changed since `moment` gave this, nor did anything then."""
        return changes is not None and changes == self.changes and not self.changing

    def moment(self) -> int | None:
        """For `still_since`; None while something changes."""
        return None if self.changing else self.changes

    def active(self, *roles: str) -> list[Person]:
        return [person for person in self.people.values() if person.active and (not roles or person.role in roles)]

    def listed(self, people: Iterable[Person]) -> list[dict[str, Any]]:
        """Users as the list shows them, as far as it is known."""
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


class Town:
    """All the tenants, and whose is what."""

    def __init__(self) -> None:
        self.open: list[Tenant] = []
        self.gone: list[Tenant] = []
        #: Tokens that are dead for good.
        self.dead: list[str] = []
        self._owners: dict[str, str] = {}

    def add(self, tenant: Tenant) -> None:
        self.open.append(tenant)
        self._owners[tenant.id] = tenant.id
        for person in tenant.people.values():
            self.own(tenant, person.id)

    def own(self, tenant: Tenant, thing: str) -> None:
        self._owners[thing] = tenant.id

    def bury(self, tenant: Tenant) -> None:
        tenant.closed = True
        self.open.remove(tenant)
        self.gone.append(tenant)
        self.dead += [person.token for person in tenant.people.values()]

    def foreign(self, tenant: Tenant, text: str) -> set[str]:
        """What stands in an answer to someone of the tenant, and is another tenant's."""
        marks = {mark for mark in _MARK.findall(text) if mark != tenant.mark}
        return marks | {one for one in _UUID.findall(text) if self._owners.get(one, tenant.id) != tenant.id}

    def to_json(self) -> dict[str, Any]:
        return {"open": [asdict(one) for one in self.open], "gone": [asdict(one) for one in self.gone]}
