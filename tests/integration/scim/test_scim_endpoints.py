"""The endpoints of SCIM: who may call which, what the server tells about itself, and what errors look like."""

from typing import Any

import pytest

from rolecall.auth.roles import PlatformRole
from tests import gateway
from tests.integration.conftest import MASTER_TOKEN, Tenant, make_account, register, unchanged
from tests.integration.scim.test_scim_users import scim

pytestmark = pytest.mark.usefixtures("aws")

#: A request of each kind that needs a credential; `{id}` is a user of the tenant.
REQUESTS: list[tuple[str, str, Any]] = [
    ("GET", "/Users", None),
    ("POST", "/Users", {"userName": "new@example.com"}),
    ("POST", "/Users/.search", {}),
    ("POST", "/.search", {}),
    ("GET", "/Users/{id}", None),
    ("PUT", "/Users/{id}", {"userName": "renamed@example.com"}),
    ("PATCH", "/Users/{id}", {"Operations": [{"op": "replace", "path": "active", "value": False}]}),
    ("DELETE", "/Users/{id}", None),
    ("GET", "/ResourceTypes/User", None),
    ("GET", "/Groups", None),
]
DISCOVERY = ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"]
USER_SCHEMA = "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User"


def _statuses(acme: Tenant, credential: str | None) -> list[int]:
    user = acme.add("user")
    return [
        gateway.scim_request(method, path.format(id=user.id), credential, body).status
        for method, path, body in REQUESTS
    ]


@pytest.mark.parametrize("role", ["manager", "user"])
def test_only_an_admin_may_use_scim(acme: Tenant, role: str) -> None:
    credential = acme.add(role).token
    user = acme.add("user")
    with unchanged():
        for method, path, body in REQUESTS:
            assert gateway.scim_request(method, path.format(id=user.id), credential, body).status == 403


def test_no_other_credential_is_accepted_by_scim(acme: Tenant) -> None:
    assert _statuses(acme, None) == [401] * len(REQUESTS)
    assert _statuses(acme, "3f1d2c4b-5a69-4788-96a5-b4c3d2e1f0a9") == [401] * len(REQUESTS)
    for credential in (MASTER_TOKEN, make_account(PlatformRole.SUPERADMIN).access_token):
        assert _statuses(acme, credential) == [403] * len(REQUESTS)


def test_an_admin_may_use_all_of_it_with_a_token_or_signed_in(acme: Tenant) -> None:
    expected = [200, 201, 200, 200, 200, 200, 200, 204, 200, 404]
    assert _statuses(acme, acme.admin.token) == expected
    assert _statuses(register("Globex"), acme.admin.token) == [200, 409, 200, 200, 404, 404, 404, 404, 200, 404]
    assert _statuses(acme, acme.admin.log_in().access_token) == [200, 409, 200, 200, 200, 200, 200, 204, 200, 404]


def test_a_request_without_a_principal_is_401(acme: Tenant) -> None:
    user = acme.add("user")
    with unchanged():
        for method, path, body in REQUESTS:
            assert gateway.scim_request(method, path.format(id=user.id), body=body, principal={}).status == 401


def test_a_get_does_not_check_again_what_the_authorizer_has_checked(acme: Tenant) -> None:
    actor = acme.add("admin")
    principal = actor.principal
    acme.admin.request("PUT", f"/users/{actor.id}", {"active": False}).must(200)
    answer = gateway.scim_request("GET", "/Users/00c8a4ee-a63b-4452-960b-8157893a026b", principal=principal)
    assert answer.status == 404


def test_a_user_of_another_tenant_gets_the_same_answer_as_nobody(acme: Tenant) -> None:
    theirs = register("Globex").add("user").id
    with unchanged():
        for method, path, body in REQUESTS:
            if "{id}" in path:
                answers = [
                    scim(acme.admin, method, path.format(id=one), body)
                    for one in (theirs, "00000000-0000-4000-8000-000000000000", "nobody")
                ]
                assert [answer.status for answer in answers] == [404, 404, 404]
                assert answers[0].text == answers[1].text == answers[2].text


@pytest.mark.parametrize("path", DISCOVERY)
def test_the_discovery_endpoints_need_no_credential(path: str) -> None:
    answer = gateway.scim_request("GET", path)
    assert answer.status == 200
    assert gateway.scim_request("POST", path, body={}).status == 405


