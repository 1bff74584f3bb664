"""The OpenAPI document, from the functions, the template, `answers` and `routes`."""

import json
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, cast

from pydantic import BaseModel

from local import ROOT
from openapi import answers, catalogue, headers, schemas
from openapi.handlers import handler_of, summary_of
from openapi.routes import OPERATIONS, TAGS, Answer, Operation, Schema
from openapi.template import Route, gateway_responses, routes
from rolecall import errors
from rolecall.auth.principals import MASTER, Principal, PrincipalType
from rolecall.auth.roles import PlatformRole, Role
from rolecall.errors import RolecallError, RuleViolation, ValidationFailed
from rolecall.http import routes as http_routes
from rolecall.http.guards import Guard
from rolecall.http.models import Body
from rolecall.http.requests import MAX_BODY_BYTES
from rolecall.http.responses import Family

_DESCRIPTION = f"""\
Users, roles and tenants of a platform: who is in which tenant, who may do what, and who changed it.

Two families behind one gateway. The **tenant API** is for the users of a tenant, with an API token, and for operators,
with the master token. The **platform API**, `/v1/api`, is for platform accounts, with an access token from the login.

- **Credentials** go into `Authorization`, as `Bearer <it>` or bare. One that is unknown, malformed, revoked, inactive
  or deleted is always the same 401.
- **Errors** have two dialects, one for each family. Programs read `error_code` in the tenant API and `code` in the
  platform API; what the gateway answers by itself satisfies both.
- **Unknown** fields and query parameters are refused with 400, so that a typo never passes silently. An unknown path is
  404, and so is an unknown method on a known path.
- **A body** is JSON in UTF-8 of at most {MAX_BODY_BYTES // 1024} KiB, with each field once. U+FFFD in it
  is 400: it stands for bytes that are not UTF-8.
  One above 10 MB never reaches the API: AWS itself answers 413, with a body of its own and none of these headers.
- **`X-Request-Id`** is in every answer: the one that was sent, if it is well-formed, else one of ours. What the gateway
  answers by itself always has one of ours.
- **`If-Match`** takes the `ETag` of what was read: 412 if it has changed since.
- **`Idempotency-Key`** makes a creation safe to repeat for 24 hours: the same key and body get the first answer again.
- **Pages** follow a cursor that is opaque and authenticated. While there is one in the answer, more follows.
- **`Retry-After`**, in seconds, comes with every 429 and 503. A 409 `CONCURRENT_CHANGE` can be repeated at once.

<details>
<summary>Every error code, what it means and what to do</summary>

{catalogue.table()}

</details>
"""

#: The name and the description of each kind of credential.
_SCHEMES = {
    PrincipalType.USER: (
        "ApiToken",
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "UUID v4",
            "description": "The API token of a tenant's user: shown once, when the user is made or the token rotated.",
        },
    ),
    PrincipalType.MASTER: (
        "MasterToken",
        {
            "type": "http",
            "scheme": "bearer",
            "description": "The platform's master token, for operators. The deployment's secrets have it.",
        },
    ),
    PrincipalType.ACCOUNT: (
        "AccessToken",
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token of a platform account, from `POST /v1/api/auth/login`, for 15 minutes.",
        },
    ),
}
#: One caller of each kind. They are used to find out whom a guard allows.
_CALLERS = [
    *(Principal(PrincipalType.USER, answers.USER_ID, role=role, tenant_id=answers.TENANT_ID) for role in Role),
    MASTER,
    *(Principal(PrincipalType.ACCOUNT, "1", role=role) for role in PlatformRole),
]
_EXAMPLE_PATH = {
    Family.TENANT: f"/users/{answers.USER_ID}/promote",
    Family.PLATFORM: "/v1/api/superadmin/users/123/role",
}
_FILE_EXAMPLES: dict[str, Any] = {
    "application/json": {"openapi": "3.1.0"},
    "text/css": "body {}",
    "text/html": "<!doctype html>",
    "text/javascript": "window.reference = …",
}
#: Statuses for which most routes of a family have the same response.
_SHARED = {401, 413, 415, 429, 500, 503}
_WITH_RETRY_AFTER = {429, 503}
_DIALECT: dict[Family, type[BaseModel]] = {Family.TENANT: answers.TenantError, Family.PLATFORM: answers.PlatformError}


@cache
def document() -> dict[str, Any]:
    """Returns the whole document."""
    by_function = {route.function: route for route in routes()}
    if by_function.keys() != OPERATIONS.keys():
        raise ValueError(f"routes.OPERATIONS and the template differ: {by_function.keys() ^ OPERATIONS.keys()}")
    paths: dict[str, dict[str, Any]] = {}
    for function, about in OPERATIONS.items():
        route = by_function[function]
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, about)
    shared = _share_responses(paths)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rolecall",
            "version": project["version"],
            "summary": project["description"],
            "description": _DESCRIPTION,
        },
        # Relative to where the document is served, which is one below the API's own root.
        "servers": [{"url": "..", "description": "The API that serves this document."}],
        "tags": [{"name": name, "description": said} for name, said in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas.schemas(),
            "responses": shared,
            "headers": headers.HEADERS,
            "parameters": {name: {"name": name, "in": "header"} | about for name, about in headers.PARAMETERS.items()},
            "securitySchemes": dict(_SCHEMES.values()),
        },
    }


