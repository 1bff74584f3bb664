"""Finds the SCIM endpoint of a request, checks the caller, and writes answers and errors in SCIM's form.

`scim_handler` makes one Lambda handler for all endpoints.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from rolecall.audit import refusals
from rolecall.auth.principals import RequestContext
from rolecall.auth.roles import Role
from rolecall.errors import NotFound, RolecallError, RuleViolation
from rolecall.http import json_text
from rolecall.http.guards import require_tenant_role
from rolecall.http.requests import Request, build_request, check_query_parameters, read_body_bytes
from rolecall.http.responses import Response, to_json
from rolecall.http.routes import (
    Handler,
    answer_event,
    no_error_about_target_for_former_actor,
    require_credential,
)
from rolecall.scim.errors import MethodNotAllowed, error_body
from rolecall.storage import keys

ROOT = "/scim/v2"

_MEDIA_TYPE = "application/scim+json"

#: A query parameter that Entra ID adds to each request of a tenant that asks for its later behaviour.
_IGNORED_PARAMETERS = frozenset({"aadOptscim062020"})

#: Parameters that may be longer than others. Their parts are checked where they are used.
_LONG_PARAMETERS = frozenset({"filter", "attributes", "excludedAttributes"})

_require_admin = require_tenant_role(Role.ADMIN)


class ScimRequest(NamedTuple):
    """A request whose caller may use the endpoint. `item_id` is the last part of a path such as `/Users/{id}`.

    `body` is the JSON object of the request, empty for an endpoint without a body.
    """

    request: Request[None]
    base_url: str
    item_id: str
    body: Mapping[str, Any]

    @property
    def context(self) -> RequestContext:
        return self.request.context


class Endpoint(NamedTuple):
    """What answers one method of a path, and what its requests can have.

    `refusal_action` is the action under which the audit trail records that a caller was refused, if it does.
    """

    answer: Callable[[ScimRequest], Response]
    has_body: bool = False
    query: frozenset[str] = frozenset()
    is_public: bool = False
    refusal_action: str | None = None


#: By path below `ROOT`, with `{id}` as its last part or without, and by method.
type Endpoints = Mapping[str, Mapping[str, Endpoint]]


def scim_handler(endpoints: Endpoints) -> Handler:
    """Returns the Lambda handler of these endpoints. Admins of a tenant can use them; everyone can use public ones."""

    def handler(event: dict[str, Any], lambda_context: Any) -> dict[str, Any]:
        return answer_event(
            event, lambda_context, lambda context: _respond(endpoints, event, context), _to_error_response
        )

    return handler


def scim_response(status: int, body: Mapping[str, Any] | None, headers: Mapping[str, str] | None = None) -> Response:
    """Returns a response with SCIM's media type, or without a body if `body` is None."""
    if body is None:
        return Response(status, None, headers or {})
    return Response(status, to_json(body), {"Content-Type": _MEDIA_TYPE, **(headers or {})})


def _to_error_response(error: RolecallError) -> Response:
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = error.allowed_methods
    return scim_response(error.status, error_body(error), headers)


def _respond(endpoints: Endpoints, event: Mapping[str, Any], context: RequestContext) -> Response:
    methods, item_id = _find_path(endpoints, event)
    endpoint = methods.get(event["httpMethod"])
    is_public = bool(methods) and all(one.is_public for one in methods.values())
    if not is_public:
        require_credential(context)
        _require_admin_or_record_refusal(context, endpoint, item_id)
    if not methods:
        raise NotFound("there is no such endpoint")
    if endpoint is None:
        raise MethodNotAllowed(", ".join(methods))
    check_query_parameters(event, endpoint.query | _IGNORED_PARAMETERS, of_any_length=_LONG_PARAMETERS)
    body: Mapping[str, Any] = {}
    if endpoint.has_body:
        json_text.check_media_type(event, (_MEDIA_TYPE, "application/json"))
        body = json_text.parse_object_without_duplicate_names(read_body_bytes(event))
    request = ScimRequest(build_request(event, context, None), _base_url(event), item_id, body)
    with no_error_about_target_for_former_actor(event, context):
        return endpoint.answer(request)


def record_refusal(
    context: RequestContext, action: str, user_id: str, asked: Mapping[str, Any], refusal: RuleViolation
) -> None:
    """Writes the audit entry of a refusal. If the write fails, its error is raised instead of the refusal."""
    target = ("user", keys.canonical_uuid(user_id) or "unknown")
    refusals.record_refusal(context, action, target, asked=dict(asked), code=refusal.code)


def _require_admin_or_record_refusal(context: RequestContext, endpoint: Endpoint | None, item_id: str) -> None:
    """Raises `Forbidden` for a caller who is no admin. The refusal of a change gets its audit entry."""
    try:
        _require_admin(context.principal)
    except RuleViolation as refusal:
        if endpoint is not None and endpoint.refusal_action is not None:
            record_refusal(context, endpoint.refusal_action, item_id, {}, refusal)
        raise


def _find_path(endpoints: Endpoints, event: Mapping[str, Any]) -> tuple[Mapping[str, Endpoint], str]:
    """Returns the methods of the path that was requested, none for an unknown one, and the id in the path."""
    path = _path_below_root(event)
    if path in endpoints:
        return endpoints[path], ""
    collection, _, item_id = path.rpartition("/")
    return endpoints.get(f"{collection}/{{id}}", {}), unquote(item_id)


def _path_below_root(event: Mapping[str, Any]) -> str:
    # `path` is not used, because it begins with the base path of a custom domain, if there is one.
    parameters = event.get("pathParameters") or {}
    path = re.sub(r"\{(\w+)\+?\}", lambda found: parameters.get(found[1]) or "", event["resource"])
    return path.removeprefix(ROOT).rstrip("/")


def _base_url(event: Mapping[str, Any]) -> str:
    """Returns the address of `ROOT`, as the caller sees it."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    context = event["requestContext"]
    scheme, host = headers.get("x-forwarded-proto") or "https", context.get("domainName")
    if not host:
        # Only a local engine names no domain. It serves the stage at the root.
        return f"http://{headers.get('host', 'localhost')}{ROOT}"
    before_path = context["path"].partition(ROOT)[0]
    return f"{scheme}://{host}{before_path}{ROOT}"
