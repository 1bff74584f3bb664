"""Requests: what API Gateway hands to a function, parsed and checked: the caller, parameters, headers and the body."""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from rolecall import clock
from rolecall.auth.principals import ANONYMOUS, Principal, RequestContext
from rolecall.email_addresses import AddressPrefix, parse_address_prefix
from rolecall.errors import (
    FieldError,
    PayloadTooLarge,
    ValidationFailed,
)
from rolecall.http import json_text
from rolecall.storage import keys
from rolecall.text_rules import REPLACEMENT, InvalidText, check_and_normalize_reason

#: A request body with more bytes than this number is answered with 413, unless the route's body model sets another
#: limit.
MAX_BODY_BYTES = 16 * 1024

#: The form of an `X-Request-Id` header that is logged and sent back. A header of any other form is ignored.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

#: The form of an action in the audit trail, and of an id such as `master`.
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,99}")

_ACCOUNT_ID = re.compile(r"[0-9]{1,10}")

_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,255}")

#: The most bytes of a query parameter's value, because the value may become a part of a key.
_MAX_PARAMETER_LENGTH = 254

#: The query parameters that may be longer than `_MAX_PARAMETER_LENGTH`. Each has a check of its own, and none
#: of them becomes a part of a key.
_PARAMETERS_OF_ANY_LENGTH = frozenset({"cursor", "limit", "reason"})

#: The headers that may be sent several times. Their values are parts of one list (RFC 9110, section 5.3).
_LIST_HEADERS = frozenset({"if-match", "if-none-match"})

#: The headers that decide what a request does, and that must be sent at most once.
_HEADERS_GIVEN_ONCE = ("Idempotency-Key", "X-Confirm-Tenant-Name")

_ETAG = re.compile(r'"(0|[1-9][0-9]{0,17})"')


class Request[B](NamedTuple):
    """A request whose caller may use the route, and whose body is valid.

    `if_match` holds the versions that `If-Match` accepts, or None if any version will do. A parameter is checked when
    it is read.
    """

    context: RequestContext
    body: B
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    if_match: frozenset[int] | None

    def limit(self, *, default: int, maximum: int) -> int:
        """Returns the parameter `limit`, or else the default; raises `ValidationFailed` unless it is 1 to `maximum`."""
        number = self.query_number("limit", maximum=maximum)
        return default if number is None else number

    def query_number(self, name: str, *, maximum: int) -> int | None:
        """Returns a query parameter, or None if it was not sent; raises `ValidationFailed` unless 1 to `maximum`."""
        text = self.query.get(name)
        if text is None:
            return None
        if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= maximum:
            raise ValidationFailed(FieldError(name, f"must be a whole number from 1 to {maximum}", text))
        return int(text)

    def path_uuid(self, name: str, *, message: str) -> str:
        """Returns a path parameter in the canonical form of a UUID; raises `ValidationFailed` with `message`."""
        canonical = keys.canonical_uuid(self.path[name])
        if canonical is None:
            raise ValidationFailed(message=message)
        return canonical

    def query_id(self, name: str) -> str | None:
        """Returns a query parameter with an id in the form of keys, or None if it was not sent.

        An id is a UUID, the number of an account, or a word such as `master`. Raises `ValidationFailed` for any other
        text, such as an email, because nothing has such an id.
        """
        text = self.query_text(name)
        if text is None:
            return None
        canonical = keys.canonical_uuid(text)
        if canonical is None and _ACCOUNT_ID.fullmatch(text):
            canonical = str(int(text))
        if canonical is None and _WORD.fullmatch(text):
            canonical = text
        if canonical is None:
            raise ValidationFailed(FieldError(name, "must be an id, and no email or name", text))
        return canonical

    def query_action(self, name: str) -> str | None:
        """Returns a query parameter with an action of the audit trail, or None if it was not sent.

        Whether there is such an action is not checked. Raises `ValidationFailed` for a text of another form.
        """
        text = self.query_text(name)
        if text is not None and not _WORD.fullmatch(text):
            raise ValidationFailed(FieldError(name, "must be an action such as promote_user", text))
        return text

    def query_text(self, name: str) -> str | None:
        """Returns a query parameter, or None if it was not sent; raises `ValidationFailed` if it is empty."""
        text = self.query.get(name)
        if text == "":
            raise ValidationFailed(FieldError(name, "must not be empty: leave it out", text))
        return text

    def query_reason(self) -> str | None:
        """Returns the parameter `reason` as it is stored, or None if it was not sent; raises `ValidationFailed`.

        The rules are those of the field `reason` in a body.
        """
        text = self.query.get("reason")
        try:
            return None if text is None else check_and_normalize_reason(text)
        except InvalidText as invalid:
            raise ValidationFailed(FieldError("reason", invalid.message, text)) from None

    def query_email_prefix(self, name: str) -> AddressPrefix:
        """Returns a query parameter that begins an email address; raises `ValidationFailed` for any other.

        If it was not sent, the prefix matches every address.
        """
        text = self.query.get(name, "")
        try:
            return parse_address_prefix(text)
        except InvalidText as invalid:
            raise ValidationFailed(FieldError(name, invalid.message, text)) from None

    def query_choice[E: StrEnum](self, name: str, choices: type[E]) -> E | None:
        """Returns a query parameter as a member of `choices`, or None if it was not sent; raises `ValidationFailed`."""
        text = self.query.get(name)
        if text is not None and text not in choices:
            raise ValidationFailed(FieldError(name, f"must be one of {', '.join(choices)}", text))
        return None if text is None else choices(text)

    def query_flag(self, name: str) -> bool | None:
        """Returns a query parameter, `true` or `false`, or None if it was not sent; raises `ValidationFailed`."""
        text = self.query.get(name)
        if text not in {None, "true", "false"}:
            raise ValidationFailed(FieldError(name, "must be true or false", text))
        return None if text is None else text == "true"

    def query_time(self, name: str) -> datetime | None:
        """Returns a time of RFC 3339, in UTC, or None if it was not sent; raises `ValidationFailed` for another form.

        A time before 1971 or after 9998 becomes the nearest one in range.
        """
        text = self.query.get(name)
        if text is None:
            return None
        at = clock.parse_rfc3339(text)
        if at is None:
            raise ValidationFailed(FieldError(name, "must be a time such as 2026-06-15T12:00:00Z", text))
        return at

    @property
    def idempotency_key(self) -> str | None:
        """The `Idempotency-Key` header, or None if it was not sent; raises `ValidationFailed` if it is malformed."""
        key = self.headers.get("idempotency-key")
        if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
            raise ValidationFailed(FieldError("Idempotency-Key", "must be 1 to 255 visible ASCII characters"))
        return key

    def path_positive_int32(self, name: str) -> int:
        """Returns a path parameter that is a positive int32; raises `ValidationFailed` for any other."""
        text = self.path[name]
        if not re.fullmatch(r"[0-9]{1,10}", text) or not 1 <= int(text) < 2**31:
            raise ValidationFailed(FieldError(name, "must be a positive 32-bit integer", text))
        return int(text)


