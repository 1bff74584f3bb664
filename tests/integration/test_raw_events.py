"""Whatever API Gateway may send: each function answers in the contract's way, with no exception and no 5xx.

The event is a real one of the function's, from a caller who may use it, with some of its parts replaced by
others that can be, or that a changed gateway could make so.
"""

import base64
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rolecall.auth.roles import PlatformRole
from tests import dialects, gateway
from tests.gateway import Route
from tests.integration.conftest import MASTER_TOKEN, make_account, register

PROVE = bool(os.environ.get("ROLECALL_PROVE"))
STATUSES = {200, 201, 202, 204, 400, 401, 403, 404, 409, 412, 413, 415, 422, 429}

texts = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", " ", "null", "\x00", "%00", "..", "é", "\u202e", "\U0001d518", "\ud800", "0", "-1", "1e9", "9" * 400]
    ),
    st.sampled_from(["2147483648", "٣", "00000000-0000-4000-8000-000000000000", "a#b", "*", "'", '"', "x" * 3000]),
)
numbers = st.one_of(
    st.integers(), st.floats(), st.sampled_from([2**31, 2**63, 2**64, -(2**63) - 1, 10**30, 1e308, float("nan")])
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)
#: What no JSON library would write, but someone may send.
STRANGE_BODIES = [
    "",
    " ",
    "{",
    "null",
    "NaN",
    "[]",
    '"text"',
    "{}{}",
    "\ufeff{}",
    "\x00",
    '{"a": NaN}',
    '{"a": Infinity}',
    '{"a": 1e999999}',
    '{"a": ' + "9" * 5000 + "}",
    '{"\ud800": 1}',
    '{"a": "\\ud800"}',
    "[" * 5000,
    '{"a":' * 2000 + "1" + "}" * 2000,
    "x" * 16384,
    "é" * 8193,
]
MAYBE = object()


def bodies(folder: str) -> st.SearchStrategy[str | None]:
    """No body, any text, any JSON, and the function's own body with fields that are missing, new or of any kind."""
    text = gateway.event_of(folder)["body"]
    own: dict[str, Any] = json.loads(text) if text else {"new_role": "user"}

    def changed(changes: dict[str, Any]) -> str:
        merged = own | changes
        return json.dumps({name: value for name, value in merged.items() if value is not MAYBE})

    def twice(value: Any) -> str:
        name = next(iter(own))
        return f'{{"{name}": {json.dumps(value)}, {json.dumps(own)[1:]}'

    names = st.one_of(st.sampled_from(sorted(own)), texts)
    return st.one_of(
        st.none(),
        st.sampled_from(STRANGE_BODIES),
        st.text(max_size=60),
        values.map(json.dumps),
        st.dictionaries(names, st.one_of(values, st.just(MAYBE)), max_size=3).map(changed),
        values.map(twice),
    )


headers = st.one_of(
    st.none(),
    st.dictionaries(
        st.one_of(
            st.sampled_from(["Content-Type", "content-TYPE", "If-Match", "Idempotency-Key", "X-Confirm-Tenant-Name"]),
            st.sampled_from(["Content-Type", "If-Match", "Idempotency-Key"]),
            texts,
        ),
        st.one_of(st.none(), texts, st.sampled_from(["application/json", '"1"', "*", '"9", W/"1"', "text/plain"])),
        max_size=4,
    ),
)
queries = st.one_of(
    st.none(),
    st.dictionaries(
        st.one_of(
            st.sampled_from(["limit", "cursor", "role", "active", "email", "from", "to", "tenant_id", "dry_run"]),
            texts,
        ),
        st.one_of(st.none(), texts),
        max_size=3,
    ),
)
paths: st.SearchStrategy[dict[str, Any] | None] = st.one_of(
    st.none(), st.just({}), st.dictionaries(st.just("id"), st.one_of(st.none(), texts), max_size=1)
)
identities = st.one_of(
    st.none(),
    st.dictionaries(
        st.sampled_from(["sourceIp", "userAgent", "cognitoIdentityId"]), st.one_of(st.none(), texts), max_size=3
    ),
)
authorizers: st.SearchStrategy[dict[str, Any] | None] = st.one_of(
    st.none(),
    st.just({}),
    st.dictionaries(
        st.sampled_from(["principal_type", "id", "email", "role", "tenant_id", "session_id"]),
        st.one_of(st.none(), texts, st.sampled_from(["user", "account", "master", "system", "admin", "7"])),
    ),
)


