"""Changing the roles of many users in one request, and the preview of it.

Each change obeys the rules of `promote_user`, in a transaction of its own with an audit entry of its own.
"""

from collections.abc import Iterable, Sequence
from copy import replace
from enum import StrEnum
from typing import Any, NamedTuple

from rolecall import clock, deadline
from rolecall.audit import refusals
from rolecall.auth import preconditions
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import MANAGEABLE_ROLES, HeldRole, Power, Role, check_may_hand_on
from rolecall.clock import second_of_rfc3339
from rolecall.errors import (
    ConcurrentChange,
    FieldError,
    Forbidden,
    RolecallError,
    RuleViolation,
    ServiceUnavailable,
    Unauthorized,
    UserNotFound,
    ValidationFailed,
)
from rolecall.storage import keys, reads
from rolecall.telemetry import count_metric, log_service_unavailable, logger
from rolecall.tenants import change_rules, user_changes
from rolecall.tenants.user_changes import RoleChange

#: If fewer seconds than this are left, no further role change is started. A change that has started is complete within
#: this time.
_SECONDS_FOR_A_CHANGE = 2.5

_FAILED = "something went wrong on our side: this change may have been made; look at the user before you repeat it"

_MAY_HAVE_HAPPENED = "the service is busy: this change may have been made; repeat the request, nothing is changed twice"


class Outcome(StrEnum):
    """What became of one change. In a preview: what would become of it."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    NOT_TRIED = "not_tried"


class RequestedChange(NamedTuple):
    """One change of a request: of the user with this id, or of the user with this email."""

    new_role: Role
    user_id: str | None = None
    email: str | None = None
    until: str | None = None
    reason: str | None = None

    def to_json(self) -> dict[str, str]:
        """Return whom the request names, and the role and end that it asks for."""
        fields = {"user_id": self.user_id, "email": self.email, "new_role": self.new_role, "until": self.until}
        return {name: value for name, value in fields.items() if value is not None}


class Result(NamedTuple):
    """What became of one change. `change` is there for a user who has the role now, `error` for a refusal."""

    requested: RequestedChange
    outcome: Outcome
    change: RoleChange | None = None
    error: RolecallError | None = None

    @classmethod
    def of_change(cls, context: RequestContext, requested: RequestedChange, change: RoleChange) -> "Result":
        """Return the result with the user's id and email; a manager does not get the email of an admin."""
        # A manager may name any user of the tenant by id, but may not see the email of an admin.
        may_see = change.old_role in MANAGEABLE_ROLES[Role(context.principal.role)]
        shown = requested._replace(user_id=change.user_id, email=change.email if may_see else requested.email)
        return cls(shown, Outcome.CHANGED if change.is_change else Outcome.UNCHANGED, change)

    @classmethod
    def of_error(cls, requested: RequestedChange, error: RolecallError) -> "Result":
        return cls(requested, Outcome.REFUSED, error=error)

    def to_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {**self.requested.to_json(), "outcome": self.outcome}
        if self.change:
            shown["old_role"] = self.change.old_role
        if self.error:
            shown |= {"error_code": self.error.code, "error": _message_or_joined_messages_of_fields(self.error)}
        return shown


def promote_users(context: RequestContext, requested: Sequence[RequestedChange]) -> list[Result]:
    """Change the roles of users of the caller's tenant, in the order of the request, and return a result for each.

    A change that the rules refuse is recorded like one of `promote_user` and does not stop those after it. A caller
    whose access ends during the request is refused the rest. When the time is up, the rest is not tried; nor is it
    after an error that nobody expected, which is logged and has its own row. Such an error is raised only if nothing
    has been changed. Raises `ValidationFailed` if two changes are about the same user. Raises `Unauthorized`,
    `ServiceUnavailable` or `ConcurrentChange` only if nothing has been changed.
    """
    with_ids = _find_user_ids_refusing_duplicates(context, requested)
    # The caller's access is checked before any result is made. A caller whose access has ended must not learn which
    # users exist.
    _CallerAndTenantNow.read_or_refuse_inactive(context)
    results: list[Result] = []
    try:
        for one, user_id in with_ids:
            if deadline.time_left() < _SECONDS_FOR_A_CHANGE:
                break
            results.append(_change_one_role_and_record_refusal(context, one, user_id))
    except (Unauthorized, ServiceUnavailable, ConcurrentChange) as error:
        if not any(result.outcome is Outcome.CHANGED for result in results):
            raise
        results += _results_after_error(requested[len(results) :], error)
    except Exception:
        # Changes that are written must be in the answer, whatever happens to a later one.
        if not any(result.outcome is Outcome.CHANGED for result in results):
            raise
        logger.exception("role change in bulk failed")
        count_metric("RequestsFailed")
        results.append(Result.of_error(requested[len(results)], RolecallError(_FAILED)))
    results += [Result(one, Outcome.NOT_TRIED) for one in requested[len(results) :]]
    numbers = count_outcomes(results)
    logger.info("roles changed in bulk", tenant_id=context.principal.tenant_id, outcomes=numbers)
    return results


def _change_one_role_and_record_refusal(context: RequestContext, requested: RequestedChange, user_id: str) -> Result:
    """Change one role and return the result; record a refusal; raise `Unauthorized` or `ServiceUnavailable`."""
    # Each change has its own time in the audit trail, and the end of the caller's own role is compared with that time.
    context = replace(context, at=clock.now())
    try:
        try:
            change = user_changes.promote_user(
                context, user_id, requested.new_role, until=requested.until, reason=requested.reason
            )
        except (UserNotFound, ValidationFailed):
            # There was no transaction that would have checked the caller's role, so it is checked here.
            preconditions.require_actor_still_authorized(context.principal)
            raise
    except RuleViolation as refusal:
        asked = {"new_role": requested.new_role, "until": requested.until, "reason": requested.reason}
        refusals.record_refusal(
            context,
            "promote_user",
            ("user", user_id),
            asked={name: value for name, value in asked.items() if value is not None},
            code=refusal.code,
        )
        return Result.of_error(requested, refusal)
    except (ConcurrentChange, UserNotFound, ValidationFailed) as error:
        return Result.of_error(requested, error)
    return Result.of_change(context, requested, change)


