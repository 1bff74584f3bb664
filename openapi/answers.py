"""Models of the responses. The document is made from them, and the tests compare every real response with it.

The examples of the document are made of the first example of each field.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, WithJsonSchema

from rolecall.auth.roles import PlatformRole, Role
from rolecall.errors import LastAdmin
from rolecall.http.field_types import Email
from rolecall.webhooks.webhooks import WebhookStatus

USER_ID = "7c2d1e3f-9a8b-4c10-b2d3-e4f5a6b7c8d9"
ADMIN_ID = "9b1c7e2a-3d4e-4f50-a6b7-c8d9e0f1a2b3"
TENANT_ID = "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"
WEBHOOK_ID = "0190163d-8694-739b-aea5-966c26f8ad91"
WHSEC = f"whsec_{'Rolecall' * 5}Rol="
TIME = "2026-06-15T12:00:00Z"
REFRESH_TOKEN = "MTowYjhhNmYwZS02ZjBjLTRjNmMtOWE1My0wZDdkNmEwZDRjMTE6YW4gZXhhbXBsZSwgMzIgYnl0ZXMgaW4gbGVuZ3RoLi4"  # noqa: S105
ACCESS_TOKEN = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjEiLCJ0eXAiOiJKV1QifQ.eyJzdWIiOiIxIn0.…"  # noqa: S105

USER_REFRESH_TOKEN = (
    "MWEyYjNjNGQtNWU2Zi00YTdiLThjOWQtMGUxZjJhM2I0YzVkOjliMWM3ZTJhLTNkNGUtNGY1MC1hNmI3LWM4ZDllMGYxYTJiMzow"  # noqa: S105
    "YjhhNmYwZS02ZjBjLTRjNmMtOWE1My0wZDdkNmEwZDRjMTE6YW4gZXhhbXBsZSwgMzIgYnl0ZXMgaW4gbGVuZ3RoLi4"
)
USER_ACCESS_TOKEN = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjEiLCJ0eXAiOiJKV1QifQ.eyJ0aWQiOiIxYSJ9.…"  # noqa: S105

type Timestamp = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$",
        examples=[TIME],
        json_schema_extra={"format": "date-time"},
        description="RFC 3339 in UTC, to the second.",
    ),
]
type UserId = Annotated[str, Field(examples=[USER_ID], json_schema_extra={"format": "uuid"})]
type TenantId = Annotated[str, Field(examples=[TENANT_ID], json_schema_extra={"format": "uuid"})]
type ApiToken = Annotated[
    str,
    Field(
        examples=["3f1d2c4b-5a69-4788-96a5-b4c3d2e1f0a9"],
        pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        description="The full API token. It is shown only in this answer and cannot be read again.",
    ),
]
type WebhookId = Annotated[str, Field(examples=[WEBHOOK_ID], json_schema_extra={"format": "uuid"})]
type WebhookSecret = Annotated[
    str,
    Field(
        examples=[WHSEC],
        pattern=r"^whsec_[A-Za-z0-9+/]{43}=$",
        description="The secret that signs deliveries to the webhook, as the Standard Webhooks specification says. It "
        "is shown only in this answer and cannot be read again.",
    ),
]
type Cursor = Annotated[
    str, Field(examples=["Zm9yZ2VkIGN1cnNvcnMgYXJlIHJlZnVzZWQ"], description="Opaque. Absent on the last page.")
]
type AccountId = Annotated[int, Field(ge=1, le=2**31 - 1, examples=[123], json_schema_extra={"format": "int32"})]
type Amount = Annotated[
    float,
    WithJsonSchema({"type": "number", "examples": [0], "description": "Exact, with at most two decimals."}),
]
type Code = Annotated[
    str, Field(pattern="^[A-Z]+(_[A-Z]+)*$", description="For programs; see the error catalogue for each code.")
]
type Counts = Annotated[
    dict[str, Annotated[int, Field(ge=0)]],
    Field(examples=[{"users": 12, "devices": 40, "tokens": 12}], description="How many, by type."),
]
type Said = Annotated[str, Field(min_length=1)]
#: Default of a field that may be absent, but is never null.
ABSENT: Any = None


class Answer(BaseModel):
    """A JSON object with these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class Success(Answer):
    success: Literal[True]


# --- Tenant API ------------------------------------------------------------------------------------


class User(Answer):
    """A user of a tenant."""

    id: UserId
    tenant_id: TenantId
    email: Email
    role: Role = Field(examples=["user"], description="The role in force.")
    lasting_role: Role = Field(
        default=ABSENT, examples=["user"], description="Only while a temporary role is in force: the role after it."
    )
    role_until: Timestamp = Field(
        default=ABSENT, description="Only while a temporary role is in force: its end, from which on it is over."
    )
    active: bool = Field(examples=[True])
    created_at: Timestamp
    updated_at: Timestamp


