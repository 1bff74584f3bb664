"""What every function behind the API shares: who calls, the parsed request, the answer, the two error dialects."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from rolecall import deadline, telemetry
from rolecall.audit import trail
from rolecall.auth.principals import ANONYMOUS, RequestContext
from rolecall.errors import (
    RolecallError,
    RuleViolation,
    ServiceUnavailable,
    Unauthorized,
)
from rolecall.http.guards import Guard
from rolecall.http.requests import Request, check_parameters, context_of, parse_body, path_parameters, request_of
from rolecall.http.responses import Family, Response, platform_error, tenant_error, to_gateway
from rolecall.storage import keys
from rolecall.telemetry import logger

#: Seconds before the function's own end at which it stops trying, so that there is always an answer.
_ANSWER_SECONDS = 0.5

#: No number that is an id is longer.
_MAX_ID_LENGTH = 10

type Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def route[B](
    family: Family,
    *,
    may_call: Guard | None,
    body: type[B] | None = None,
    query: frozenset[str] = frozenset(),
    audit_refusals: tuple[str, str] | None = None,
) -> Callable[[Callable[[Request[B]], Response]], Handler]:
    """Make a Lambda handler of a function from a request to a response.

    The caller is checked first (`may_call`; None for a route without a credential), then the query's
    names and the body. `audit_refusals` names the action and the type of the target `{id}` of a
    change whose refusals are written to the audit trail. Every error becomes one of the family's.
    """

    return lambda function: Route(family, function, may_call, body, query, audit_refusals).handle


class Route[B](NamedTuple):
    """What `route` knows of a function; the function's handler is its `handle`."""

    family: Family
    function: Callable[[Request[B]], Response]
    may_call: Guard | None
    body: type[B] | None
    query: frozenset[str]
    audit_refusals: tuple[str, str] | None

    def handle(self, event: dict[str, Any], lambda_context: Any) -> dict[str, Any]:
        deadline.set_time_left(lambda_context.get_remaining_time_in_millis() / 1000 - _ANSWER_SECONDS)
        context = context_of(event)
        logger.append_keys(
            request_id=context.request_id,
            # Ours: it finds the request in the gateway's access log, where that is on, and tells apart what a caller
            # names alike.
            gateway_request_id=event["requestContext"]["requestId"],
            principal=context.principal.id,
        )
        try:
            response = self._answer(event, context)
        except RolecallError as error:
            if isinstance(error, ServiceUnavailable):
                telemetry.log_service_unavailable(error)
            response = self.refusal(event, error)
        except Exception:  # noqa: BLE001 (the last line of defence: logged, and answered without details)
            logger.exception("request failed")
            telemetry.count_metric("RequestsFailed")
            response = self.refusal(event, RolecallError())
        finally:
            telemetry.finish_invocation(lambda_context)
        return to_gateway(response, context.request_id)

    def refusal(self, event: Mapping[str, Any], error: RolecallError) -> Response:
        """The answer that says an error, in the dialect of the route's family."""
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
        body = platform_error(event, error) if self.family is Family.PLATFORM else tenant_error(error)
        return Response(error.status, body, headers)

    def _answer(self, event: Mapping[str, Any], context: RequestContext) -> Response:
        body = None
        try:
            if self.may_call is not None:
                _require_credential(context)
                self.may_call(context.principal)
            check_parameters(event, self.query)
            body = parse_body(event, self.body)
            return self.function(request_of(event, context, body))
        except RuleViolation as refusal:
            if self.audit_refusals:
                _record_refusal(self.audit_refusals, event, context, body, refusal)
            raise


def _record_refusal(
    audited: tuple[str, str], event: Mapping[str, Any], context: RequestContext, body: Any, refusal: RuleViolation
) -> None:
    """If this fails, so does the request: no refusal goes unrecorded."""
    action, target_type = audited
    target_id = _known_form(target_type, path_parameters(event).get("id", ""))
    asked = body.given() if body is not None else {}
    trail.record_refusal(context, action, (target_type, target_id), asked=asked, code=refusal.code)


def _known_form(target_type: str, target_id: str) -> str:
    """An id as it is in keys. What can be none, such as an email, is not written down."""
    if target_type != "account":
        return keys.canonical_uuid(target_id) or "unknown"
    is_number = target_id.isdecimal() and target_id.isascii() and len(target_id) <= _MAX_ID_LENGTH
    return str(int(target_id)) if is_number else "unknown"


def _require_credential(context: RequestContext) -> None:
    # The gateway has let nobody through without one; this holds even if a route forgets its authorizer.
    if context.principal is ANONYMOUS:
        raise Unauthorized
