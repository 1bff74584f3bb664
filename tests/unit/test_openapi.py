"""The API's document: valid, current, whole, and a check that real answers are held against."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from local import ROOT
from openapi import __main__ as made
from openapi import catalogue, document, failures
from openapi.routes import OPERATIONS
from openapi.template import Route, gateway_responses, routes
from rolecall.webhooks import delivery_messages, fan_out
from tests import contract

DOCUMENT = document.document()
ROUTES = {route.function: route for route in routes()}
#: What a function's code calls the header that it takes.
HEADERS = {
    "If-Match": "if_match",
    "Idempotency-Key": "idempotency_key",
    "X-Confirm-Tenant-Name": "x-confirm-tenant-name",
}


def _operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _operation(function: str) -> dict[str, Any]:
    [operation] = (one for _, _, one in _operations() if one["operationId"] == function)
    return operation


def test_the_document_is_valid() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


@pytest.mark.parametrize("path", made.files())
def test_what_is_made_is_current(path: str) -> None:
    assert (ROOT / path).read_text() == made.files()[path], "run `make openapi`"


def test_every_route_of_the_template_is_in_it_and_no_other() -> None:
    assert {(method, path) for method, path, _ in _operations()} == {(one.method, one.path) for one in routes()}


@pytest.mark.parametrize("function", OPERATIONS)
def test_a_credential_is_asked_for_where_the_gateway_asks_for_one(function: str) -> None:
    assert bool(_operation(function)["security"]) is not ROUTES[function].public


@pytest.mark.parametrize("function", OPERATIONS)
def test_an_operation_names_the_headers_that_its_function_reads(function: str) -> None:
    code = (ROOT / f"functions/{function}/app.py").read_text()
    named = {one["$ref"].rpartition("/")[2] for one in _operation(function)["parameters"] if "$ref" in one}

    assert named == {"X-Request-Id"} | {name for name, said in HEADERS.items() if said in code}


@pytest.mark.parametrize("function", OPERATIONS)
def test_an_operation_names_the_parameters_of_its_path(function: str) -> None:
    named = {one["name"] for one in _operation(function)["parameters"] if one.get("in") == "path"}
    assert named == set(ROUTES[function].pattern.groupindex)


def test_the_document_has_every_type_of_delivery_and_no_other() -> None:
    assert DOCUMENT["webhooks"].keys() == {*fan_out.DELIVERY_TYPES.values(), delivery_messages.TEST_EVENT}


def test_every_delivery_has_an_example_that_fits() -> None:
    for name, methods in DOCUMENT["webhooks"].items():
        about = methods["post"]["requestBody"]["content"]["application/json"]
        assert about["example"]["type"] == name
        contract.check_delivery(about["example"])


@pytest.mark.parametrize(
    "changed",
    [{"type": "user.activated"}, {"secret": "x"}, {"data": {"email": "ada@example.com"}}, {"timestamp": "today"}],
)
def test_a_delivery_that_the_document_does_not_describe_is_reported(changed: dict[str, Any]) -> None:
    example = DOCUMENT["webhooks"]["user.deleted"]["post"]["requestBody"]["content"]["application/json"]["example"]
    data = {**example["data"], **changed.get("data", {})}
    with pytest.raises(AssertionError):
        contract.check_delivery({**example, **changed, "data": data})


def test_every_answer_has_an_example_and_every_example_fits() -> None:
    for method, path, operation in _operations():
        request = operation.get("requestBody")
        contents = [(f"{method} {path}", request["content"])] if request else []
        for status, response in operation["responses"].items():
            content = contract.resolved(response).get("content", {})
            assert content or status == "204"
            contents.append((f"{method} {path} {status}", content))
        for where, content in contents:
            for about in content.values():
                examples = (
                    [one["value"] for one in about["examples"].values()] if "examples" in about else [about["example"]]
                )
                of = contract.validator(about["schema"] | {"components": DOCUMENT["components"]})
                for example in examples:
                    assert [error.message for error in of.iter_errors(example)] == [], where


def test_a_request_with_an_unknown_field_does_not_fit() -> None:
    for _, _, operation in _operations():
        if "requestBody" in operation:
            about = operation["requestBody"]["content"]["application/json"]
            of = contract.validator(about["schema"] | {"components": DOCUMENT["components"]})
            assert not of.is_valid(about["example"] | {"is_admin": True})


# --- Errors ----------------------------------------------------------------------------------------


def test_the_catalogue_has_every_code_and_no_other() -> None:
    assert catalogue.ADVICE.keys() == catalogue.meanings().keys()


def test_the_gateway_says_codes_of_the_catalogue_with_their_statuses() -> None:
    for response in gateway_responses().values():
        (text,) = response["ResponseTemplates"].values()
        body = json.loads(text)
        assert catalogue.meanings()[body["code"]][0] == body["status"]


def test_every_code_is_answered_somewhere() -> None:
    assert failures.operations_by_error_code().keys() == catalogue.ADVICE.keys()


# --- The check of real answers ---------------------------------------------------------------------

PROMOTE = ROUTES["promote_user"]


def _example(route: Route, status: int) -> dict[str, Any]:
    response = contract.resolved(_operation(route.function)["responses"][str(status)])
    about = response["content"]["application/json"]
    example = about.get("example") or next(iter(about["examples"].values()))["value"]
    return dict(example)


GOOD = {"Content-Type": "application/json", "X-Request-Id": "r", "Cache-Control": "no-store", "ETag": '"3"'}
ANSWER = _example(PROMOTE, 200)
LAST_ADMIN = _example(PROMOTE, 409)


def test_an_answer_as_in_the_document_passes() -> None:
    contract.check(PROMOTE, 200, GOOD, json.dumps(ANSWER))
    contract.check(PROMOTE, 409, GOOD, json.dumps(LAST_ADMIN))


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (201, GOOD, ANSWER),
        (200, GOOD | {"ETag": "3"}, ANSWER),
        (200, {name: value for name, value in GOOD.items() if name != "ETag"}, ANSWER),
        (200, GOOD | {"Cache-Control": "max-age=60"}, ANSWER),
        (200, GOOD | {"Content-Type": "text/plain"}, ANSWER),
        (200, GOOD, ANSWER | {"more": 1}),
        (200, GOOD, {name: value for name, value in ANSWER.items() if name != "message"}),
        (200, GOOD, ANSWER | {"data": ANSWER["data"] | {"new_role": "boss"}}),
        (200, GOOD, ANSWER | {"data": ANSWER["data"] | {"user_id": "7"}}),
        (409, GOOD, LAST_ADMIN | {"error_code": "TENANT_EXISTS"}),
        (409, GOOD, LAST_ADMIN | {"timestamp": "15/Jun/2026:12:00:00 +0000"}),
        (503, GOOD, _example(PROMOTE, 503)),
    ],
)
def test_an_answer_that_is_not_in_the_document_fails(status: int, headers: dict[str, str], body: Any) -> None:
    with pytest.raises((AssertionError, contract.ValidationError)):
        contract.check(PROMOTE, status, headers, json.dumps(body))


def test_where_there_is_no_route_only_the_gateways_404_passes() -> None:
    body = failures.gateway_bodies()[404]
    contract.check_over_http("GET", "/nowhere", 404, GOOD, json.dumps(body))
    for status, other in ((401, body), (404, LAST_ADMIN)):
        with pytest.raises(AssertionError):
            contract.check_over_http("GET", "/nowhere", status, GOOD, json.dumps(other))
