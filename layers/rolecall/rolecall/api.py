"""What every function behind the API shares: who calls, the parsed request, the answer, the two error dialects."""

import base64
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, Self

import orjson

from rolecall import audit, clock, keys, store, telemetry
from rolecall.calls import ANONYMOUS, Call, Principal, PrincipalType
from rolecall.errors import (
    FieldError,
    Forbidden,
    MasterTokenRequired,
    PayloadTooLarge,
    Refused,
    RolecallError,
    ServiceUnavailable,
    Unauthorized,
    UnsupportedMediaType,
    ValidationFailed,
)
from rolecall.roles import PlatformRole, Role
from rolecall.telemetry import logger

MAX_BODY_BYTES = 16 * 1024
#: Seconds before the function's own end at which it stops trying, so that there is always an answer.
_ANSWER_SECONDS = 0.5
#: No number that is an id is longer.
_MAX_ID_LENGTH = 10
#: A caller's own name for its request. Nothing else of it comes into a log or an answer.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,255}")
#: What we write down lies well within.
_EARLIEST, _LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
#: No value of a query parameter is longer, but a cursor: it may become a key.
_MAX_PARAMETER_LENGTH = 254
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_ETAG = re.compile(r'"(0|[1-9][0-9]{0,17})"')


class Family(Enum):
    """The two API families, which differ in how they say an error."""

    TENANT = "tenant"
    PLATFORM = "platform"


class Model(Protocol):
    """A request body's model; see `bodies.Body`."""

    @classmethod
    def parse(cls, raw: bytes) -> Self: ...


class Request[B](NamedTuple):
    """A request whose caller may use the route and whose body and parameters are well-formed.

    `if_match` holds the versions that the caller accepts; None if any will do.
    """

    call: Call
    body: B
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    if_match: frozenset[int] | None

    def limit(self, *, default: int, maximum: int) -> int:
        """The `limit` parameter; raises `ValidationFailed` unless it is from 1 to `maximum`."""
        text = self.query.get("limit", str(default))
        if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= maximum:
            raise ValidationFailed(FieldError("limit", f"must be a whole number from 1 to {maximum}", text))
        return int(text)

    def uuid(self, name: str, *, message: str) -> str:
        """A path parameter that must be a UUID; raises `ValidationFailed` with `message`."""
        canonical = keys.canonical_uuid(self.path[name])
        if canonical is None:
            raise ValidationFailed(message=message)
        return canonical

    def id(self, name: str) -> str | None:
        """A query parameter that is some id, a UUID in the form of keys, if it is there; raises `ValidationFailed`."""
        text = self.text(name)
        return text and (keys.canonical_uuid(text) or text)

    def text(self, name: str) -> str | None:
        """A query parameter, if it is there; raises `ValidationFailed` for an empty one."""
        text = self.query.get(name)
        if text == "":
            raise ValidationFailed(FieldError(name, "must not be empty: leave it out", text))
        return text

    def choice[E: StrEnum](self, name: str, choices: type[E]) -> E | None:
        """A query parameter that is one of an enumeration, if it is there; raises `ValidationFailed`."""
        text = self.query.get(name)
        if text is not None and text not in choices:
            raise ValidationFailed(FieldError(name, f"must be one of {', '.join(choices)}", text))
        return None if text is None else choices(text)

    def flag(self, name: str) -> bool | None:
        """A query parameter that is `true` or `false`, if it is there; raises `ValidationFailed`."""
        text = self.query.get(name)
        if text not in {None, "true", "false"}:
            raise ValidationFailed(FieldError(name, "must be true or false", text))
        return None if text is None else text == "true"

    def moment(self, name: str) -> datetime | None:
        """A query parameter in RFC 3339, with an offset or `Z`, if it is there; raises `ValidationFailed`.

        A time before or after all that can be written down is the first or the last of these.
        """
        text = self.query.get(name)
        if text is None:
            return None
        try:
            at = datetime.fromisoformat(text.upper()) if _RFC3339.fullmatch(text) else None
        except ValueError:
            at = None
        if at is None:
            raise ValidationFailed(FieldError(name, "must be a time such as 2026-06-15T12:00:00Z", text))
        return max(_EARLIEST, min(at, _LATEST)).astimezone(UTC)

    @property
    def idempotency_key(self) -> str | None:
        """The `Idempotency-Key` header, if it is there; raises `ValidationFailed` unless it is plain text."""
        key = self.headers.get("idempotency-key")
        if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
            raise ValidationFailed(FieldError("Idempotency-Key", "must be 1 to 255 visible ASCII characters"))
        return key

    def int32(self, name: str) -> int:
        """A path parameter that must be a positive int32; raises `ValidationFailed`."""
        text = self.path[name]
        if not re.fullmatch(r"[0-9]{1,10}", text) or not 1 <= int(text) < 2**31:
            raise ValidationFailed(FieldError(name, "must be a positive 32-bit integer", text))
        return int(text)