def request_context_of(event: Mapping[str, Any]) -> RequestContext:
    """Returns who calls, when and from where. The caller is `ANONYMOUS` if the event has no valid principal."""
    context = event["requestContext"]
    identity = context.get("identity") or {}
    at = clock.now()
    principal = Principal.from_authorizer_context(context.get("authorizer") or {}) or ANONYMOUS
    return RequestContext(
        # The caller's temporary role may have ended since the authorizer read it. Then the caller has its lasting role
        # here.
        principal.at(at),
        at,
        _request_id_from_caller_or_gateway(event),
        replace_lone_surrogates(identity.get("sourceIp")),
        replace_lone_surrogates(identity.get("userAgent")),
    )


def replace_lone_surrogates(text: str | None) -> str:
    """Returns the text with a question mark for each lone surrogate, which UTF-8 cannot encode, or "" for None."""
    return (text or "").encode(errors="replace").decode()


def was_sent_in_utf_8(text: str | None) -> bool:
    """Returns whether a text was sent in UTF-8. It was not if it has a lone surrogate or U+FFFD; None counts as sent.

    API Gateway replaces bytes that are not UTF-8 with U+FFFD.
    """
    return text is None or (REPLACEMENT not in text and replace_lone_surrogates(text) == text)


def _request_id_from_caller_or_gateway(event: Mapping[str, Any]) -> str:
    """Returns the caller's `X-Request-Id` if it is well-formed, else the request id of API Gateway."""
    sent = headers_by_lower_case_name(event).get("x-request-id", "")
    return sent if _REQUEST_ID.fullmatch(sent) else str(event["requestContext"]["requestId"])


def build_request[B](event: Mapping[str, Any], context: RequestContext, body: B) -> Request[B]:
    """Returns the request of an event. Checks nothing: the caller has checked the body and the names of parameters."""
    headers = headers_by_lower_case_name(event)
    return Request(
        context,
        body,
        path_parameters_with_empty_defaults(event),
        _query_parameters(event),
        headers,
        _versions_in_if_match(headers.get("if-match")),
    )


def headers_by_lower_case_name(event: Mapping[str, Any]) -> dict[str, str]:
    """Returns the headers by their names in lower case. One of `_LIST_HEADERS` has all its values, joined by commas.

    Of any other header that was sent several times, it is the last value.
    """
    sent = (event.get("headers") or {}).items()
    headers = {name.lower(): replace_lone_surrogates(value) for name, value in sent if value is not None}
    for name in _LIST_HEADERS & headers.keys():
        values = _repeated_values_of_header(event, name)
        if len(values) > 1:
            headers[name] = ", ".join(map(replace_lone_surrogates, values))
    return headers