def to_text() -> str:
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


# --- Operations ------------------------------------------------------------------------------------


def _operation(route: Route, about: Operation) -> dict[str, Any]:
    handler = handler_of(route.function)
    if handler.query != about.query.keys():
        raise ValueError(f"{route.function}: parameters differ: {handler.query ^ about.query.keys()}")
    made: dict[str, Any] = {
        "operationId": route.function,
        "tags": [about.tag],
        "summary": summary_of(route.function),
        "description": "\n\n".join(part for part in (about.description, _allowed_callers(handler.may_call)) if part),
        "security": _security(handler.may_call),
        "parameters": [
            *({"name": name, "in": "path", "required": True} | _parameter(one) for name, one in about.path.items()),
            *({"name": name, "in": "query"} | _parameter(one) for name, one in about.query.items()),
            *({"$ref": f"#/components/parameters/{name}"} for name in (*about.headers, "X-Request-Id")),
        ],
    }
    if handler.body:
        made["requestBody"] = _request_body(route.function, handler.body)
    made["responses"] = {
        **{str(status): _success(answer) for status, answer in about.answers.items()},
        **{str(status): _failure(route, status, found) for status, found in sorted(failures(route, about).items())},
    }
    return made


def _allowed_callers(guard: Guard | None) -> str:
    if guard is None:
        return "Without a credential."
    passing = [caller for caller in _CALLERS if _refusal(guard, caller) is None]
    said = []
    tenant = [str(caller.role) for caller in passing if caller.type is PrincipalType.USER]
    if tenant:
        said.append(f"tenant users with the role {' or '.join(f'`{role}`' for role in tenant)}")
    if MASTER in passing:
        said.append("operators with the master token")
    platform = [str(caller.role) for caller in passing if caller.type is PrincipalType.ACCOUNT]
    if len(platform) == len(PlatformRole):
        said.append("every platform account")
    elif platform:
        said.append(f"platform accounts with the role {' or '.join(f'`{role}`' for role in platform)}")
    return f"**Who may call:** {'; '.join(said)}."


def _security(guard: Guard | None) -> list[dict[str, list[str]]]:
    if guard is None:
        return []
    kinds = {caller.type for caller in _CALLERS if _refusal(guard, caller) is None}
    return [{scheme: []} for kind, (scheme, _) in _SCHEMES.items() if kind in kinds]


def _refusal(guard: Guard, caller: Principal) -> type[RuleViolation] | None:
    try:
        guard(caller)
    except RuleViolation as refusal:
        return type(refusal)
    return None


def _parameter(about: Schema) -> dict[str, Any]:
    schema = dict(about)
    said = {name: schema.pop(name) for name in ("description", "example") if name in schema}
    return said | {"schema": schema}


def _request_body(function: str, model: type[Body]) -> dict[str, Any]:
    event = json.loads((ROOT / f"events/{function}.json").read_text())
    return {
        "required": True,
        "content": {"application/json": {"schema": schemas.reference_to(model), "example": json.loads(event["body"])}},
    }


def _success(answer: Answer) -> dict[str, Any]:
    made: dict[str, Any] = {"description": answer.description, "headers": headers.references_to(*answer.headers)}
    if answer.files:
        # The viewer may be kept: its addresses name its version.
        made["headers"]["Cache-Control"] = {"$ref": "#/components/headers/Cache-Control-of-a-file"}
        made["content"] = {one: {"schema": {}, "example": _FILE_EXAMPLES[one]} for one in answer.files}
    if answer.models:
        made["content"] = {
            "application/json": _alternatives(
                {one.__name__: schemas.example_of(schemas.reference_to(one)) for one in answer.models},
                [schemas.reference_to(one) for one in answer.models],
            )
        }
    return made


def _alternatives(examples: Mapping[str, Any], options: list[Schema]) -> dict[str, Any]:
    schema = options[0] if len(options) == 1 else {"oneOf": options}
    if len(examples) == 1:
        [example] = examples.values()
        return {"schema": schema, "example": example}
    return {"schema": schema, "examples": {name: {"value": value} for name, value in examples.items()}}


# --- Failures --------------------------------------------------------------------------------------


