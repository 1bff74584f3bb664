"""Who calls, when and from where: what every change is judged and recorded by."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self

from rolecall.auth.roles import PlatformRole, Role


class PrincipalType(StrEnum):
    USER = "user"  # of a tenant, by API token
    ACCOUNT = "account"  # of the platform, by JWT
    MASTER = "master"  # an operator of the platform, by master token
    SYSTEM = "system"  # maintenance, and what an operator invokes by hand


class Principal(NamedTuple):
    """A caller whose credential the authorizer has recognised.

    `role` is a `Role` or `PlatformRole` as it was then; whether it still holds is checked in the
    transaction of each change. Only accounts have a name and a session, only a tenant's users the hash of
    the API token that they came with.
    """

    type: PrincipalType
    id: str
    email: str = ""
    role: str = ""
    tenant_id: str = ""
    name: str = ""
    session_id: str = ""
    token_hash: str = ""

    def to_authorizer_context(self) -> dict[str, str]:
        """The flat strings that API Gateway hands from the authorizer to the functions."""
        return {
            "principal_type": self.type.value,
            "id": self.id,
            "email": self.email,
            "role": self.role,
            "tenant_id": self.tenant_id,
            **({"name": self.name, "session_id": self.session_id} if self.session_id else {}),
            **({"token_hash": self.token_hash} if self.token_hash else {}),
        }

    @classmethod
    def from_authorizer_context(cls, context: Mapping[str, str | None]) -> Self | None:
        """None where the context is no authorizer's, or lacks what the kind of principal has."""
        names = ("id", "email", "role", "tenant_id", "name", "session_id", "token_hash")
        identifier, *others = (context.get(name) or "" for name in names)
        try:
            found = cls(PrincipalType(context.get("principal_type") or ""), identifier, *others)
        except ValueError:
            return None
        return found if found.is_complete else None

    @property
    def is_complete(self) -> bool:
        """Whether it says whose, and in which role: nobody's tenant must not read as every tenant."""
        match self.type:
            case PrincipalType.USER:
                return bool(self.id and self.tenant_id) and self.role in Role
            case PrincipalType.ACCOUNT:
                return self.id.isdecimal() and self.role in PlatformRole
            case _:
                return True

    @property
    def tenant_role(self) -> Role | None:
        """The role within the tenant; None for everyone who is no tenant's user."""
        return Role(self.role) if self.type is PrincipalType.USER else None

    @property
    def platform_role(self) -> PlatformRole | None:
        """The role on the platform; None for everyone who has no platform account."""
        return PlatformRole(self.role) if self.type is PrincipalType.ACCOUNT else None


MASTER = Principal(PrincipalType.MASTER, "master")

ANONYMOUS = Principal(PrincipalType.SYSTEM, "anonymous")


class RequestContext(NamedTuple):
    """One request: whose, when and from where."""

    principal: Principal
    at: datetime
    request_id: str = ""
    ip: str = ""
    user_agent: str = ""
