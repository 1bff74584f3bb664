"""Whatever a caller sends to SCIM: the answer has SCIM's form, and is never a 5xx."""

import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import contract, gateway
from tests.integration.conftest import register
from tests.integration.test_raw_events import STRANGE_BODIES, headers, texts, values

pytestmark = pytest.mark.usefixtures("aws")
PROVE = bool(os.environ.get("ROLECALL_PROVE"))
STATUSES = {200, 201, 204, 304, 400, 403, 404, 405, 409, 412, 413, 415}
NAMES = [
    *(
        "schemas",
        "id",
        "externalId",
        "userName",
        "USERNAME",
        "name",
        "displayName",
        "active",
        "emails",
        "roles",
        "meta",
    ),
    *("name.givenName", "roles[primary eq true].value", 'emails[type eq "work"].value', "title", "urn:x:y", "nothing"),
    *("urn:ietf:params:scim:schemas:core:2.0:User:displayName", "emails[", "roles.value", "name.familyName", "meta"),
]
LIKELY = [
    *(
        "ada@example.com",
        "True",
        "admin",
        {"value": "user"},
        [{"value": "b@example.com", "primary": True}],
        [],
        {},
        None,
    ),
    *({"givenName": "Ada"}, "Ada", True, ["manager"]),
]
FILTERS = [
    'userName eq "ada@example.com"',
    'externalId eq "1" and id eq "2"',
    "[",
    "a[b eq ",
    "(" * 50,
    'id eq "\\ud800"',
]

any_value = st.one_of(st.sampled_from(LIKELY), values)
resources = st.dictionaries(st.one_of(st.sampled_from(NAMES), texts), any_value, max_size=5)
operations = st.fixed_dictionaries(
    {},
    optional={
        "op": st.one_of(st.sampled_from(["add", "Replace", "REMOVE"]), values),
        "path": st.one_of(st.sampled_from(NAMES), texts, values),
        "value": st.one_of(any_value, resources),
    },
)
bodies = st.one_of(
    st.none(),
    st.sampled_from(STRANGE_BODIES),
    values.map(json.dumps),
    resources.map(json.dumps),
    st.builds(lambda known, more: json.dumps({"userName": "ada@example.com", **known, **more}), resources, resources),
    st.lists(operations, max_size=4).map(lambda some: json.dumps({"Operations": some})),
)
PARAMETERS = ["filter", "startIndex", "count", "cursor", "attributes", "excludedAttributes", "sortBy"]
queries = st.one_of(
    st.none(),
    st.dictionaries(
        st.one_of(st.sampled_from(PARAMETERS), texts), st.one_of(st.sampled_from(FILTERS), texts, st.none()), max_size=3
    ),
)
paths = st.one_of(
    st.sampled_from(["Users", "Users/{id}", "Users/.search", ".search", "Schemas", "Schemas/x", "Groups", "Users/"]),
    texts,
)


@settings(
    max_examples=2000 if PROVE else 150,
    deadline=None,
    database=None,
    derandomize=not PROVE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_every_request_gets_an_answer_in_scims_form(data: st.DataObject, tenant: tuple[dict[str, str], str]) -> None:
    caller, user_id = tenant
    event = gateway.event_of("serve_scim")
    proxy = data.draw(paths).replace("{id}", user_id)
    query = data.draw(queries)
    event |= {
        "httpMethod": data.draw(st.sampled_from(["GET", "POST", "PUT", "PATCH", "PATCH", "DELETE", "HEAD"])),
        "path": f"/scim/v2/{proxy}",
        "pathParameters": {"proxy": proxy} if proxy else None,
        "queryStringParameters": query,
        "multiValueQueryStringParameters": None if query is None else {name: [text] for name, text in query.items()},
        "headers": data.draw(headers),
        "body": data.draw(bodies),
    }
    event["requestContext"]["authorizer"] = caller

    answer = gateway.invoke("serve_scim", event)

    assert answer["statusCode"] in STATUSES, answer
    contract.check_scim(answer["statusCode"], answer["headers"], answer["body"])


@pytest.fixture
def tenant(aws: None) -> tuple[dict[str, str], str]:
    """The authorizer's context of an admin, and the id of a user of the tenant."""
    acme: Any = register("Acme")
    return acme.admin.principal, acme.add("user").id