def test_the_schema_has_the_attributes_of_a_user(acme: Tenant) -> None:
    schema = scim(acme.admin, "GET", USER_SCHEMA).body
    body = {
        "userName": "ada@example.com",
        "name": {"givenName": "A", "familyName": "B", "formatted": "C"},
        "displayName": "D",
        "externalId": "1",
        **dict.fromkeys(("nickName", "title", "userType", "preferredLanguage", "locale", "timezone"), "x"),
    }
    user = scim(acme.admin, "POST", "/Users", body).body

    told = {one["name"]: {sub["name"] for sub in one.get("subAttributes", ())} for one in schema["attributes"]}

    assert told.keys() == user.keys() - {"schemas", "id", "externalId", "meta"}
    for name, subs in told.items():
        value = user[name][0] if isinstance(user[name], list) else user[name]
        assert subs == (value.keys() if isinstance(value, dict) else set())


def test_the_configuration_says_what_is_supported() -> None:
    config = gateway.scim_request("GET", "/ServiceProviderConfig").body
    supported = {name: about["supported"] for name, about in config.items() if "supported" in about}
    assert supported == {
        "patch": True,
        "filter": True,
        "etag": True,
        "bulk": False,
        "sort": False,
        "changePassword": False,
    }
    assert config["filter"]["maxResults"] == config["pagination"]["maxPageSize"] == 1000
    assert config["meta"]["location"] == "https://api.example.com/live/scim/v2/ServiceProviderConfig"


@pytest.mark.parametrize("path", [USER_SCHEMA, USER_SCHEMA.replace(":", "%3A"), "/ResourceTypes/User"])
def test_a_schema_or_resource_type_read_by_id_is_the_same_as_in_the_list(acme: Tenant, path: str) -> None:
    listed = gateway.scim_request("GET", path.rpartition("/")[0]).body
    assert listed == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 1,
        "startIndex": 1,
        "itemsPerPage": 1,
        "Resources": [scim(acme.admin, "GET", path).body],
    }


@pytest.mark.parametrize("path", ["/Schemas/none", "/ResourceTypes/Group", "/ServiceProviderConfig/none"])
def test_a_schema_or_resource_type_that_is_not_there_is_404(acme: Tenant, path: str) -> None:
    answer = scim(acme.admin, "GET", path)
    assert (answer.status, answer.body["detail"]) in {
        (404, "there is no such resource"),
        (404, "there is no such endpoint"),
    }


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes"])
def test_a_filter_on_discovery_is_refused(path: str) -> None:
    answer = gateway.scim_request("GET", path, query={"filter": 'id eq "User"'})
    assert (answer.status, answer.body["detail"]) == (403, "the discovery endpoints take no filter")


@pytest.mark.parametrize("path", ["/Groups", "/Bulk", "/Me", "/Users/a/b", "/Users/a/", "/users"])
def test_an_unknown_path_is_404(acme: Tenant, path: str) -> None:
    # A slash at the end does not count.
    assert scim(acme.admin, "GET", path).status == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/Users", "GET, POST"),
        ("PATCH", "/Users", "GET, POST"),
        ("POST", "/Users/a", "GET, PUT, PATCH, DELETE"),
        ("GET", "/.search", "POST"),
        ("HEAD", "/ServiceProviderConfig", "GET"),
    ],
)
def test_another_method_is_405(acme: Tenant, method: str, path: str, allowed: str) -> None:
    answer = scim(acme.admin, method, path)
    assert (answer.status, answer.headers["Allow"]) == (405, allowed)


def test_a_body_is_json_of_at_most_16_kib_under_either_name(acme: Tenant) -> None:
    def status(body: Any, **headers: str) -> int:
        return scim(acme.admin, "POST", "/Users", body, headers=headers).status

    with unchanged():
        assert status({"displayName": "x" * 17_000}) == 413
        assert status({"userName": "a@example.com"}, **{"Content-Type": "text/plain"}) == 415
        assert status(b"\xff") == status("[") == status('{"userName": "a@example.com", "userName": "b@c.com"}') == 400
    assert status({"userName": "a@example.com"}, **{"Content-Type": "application/json; charset=utf-8"}) == 201
    assert status({"userName": "b@example.com"}, **{"Content-Type": "application/scim+json"}) == 201


def test_the_addresses_follow_the_domain_and_the_base_path(acme: Tenant) -> None:
    event = gateway.event_of("serve_scim")
    event |= {"queryStringParameters": None, "multiValueQueryStringParameters": None}
    event["requestContext"] |= {"authorizer": gateway.authorize(acme.admin.token), "domainName": "id.example.org"}

    for path, base in (("/live/scim/v2/Users", "/live"), ("/base/scim/v2/Users", "/base"), ("/scim/v2/Users", "")):
        event["requestContext"]["path"] = path
        answer = gateway.invoke("serve_scim", event)
        assert f'"location":"https://id.example.org{base}/scim/v2/Users/{acme.admin.id}"' in answer["body"]
