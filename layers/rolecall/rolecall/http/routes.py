"""Routes: make a Lambda handler of a function from a request to a response."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from rolecall import deadline, telemetry
from rolecall.audit import refusals
from rolecall.auth import preconditions
from rolecall.auth.principals import ANONYMOUS, RequestContext
from rolecall.errors import (
    AccountNotFound,
    EmailTaken,
    PasswordChangeRequired,
    PreconditionFailed,
    RolecallError,
    RuleViolation,
    ServiceUnavailable,
    Unauthorized,
    UserNotFound,
    ValidationFailed,
    WebhookNotFound,
)
from rolecall.http.guards import Guard
from rolecall.http.requests import (
    Request,
    build_request,
    check_headers_given_once,
    check_query_parameters,
    parse_body,
    path_parameters_with_empty_defaults,
    request_context_of,
)
from rolecall.http.responses import Family, Response, platform_error_body, tenant_error_body, to_gateway_response
from rolecall.storage import keys
from rolecall.telemetry import logger

#: A function stops retrying this many seconds before its Lambda timeout, so that it still has time to answer.
_ANSWER_SECONDS = 0.5

#: The number of digits of the largest account id. Account ids are positive int32 numbers.
_MAX_ID_LENGTH = 10

#: The errors that tell an actor what something is like, or whether it exists, without a transaction that checks the
#: actor. An error about a value is one: a new password is refused if it is the present one.
_ERRORS_ABOUT_TARGET = (
    *(AccountNotFound, UserNotFound, WebhookNotFound),
    *(PreconditionFailed, EmailTaken, ValidationFailed),
)

type Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def route[B](
    family: Family,
    *,
    may_call: Guard | None,
    body: type[B] | None = None,
    query: frozenset[str] = frozenset(),
    audit_refusals: tuple[str, str] | None = None,
    allowed_before_password_change: bool = False,
) -> Callable[[Callable[[Request[B]], Response]], Handler]:
    """Returns a decorator that makes a Lambda handler of a function from a request to a response.

    The handler first checks the caller (`may_call`; None for a route without a credential), then the names of the query
    parameters (`query`), then the body (`body`, its model). It turns every exception into an error body of the family.

    `audit_refusals` names an action and the type of its target. With it, the handler writes an audit entry for each
    refusal. The path parameter `id` is the target's id. A route
    of accounts without that parameter is about the caller.

    Callers who must change their password are refused, unless `allowed_before_password_change`.
    """

    return lambda function: (
        Route(family, function, may_call, body, query, audit_refusals, allowed_before_password_change).handle
    )


class Route[B](NamedTuple):
    """The arguments of `route`, and the function that it decorates. `handle` is the Lambda handler."""

    family: Family
    function: Callable[[Request[B]], Response]
    may_call: Guard | None
    body: type[B] | None
    query: frozenset[str]
    audit_refusals: tuple[str, str] | None
    allowed_before_password_change: bool = False

    def handle(self, event: dict[str, Any], lambda_context: Any) -> dict[str, Any]:
        """Answers one event of API Gateway. Every error of the request becomes an error response."""
        return answer_event(
            event,
            lambda_context,
            lambda context: self._respond(event, context),
            lambda error: self.error_response(event, error),
        )

    def error_response(self, event: Mapping[str, Any], error: RolecallError) -> Response:
        """Returns the response to an error, in the form of the route's family."""
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
        body = platform_error_body(event, error) if self.family is Family.PLATFORM else tenant_error_body(error)
        return Response(error.status, body, headers)

    def _respond(self, event: Mapping[str, Any], context: RequestContext) -> Response:
        """Checks the request and calls the function. Raises every error, a refusal after its audit entry is written."""
        body = None
        try:
            if self.may_call is not None:
                require_credential(context)
                self.may_call(context.principal)
                if context.principal.password_change_required and not self.allowed_before_password_change:
                    raise PasswordChangeRequired
            check_query_parameters(event, self.query)
            check_headers_given_once(event)
            body = parse_body(event, self.body)
            with no_error_about_target_for_former_actor(event, context):
                return self.function(build_request(event, context, body))
        except RuleViolation as refusal:
            if self.audit_refusals:
                _write_audit_entry_of_refusal(self.audit_refusals, event, context, body, refusal)
            raise