def _results_after_error(untried: Sequence[RequestedChange], error: RolecallError) -> list[Result]:
    """Return the results of the change that failed and, if the caller's access has ended, of those after it."""
    if isinstance(error, Unauthorized):
        return [Result.of_error(one, error) for one in untried]
    if isinstance(error, ServiceUnavailable):
        log_service_unavailable(error)
        error = ServiceUnavailable(_MAY_HAVE_HAPPENED)
    return [Result.of_error(untried[0], error)]


def count_outcomes(results: Sequence[Result]) -> dict[str, int]:
    """Return how many changes have each outcome."""
    return {outcome.value: sum(result.outcome is outcome for result in results) for outcome in Outcome}


def preview_promotions(context: RequestContext, requested: Sequence[RequestedChange]) -> list[Result]:
    """Return what `promote_users` would return if nothing else changes anything, and change nothing.

    Each result comes after those before it: of the last two admins, the demotion of the second is refused. Raises what
    `promote_users` raises.
    """
    with_ids = _find_user_ids_refusing_duplicates(context, requested)
    standing = _CallerAndTenantNow.read_or_refuse_inactive(context)
    tenant_id = context.principal.tenant_id
    items = reads.get_many(*(keys.user(tenant_id, user_id) for _, user_id in with_ids))
    admins, results = standing.active_admins, []
    for (one, _), item in zip(with_ids, items, strict=True):
        try:
            until = None if one.until is None else second_of_rfc3339(one.until)
            try:
                old, new = change_rules.decide_promotion(context, item, one.new_role, until)
            except (UserNotFound, ValidationFailed):
                standing.require_role_seen_by_authorizer()
                raise
            # The conditions are checked in the same order as in the transaction of a real change. So the preview shows
            # the same error.
            admins_after = change_rules.require_remaining_admin(admins, old, new)
            standing.require_role_seen_by_authorizer()
            standing.require_no_power_outlives_role(change_rules.powers_given_by_role_change_or_activation(old, new))
        except (RuleViolation, UserNotFound, ValidationFailed) as error:
            results.append(Result.of_error(one, error))
        else:
            admins = admins_after
            results.append(Result.of_change(context, one, RoleChange.between(old, new)))
    return results


class _CallerAndTenantNow(NamedTuple):
    """The caller and its tenant as they are now."""

    required_role: str
    held_role: HeldRole[Role]
    active_admins: int

    @classmethod
    def read_or_refuse_inactive(cls, context: RequestContext) -> "_CallerAndTenantNow":
        """Raises `Unauthorized` if the tenant or the caller is no longer active."""
        principal = context.principal
        tenant, actor = reads.get_many(keys.tenant(principal.tenant_id), keys.user(principal.tenant_id, principal.id))
        if tenant is None or tenant["status"] != preconditions.ACTIVE or actor is None or not actor["active"]:
            raise Unauthorized
        held = HeldRole.from_item(actor, Role).at(clock.now())
        return cls(principal.role, held, int(tenant["active_admins"]))

    def require_role_seen_by_authorizer(self) -> None:
        """Raises `Forbidden` if the caller has another role than the authorizer saw."""
        if self.held_role.role != self.required_role:
            raise Forbidden

    def require_no_power_outlives_role(self, powers: Iterable[Power]) -> None:
        """Raises `Forbidden` if one of the powers would outlive the role that the caller has now."""
        check_may_hand_on(self.held_role, powers)


def _find_user_ids_refusing_duplicates(
    context: RequestContext, requested: Sequence[RequestedChange]
) -> list[tuple[RequestedChange, str]]:
    """Return each change with its user's id; raise `ValidationFailed` if two changes are about the same user.

    The id is "" for an email that no user of the caller's tenant has.
    """
    ids = _user_ids_by_email(context.principal.tenant_id, [one.email for one in requested if one.email])
    found = [one.user_id or ids.get((one.email or "").lower(), "") for one in requested]
    first: dict[str, int] = {}
    problems = []
    for position, (one, user_id) in enumerate(zip(requested, found, strict=True)):
        earlier = first.setdefault(user_id or f"email {(one.email or '').lower()}", position)
        if earlier != position:
            problems.append(FieldError(f"changes[{position}]", f"is about the same user as changes[{earlier}]"))
    if problems:
        raise ValidationFailed(*problems)
    return list(zip(requested, found, strict=True))


def _user_ids_by_email(tenant_id: str, emails: Sequence[str]) -> dict[str, str]:
    """Return the ids of the tenant's users with these emails, by the email in lower case."""
    reservations = reads.get_many(*map(keys.email_reservation, emails)) if emails else []
    return {
        email.lower(): reservation["user_id"]
        for email, reservation in zip(emails, reservations, strict=True)
        if reservation and reservation.get("tenant_id") == tenant_id
    }


def _message_or_joined_messages_of_fields(error: RolecallError) -> str:
    """Return the messages of the invalid fields, joined by semicolons, or the message of any other error."""
    if isinstance(error, ValidationFailed) and error.fields:
        return "; ".join(f"{one.field} {one.message}" for one in error.fields)
    return error.message