class UserWithChoices(User):
    """A user, and with `include=allowed_roles` what the caller could make of the user."""

    allowed_roles: list[Role] = Field(
        default=ABSENT,
        examples=[["admin", "user"]],
        description="Only with `include=allowed_roles`: the roles other than the present one that the caller could "
        "give the user now, without an end. Empty for oneself.",
    )


class ListedUser(UserWithChoices):
    """A user with the last four characters of the API token, which is stored as a hash only."""

    token: str | None = Field(
        pattern=r"^\*{8}-\*{4}-\*{4}-\*{4}-\*{8}[0-9a-f]{4}$",
        examples=["********-****-****-****-********f0a9"],
        description="Null for a user without an API token, such as one that an identity provider has created.",
    )


class NewUser(User):
    """A user that was just created, with the API token, which is shown only in this answer."""

    token: ApiToken


class Tenant(Answer):
    id: TenantId
    name: str = Field(examples=["Acme Atendimento"])
    created_at: Timestamp
    updated_at: Timestamp


class ListedTenant(Tenant):
    deletes_at: Timestamp = Field(default=ABSENT, description="Only with `status=scheduled`.")


class TenantDetails(Tenant):
    deletion_protection: bool = Field(examples=[False], description="While true, the tenant cannot be deleted.")


class UserCreated(Success):
    user: NewUser
    webhook_configured: bool = Field(examples=[True])
    webhook_url: str | None = Field(examples=["https://example.com/hooks/rolecall"])
    webhook_secret: WebhookSecret = Field(default=ABSENT, description="Only with a webhook.")
    note: Said = Field(examples=["Keep the token: it is shown this once and cannot be read again."])


class TenantRegistered(UserCreated):
    tenant: Tenant
    token: ApiToken


class UserList(Success):
    users: list[ListedUser]
    next_cursor: Cursor = ABSENT


class UserFound(Success):
    data: UserWithChoices


class Done(Success):
    message: Said


class UserUpdated(Done):
    message: Literal["User updated successfully"]


class UserDeleted(Done):
    message: Literal["User permanently deleted"]


class RoleChange(Answer):
    user_id: UserId
    old_role: Role = Field(examples=["user"])
    new_role: Role = Field(examples=["manager"])
    until: Timestamp = Field(default=ABSENT, description="Only if an `until` was sent: the end of the role.")


class RoleChanged(Done):
    """`old_role` and `new_role` are the same if the user had that role already."""

    message: Literal["User role updated successfully"]
    data: RoleChange


class ChangeResult(Answer):
    """What became of one change: the user as it was named, and for a change that is not refused both names."""

    user_id: UserId = ABSENT
    email: Email = ABSENT
    outcome: Literal["changed", "unchanged", "refused", "not_tried"] = Field(
        examples=["changed"], description="`unchanged`: the user has that role already. `not_tried`: nothing happened."
    )
    old_role: Role = Field(default=ABSENT, examples=["user"], description="Only of `changed` and `unchanged`.")
    new_role: Role = Field(examples=["manager"])
    until: Timestamp = Field(default=ABSENT, description="Only if it was given.")
    error_code: Code = Field(default=ABSENT, description="Why it was refused, for programs.")
    error: Said = Field(default=ABSENT, description="Why it was refused, for people.")


class ChangeResults(Answer):
    dry_run: bool = Field(examples=[False])
    changed: int = Field(ge=0, examples=[1])
    unchanged: int = Field(ge=0, examples=[0])
    refused: int = Field(ge=0, examples=[1])
    not_tried: int = Field(ge=0, examples=[0])
    results: list[ChangeResult] = Field(
        examples=[
            [
                {
                    "user_id": USER_ID,
                    "email": "ada@example.com",
                    "outcome": "changed",
                    "old_role": "user",
                    "new_role": "manager",
                },
                {
                    "user_id": ADMIN_ID,
                    "outcome": "refused",
                    "new_role": "user",
                    "error_code": LastAdmin.code,
                    "error": LastAdmin.message,
                },
            ]
        ]
    )


class RolesChanged(Done):
    """One result for each change, in the order of the request."""

    message: Literal["Each result says what became of its change", "Dry run: nothing was changed"]
    data: ChangeResults


class NewToken(Answer):
    user_id: UserId
    token: ApiToken


