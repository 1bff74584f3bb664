"""The owners of sessions: where an owner's sessions are stored, and what must hold for them to be valid.

A session is valid while it has not expired, its owner may act, and its generation is the owner's. Raising the owner's
`session_generation` ends all of its sessions for good.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Self

from rolecall.auth import preconditions
from rolecall.clock import epoch_seconds, rfc3339
from rolecall.errors import Unauthorized
from rolecall.storage import dynamodb, keys, writes
from rolecall.storage.expressions import Attr, Condition

#: A refresh token is valid for this time, and so is its session.
REFRESH_LIFETIME = timedelta(days=7)

#: A session that began with a clock that was ahead is valid if the clock was ahead by at most this time. It is long, so
#: that a clock that is behind by some hours ends no session.
_MOST_AHEAD = timedelta(days=1)

#: Account ids are int32 numbers, which have at most ten digits.
_MAX_ID_DIGITS = 10

#: The number of the first generation of an owner's sessions. Each session stores the generation in which it started,
#: and is valid only while its owner has the same one. A user's item without the attribute `session_generation` has this
#: one.
FIRST_GENERATION = 1


class Audience(StrEnum):
    """For whom access tokens are issued. Each kind of session owner has its own audience."""

    PLATFORM = "rolecall-platform"
    TENANT = "rolecall-tenant"


class Claims(NamedTuple):
    """The owner and the session that an access token names. Only a token of a tenant's user names a tenant."""

    audience: Audience
    subject: str
    session_id: str
    tenant_id: str = ""


class SessionOwner(ABC):
    """Whose sessions they are. There is one subclass for each kind of owner."""

    #: The number of ids in a refresh token that identify its owner.
    number_of_ids: ClassVar[int]

    @classmethod
    @abstractmethod
    def from_ids(cls, ids: Sequence[str]) -> Self | None:
        """The owner with these ids, or None if one of them has not the form of an id. It need not exist."""

    @property
    @abstractmethod
    def ids(self) -> tuple[str, ...]:
        """The ids that name the owner in a refresh token."""

    @classmethod
    @abstractmethod
    def from_claims(cls, claims: Claims) -> Self | None:
        """The owner that an access token names, or None if a claim has not the form of an id. It need not exist."""

    @abstractmethod
    def to_claims(self, session_id: str) -> Claims:
        """What an access token of the session says."""

    @property
    @abstractmethod
    def fields_for_log(self) -> dict[str, Any]:
        """The ids of the owner, as fields of a log line."""

    @property
    @abstractmethod
    def audit_scope(self) -> str:
        """The scope of audit entries about the owner: the tenant's id, or `keys.PLATFORM`."""

    @property
    @abstractmethod
    def audit_target(self) -> tuple[str, str]:
        """The owner as the target of an audit entry: its type and its id."""

    @abstractmethod
    def checks_that_audit_trail_is_open(self) -> list[writes.Write]:
        """Checks that the owner's trail may get an entry. They fail with `Unauthorized` for a closed tenant."""

    @property
    @abstractmethod
    def state_keys(self) -> tuple[keys.Key, ...]:
        """The keys of the items that say whether the owner may act: of the account, or of tenant and user."""

    @abstractmethod
    def item_key(self, item_type: str, item_id: str) -> keys.Key:
        """The key of an item that belongs to the owner. `item_type` is in upper case, as in `SESSION`."""

    @abstractmethod
    def generation_if_active(self, state: Sequence[dynamodb.Item | None]) -> int | None:
        """The generation of the owner's valid sessions, or None if the owner may not act.

        `state` holds the items of `state_keys`.
        """

    @abstractmethod
    def checks_of_generation(self, generation: int, refused: Unauthorized) -> list[writes.Write]:
        """Checks that fail with `refused` unless the owner may act and its sessions have this generation."""

    @abstractmethod
    def writes_of_login(self, generation: int, refused: Unauthorized, at: datetime) -> list[writes.Write]:
        """The writes of a login to the owner's items. They fail with `refused` like `checks_of_generation`."""

    @property
    def password_key(self) -> keys.Key:
        """The key of the item with the hash of the owner's password."""
        return self.item_key("CREDENTIAL", "PASSWORD")

    def session_key(self, session_id: str) -> keys.Key:
        """The key of the item of a session. It need not exist."""
        return self.item_key("SESSION", session_id)

    def check_of_session(self, session_id: str, generation: int, at: datetime) -> writes.Check:
        """The check that fails with `Unauthorized` if the session has ended. The owner needs a check of its own."""
        return writes.Check(
            self.session_key(session_id),
            when=session_is_valid_in_generation(generation, at),
            on_condition_failure=lambda _found: Unauthorized(),
        )

    def is_session_valid(
        self, state: Sequence[dynamodb.Item | None], session: dynamodb.Item | None, at: datetime
    ) -> bool:
        """Whether the session has not expired, the owner may act, and nothing has ended sessions of that generation."""
        return (
            session is not None
            # Other services write sessions without a generation. Rolecall issued no token for such a session, so it is
            # not valid here.
            and "generation" in session
            and session["generation"] == self.generation_if_active(state)
            and epoch_seconds(at) < session["expires_at"] <= _latest_end_of_session(at)
        )


