"""The headers of requests and responses, as the document describes them."""

from typing import Any

from openapi import answers
from openapi.routes import Schema

_REQUEST_ID = r"^[A-Za-z0-9._-]{1,128}$"
# Without examples: whoever tries a route out would send them.
PARAMETERS: dict[str, Schema] = {
    "X-Request-Id": {
        # No pattern: what is malformed is ignored, and not refused.
        "description": "The id of the request in the answer, the logs and the audit entries, if it is 1 to 128 "
        "letters, "
        "digits, `.`, `_` or `-`; else it is ignored.",
        "schema": {"type": "string"},
    },
    "If-Match": {
        "description": 'The `ETag` of an earlier answer, such as `"3"`: only an unchanged item is changed.',
        "schema": {"type": "string"},
    },
    "Idempotency-Key": {
        "description": "Makes the request safe to repeat: for 24 hours, the same key and body get the first answer.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
    "X-Confirm-Tenant-Name": {
        "description": "The name of the tenant, as it is or as percent-encoded UTF-8; if it is another's "
        "name, nothing happens.",
        "schema": {"type": "string"},
    },
}
HEADERS: dict[str, Schema] = {
    "X-Request-Id": {
        "description": "The id of the request in the logs and audit entries.",
        "required": True,
        "schema": {"type": "string", "pattern": _REQUEST_ID},
        "example": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    },
    "Cache-Control": {
        "description": "The answer must not be cached.",
        "required": True,
        "schema": {"type": "string", "const": "no-store"},
    },
    "Cache-Control-of-a-file": {
        "description": "A file whose address contains a version may be cached.",
        "required": True,
        "schema": {"type": "string", "enum": ["no-store", "public, max-age=31536000, immutable"]},
    },
    "Content-Security-Policy": {
        "description": "The page may load only files from its own server.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Repeat the request after this number of seconds.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
        "example": 1,
    },
    "ETag": {
        "description": "The version of the item in the answer, for `If-Match`.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9]{1,18}"$'},
        "example": '"3"',
    },
    "Location": {
        "description": "The address of the new or changed item, relative to the request's address.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
        "example": f"{answers.TENANT_ID}/deletion",
    },
    "Link": {
        "description": "The address of the next page (RFC 8288). Absent on the last page.",
        "schema": {"type": "string"},
        "example": '<?limit=100&cursor=Zm9yZ2VkIGN1cnNvcnM>; rel="next"',
    },
}

_IN_EVERY_RESPONSE = ("X-Request-Id", "Cache-Control")


def references_to(*names: str) -> dict[str, Any]:
    """Returns references to these headers and to those that every response has."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*_IN_EVERY_RESPONSE, *names)}