def check_headers_given_once(event: Mapping[str, Any]) -> None:
    """Raises `ValidationFailed` if a header that decides what the request does was sent more than once."""
    repeated = [name for name in _HEADERS_GIVEN_ONCE if len(_repeated_values_of_header(event, name.lower())) > 1]
    if repeated:
        raise ValidationFailed(*(FieldError(name, "must be given once") for name in repeated))


def _repeated_values_of_header(event: Mapping[str, Any], lower_case_name: str) -> list[str]:
    """Returns the values with which API Gateway says that the header was sent; none if the event does not tell."""
    repeated = (event.get("multiValueHeaders") or {}).items()
    found = (value for name, several in repeated if name.lower() == lower_case_name for value in several or ())
    return [value for value in found if value is not None]


def path_parameters_with_empty_defaults(event: Mapping[str, Any]) -> Mapping[str, str]:
    """Returns the path parameters. Each missing one reads as an empty string, which matches no id (404)."""
    return defaultdict(
        str, {name: replace_lone_surrogates(text) for name, text in (event.get("pathParameters") or {}).items()}
    )


def _query_parameters(event: Mapping[str, Any]) -> dict[str, str]:
    """Returns the query parameters, unchecked. Of one that was sent several times, the last value."""
    return {
        replace_lone_surrogates(name): replace_lone_surrogates(text)
        for name, text in (event.get("queryStringParameters") or {}).items()
    }


def _versions_in_if_match(if_match: str | None) -> frozenset[int] | None:
    """Returns the versions in an `If-Match` header (RFC 9110, section 13.1.1), or None if every version matches.

    Weak tags and tags that are no version match nothing. So the result can be empty.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    tags = (tag.strip() for tag in if_match.split(","))
    return frozenset(int(found[1]) for found in map(_ETAG.fullmatch, tags) if found)


def check_query_parameters(
    event: Mapping[str, Any], known_names: frozenset[str], *, of_any_length: frozenset[str] = frozenset()
) -> None:
    """Raises `ValidationFailed` for query parameters that are unknown, not UTF-8, sent twice or too long.

    The parameters `of_any_length` may be longer than others, like those of `_PARAMETERS_OF_ANY_LENGTH`.
    """
    unknown = sorted(_query_parameters(event).keys() - known_names)
    if unknown:
        raise ValidationFailed(*(FieldError(name, "is not a known parameter") for name in unknown))
    unreadable = sorted(
        name for name, text in (event.get("queryStringParameters") or {}).items() if not was_sent_in_utf_8(text)
    )
    if unreadable:
        raise ValidationFailed(*(FieldError(replace_lone_surrogates(name), "must be UTF-8") for name in unreadable))
    repeated = sorted(
        name for name, texts in (event.get("multiValueQueryStringParameters") or {}).items() if len(texts or ()) > 1
    )
    if repeated:
        raise ValidationFailed(*(FieldError(replace_lone_surrogates(name), "must be given once") for name in repeated))
    too_long = sorted(
        name
        for name, text in _query_parameters(event).items()
        if name not in _PARAMETERS_OF_ANY_LENGTH | of_any_length and len(text.encode()) > _MAX_PARAMETER_LENGTH
    )
    if too_long:
        message = f"must have at most {_MAX_PARAMETER_LENGTH} bytes in UTF-8"
        raise ValidationFailed(*(FieldError(name, message) for name in too_long))


def parse_body(event: Mapping[str, Any], body_model: type[Any] | None) -> Any:
    """Returns an instance of the model, None without one. Raises `ValidationFailed`, `PayloadTooLarge` and others.

    Raises `ValidationFailed` for an invalid body, and `UnsupportedMediaType` for one that is not declared as JSON. The
    model is a `models.Body`. Without a model, the body must be empty or `{}`.
    """
    if body_model is not None:
        json_text.check_media_type(event)
    raw = read_body_bytes(event, max_bytes=body_model.max_bytes if body_model else MAX_BODY_BYTES)
    if body_model is None:
        if raw.strip() not in {b"", b"{}"}:
            raise ValidationFailed(message="this route takes no body")
        return None
    return body_model.parse(raw)


def read_body_bytes(event: Mapping[str, Any], *, max_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Returns the bytes of the body. Raises `PayloadTooLarge`, or `ValidationFailed` for a body that can't be read."""
    raw = json_text.decode_body_bytes(event)
    if len(raw) > max_bytes:
        raise PayloadTooLarge(f"the body must not exceed {max_bytes // 1024} KiB")
    return raw