@dataclass(frozen=True, slots=True)
class AccountOwner(SessionOwner):
    """A platform account as the owner of sessions. It may act while it is enabled and not banned."""

    account_id: int

    number_of_ids: ClassVar[int] = 1

    @classmethod
    def from_ids(cls, ids: Sequence[str]) -> Self | None:
        """The account with this id, or None if it is no number of at most ten digits. It need not exist."""
        [text] = ids
        is_id = text.isascii() and text.isdigit() and len(text) <= _MAX_ID_DIGITS
        return cls(int(text)) if is_id else None

    @property
    def ids(self) -> tuple[str, ...]:
        return (str(self.account_id),)

    @classmethod
    def from_claims(cls, claims: Claims) -> Self | None:
        """The account that the subject names, or None if it has not the form of an id."""
        return cls.from_ids([claims.subject])

    def to_claims(self, session_id: str) -> Claims:
        return Claims(Audience.PLATFORM, str(self.account_id), session_id)

    @property
    def fields_for_log(self) -> dict[str, Any]:
        return {"account_id": self.account_id}

    @property
    def audit_scope(self) -> str:
        return keys.PLATFORM

    @property
    def audit_target(self) -> tuple[str, str]:
        return "account", str(self.account_id)

    def checks_that_audit_trail_is_open(self) -> list[writes.Write]:
        return []

    @property
    def state_keys(self) -> tuple[keys.Key, ...]:
        return (keys.account(self.account_id),)

    def item_key(self, item_type: str, item_id: str) -> keys.Key:
        return keys.item_of_account(self.account_id, item_type, item_id)

    def generation_if_active(self, state: Sequence[dynamodb.Item | None]) -> int | None:
        """The stored generation, or None if the account does not exist, is disabled or is banned."""
        [account] = state
        if account is None or not account["enabled"] or account["banned"]:
            return None
        return int(account["session_generation"])

    def checks_of_generation(self, generation: int, refused: Unauthorized) -> list[writes.Write]:
        """A check that fails with `refused` unless the account is enabled, not banned and in this generation."""
        return [
            writes.Check(
                keys.account(self.account_id),
                when=_account_active_in_generation(generation),
                on_condition_failure=lambda _found: refused,
            )
        ]

    def writes_of_login(self, generation: int, refused: Unauthorized, at: datetime) -> list[writes.Write]:
        """The update of the last login's time; it fails with `refused` like `checks_of_generation`."""
        return [
            writes.Update(
                keys.account(self.account_id),
                set={"last_login_at": rfc3339(at)},
                when=_account_active_in_generation(generation),
                on_condition_failure=lambda _found: refused,
            )
        ]


def _account_active_in_generation(generation: int) -> Condition:
    return Attr("enabled").eq(True) & Attr("banned").eq(False) & Attr("session_generation").eq(generation)


