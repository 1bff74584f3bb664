"""Resources with some of their attributes, and lists of resources."""

from typing import Any

import pytest

from rolecall.auth.roles import HeldRole, Role
from rolecall.scim.errors import InvalidValue
from rolecall.scim.resources import list_response, to_resource
from rolecall.scim.selections import Selection
from rolecall.tenants.user_profiles import UserProfile
from rolecall.tenants.users import User

USER = User("7", "t", "ada@example.com", HeldRole.lasting(Role.MANAGER), False, None, "2026-01-01", "2026-01-02", 3)
RESOURCE: dict[str, Any] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "id": "7",
    "userName": "ada@example.com",
    "active": False,
    "emails": [{"value": "ada@example.com", "type": "work", "primary": True}],
    "roles": [{"value": "manager", "primary": True}],
    "meta": {
        "resourceType": "User",
        "created": "2026-01-01",
        "lastModified": "2026-01-02",
        "location": "https://api.example.com/scim/v2/Users/7",
        "version": '"3"',
    },
}


def test_a_resource_has_the_attributes_that_are_set() -> None:
    assert to_resource(USER, "https://api.example.com/scim/v2") == RESOURCE
    named = USER._replace(
        profile=UserProfile("x", "Ada", "Byron", "Ada Byron", "A", "B", "C", "D", "en", "en-GB", "Europe/London")
    )
    assert to_resource(named, "https://api.example.com/scim/v2") == RESOURCE | {
        "externalId": "x",
        "name": {"formatted": "Ada Byron", "familyName": "Byron", "givenName": "Ada"},
        "displayName": "A",
        "nickName": "B",
        "title": "C",
        "userType": "D",
        "preferredLanguage": "en",
        "locale": "en-GB",
        "timezone": "Europe/London",
    }


def test_a_list_leaves_out_the_numbers_that_are_none() -> None:
    assert list_response([{"id": "7"}], totalResults=1, startIndex=None) == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 1,
        "itemsPerPage": 1,
        "Resources": [{"id": "7"}],
    }


ALWAYS = {name: RESOURCE[name] for name in ("schemas", "id")}


@pytest.mark.parametrize(
    ("included", "expected"),
    [
        ([""], RESOURCE),
        (["unknown"], ALWAYS),
        (["unknown"] * 100, ALWAYS),
        ([" USERNAME "], ALWAYS | {"userName": "ada@example.com"}),
        (["urn:ietf:params:scim:schemas:core:2.0:User:active"], ALWAYS | {"active": False}),
        (["emails.VALUE", "emails.primary"], ALWAYS | {"emails": [{"value": "ada@example.com", "primary": True}]}),
        (["emails", "emails.value"], ALWAYS | {"emails": RESOURCE["emails"]}),
        (["meta.version"], ALWAYS | {"meta": {"version": '"3"'}}),
        (["meta.unknown", "emails.unknown", "userName.value", "id.value"], ALWAYS),
    ],
)
def test_an_answer_has_the_included_attributes(included: list[str], expected: dict[str, Any]) -> None:
    assert Selection.from_query({"attributes": ",".join(included)}).apply(RESOURCE) == expected


EMAIL = {"value": "ada@example.com", "type": "work", "primary": True}


@pytest.mark.parametrize(
    ("excluded", "expected"),
    [
        ([""], RESOURCE),
        (["id", "schemas", "unknown"], RESOURCE),
        (["USERNAME", "meta", "roles"], {**ALWAYS, "active": False, "emails": [EMAIL]}),
        (
            ["userName", "meta", "roles", "active", "emails.TYPE"],
            ALWAYS | {"emails": [{"value": "ada@example.com", "primary": True}]},
        ),
        (["userName", "meta", "active", "roles.value", "roles.primary", "emails", "emails.value"], ALWAYS),
    ],
)
def test_an_answer_leaves_out_the_excluded_attributes(excluded: list[str], expected: dict[str, Any]) -> None:
    assert Selection.from_query({"excludedAttributes": ",".join(excluded)}).apply(RESOURCE) == expected


def test_an_answer_has_all_attributes_unless_the_request_names_some() -> None:
    assert Selection.from_query({}).apply(RESOURCE) == RESOURCE


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            {"attributes": "id", "excludedAttributes": "name"},
            "attributes and excludedAttributes must not be sent together",
        ),
        (
            {"attributes": ",".join(["id"] * 101)},
            "attributes has more than 100 names: send fewer names, or leave the parameter out to get all attributes",
        ),
    ],
)
def test_an_invalid_selection_is_refused_with_a_reason(query: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidValue) as raised:
        Selection.from_query(query)
    assert raised.value.message == message