class TokenRotated(Done):
    message: Literal["API token rotated successfully"]
    data: NewToken
    note: Said = Field(examples=["Keep the token: it is shown this once and cannot be read again."])


class WebhookFailure(Answer):
    """The last failure since the last success."""

    at: Timestamp
    error: Said = Field(examples=["503"], description="The status of the answer, or the cause. Never a body.")


class Webhook(Answer):
    """A webhook of the tenant, or with a `user_id` one of that user."""

    id: WebhookId
    url: str = Field(examples=["https://example.com/hooks/rolecall"], json_schema_extra={"format": "uri"})
    user_id: UserId | None = Field(
        examples=[None], description="null for a webhook of the tenant, which hears of every user."
    )
    status: WebhookStatus = Field(
        examples=["active"],
        description="`failing`: the last delivery failed and is tried again. `disabled`: nothing but a `webhook.test` "
        "is sent, after five days without a success or a 410.",
    )
    created_at: Timestamp
    last_delivered_at: Timestamp | None = Field(examples=[TIME])
    last_failure: WebhookFailure | None = Field(examples=[None])


class WebhookList(Success):
    webhooks: list[Webhook]
    next_cursor: Cursor = ABSENT


class WebhookCreated(Success):
    webhook: Webhook
    webhook_secret: WebhookSecret
    note: Said = Field(examples=["Keep the webhook_secret: it is shown this once and cannot be read again."])


class WebhookDeleted(Done):
    message: Literal["Webhook deleted"]


class WebhookSecretRotated(WebhookCreated):
    message: Literal["Webhook secret rotated"]


class WebhookTest(Answer):
    webhook_id: WebhookId
    delivery_id: Said = Field(
        examples=["5d3f4f0c-6c0e-4f0e-9a53-0d7d6a0d4c11"], description="The header `webhook-id` of the delivery."
    )
    type: Literal["webhook.test"]


class WebhookTestQueued(Done):
    message: Literal["Test event queued"]
    data: WebhookTest


class UserTokenPair(Answer):
    access_token: Said = Field(examples=[USER_ACCESS_TOKEN], description="A JWT, good for `expires_in` seconds.")
    refresh_token: Said = Field(examples=[USER_REFRESH_TOKEN], description="Opaque, 7 days, single use.")
    token_type: Literal["Bearer"]
    expires_in: int = Field(ge=1, examples=[900], description="Seconds.")


class UserSession(UserTokenPair):
    """The tokens of a new session, and who has logged in."""

    user: User


class UserLoggedIn(Success):
    data: UserSession


class UserSessionRefreshed(Success):
    data: UserTokenPair


class PasswordChanged(Done):
    message: Literal["Password changed"]


class UserLoggedOut(Done):
    message: Literal["Logged out"]


class TenantList(Success):
    tenants: list[ListedTenant]
    next_cursor: Cursor = ABSENT


class TenantFound(Success):
    data: TenantDetails


class TenantUpdated(Done):
    message: Literal["Tenant updated successfully"]
    data: TenantDetails


class TenantRestored(Done):
    message: Literal["Tenant restored"]
    data: TenantDetails


class DeletedTenant(Answer):
    tenant_id: TenantId
    tenant_name: str = Field(examples=["Acme Atendimento"])
    deleted_at: Timestamp


class TenantDeleted(Done):
    """The tenant is deleted, and a check has found no item of it."""

    message: Literal["Tenant and all related data permanently deleted"]
    data: DeletedTenant


class Preview(Answer):
    tenant_id: TenantId
    tenant_name: str = Field(examples=["Acme Atendimento"])
    dry_run: Literal[True]
    would_delete: Counts
    complete: bool = Field(examples=[True], description="False where the counts are a lower bound.")


class DeletionPreviewed(Done):
    """The answer to `?dry_run=true`: nothing was deleted."""

    message: Literal["Dry run: nothing was deleted"]
    data: Preview


class AcceptedDeletion(Answer):
    tenant_id: TenantId
    tenant_name: str = Field(examples=["Acme Atendimento"])
    status: Literal["deleting"]
    requested_at: Timestamp


class DeletionAccepted(Done):
    """The tenant is closed: its tokens are invalid and nothing can be written into it.

    The deletion continues by itself.
    """

    message: Literal["Tenant deletion accepted: the tenant is closed, its data is being removed"]
    data: AcceptedDeletion


class ScheduledDeletion(Answer):
    tenant_id: TenantId
    tenant_name: str = Field(examples=["Acme Atendimento"])
    status: Literal["scheduled"]
    requested_at: Timestamp
    deletes_at: Timestamp


