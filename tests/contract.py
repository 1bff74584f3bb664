"""Checks that a real answer is described by the API's document."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationError

from openapi import document
from openapi.template import Route, route_of

__all__ = ["ValidationError"]


def check(route: Route, status: int, headers: Mapping[str, str], text: str) -> None:
    """Raises `AssertionError` unless the document has this answer for this route: status, headers and body."""
    responses = document.document()["paths"][route.path][route.method.lower()]["responses"]
    where = f"{route.method} {route.path} {status}"
    assert str(status) in responses, f"{where} is not in the document"
    response = resolved(responses[str(status)])
    given = {name.lower(): value for name, value in headers.items()}
    for name, reference in response["headers"].items():
        _check_header(f"{where}: {name}", resolved(reference), given.get(name.lower()))
    if "content" not in response:
        assert text == "", f"{where} has a body"
        return
    media_type = given.get("content-type", "").partition(";")[0]
    assert media_type in response["content"], f"{where} has the type {media_type!r}"
    if media_type == "application/json":
        _check_body(where, _body_of(route.path, route.method.lower(), status), text)


def check_over_http(method: str, path: str, status: int, headers: Mapping[str, str], text: str) -> None:
    """Like `check`, for an answer that came over HTTP. A path without a route must be answered with 404."""
    if path.startswith("/scim/v2/"):
        if status == 401:
            _check_body(f"{method} {path}", gateway_error(), text)
        else:
            check_scim(status, headers, text)
        return
    found = route_of(method, path.partition("?")[0])
    if found is not None:
        check(found[0], status, headers, text)
        return
    assert status == 404, f"{method} {path} is no route and answers {status}"
    if method == "HEAD":
        assert text == ""
    else:
        _check_body(f"{method} {path}", gateway_error(), text)


def check_scim(status: int, headers: Mapping[str, str], text: str) -> None:
    """Raises `AssertionError` unless an answer of SCIM has the headers of every answer and the form of its status."""
    given = {name.lower(): value for name, value in headers.items()}
    assert given["cache-control"] == "no-store"
    assert given["x-request-id"]
    if status in {204, 304}:
        assert text == ""
        return
    assert given["content-type"] == "application/scim+json"
    body = json.loads(text)
    if status >= 400:
        assert body.keys() - {"scimType"} == {"schemas", "status", "detail"}, body
        assert (body["schemas"], body["status"]) == (["urn:ietf:params:scim:api:messages:2.0:Error"], str(status))
    else:
        assert body["schemas"]


def check_delivery(event: Mapping[str, Any]) -> None:
    """Raises `AssertionError` unless the document has this body of a delivery to a webhook, with each of its fields."""
    operation = document.document()["webhooks"][event["type"]]["post"]
    of = operation["requestBody"]["content"]["application/json"]["schema"]
    _check_body(f"the delivery {event['type']}", validator(of | _components()), json.dumps(event))
    described = resolved(of)["properties"]
    assert event.keys() <= described.keys(), event
    assert event["data"].keys() <= resolved(described["data"])["properties"].keys(), event


def _components() -> dict[str, Any]:
    return {"components": document.document()["components"]}


def schema(name: str) -> dict[str, Any]:
    """One of the document's schemas, with the schemas that it refers to."""
    return {"$ref": f"#/components/schemas/{name}", **_components()}


def validator(of: dict[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(of, validate_formats=True)


@cache
def gateway_error() -> jsonschema_rs.Validator:
    return validator(schema("GatewayError"))


@cache
def _body_of(path: str, method: str, status: int) -> jsonschema_rs.Validator:
    response = resolved(document.document()["paths"][path][method]["responses"][str(status)])
    return validator(response["content"]["application/json"]["schema"] | _components())


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: Any = document.document()
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return resolved(found)


def _check_header(where: str, about: dict[str, Any], value: str | None) -> None:
    assert value is not None or not about.get("required"), f"{where} is missing"
    if value is not None:
        of = about["schema"]
        _header_validator(json.dumps(of)).validate(int(value) if of.get("type") == "integer" else value)


@cache
def _header_validator(text: str) -> jsonschema_rs.Validator:
    return validator(json.loads(text))


def _check_body(where: str, of: jsonschema_rs.Validator, text: str) -> None:
    problems = [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in of.iter_errors(json.loads(text))
    ]
    assert not problems, f"{where} does not fit the document: {problems}: {text[:500]}"
