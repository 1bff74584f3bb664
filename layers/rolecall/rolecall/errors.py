"""Everything that can go wrong, one class a fact.

`status` and `code` are the contract's; `api` turns them into the dialect of the route's family.
The message is for people and never holds a secret.
"""

from typing import Any, ClassVar, NamedTuple


class RolecallError(Exception):
    """Something that a caller can be told."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"
    message: str = "something went wrong on our side: try again later"
    #: Seconds after which trying again makes sense; becomes `Retry-After`.
    retry_after: int | None = None

    def __init__(self, message: str | None = None) -> None:
        self.message = message or self.message
        super().__init__(self.message)


class ConfigurationError(Exception):
    """The deployment left something out that the function needs: for the log, and nothing to tell a caller."""


class FieldError(NamedTuple):
    """One thing wrong with one field. `value` is None where it must not be echoed."""

    field: str
    message: str
    value: Any = None


class ValidationFailed(RolecallError):
    """The request's body, query or path is not as the contract says."""

    status = 400
    code = "VALIDATION_ERROR"
    message = "validation failed"

    def __init__(self, *fields: FieldError, message: str | None = None) -> None:
        super().__init__(message)
        self.fields = fields


class Unauthorized(RolecallError):
    """The credential is unknown, malformed, revoked, inactive or deleted; a caller never learns which."""

    status = 401
    code = "UNAUTHORIZED"
    message = "a valid credential is required"


class RuleViolation(RolecallError):
    """The caller is known and may not do this; refused role changes of this kind are audited."""


class Forbidden(RuleViolation):
    """The caller's role does not allow the operation."""

    status = 403
    code = "FORBIDDEN"
    message = "your role does not allow this"


class MasterTokenRequired(RuleViolation):
    """The route is for the platform's operators."""

    status = 403
    code = "MASTER_TOKEN_REQUIRED"
    message = "this needs the platform's master token"


class RoleTransitionDenied(RuleViolation):
    """The caller's role does not allow this change of role."""

    status = 403
    code = "ROLE_TRANSITION_DENIED"
    message = "your role does not allow this change of role"


class SelfChangeDenied(RuleViolation):
    """Nobody changes their own role, deactivates or deletes themselves."""

    status = 403
    code = "SELF_CHANGE_DENIED"
    message = "you cannot change your own role: ask someone else"


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


class NotFound(RolecallError):
    """There is nothing at that address."""

    status = 404
    code = "NOT_FOUND"
    message = "no such route"


class UserNotFound(RolecallError):
    """No such user in the caller's tenant."""

    status = 404
    code = "USER_NOT_FOUND"
    message = "user not found"


class AccountNotFound(RolecallError):
    """No such platform account."""

    status = 404
    code = "USER_NOT_FOUND"
    message = "user not found"


class TenantNotFound(RolecallError):
    """No such tenant, or no longer."""

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


class ConcurrentChange(RolecallError):
    """Others kept changing the same thing for as long as we could try."""

    status = 409
    code = "CONCURRENT_CHANGE"
    message = "someone else changed this at the same time: look at it again and retry"


class ConfirmationMismatch(RolecallError):
    """The name given to confirm a deletion is not the tenant's."""

    status = 409
    code = "CONFIRMATION_MISMATCH"
    message = "the tenant's name differs from the one in X-Confirm-Tenant-Name: nothing was deleted"


class TenantProtected(RolecallError):
    """The tenant is protected against deletion."""

    status = 409
    code = "TENANT_PROTECTED"
    message = "the tenant is protected against deletion: lift its deletion_protection first"


class RequestInProgress(ConcurrentChange):
    """The first request with this `Idempotency-Key` has no answer yet."""

    message = "a request with this Idempotency-Key is still running: repeat it in a moment"
    retry_after = 1


class IdempotencyKeyReused(RolecallError):
    """The `Idempotency-Key` was used for another body."""

    status = 422
    code = "IDEMPOTENCY_KEY_REUSED"
    message = "this Idempotency-Key was used for another body: take a new key for a new request"


class PreconditionFailed(RolecallError):
    """`If-Match` names another version than the current one."""

    status = 412
    code = "PRECONDITION_FAILED"
    message = "this was changed since you read it: read it again and retry with its new ETag, quotes included"


class PayloadTooLarge(RolecallError):
    """The body is over the contract's limit."""

    status = 413
    code = "PAYLOAD_TOO_LARGE"
    message = "the body must not exceed 16 KiB"


class UnsupportedMediaType(RolecallError):
    """The body is declared as something else than JSON in plain UTF-8."""

    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"
    message = "send the body as application/json"


class OperatorRequestRefused(RolecallError):
    """Said to an operator who invokes a function by hand; no route says it."""

    status = 409
    code = "OPERATION_REFUSED"


class SuperadminExists(OperatorRequestRefused):
    """The platform has an enabled superadmin already, so the next is made by that one, over the API."""

    message = "the platform has an enabled superadmin, who can make others; if nobody can use it, ask with force=true"


class PreviousKeyInUse(OperatorRequestRefused):
    """The key before the current one still has valid tokens, which another rotation would end."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"the key before this one has valid tokens for {seconds} more seconds:"
            " wait, or end all access tokens with revoke_previous=true"
        )


class RateLimited(RolecallError):
    """Too many attempts have failed, or too many requests came at once.

    After `retry_after` seconds the next attempt is looked at.
    """

    status = 429
    code = "RATE_LIMITED"
    message = "too many failed attempts: wait as long as Retry-After says"

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class ServiceUnavailable(RolecallError):
    """The storage or another service is throttled or out of reach; nothing is known to be wrong with the request."""

    status = 503
    code = "SERVICE_UNAVAILABLE"
    message = "the service is busy: try again in a moment"
    retry_after = 1