class DeletionScheduled(Done):
    """The tenant is closed like one that is being deleted, but nothing is removed before `deletes_at`."""

    message: Literal["Tenant deletion scheduled: the tenant is closed, nothing is removed before deletes_at"]
    data: ScheduledDeletion


class Deletion(Answer):
    """The progress of a deletion, and its receipt from `deleted` on. The receipt outlives the tenant.

    The tenant's webhooks still receive the last events. For this, a copy of their ids and URLs remains for 50 hours
    after they were deleted. `deleted` counts the webhooks, not the copies.
    """

    tenant_id: TenantId
    tenant_name: str = Field(examples=["Acme Atendimento"])
    status: Literal["scheduled", "deleting", "deleted", "failed"] = Field(
        examples=["deleted"],
        description="`failed` after an hour without progress. The deletion is still resumed.",
    )
    requested_at: Timestamp
    deletes_at: Timestamp = Field(default=ABSENT, description="Only while `status` is `scheduled`.")
    deleted_at: Timestamp = ABSENT
    requested_by: str = Field(examples=["master"])
    deleted: Counts
    total: Counts
    percent: int = Field(ge=0, le=100, examples=[100])
    attempts: int = Field(ge=0, examples=[1], description="0 while the deletion is scheduled.")
    verified: bool = Field(
        examples=[True],
        description="True after strongly consistent queries have found no item of the tenant. The copies of webhooks "
        "for the last events are no items of the tenant.",
    )


class DeletionFound(Success):
    data: Deletion


class Actor(Answer):
    type: Literal["user", "account", "master", "system"] = Field(examples=["user"])
    id: str = Field(examples=[ADMIN_ID])
    email: str | None = Field(
        examples=["owner@example.com"], description="`hmac-sha256:…` in the audit of a deleted tenant."
    )


class Target(Answer):
    type: Literal["user", "tenant", "account", "webhook", "secret"] = Field(examples=["user"])
    id: str = Field(examples=[USER_ID])


class AuditEntry(Answer):
    """One change, or one refused attempt: who, what, when and why."""

    id: str = Field(json_schema_extra={"format": "uuid"}, examples=["0197733c-8a00-7b4c-8d1e-2f3a4b5c6d7e"])
    action: str = Field(pattern="^[a-z0-9]+(_[a-z0-9]+)*$", examples=["promote_user"])
    outcome: Literal["succeeded", "denied"] = Field(examples=["succeeded"])
    actor: Actor
    target: Target
    before: dict[str, Any] | None = Field(examples=[{"role": "user"}])
    after: dict[str, Any] | None = Field(
        examples=[{"role": "manager"}], description="The new values. For a denied request, the requested values."
    )
    reason: str | None = Field(
        examples=["stands in for Ana in July"],
        description="The caller's reason, or null. For a denied request, the error code.",
    )
    request_id: str | None = Field(
        examples=["c6af9ac6-7b61-11e6-9a41-93e8deadbeef"], description="The `X-Request-Id` of the request."
    )
    ip: str | None = Field(examples=["198.51.100.7"])
    timestamp: Timestamp
    refusals: int = Field(
        default=ABSENT,
        ge=1,
        examples=[37],
        description="How many refusals of this actor and action in this minute the entry stands for. Only in the "
        "entry after the tenth.",
    )


class AuditList(Success):
    entries: list[AuditEntry]
    next_cursor: Cursor = ABSENT


# --- Platform API ----------------------------------------------------------------------------------


class TokenPair(Answer):
    accessToken: Said = Field(examples=[ACCESS_TOKEN], description="A JWT, good for `expiresIn` seconds.")
    refreshToken: Said = Field(examples=[REFRESH_TOKEN], description="Opaque, 7 days, single use.")
    tokenType: Literal["Bearer"]
    expiresIn: int = Field(ge=1, examples=[900], description="Seconds.")


class Login(TokenPair):
    """The tokens of a new session."""

    passwordChangeRequired: Literal[True] = Field(
        default=ABSENT, description="Only if the password is a temporary one, which must be changed first."
    )


class PasswordReset(Answer):
    temporaryPassword: Said = Field(examples=["pB5hVb9kq0mXWc2fYt7RzL4s"])