@dataclass(frozen=True, slots=True)
class UserOwner(SessionOwner):
    """A user of a tenant as the owner of sessions. It may act while it is active and its tenant is active too.

    A scheduled deletion closes the tenant, so the sessions of its users are not valid then. After the tenant is
    restored, they are valid again, because neither step changes their generation.
    """

    tenant_id: str
    user_id: str

    number_of_ids: ClassVar[int] = 2

    @classmethod
    def from_ids(cls, ids: Sequence[str]) -> Self | None:
        """The user with these ids of tenant and user, or None if one is no UUID. It need not exist."""
        tenant_id, user_id = map(keys.canonical_uuid, ids)
        return cls(tenant_id, user_id) if tenant_id and user_id else None

    @property
    def ids(self) -> tuple[str, ...]:
        return self.tenant_id, self.user_id

    @classmethod
    def from_claims(cls, claims: Claims) -> Self | None:
        """The user that subject and tenant name, or None if one of them has not the form of an id."""
        return cls.from_ids([claims.tenant_id, claims.subject])

    def to_claims(self, session_id: str) -> Claims:
        return Claims(Audience.TENANT, self.user_id, session_id, self.tenant_id)

    @property
    def fields_for_log(self) -> dict[str, Any]:
        return {"tenant_id": self.tenant_id, "user_id": self.user_id}

    @property
    def audit_scope(self) -> str:
        return self.tenant_id

    @property
    def audit_target(self) -> tuple[str, str]:
        return "user", self.user_id

    def checks_that_audit_trail_is_open(self) -> list[writes.Write]:
        # Nothing may be added to the audit trail of a tenant whose deletion is scheduled or has started.
        return [preconditions.tenant_active(self.tenant_id)]

    @property
    def state_keys(self) -> tuple[keys.Key, ...]:
        return keys.tenant(self.tenant_id), keys.user(self.tenant_id, self.user_id)

    def item_key(self, item_type: str, item_id: str) -> keys.Key:
        return keys.item_of_user(self.tenant_id, self.user_id, item_type, item_id)

    def generation_if_active(self, state: Sequence[dynamodb.Item | None]) -> int | None:
        """The stored generation, or None unless the user and the tenant are active."""
        tenant, user = state
        if tenant is None or tenant["status"] != preconditions.ACTIVE or user is None or not user["active"]:
            return None
        return int(user.get("session_generation", FIRST_GENERATION))

    def checks_of_generation(self, generation: int, refused: Unauthorized) -> list[writes.Write]:
        """Checks that fail with `refused` unless tenant and user are active and the user is in this generation."""
        return [
            preconditions.tenant_active(self.tenant_id)._replace(on_condition_failure=lambda _found: refused),
            writes.Check(
                keys.user(self.tenant_id, self.user_id),
                when=Attr("active").eq(True) & user_has_generation(generation),
                on_condition_failure=lambda _found: refused,
            ),
        ]

    def writes_of_login(self, generation: int, refused: Unauthorized, at: datetime) -> list[writes.Write]:
        """The same as `checks_of_generation`: a user's item does not tell when the user logged in."""
        del at
        return self.checks_of_generation(generation, refused)


def session_is_valid_in_generation(generation: int, at: datetime) -> Condition:
    """The condition on a session's item that it has not expired and belongs to this generation of its owner."""
    expires_at = Attr("expires_at")
    has_not_expired = expires_at.gt(epoch_seconds(at)) & expires_at.lte(_latest_end_of_session(at))
    return Attr("generation").eq(generation) & has_not_expired


def _latest_end_of_session(at: datetime) -> int:
    """The latest end of a session that is valid now. One with a later end began with a wrong clock, and is over."""
    return epoch_seconds(at + REFRESH_LIFETIME + _MOST_AHEAD)


def user_has_generation(generation: int) -> Condition:
    """The condition on a user's item that its sessions have this generation."""
    stored = Attr("session_generation").eq(generation)
    return stored | Attr("session_generation").not_exists() if generation == FIRST_GENERATION else stored