@contextmanager
def no_error_about_target_for_former_actor(event: Mapping[str, Any], context: RequestContext) -> Iterator[None]:
    """In this block, a change by an actor who has lost its access fails with `Unauthorized`, whatever it asks for.

    An actor who has another role than the authorizer saw gets `Forbidden`. The block must contain the work of a request
    after its body was parsed: an error about the body alone tells nothing that the actor did not send.
    """
    try:
        yield
    except _ERRORS_ABOUT_TARGET:
        # What a GET shows is decided by the authorizer alone. A change needs an actor with access at its moment.
        if event["httpMethod"] != "GET":
            preconditions.require_actor_still_authorized(context.principal)
        raise


def answer_event(
    event: dict[str, Any],
    lambda_context: Any,
    respond: Callable[[RequestContext], Response],
    error_response: Callable[[RolecallError], Response],
) -> dict[str, Any]:
    """Answers one event of API Gateway by `respond`. An error becomes the response that `error_response` makes of it.

    An error that nobody raised on purpose is logged, and becomes a 500 without details.
    """
    deadline.set_time_left(lambda_context.get_remaining_time_in_millis() / 1000 - _ANSWER_SECONDS)
    context = request_context_of(event)
    logger.append_keys(
        request_id=context.request_id,
        # This is API Gateway's own id of the request, which is also in its access log. `request_id` may come from the
        # caller, and a caller may send the same `request_id` several times.
        gateway_request_id=event["requestContext"]["requestId"],
        principal=context.principal.id,
    )
    try:
        response = respond(context)
    except RolecallError as error:
        if isinstance(error, ServiceUnavailable):
            telemetry.log_service_unavailable(error)
        response = error_response(error)
    except Exception:  # noqa: BLE001 (logged, and answered with 500 and no details)
        logger.exception("request failed")
        telemetry.count_metric("RequestsFailed")
        response = error_response(RolecallError())
    finally:
        telemetry.flush_metrics_and_warn_if_nearly_timed_out(lambda_context)
    return to_gateway_response(response, context.request_id)


def _write_audit_entry_of_refusal(
    action_and_target_type: tuple[str, str],
    event: Mapping[str, Any],
    context: RequestContext,
    body: Any,
    refusal: RuleViolation,
) -> None:
    """Writes the audit entry of a refusal. If the write fails, its error is raised instead of the refusal."""
    action, target_type = action_and_target_type
    # A path without `{id}` names no target. If such a route is about accounts, the target is the caller's own account.
    # If it is about users, it changes several of them and has no single target.
    target_without_id = context.principal.id if target_type == "account" else ""
    path = path_parameters_with_empty_defaults(event)
    target_id = _canonical_id_or_unknown(target_type, path.get("id", target_without_id))
    asked = body.fields_for_audit() if body is not None else {}
    refusals.record_refusal(context, action, (target_type, target_id), asked=asked, code=refusal.code)


def _canonical_id_or_unknown(target_type: str, target_id: str) -> str:
    """Returns the id in the form of keys, or "unknown" for a text that is no id, because it may be an email."""
    if target_type != "account":
        return keys.canonical_uuid(target_id) or "unknown"
    is_number = target_id.isdecimal() and target_id.isascii() and len(target_id) <= _MAX_ID_LENGTH
    return str(int(target_id)) if is_number else "unknown"


def require_credential(context: RequestContext) -> None:
    """Raises `Unauthorized` for a caller without a credential."""
    # If a route has an authorizer, API Gateway refuses requests without a credential. This check protects a route whose
    # authorizer was forgotten in the template.
    if context.principal is ANONYMOUS:
        raise Unauthorized