class Account(Answer):
    """The whole profile of a platform account."""

    id: AccountId
    firstName: str = Field(examples=["Grace"])
    lastName: str = Field(examples=["Hopper"])
    username: str = Field(examples=["grace@example.com"])
    email: Email
    phoneNumber: str | None = Field(examples=[None])
    nationality: str | None = Field(examples=[None])
    birthDate: str | None = Field(json_schema_extra={"format": "date"}, examples=["1990-12-31"])
    enabled: bool = Field(examples=[True])
    banned: bool = Field(examples=[False])
    banReason: str | None = Field(examples=[None])
    bannedAt: Timestamp | None = Field(examples=[None])
    roles: list[PlatformRole] = Field(
        min_length=1, max_length=1, examples=[["ROLE_ADMIN"]], description="The role in force, and no other."
    )
    lastingRole: PlatformRole = Field(
        default=ABSENT,
        examples=["ROLE_CLIENT"],
        description="Only with a temporary role: the role after it.",
    )
    roleUntil: Timestamp = Field(
        default=ABSENT, description="Only while a temporary role is in force: its end, from which on it is over."
    )
    walletBalance: Amount
    pendingWithdrawalAmount: Amount
    totalEarned: Amount
    totalWithdrawn: Amount
    stripeConnectedAccountId: str | None = Field(examples=[None])
    stripeAccountComplete: bool = Field(examples=[False])
    kycStatus: Literal["PENDING", "APPROVED", "REJECTED", "EXPIRED"] = Field(examples=["PENDING"])
    kycSubmittedAt: Timestamp | None = Field(examples=[None])
    kycReviewedAt: Timestamp | None = Field(examples=[None])
    totalAnnonces: int = Field(ge=0, examples=[0])
    totalReservationsAsSender: int = Field(ge=0, examples=[0])
    totalReservationsAsCarrier: int = Field(ge=0, examples=[0])
    totalTransactions: int = Field(ge=0, examples=[0])
    createdAt: Timestamp
    updatedAt: Timestamp
    lastLoginAt: Timestamp | None = Field(examples=[None])


class AccountList(Answer):
    users: list[Account]
    nextCursor: Cursor = ABSENT


class HistoryEntry(Answer):
    """One change of an account, or one refused attempt."""

    id: str = Field(json_schema_extra={"format": "uuid"}, examples=["0197733c-8a00-7b4c-8d1e-2f3a4b5c6d7e"])
    adminId: AccountId | None = Field(examples=[1], description="Null for an operator and for the system itself.")
    adminName: str = Field(examples=["Root Superadmin"])
    adminEmail: str | None = Field(examples=["root@example.com"])
    action: str = Field(pattern="^[A-Z]+(_[A-Z]+)*$", examples=["USER_ROLE_CHANGE"])
    actionDescription: str = Field(examples=["Role changed"])
    targetEntityType: Literal["USER"]
    targetEntityId: AccountId
    description: str = Field(examples=["role: ROLE_CLIENT -> ROLE_ADMIN; reason: runs the support team now"])
    ipAddress: str | None = Field(examples=["198.51.100.7"])
    actionTimestamp: Timestamp
    status: Literal["SUCCESS", "DENIED"] = Field(examples=["SUCCESS"])


class History(RootModel[list[HistoryEntry]]):
    """Newest first."""


# --- Errors ----------------------------------------------------------------------------------------

type Path = Annotated[str, Field(pattern="^/", examples=["/v1/api/superadmin/users/7/role"])]


class FieldMessage(Answer):
    field: str = Field(examples=["newRole"], description="The name as it was sent, which may be empty.")
    message: Said = Field(examples=["is required"])


class Validation(FieldMessage):
    value: str | float | bool = Field(
        default=ABSENT, description="The value that was sent, but never a password, a token or a secret."
    )


class TenantError(Answer):
    """An error of the tenant API."""

    success: Literal[False]
    error: Said = Field(description="For people.")
    error_code: Code
    timestamp: Timestamp
    validation: list[Validation] = Field(default=ABSENT, min_length=1, description="Only for field errors.")


class PlatformError(Answer):
    """An error of the platform API."""

    status: int = Field(description="The status of the answer.")
    error: Said = Field(description="The reason phrase of the status.")
    message: Said = Field(description="For people.")
    timestamp: Timestamp
    path: Path
    code: Code
    fieldErrors: list[FieldMessage] = Field(default=ABSENT, min_length=1, description="Only for field errors.")


class GatewayError(Answer):
    """An error of the gateway itself.

    It does not know the family of the route, so it has the fields of both formats.
    """

    success: Literal[False]
    status: int = Field(description="The status of the answer.")
    error: Said = Field(description="The reason phrase of the status.")
    error_code: Code
    code: Code
    message: Said = Field(description="For people.")
    timestamp: str = Field(
        pattern=r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000)$",
        examples=["15/Jun/2026:12:00:00 +0000"],
        description="RFC 3339 for a denied credential, else the format of an access log, because the gateway has "
        "no other.",
    )
    path: Path
