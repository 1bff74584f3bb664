"""Who calls, when and from which address. Every change is checked and recorded with these facts."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self

from rolecall.auth.roles import HeldRole, PlatformRole, Role


class PrincipalType(StrEnum):
    """The kinds of callers."""

    USER = "user"  # of a tenant, by API token or by JWT
    ACCOUNT = "account"  # of the platform, by JWT
    MASTER = "master"  # an operator of the platform, by master token
    SYSTEM = "system"  # maintenance, and what an operator invokes by hand


class Principal(NamedTuple):
    """A caller whose credential the authorizer has accepted.

    `role` is the `Role` or `PlatformRole` at that moment. Each change checks in its transaction that the caller still
    has it. While it is temporary, `role_until` is its end, in seconds since 1970, and `lasting_role` is the role after
    it. Only accounts have a name, and may have to change their password first. Only a caller with a JWT has a session.
    Only a caller with an API token has its hash.
    """

    type: PrincipalType
    id: str
    email: str = ""
    role: str = ""
    tenant_id: str = ""
    name: str = ""
    session_id: str = ""
    token_hash: str = ""
    lasting_role: str = ""
    role_until: int | None = None
    password_change_required: bool = False

    def with_role(self, held: HeldRole[Role] | HeldRole[PlatformRole]) -> Self:
        """A copy of the caller with this role."""
        lasting_role = "" if held.until is None else held.lasting_role
        return self._replace(role=held.role, lasting_role=lasting_role, role_until=held.until)

    def at(self, moment: datetime) -> Self:
        """The caller with the role in force at this moment: the lasting role if the temporary one has ended."""
        held = self.held_tenant_role or self.held_platform_role
        return self.with_role(held.at(moment)) if held and held.has_ended_at(moment) else self

    @property
    def type_and_id(self) -> dict[str, str]:
        """The caller as a role event names it: its type and id, and no email."""
        return {"type": self.type.value, "id": self.id}

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
            **(
                {"lasting_role": self.lasting_role, "role_until": str(self.role_until)}
                if self.role_until is not None
                else {}
            ),
            **({"password_change_required": "true"} if self.password_change_required else {}),
        }

    @classmethod
    def from_authorizer_context(cls, context: Mapping[str, str | None]) -> Self | None:
        """The principal from an authorizer context; None if a part is missing or malformed."""
        names = ("id", "email", "role", "tenant_id", "name", "session_id", "token_hash", "lasting_role")
        texts = {name: context.get(name) or "" for name in names}
        until = context.get("role_until")
        try:
            found = cls(
                PrincipalType(context.get("principal_type") or ""),
                **texts,
                role_until=int(until) if until else None,
                password_change_required=context.get("password_change_required") == "true",
            )
        except ValueError:
            return None
        return found if found.has_required_fields else None

    @property
    def has_required_fields(self) -> bool:
        """Whether a user has an id, a tenant and known roles, or an account a number as id and known roles.

        Without this check, an empty tenant id could be taken for "all tenants". A caller with a temporary role
        also needs a lasting role. An operator needs none of these fields.
        """
        roles = {self.role, self.lasting_role} if self.role_until is not None else {self.role}
        match self.type:
            case PrincipalType.USER:
                return bool(self.id and self.tenant_id) and all(role in Role for role in roles)
            case PrincipalType.ACCOUNT:
                return self.id.isdecimal() and all(role in PlatformRole for role in roles)
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

    @property
    def held_tenant_role(self) -> HeldRole[Role] | None:
        """The role of a user in its tenant, with its end; None for other kinds of principals."""
        if self.type is not PrincipalType.USER:
            return None
        return HeldRole(Role(self.role), Role(self.lasting_role or self.role), self.role_until)

    @property
    def held_platform_role(self) -> HeldRole[PlatformRole] | None:
        """The role of a platform account, with its end; None for other kinds of principals."""
        if self.type is not PrincipalType.ACCOUNT:
            return None
        return HeldRole(PlatformRole(self.role), PlatformRole(self.lasting_role or self.role), self.role_until)


MASTER = Principal(PrincipalType.MASTER, "master")

#: A person with AWS rights who invokes a function by hand.
OPERATOR = Principal(PrincipalType.SYSTEM, "operator")

#: The actor in the audit entries of ended temporary roles. Such a change has no caller, because time alone causes it.
ROLE_ENDS = Principal(PrincipalType.SYSTEM, "role_ends")

#: The caller of a request without a credential.
ANONYMOUS = Principal(PrincipalType.SYSTEM, "anonymous")


class RequestContext(NamedTuple):
    """Who sent a request, when, and from which address."""

    principal: Principal
    at: datetime
    request_id: str = ""
    ip: str = ""
    user_agent: str = ""
