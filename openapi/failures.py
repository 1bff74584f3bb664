"""The errors that each route may answer, with their examples: those of its function and those of API Gateway itself."""

import json
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, cast

from pydantic import BaseModel

from openapi import answers, callers, headers, schemas
from openapi.handlers import handler_of
from openapi.routes import OPERATIONS, Operation, Schema
from openapi.template import Route, gateway_responses, routes
from rolecall import errors
from rolecall.auth.principals import PrincipalType
from rolecall.errors import RolecallError, ValidationFailed
from rolecall.http import routes as http_routes
from rolecall.http.responses import Family

_EXAMPLE_PATH = {
    Family.TENANT: f"/users/{answers.USER_ID}/promote",
    Family.PLATFORM: "/v1/api/superadmin/users/123/role",
}
_WITH_RETRY_AFTER = {429, 503}
_DIALECT: dict[Family, type[BaseModel]] = {Family.TENANT: answers.TenantError, Family.PLATFORM: answers.PlatformError}


def errors_by_status(route: Route, about: Operation) -> dict[int, list[type[RolecallError]]]:
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
        refusals = {callers.refusal_of(handler.may_call, caller) for caller in callers.CALLERS} - {None}
        found += sorted((one for one in refusals if one), key=lambda one: one.code)
        if any(
            caller.type is PrincipalType.USER
            for caller in callers.CALLERS
            if not callers.refusal_of(handler.may_call, caller)
        ):
            # The caller's role may change before the write, and some roles may change only some users.
            found.append(errors.Forbidden)
        if handler.family is Family.PLATFORM and not handler.allowed_before_password_change:
            found.append(errors.PasswordChangeRequired)
    if handler.body:
        found.append(errors.UnsupportedMediaType)
    by_status: dict[int, list[type[RolecallError]]] = {}
    for one in (*found, *about.errors):
        listed = by_status.setdefault(one.status, [])
        if one not in listed:
            listed.append(one)
    # API Gateway throttles every route.
    by_status.setdefault(429, [])
    if handler.may_call is None:
        by_status.setdefault(403, [])  # from the web application firewall, if the deployment has one
    return by_status


def failure_response(route: Route, status: int, found: list[type[RolecallError]]) -> dict[str, Any]:
    """Returns the OpenAPI response of a route with this status, which these errors have."""
    handler = handler_of(route.function)
    examples = {_example_name(one): _error_example(handler, one) for one in found}
    alternatives = []
    if found:
        alternatives.append(
            _error_schema(_DIALECT[handler.family], handler.family, sorted({one.code for one in found}))
        )
    by_gateway = gateway_bodies().get(status)
    # API Gateway answers 404 only for a path that is no route.
    if by_gateway and status != HTTPStatus.NOT_FOUND:
        alternatives.append(schemas.reference_to(answers.GatewayError))
        examples["from the gateway"] = by_gateway | {"path": _EXAMPLE_PATH[handler.family]}
    extra = ("Retry-After",) if status in _WITH_RETRY_AFTER else ()
    return {
        "description": HTTPStatus(status).phrase,
        "headers": headers.references_to(*extra),
        "content": {"application/json": schemas.json_content(examples, alternatives)},
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
        raised = error(30) if issubclass(error, errors.RateLimited) else error()
    event = {"path": _EXAMPLE_PATH[handler.family]}
    # The example is a real answer of the route. All examples show the same time.
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


def operations_by_error_code() -> dict[str, list[str]]:
    """Returns for each error code the operations that may answer it."""
    found: dict[str, list[str]] = {}
    by_function = {route.function: route for route in routes()}
    for function, about in OPERATIONS.items():
        failing = errors_by_status(by_function[function], about)
        codes = {one.code for listed in failing.values() for one in listed}
        codes |= {gateway_bodies()[status]["code"] for status in failing.keys() & gateway_bodies().keys() - {404}}
        for code in sorted(codes):
            found.setdefault(code, []).append(function)
    return found