class Response(NamedTuple):
    """An answer; `body` is turned into JSON, None into no body. A text goes out as it is, with its `Content-Type`."""

    status: int
    body: Mapping[str, Any] | list[Any] | str | None
    headers: Mapping[str, str] = MappingProxyType({})


def etag(version: int) -> dict[str, str]:
    """The header that names the version of what was answered."""
    return {"ETag": f'"{version}"'}


def link_next(limit: int, cursor: str | None) -> dict[str, str]:
    """The header that names the next page (RFC 8288), relative to the request's own address; none without one."""
    return {"Link": f'<?limit={limit}&cursor={cursor}>; rel="next"'} if cursor else {}


# --- Who may call ----------------------------------------------------------------------------------

type Guard = Callable[[Principal], None]


def tenant_roles(*allowed: Role) -> Guard:
    """Users of a tenant with one of these roles; everyone else is `Forbidden`."""

    def guard(principal: Principal) -> None:
        if principal.tenant_role not in allowed:
            raise Forbidden

    return guard


def master(principal: Principal) -> None:
    """Operators with the master token; everyone else is told `MasterTokenRequired`."""
    if principal.type is not PrincipalType.MASTER:
        raise MasterTokenRequired


def either(guard: Guard, other: Guard) -> Guard:
    """Whoever one of the two lets pass; everyone else is told what the first says."""

    def both(principal: Principal) -> None:
        try:
            guard(principal)
        except Refused as refusal:
            try:
                other(principal)
            except Refused:
                raise refusal from None

    return both


def account(principal: Principal) -> None:
    """Every platform account; everyone else is `Forbidden`."""
    if principal.type is not PrincipalType.ACCOUNT:
        raise Forbidden


def superadmin(principal: Principal) -> None:
    """Accounts with the role superadmin; everyone else is `Forbidden`."""
    if principal.platform_role is not PlatformRole.SUPERADMIN:
        raise Forbidden


