"""Who calls, when and from which address. Every change is checked and recorded with these facts."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self

from rolecall.auth.roles import PlatformRole, Role


class PrincipalType(StrEnum):
    """The kinds of callers."""

    USER = "user"  # of a tenant, by API token or by JWT
    ACCOUNT = "account"  # of the platform, by JWT
    MASTER = "master"  # an operator of the platform, by master token
    SYSTEM = "system"  # maintenance, and what an operator invokes by hand


class Principal(NamedTuple):
    """A caller whose credential the authorizer has accepted.

    `role` is the `Role` or `PlatformRole` at that moment. Each change checks in its transaction that the caller still
    has it. Only accounts have a name and a session. Only users of a tenant have the hash of their API token.
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
        """The principal as strings, in the form in which API Gateway passes it from the authorizer to a function."""
        return {
            "principal_type": self.type.value,
            "id": self.id,
            "email": self.email,
            "role": self.role,
            "tenant_id": self.tenant_id,
            **({"name": self.name} if self.name else {}),
            **({"session_id": self.session_id} if self.session_id else {}),
            **({"token_hash": self.token_hash} if self.token_hash else {}),
        }

    @classmethod
    def from_authorizer_context(cls, context: Mapping[str, str | None]) -> Self | None:
        """The principal from an authorizer context; None if the context is incomplete or not from our authorizer."""
        names = ("id", "email", "role", "tenant_id", "name", "session_id", "token_hash")
        identifier, *others = (context.get(name) or "" for name in names)
        try:
            found = cls(PrincipalType(context.get("principal_type") or ""), identifier, *others)
        except ValueError:
            return None
        return found if found.has_required_fields else None

    @property
    def has_required_fields(self) -> bool:
        """Whether a user has an id, a tenant and a role, or an account an id and a role.

        Without this check, an empty tenant id could be taken for "all tenants".
        """
        match self.type:
            case PrincipalType.USER:
                return bool(self.id and self.tenant_id) and self.role in Role
            case PrincipalType.ACCOUNT:
                return self.id.isdecimal() and self.role in PlatformRole
            case _:
                return True

    @property
    def tenant_role(self) -> Role | None:
        """The role of a user in its tenant; None for other kinds of principals."""
        return Role(self.role) if self.type is PrincipalType.USER else None

    @property
    def platform_role(self) -> PlatformRole | None:
        """The role of a platform account; None for other kinds of principals."""
        return PlatformRole(self.role) if self.type is PrincipalType.ACCOUNT else None


MASTER = Principal(PrincipalType.MASTER, "master")

ANONYMOUS = Principal(PrincipalType.SYSTEM, "anonymous")


class RequestContext(NamedTuple):
    """Who sent a request, when, and from which address."""

    principal: Principal
    at: datetime
    request_id: str = ""
    ip: str = ""
    user_agent: str = ""
