"""Every error that this package raises on purpose: one class for each fact.

`status` and `code` are those of the HTTP contract. `http.responses` writes them in the error format of the API family.
A message is written for people and never contains a secret.
"""

from typing import Any, ClassVar, NamedTuple


class RolecallError(Exception):
    """An error whose status, code and message are sent to the caller."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"
    message: str = "something went wrong on our side: try again later"
    #: Seconds after which the caller should try again. The `Retry-After` header of the response carries this number.
    retry_after: int | None = None

    def __init__(self, message: str | None = None) -> None:
        self.message = message or self.message
        super().__init__(self.message)


class ConfigurationError(Exception):
    """A setting is missing or malformed in the deployment. It is logged; the caller only gets a 500."""


class FieldError(NamedTuple):
    """What is wrong with one field of the request. `value` is None if it must not be repeated to the caller."""

    field: str
    message: str
    value: Any = None


class ValidationFailed(RolecallError):
    """The body, query or path of the request does not follow the contract."""

    status = 400
    code = "VALIDATION_ERROR"
    message = "validation failed"

    def __init__(self, *fields: FieldError, message: str | None = None) -> None:
        super().__init__(message)
        self.fields = fields


class Unauthorized(RolecallError):
    """The credential is unknown, malformed, revoked, inactive or deleted. The caller is not told which."""

    status = 401
    code = "UNAUTHORIZED"
    message = "a valid credential is required"


class RuleViolation(RolecallError):
    """The caller is known, but a rule forbids the request. A refused role change is recorded in the audit trail."""


class Forbidden(RuleViolation):
    """The caller's role does not allow the operation."""

    status = 403
    code = "FORBIDDEN"
    message = "your role does not allow this"


class MasterTokenRequired(RuleViolation):
    """Only the master token of the platform may use this route."""

    status = 403
    code = "MASTER_TOKEN_REQUIRED"
    message = "this needs the platform's master token"


class RoleTransitionDenied(RuleViolation):
    """The caller's role does not allow this change of role."""

    status = 403
    code = "ROLE_TRANSITION_DENIED"
    message = "your role does not allow this change of role"


class SelfChangeDenied(RuleViolation):
    """Callers may not change their own role, nor deactivate or delete themselves."""

    status = 403
    code = "SELF_CHANGE_DENIED"
    message = "you cannot change your own role: ask someone else"


class WrongPassword(RuleViolation):
    """The current password, which a change of one's own password needs, is wrong. It counts like a failed login."""

    status = 403
    code = "WRONG_PASSWORD"
    message = "the current password is wrong"


class PasswordChangeRequired(RuleViolation):
    """The account has a temporary password. Until it is changed, the account can only change it or log out."""

    status = 403
    code = "PASSWORD_CHANGE_REQUIRED"
    message = "change your temporary password first, with PUT /v1/api/auth/password"


class LastAdmin(RuleViolation):
    """The change would leave the tenant without an active admin."""

    status = 409
    code = "LAST_ADMIN"
    message = "the tenant would be left without an active admin: make someone else admin first"


class LastSuperadmin(RuleViolation):
    """The change would leave the platform without an enabled superadmin."""

    status = 422
    code = "LAST_SUPERADMIN"
    message = "the platform would be left without an enabled superadmin: make someone else superadmin first"


class WebhookNotFound(RolecallError):
    """The caller's tenant has no such webhook."""

    status = 404
    code = "WEBHOOK_NOT_FOUND"
    message = "webhook not found"


class WebhookLimit(RolecallError):
    """The tenant, or the user, has as many webhooks as it may have."""

    status = 409
    code = "WEBHOOK_LIMIT"
    message = "there are as many webhooks as there may be: delete one first"


class NotFound(RolecallError):
    """No route has this path."""

    status = 404
    code = "NOT_FOUND"
    message = "no such route"


class UserNotFound(RolecallError):
    """The caller's tenant has no such user."""

    status = 404
    code = "USER_NOT_FOUND"
    message = "user not found"


class AccountNotFound(RolecallError):
    """There is no such platform account."""

    status = 404
    code = "USER_NOT_FOUND"
    message = "user not found"


class TenantNotFound(RolecallError):
    """There is no such tenant, or it was deleted."""

    status = 404
    code = "TENANT_NOT_FOUND"
    message = "tenant not found"