# --- Routes ----------------------------------------------------------------------------------------

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

    def handle(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        store.set_time_left(context.get_remaining_time_in_millis() / 1000 - _ANSWER_SECONDS)
        call = _call_of(event)
        logger.append_keys(
            request_id=call.request_id,
            # Ours: it finds the request in the gateway's log, and tells apart what a caller names alike.
            gateway_request_id=event["requestContext"]["requestId"],
            principal=call.principal.id,
        )
        try:
            response = self._answer(event, call)
        except RolecallError as error:
            if isinstance(error, ServiceUnavailable):
                telemetry.log_unavailable(error)
            response = self.refusal(event, error)
        except Exception:  # noqa: BLE001 (the last line of defence: logged, and answered without details)
            logger.exception("request failed")
            telemetry.count("RequestsFailed")
            response = self.refusal(event, RolecallError())
        finally:
            telemetry.end(context)
        return _to_gateway(response, call.request_id)

    def refusal(self, event: Mapping[str, Any], error: RolecallError) -> Response:
        """The answer that says an error, in the dialect of the route's family."""
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
        body = _platform_error(event, error) if self.family is Family.PLATFORM else _tenant_error(error)
        return Response(error.status, body, headers)

    def _answer(self, event: Mapping[str, Any], call: Call) -> Response:
        body = None
        try:
            if self.may_call is not None:
                _require_credential(call)
                self.may_call(call.principal)
            _known_parameters(event, self.query)
            body = _parse(event, self.body)
            return self.function(_request(event, call, body))
        except Refused as refusal:
            if self.audit_refusals:
                _record_refusal(self.audit_refusals, event, call, body, refusal)
            raise


def _record_refusal(
    audited: tuple[str, str], event: Mapping[str, Any], call: Call, body: Any, refusal: Refused
) -> None:
    """If this fails, so does the request: no refusal goes unrecorded."""
    action, target_type = audited
    target_id = _known_form(target_type, _path(event).get("id", ""))
    asked = body.given() if body is not None else {}
    audit.record_denied(call, action, (target_type, target_id), asked=asked, code=refusal.code)


def _known_form(target_type: str, target_id: str) -> str:
    """An id as it is in keys. What can be none, such as an email, is not written down."""
    if target_type != "account":
        return keys.canonical_uuid(target_id) or "unknown"
    is_number = target_id.isdecimal() and target_id.isascii() and len(target_id) <= _MAX_ID_LENGTH
    return str(int(target_id)) if is_number else "unknown"


def _call_of(event: Mapping[str, Any]) -> Call:
    context = event["requestContext"]
    identity = context.get("identity") or {}
    return Call(
        Principal.from_context(context.get("authorizer") or {}) or ANONYMOUS,
        clock.now(),
        _request_id(event),
        _clean(identity.get("sourceIp")),
        _clean(identity.get("userAgent")),
    )


def _clean(text: str | None) -> str:
    """What is missing is empty, and what has no UTF-8, half of a surrogate pair, is a question mark."""
    return (text or "").encode(errors="replace").decode()


def _request_id(event: Mapping[str, Any]) -> str:
    """The caller's `X-Request-Id` if it is well-formed, else the gateway's."""
    sent = _headers(event).get("x-request-id", "")
    return sent if _REQUEST_ID.fullmatch(sent) else str(event["requestContext"]["requestId"])


def _require_credential(call: Call) -> None:
    # The gateway has let nobody through without one; this holds even if a route forgets its authorizer.
    if call.principal is ANONYMOUS:
        raise Unauthorized


def _request[B](event: Mapping[str, Any], call: Call, body: B) -> Request[B]:
    headers = _headers(event)
    return Request(call, body, _path(event), _query(event), headers, _versions(headers.get("if-match")))


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    sent = (event.get("headers") or {}).items()
    return {name.lower(): _clean(value) for name, value in sent if value is not None}


def _path(event: Mapping[str, Any]) -> Mapping[str, str]:
    # What is missing is no id of anything, and answered like that.
    return defaultdict(str, {name: _clean(text) for name, text in (event.get("pathParameters") or {}).items()})


def _query(event: Mapping[str, Any]) -> dict[str, str]:
    return {_clean(name): _clean(text) for name, text in (event.get("queryStringParameters") or {}).items()}


def _versions(if_match: str | None) -> frozenset[int] | None:
    """RFC 9110, section 13.1.1: `*` or a list of entity tags, compared strongly."""
    if if_match is None or if_match.strip() == "*":
        return None
    tags = (tag.strip() for tag in if_match.split(","))
    return frozenset(int(found[1]) for found in map(_ETAG.fullmatch, tags) if found)


def _known_parameters(event: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(_query(event).keys() - known)
    if unknown:
        raise ValidationFailed(*(FieldError(name, "is not a known parameter") for name in unknown))
    repeated = sorted(
        name for name, texts in (event.get("multiValueQueryStringParameters") or {}).items() if len(texts or ()) > 1
    )
    if repeated:
        raise ValidationFailed(*(FieldError(_clean(name), "must be given once") for name in repeated))
    too_long = sorted(
        name
        for name, text in _query(event).items()
        if name not in {"cursor", "limit"} and len(text.encode()) > _MAX_PARAMETER_LENGTH
    )
    if too_long:
        message = f"must have at most {_MAX_PARAMETER_LENGTH} characters"
        raise ValidationFailed(*(FieldError(name, message) for name in too_long))


def _parse[B](event: Mapping[str, Any], model: type[B] | None) -> Any:
    """The body as the model says; None for a route without one."""
    raw = _raw_body(event)
    if len(raw) > MAX_BODY_BYTES:
        raise PayloadTooLarge
    if model is None:
        if raw.strip() not in {b"", b"{}"}:
            raise ValidationFailed(message="this route takes no body")
        return None
    content_type = _headers(event).get("content-type", "application/json").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise UnsupportedMediaType
    return model.parse(raw)  # type: ignore[attr-defined]  # a Model, which type[B] can't say


def _raw_body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return text.encode(errors="surrogatepass")  # a lone surrogate is no JSON: its parser says so
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise ValidationFailed(message="the body must be a JSON object") from None


# --- Answers ---------------------------------------------------------------------------------------


def _tenant_error(error: RolecallError) -> dict[str, Any]:
    body: dict[str, Any] = {
        "success": False,
        "error": error.message,
        "error_code": error.code,
        "timestamp": clock.rfc3339(clock.now()),
    }
    if isinstance(error, ValidationFailed) and error.fields:
        body["validation"] = [
            {"field": one.field, "message": one.message} | ({} if one.value is None else {"value": one.value})
            for one in error.fields
        ]
    return body


def _platform_error(event: Mapping[str, Any], error: RolecallError) -> dict[str, Any]:
    body: dict[str, Any] = {
        "status": error.status,
        "error": HTTPStatus(error.status).phrase,
        "message": error.message[:1].upper() + error.message[1:],
        "timestamp": clock.rfc3339(clock.now()),
        "path": _clean(event.get("path")),
        "code": error.code,
    }
    if isinstance(error, ValidationFailed) and error.fields:
        body["fieldErrors"] = [{"field": one.field, "message": one.message} for one in error.fields]
    return body


def _to_gateway(response: Response, request_id: str) -> dict[str, Any]:
    headers = {"Cache-Control": "no-store", "X-Request-Id": request_id, **response.headers}
    if response.body is None:
        return {"statusCode": response.status, "headers": headers, "body": ""}
    if isinstance(response.body, str):
        return {"statusCode": response.status, "headers": headers, "body": response.body}
    headers["Content-Type"] = "application/json"
    return {"statusCode": response.status, "headers": headers, "body": to_json(response.body)}


def to_json(body: Any) -> str:
    """JSON text; a `Decimal` becomes a number without binary rounding."""
    return orjson.dumps(body, default=_exact).decode()


def _exact(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value.normalize():f}")
    raise TypeError(f"{type(value).__name__} has no JSON form")
