"""The OpenAPI document, made from the functions, the template, `answers` and `routes`."""

import json
import tomllib
from functools import cache
from typing import Any

from local import ROOT
from openapi import callers, catalogue, failures, headers, schemas, webhooks
from openapi.handlers import handler_of, summary_of
from openapi.routes import OPERATIONS, TAGS, Answer, Operation, Schema
from openapi.template import Route, routes
from rolecall.http.models import Body
from rolecall.http.requests import MAX_BODY_BYTES

_DESCRIPTION = f"""\
Users, roles and tenants of a platform: who is in which tenant, who may do what, and who changed it.

There are two families of routes. The **tenant API** is for the users of a tenant, with an API token or with an access
token from `POST /login`, and for operators, with the master token. The **platform API**, `/v1/api`, is for platform
accounts, with an access token from `POST /v1/api/auth/login`.

- **Credentials** go into the header `Authorization`, with or without `Bearer` before them. Every credential that is
  unknown, malformed, revoked, inactive or deleted gets the same 401.
- **Errors** have one format in each family. Programs read `error_code` in the tenant API and `code` in the platform
  API. An error of the gateway itself has both.
- **Unknown** fields and query parameters are refused with 400, so that a typing mistake is noticed. An unknown path
  gets 404, and so does an unknown method on a known path.
- **A body** is JSON in UTF-8 of at most {MAX_BODY_BYTES // 1024} KiB. No field may occur twice. A body that contains
  U+FFFD is refused with 400, because that character replaces bytes that are not UTF-8. A body of more than 10 MB does
  not reach the API: AWS answers 413, with another body and without these headers.
- **`X-Request-Id`** is in every answer. It is the id that the caller sent, if it is well-formed, else an id that the
  server made. An answer of the gateway itself always has an id that the server made.
- **`If-Match`** takes the `ETag` of an earlier answer. The request is refused with 412 if the item has changed since.
- **`Idempotency-Key`** makes a creation safe to repeat for 24 hours: the same key and body get the first answer again.
- **Lists** are read page by page, with a cursor that is opaque and authenticated. The last page has no cursor.
- **`Retry-After`**, in seconds, comes with every 429 and 503. After a 409 `CONCURRENT_CHANGE`, repeat the request at
  once.

**Webhooks**: what Rolecall sends to the receivers of a tenant's webhooks is in the part `webhooks` of this document.

**SCIM 2.0** (RFC 7643, 7644, 9865) is at `/scim/v2`, for a tenant's identity provider. It describes itself, without a
credential, at `/scim/v2/ServiceProviderConfig`, `/scim/v2/ResourceTypes` and `/scim/v2/Schemas`. So its requests are
not in this document.

<details>
<summary>Every error code, what it means and what to do</summary>

{catalogue.table()}

</details>
"""

_FILE_EXAMPLES: dict[str, Any] = {
    "application/json": {"openapi": "3.1.0"},
    "image/svg+xml": '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "text/css": "body {}",
    "text/html": "<!doctype html>",
    "text/javascript": "window.reference = …",
}
#: Statuses for which most routes of a family have the same response.
_SHARED = {401, 413, 415, 429, 500, 503}


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
        # The address is relative to that of the document, which is one level below the root of the API.
        "servers": [{"url": "..", "description": "The API that serves this document."}],
        "tags": [{"name": name, "description": said} for name, said in TAGS.items()],
        "paths": paths,
        "webhooks": webhooks.webhooks(),
        "components": {
            "schemas": schemas.schemas(),
            "responses": shared,
            "headers": headers.HEADERS,
            "parameters": {name: {"name": name, "in": "header"} | about for name, about in headers.PARAMETERS.items()},
            "securitySchemes": {name: about for name, (_, about) in callers.SCHEMES.items()},
        },
    }


def to_text() -> str:
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def _operation(route: Route, about: Operation) -> dict[str, Any]:
    handler = handler_of(route.function)
    if handler.query != about.query.keys():
        raise ValueError(f"{route.function}: parameters differ: {handler.query ^ about.query.keys()}")
    made: dict[str, Any] = {
        "operationId": route.function,
        "tags": [about.tag],
        "summary": summary_of(route.function),
        "description": "\n\n".join(
            part for part in (about.description, callers.describe_allowed_callers(handler.may_call)) if part
        ),
        "security": callers.security_requirements(handler.may_call),
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
        **{
            str(status): failures.failure_response(route, status, found)
            for status, found in sorted(failures.errors_by_status(route, about).items())
        },
    }
    return made


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
        # A browser may cache the viewer's files, because their addresses contain the version.
        made["headers"]["Cache-Control"] = {"$ref": "#/components/headers/Cache-Control-of-a-file"}
        made["content"] = {one: {"schema": {}, "example": _FILE_EXAMPLES[one]} for one in answer.files}
    if answer.models:
        made["content"] = {
            "application/json": schemas.json_content(
                {one.__name__: schemas.example_of(schemas.reference_to(one)) for one in answer.models},
                [schemas.reference_to(one) for one in answer.models],
            )
        }
    return made


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