def failures(route: Route, about: Operation) -> dict[int, list[type[RolecallError]]]:
    """Returns every error that a route's function may answer, by status."""
    handler = handler_of(route.function)
    found: list[type[RolecallError]] = [
        ValidationFailed,
        errors.PayloadTooLarge,
        RolecallError,
        errors.ServiceUnavailable,
    ]
    if handler.may_call:
        found.append(errors.Unauthorized)
        refusals = {_refusal(handler.may_call, caller) for caller in _CALLERS} - {None}
        found += sorted((one for one in refusals if one), key=lambda one: one.code)
        if any(caller.type is PrincipalType.USER for caller in _CALLERS if not _refusal(handler.may_call, caller)):
            # The role may be another by the time of the write, and some roles may not do it to everyone.
            found.append(errors.Forbidden)
    if handler.body:
        found.append(errors.UnsupportedMediaType)
    by_status: dict[int, list[type[RolecallError]]] = {}
    for one in (*found, *about.errors):
        listed = by_status.setdefault(one.status, [])
        if one not in listed:
            listed.append(one)
    # Throttling is the gateway's, on every route.
    by_status.setdefault(429, [])
    if handler.may_call is None:
        by_status.setdefault(403, [])  # the firewall's, where there is one
    return by_status


def _failure(route: Route, status: int, found: list[type[RolecallError]]) -> dict[str, Any]:
    handler = handler_of(route.function)
    examples = {_example_name(one): _error_example(handler, one) for one in found}
    alternatives = []
    if found:
        alternatives.append(
            _error_schema(_DIALECT[handler.family], handler.family, sorted({one.code for one in found}))
        )
    by_gateway = gateway_bodies().get(status)
    # The gateway's own 404 is for paths that are no route; what is on a route is found.
    if by_gateway and status != HTTPStatus.NOT_FOUND:
        alternatives.append(schemas.reference_to(answers.GatewayError))
        examples["from the gateway"] = by_gateway | {"path": _EXAMPLE_PATH[handler.family]}
    extra = ("Retry-After",) if status in _WITH_RETRY_AFTER else ()
    return {
        "description": HTTPStatus(status).phrase,
        "headers": headers.references_to(*extra),
        "content": {"application/json": _alternatives(examples, alternatives)},
    }


def _example_name(error: type[RolecallError]) -> str:
    return f"{error.code}, request in progress" if error is errors.RequestInProgress else error.code


def _error_schema(model: type[BaseModel], family: Family, codes: list[str]) -> Schema:
    field = "code" if family is Family.PLATFORM else "error_code"
    return {
        "allOf": [
            schemas.reference_to(model),
            {"properties": {field: {"type": "string", "enum": codes}}, "required": [field]},
        ]
    }


def _error_example(handler: http_routes.Route[Any], error: type[RolecallError]) -> dict[str, Any]:
    raised: RolecallError
    if error is ValidationFailed:
        raised = _validation_error(handler)
    else:
        raised = errors.RateLimited(30) if error is errors.RateLimited else error()
    event = {"path": _EXAMPLE_PATH[handler.family]}
    # The example is what the route really answers, at the time that all examples have.
    return cast("dict[str, Any]", handler.error_response(event, raised).body) | {"timestamp": answers.TIME}


def _validation_error(handler: http_routes.Route[Any]) -> ValidationFailed:
    if handler.body:
        try:
            handler.body.parse(b"{}")
        except ValidationFailed as error:
            return error
    return ValidationFailed(errors.FieldError("verbose", "is not a known parameter"))


@cache
def gateway_bodies() -> Mapping[int, dict[str, Any]]:
    """Returns the error bodies that API Gateway makes by itself, one for each status."""
    found: dict[int, dict[str, Any]] = {}
    for response in gateway_responses().values():
        (text,) = response["ResponseTemplates"].values()
        text = text.replace("$context.authorizer.denied_at", answers.TIME)
        text = text.replace("$context.requestTime", "15/Jun/2026:12:00:00 +0000")
        body = json.loads(re.sub(r"\$context\.[A-Za-z_.]+", "/users", text))
        found.setdefault(body["status"], body)
    return found


def answered_by() -> dict[str, list[str]]:
    """Returns for each error code the operations that may answer it."""
    found: dict[str, list[str]] = {}
    by_function = {route.function: route for route in routes()}
    for function, about in OPERATIONS.items():
        failing = failures(by_function[function], about)
        codes = {one.code for listed in failing.values() for one in listed}
        codes |= {gateway_bodies()[status]["code"] for status in failing.keys() & gateway_bodies().keys() - {404}}
        for code in sorted(codes):
            found.setdefault(code, []).append(function)
    return found


def _share_responses(paths: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Replaces equal responses with references to one, and returns these shared responses by name."""
    shared: dict[str, Any] = {}
    for path, methods in paths.items():
        family = "Platform" if path.startswith("/v1/") else "Tenant"
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if int(status) not in _SHARED:
                    continue
                name = family + "".join(word.capitalize() for word in response["description"].split())
                if shared.setdefault(name, response) == response:
                    operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    return shared