class TenantExists(RolecallError):
    """Another tenant has a name that looks the same: case, kinds of space and widths of letters do not count."""

    status = 409
    code = "TENANT_EXISTS"
    message = "a tenant of that name exists already"


class EmailTaken(RolecallError):
    """Someone on the platform has that email, compared without case."""

    status = 409
    code = "EMAIL_TAKEN"
    message = "that email is taken"


class UsernameTaken(RolecallError):
    """Another account has that username, compared without case, or someone else has it as an email."""

    status = 409
    code = "USERNAME_TAKEN"
    message = "that username is taken"


class ConcurrentChange(RolecallError):
    """Other requests changed the same item at the same time, and all retries failed."""

    status = 409
    code = "CONCURRENT_CHANGE"
    message = "someone else changed this at the same time: look at it again and retry"


class ConfirmationMismatch(RolecallError):
    """The name that was sent to confirm a deletion differs from the tenant's name."""

    status = 409
    code = "CONFIRMATION_MISMATCH"
    message = "the tenant's name differs from the one in X-Confirm-Tenant-Name: nothing was deleted"


class TenantProtected(RolecallError):
    """The tenant is protected against deletion."""

    status = 409
    code = "TENANT_PROTECTED"
    message = "the tenant is protected against deletion: lift its deletion_protection first"


class DeletionStarted(RolecallError):
    """The tenant's deletion has started, so it can't be taken back."""

    status = 409
    code = "DELETION_STARTED"
    message = "the deletion has started: the tenant cannot be restored"


class RequestInProgress(ConcurrentChange):
    """The first request with this `Idempotency-Key` has no answer yet."""

    message = "a request with this Idempotency-Key is still running: repeat it in a moment"
    retry_after = 1


class IdempotencyKeyReused(RolecallError):
    """The `Idempotency-Key` was used for another body."""

    status = 422
    code = "IDEMPOTENCY_KEY_REUSED"
    message = "this Idempotency-Key was used for another body: take a new key for a new request"


class ResultDeleted(RolecallError):
    """The first request with this `Idempotency-Key` created something that has been deleted since."""

    status = 409
    code = "DELETION_STARTED"
    message = (
        "what the first request with this Idempotency-Key created has been deleted: take a new key to create it again"
    )


class PreconditionFailed(RolecallError):
    """`If-Match` does not name the current version."""

    status = 412
    code = "PRECONDITION_FAILED"
    message = "this was changed since you read it: read it again and retry with its new ETag, quotes included"


class PayloadTooLarge(RolecallError):
    """The body is larger than the contract allows."""

    status = 413
    code = "PAYLOAD_TOO_LARGE"
    message = "the body must not exceed 16 KiB"


class UnsupportedMediaType(RolecallError):
    """The body is declared as something else than JSON in plain UTF-8."""

    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"
    message = "send the body as application/json"


class OperatorRequestRefused(RolecallError):
    """The operator's function refuses a request. No route raises it."""

    status = 409
    code = "OPERATION_REFUSED"


class SuperadminExists(OperatorRequestRefused):
    """The platform already has an enabled superadmin, who can create more over the API."""

    message = "the platform has an enabled superadmin, who can make others; if nobody can use it, ask with force=true"


class PreviousKeyInUse(OperatorRequestRefused):
    """Tokens of the previous signing key are still valid. A rotation now would end them."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"the key before this one has valid tokens for {seconds} more seconds:"
            " wait, or end all access tokens with revoke_previous=true"
        )


class RateLimited(RolecallError):
    """Too many attempts failed, or too many requests arrived at once.

    The next attempt is allowed after `retry_after` seconds.
    """

    status = 429
    code = "RATE_LIMITED"
    message = "too many failed attempts: wait as long as Retry-After says"

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class WebhookTestWaiting(RateLimited):
    """A test of the webhook waits for its delivery, so no other one is queued."""

    message = "a test of this webhook is waiting: see its result in GET /webhooks, or wait as long as Retry-After says"


class ServiceUnavailable(RolecallError):
    """The storage or another service is throttled or not reachable. The request itself may be correct."""

    status = 503
    code = "SERVICE_UNAVAILABLE"
    message = "the service is busy: try again in a moment"
    retry_after = 1
