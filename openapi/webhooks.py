"""The part `webhooks` of the document: the requests that Rolecall sends to the receivers of webhooks."""

from typing import Any

from openapi import schemas
from openapi.deliveries import DELIVERIES, Delivery
from openapi.routes import WEBHOOKS, Schema

_DESCRIPTION = """\
Rolecall sends it to the URL of each webhook that hears of the user. It comes at least once, with the same `webhook-id`
each time, and in any order. Before you use the body, check the signature as the
[Standard Webhooks](https://www.standardwebhooks.com) specification says. Answer within ten seconds; the body of the
answer is not read.
"""

_HEADERS: dict[str, Schema] = {
    "webhook-id": {
        "type": "string",
        "description": "The id of the delivery, the same at each attempt.",
        "example": "msg_0b8a6f0e6f0c4c6c9a530d7d6a0d4c11",
    },
    "webhook-timestamp": {
        "type": "string",
        "pattern": "^[0-9]+$",
        "description": "When this attempt was made, in seconds since 1970.",
        "example": "1781524800",
    },
    "webhook-signature": {
        "type": "string",
        "description": "`v1,` and the HMAC-SHA256 of id, time and body in Base64. For 24 hours after a rotation of the "
        "secret there are two, with a space between them.",
        "example": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    },
}

_RESPONSES = {
    "2XX": {"description": "The delivery has arrived."},
    "410": {"description": "Nothing more is wanted: the webhook is disabled."},
    "default": {"description": "A failure, also a redirect. The delivery is tried again for 24 hours; a test is not."},
}


def webhooks() -> dict[str, Any]:
    """Returns the part `webhooks` of the document: one request to a receiver for each type of delivery."""
    return {name: {"post": _operation(name, about)} for name, about in DELIVERIES.items()}


def _operation(name: str, about: Delivery) -> dict[str, Any]:
    example = schemas.example_of(schemas.reference_to(about.model))
    return {
        "operationId": f"receive_{name.replace('.', '_')}",
        "tags": [WEBHOOKS],
        "summary": about.summary,
        "description": _DESCRIPTION,
        "security": [],
        "parameters": [_parameter(header, schema) for header, schema in _HEADERS.items()],
        "requestBody": {
            "required": True,
            "content": {"application/json": schemas.json_content({name: example}, [schemas.reference_to(about.model)])},
        },
        "responses": _RESPONSES,
    }


def _parameter(name: str, about: Schema) -> dict[str, Any]:
    schema = dict(about)
    said = {part: schema.pop(part) for part in ("description", "example")}
    return {"name": name, "in": "header", "required": True, **said, "schema": schema}
