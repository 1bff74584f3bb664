"""Models of what the receivers of webhooks get.

Unlike those of answers, the models allow further fields: a receiver must go on when a later version sends one more.
"""

from typing import Literal, NamedTuple

from pydantic import BaseModel, Field

from openapi.answers import ABSENT, ADMIN_ID, Said, TenantId, Timestamp, UserId, WebhookId
from rolecall.auth.principals import PrincipalType
from rolecall.auth.roles import Role


class UserState(BaseModel):
    """The role and the state of a user at one moment."""

    role: Role = Field(examples=["manager"], description="The role in force.")
    active: bool = Field(examples=[True])
    role_until: Timestamp = Field(default=ABSENT, description="Only while the role is temporary: its end.")


class EventActor(BaseModel):
    """Who made the change. The end of a temporary role has the type `system` and the id `role_ends`."""

    type: PrincipalType = Field(examples=["user"])
    id: Said = Field(examples=[ADMIN_ID])


class _EventAboutUser(BaseModel):
    tenant_id: TenantId
    user_id: UserId
    before: UserState = Field(examples=[{"role": "user", "active": True}])
    version: int = Field(
        ge=1,
        examples=[2],
        description="Grows with each change of the user. Ignore an event that is older than another.",
    )
    actor: EventActor | None = Field(
        examples=[{"type": "user", "id": ADMIN_ID}], description="null if it is not known."
    )
    reason: str | None = Field(
        examples=["stands in for Ana in July"], description="As the caller gave it. People write this text."
    )


class UserChangedData(_EventAboutUser):
    after: UserState = Field(examples=[{"role": "manager", "active": True, "role_until": "2026-08-01T00:00:00Z"}])


class UserDeletedData(_EventAboutUser):
    after: None = Field(examples=[None])


class WebhookTestData(BaseModel):
    tenant_id: TenantId
    webhook_id: WebhookId


class _Delivery(BaseModel):
    timestamp: Timestamp = Field(description="When it happened.")


class UserRoleChangedEvent(_Delivery):
    type: Literal["user.role_changed"]
    data: UserChangedData


class UserActivatedEvent(_Delivery):
    type: Literal["user.activated"]
    data: UserChangedData


class UserDeactivatedEvent(_Delivery):
    type: Literal["user.deactivated"]
    data: UserChangedData


class UserDeletedEvent(_Delivery):
    type: Literal["user.deleted"]
    data: UserDeletedData


class WebhookTestEvent(_Delivery):
    type: Literal["webhook.test"]
    data: WebhookTestData


class Delivery(NamedTuple):
    model: type[BaseModel]
    summary: str


#: The deliveries, by type.
DELIVERIES = {
    "user.role_changed": Delivery(UserRoleChangedEvent, "A user got another role, or another end of it."),
    "user.activated": Delivery(UserActivatedEvent, "A user is active again."),
    "user.deactivated": Delivery(UserDeactivatedEvent, "A user can do nothing any more."),
    "user.deleted": Delivery(UserDeletedEvent, "A user was deleted, alone or with the tenant."),
    "webhook.test": Delivery(WebhookTestEvent, "An admin has asked for a test with `POST /webhooks/{id}/test`."),
}