@st.composite
def events(draw: st.DrawFn, folder: str, caller: dict[str, str] | None) -> dict[str, Any]:
    """The function's event with some of its parts replaced, or left out."""
    event = gateway.event_of(folder)
    context = event["requestContext"]
    context["authorizer"] = draw(authorizers) if draw(st.integers(0, 9)) == 9 else caller
    parts: dict[str, Callable[[], Any]] = {
        "body": lambda: draw(bodies(folder)),
        "headers": lambda: draw(headers),
        "multiValueHeaders": lambda: draw(st.one_of(st.none(), st.just({"Content-Type": ["a", "b"]}))),
        "queryStringParameters": lambda: draw(queries),
        "multiValueQueryStringParameters": lambda: draw(st.one_of(st.none(), st.just({"limit": ["1", "2"]}))),
        "pathParameters": lambda: draw(paths),
        "isBase64Encoded": lambda: draw(st.sampled_from([True, False, None])),
        "path": lambda: draw(st.sampled_from(["/", "//", event["path"]])),
        "stageVariables": lambda: None,
    }
    for name in draw(st.lists(st.sampled_from(sorted(parts)), max_size=3, unique=True)):
        event[name] = parts[name]()
    if event["isBase64Encoded"] and event["body"] is not None and draw(st.booleans()):
        event["body"] = base64.b64encode(event["body"].encode(errors="surrogatepass")).decode()
    if draw(st.booleans()):
        context["identity"] = draw(identities)
    for name in draw(st.lists(st.sampled_from(["headers", "body", "isBase64Encoded", "resource"]), max_size=1)):
        del event[name]
    return event


def _caller(route: Route) -> dict[str, str] | None:
    """Someone who may use the route."""
    if route.public:
        return None
    if route.path.startswith("/v1/api"):
        return make_account(PlatformRole.SUPERADMIN).principal
    tenant = register("Acme")
    by_master = route.path.startswith(("/global", "/register", "/tenants"))
    return gateway.authorize(MASTER_TOKEN if by_master else tenant.admin.token)


@pytest.mark.parametrize("route", gateway.routes(), ids=lambda route: route.function)
def test_a_header_or_a_parameter_without_a_value_is_no_failure(aws: None, route: Route) -> None:
    event = gateway.event_of(route.function)
    event["requestContext"]["authorizer"] = _caller(route)
    event["headers"] = dict.fromkeys(("Content-Type", "If-Match", "Idempotency-Key", "X-Confirm-Tenant-Name"))
    for name in ("limit", "cursor", "role", "email", "from", "tenant_id", "dry_run"):
        event["queryStringParameters"] = {name: None}
        assert gateway.invoke(route.function, event)["statusCode"] in STATUSES


@pytest.mark.parametrize("route", gateway.routes(), ids=lambda route: route.function)
def test_whatever_comes_is_answered_in_the_contracts_way(aws: None, route: Route) -> None:
    caller = _caller(route)
    schema = dialects.PLATFORM if route.path.startswith("/v1/api") else dialects.TENANT

    @settings(
        max_examples=400 if PROVE else 40,
        deadline=None,
        database=None,
        derandomize=not PROVE,
        suppress_health_check=list(HealthCheck),
    )
    @given(events(route.function, caller))
    def answered(event: dict[str, Any]) -> None:
        answer = gateway.invoke(route.function, event)

        assert answer["statusCode"] in STATUSES, answer
        assert answer["headers"]["Cache-Control"] == "no-store"
        assert answer["headers"]["X-Request-Id"] == event["requestContext"]["requestId"]
        answer["body"].encode()
        if answer["statusCode"] >= 400:
            dialects.assert_valid(json.loads(answer["body"]), schema)

    answered()


@settings(max_examples=1000 if PROVE else 100, deadline=None, database=None, derandomize=not PROVE)
@given(
    sent=st.one_of(
        st.none(),
        st.dictionaries(st.sampled_from(["Authorization", "authorization", "Cookie"]), st.one_of(st.none(), texts)),
        texts.map(lambda text: {"Authorization": f"Bearer {text}"}),
        st.from_regex(r"\A[A-Za-z0-9_-]{0,30}\.[A-Za-z0-9_-]{0,30}\.[A-Za-z0-9_-]{0,9}\Z").map(
            lambda text: {"Authorization": text}
        ),
    )
)
@example(sent={"Authorization": "Bearer eyJhbGciOiJIUzI1NiIsImtpZCI6bnVsbH0.e30."})
@example(sent={"Authorization": "Bearer eyJhbGciOltdfQ.W10.AA"})
def _denied(sent: dict[str, Any] | None) -> None:
    event = gateway.event_of("authorize_request")
    event["headers"] = sent
    answer = gateway.invoke("authorize_request", event)
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"


def test_whatever_comes_as_a_credential_is_denied(aws: None) -> None:
    _denied()
