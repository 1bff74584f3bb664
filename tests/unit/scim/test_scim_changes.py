"""What the bodies of PUT and PATCH requests make of a user, and how the caller is told that a request can't be."""

from typing import Any

import pytest

from rolecall.auth.roles import HeldRole, Role
from rolecall.scim import patch
from rolecall.scim.errors import InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget, ScimRequestInvalid
from rolecall.scim.filters import parse_path
from rolecall.scim.user_values import UserValues, parse_attributes
from rolecall.tenants.change_rules import UserChange
from rolecall.tenants.user_profiles import UserProfile
from rolecall.tenants.users import User

PROFILE = UserProfile(given_name="Ada", family_name="Byron", formatted_name="Ada Byron", title="Countess")
USER = User(
    *("7", "t", "ada@example.com", HeldRole.lasting(Role.MANAGER), True, None, "2026-01-01", "2026-01-02", 3),
    profile=PROFILE,
)
OTHER_SCHEMA = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"


def change(*operations: dict[str, Any]) -> UserChange:
    return patch.change_by_operations(USER, patch.parse_operations({"Operations": list(operations)}))


def role(kind: str, value: Any = None, path: str = "roles") -> UserChange:
    return change({"op": kind, "path": path, "value": value})


UNCHANGED = UserChange(profile=PROFILE)
NAME_IS_AN_OBJECT = "name must be an object with givenName, familyName and formatted"
NOT_FULFILLED = "no value of roles fulfils the condition"


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "ADD", "path": "active", "value": "false"}, {"active": False}),
        ({"op": "add", "path": "emails.value", "value": "b@example.com"}, {"email": "b@example.com"}),
        ({"op": "add", "path": "emails.type", "value": "home"}, {}),
        ({"op": "remove", "path": "emails.type"}, {}),
        ({"op": "add", "path": "roles.display", "value": "Boss"}, {}),
        ({"op": "add", "path": OTHER_SCHEMA, "value": "x"}, {}),
        ({"op": "remove", "path": OTHER_SCHEMA}, {}),
        ({"op": "add", "path": "name.honorificPrefix", "value": "Lady"}, {}),
        ({"op": "add", "value": {"x509Certificates": [], "ENTITLEMENTS": ["x"], "photos": ["x"]}}, {}),
        ({"op": "add", "value": {"nickName": "A", "userType": "B"}}, {"nick_name": "A", "user_type": "B"}),
        ({"op": "replace", "path": "preferredLanguage", "value": "en"}, {"preferred_language": "en"}),
        ({"op": "replace", "path": "locale", "value": "en-GB"}, {"locale": "en-GB"}),
        ({"op": "replace", "path": "timezone", "value": "Europe/London"}, {"timezone": "Europe/London"}),
        ({"op": "replace", "path": "title", "value": ""}, {"title": None}),
        ({"op": "remove", "path": "name.formatted"}, {"formatted_name": None}),
        ({"op": "remove", "path": "name"}, dict.fromkeys(("given_name", "family_name", "formatted_name"))),
        (
            {"op": "replace", "path": "name", "value": {"givenName": "A", "familyName": None, "middleName": "K"}},
            {"given_name": "A", "family_name": None},
        ),
        ({"op": "remove", "path": 'emails[type eq "home"]'}, {}),
        ({"op": "replace", "path": "roles", "value": []}, {"role": Role.USER}),
        ({"op": "remove", "path": "roles", "value": ["user", "admin"]}, {}),
        ({"op": "remove", "path": "roles", "value": ["user", "manager"]}, {"role": Role.USER}),
        ({"op": "remove", "path": "roles", "value": {"value": "manager"}}, {"role": Role.USER}),
        ({"op": "remove", "path": "roles", "value": ""}, {"role": Role.USER}),
        ({"op": "add", "path": 'roles[value eq "admin"].value', "value": "admin"}, {"role": Role.ADMIN}),
        ({"op": "add", "path": 'roles[primary eq "true"].value', "value": "admin"}, {"role": Role.ADMIN}),
        ({"op": "remove", "path": 'roles[value eq "admin"]'}, {}),
        (
            {"op": "replace", "path": "emails[primary eq true].value", "value": "b@example.com"},
            {"email": "b@example.com"},
        ),
        ({"op": "remove", "path": 'roles[value eq "MANAGER" and primary eq true]'}, {"role": Role.USER}),
    ],
    ids=str,
)
def test_an_operation_changes_what_it_names(operation: dict[str, Any], expected: dict[str, Any]) -> None:
    plain = {name: value for name, value in expected.items() if name in UserChange._fields}
    profile = {name: value for name, value in expected.items() if name not in UserChange._fields}
    assert change(operation) == UNCHANGED._replace(**plain, profile=PROFILE._replace(**profile))


def test_a_condition_is_compared_with_the_user_after_the_operations_before_it() -> None:
    renamed = {"op": "replace", "path": "userName", "value": "b@example.com"}
    mail = {"op": "replace", "path": "emails.value", "value": "c@example.com"}

    def by_address(address: str) -> dict[str, Any]:
        return {"op": "replace", "path": f'emails[value eq "{address}"].value', "value": "d@example.com"}

    assert change(by_address("ADA@example.com")).email == "d@example.com"
    assert change(mail, by_address("c@example.com")).email == "d@example.com"
    # A new userName is the address, whatever else is changed.
    assert change(renamed, mail, by_address("b@example.com")).email == "b@example.com"
    for before in ((renamed,), (mail,)):
        with pytest.raises(NoTarget) as raised:
            change(*before, by_address("ada@example.com"))
        assert raised.value.message == "no value of emails fulfils the condition"


@pytest.mark.parametrize(
    ("operation", "error", "message"),
    [
        ("x", InvalidSyntax, "op must be one of add, replace, remove"),
        ({"op": 7, "path": "active", "value": True}, InvalidSyntax, "op must be one of add, replace, remove"),
        ({"op": "move", "path": "active", "value": True}, InvalidSyntax, "op must be one of add, replace, remove"),
        ({"op": "add", "path": 7, "value": True}, InvalidPath, "path must be a text"),
        ({"op": "remove"}, NoTarget, "remove needs a path"),
        ({"op": "remove", "path": "", "value": {}}, NoTarget, "remove needs a path"),
        ({"op": "add", "value": "x"}, InvalidValue, "an operation without a path needs an object as its value"),
        ({"op": "replace", "path": "meta", "value": {}}, Mutability, "meta cannot be changed"),
        ({"op": "remove", "path": "userName"}, Mutability, "userName cannot be removed: every user has it"),
        ({"op": "remove", "path": "emails"}, Mutability, "emails cannot be removed: every user has it"),
        ({"op": "remove", "path": "emails.value"}, Mutability, "emails cannot be removed: every user has it"),
        ({"op": "replace", "path": "active", "value": None}, Mutability, "active cannot be removed: every user has it"),
        ({"op": "add", "path": "name", "value": "Ada"}, InvalidValue, NAME_IS_AN_OBJECT),
        ({"op": "add", "path": "name", "value": ["Ada"]}, InvalidValue, NAME_IS_AN_OBJECT),
        ({"op": "add", "path": "name.givenName", "value": 7}, InvalidValue, "name.givenName must be a text"),
        ({"op": "add", "path": "nickName", "value": 7}, InvalidValue, "nickName must be a text"),
        ({"op": "add", "path": "title", "value": 7}, InvalidValue, "title must be a text"),
        ({"op": "add", "path": "userName", "value": "x"}, InvalidValue, "userName must be a valid email address"),
        ({"op": "add", "path": "shoeSize", "value": "x"}, InvalidPath, "a user has no attribute shoesize"),
        ({"op": "add", "path": "name.nick", "value": "x"}, InvalidPath, "a user has no attribute name.nick"),
        ({"op": "add", "path": "title.value", "value": "x"}, InvalidPath, "a user has no attribute title.value"),
        ({"op": "remove", "path": 'title[a eq "b"]'}, InvalidPath, "a user has no attribute title"),
        ({"op": "replace", "path": 'roles[value eq "user"].value', "value": "x"}, NoTarget, NOT_FULFILLED),
    ],
    ids=str,
)
def test_an_invalid_operation_is_refused_with_a_reason(
    operation: Any, error: type[ScimRequestInvalid], message: str
) -> None:
    with pytest.raises(ScimRequestInvalid) as raised:
        change(operation)
    assert (type(raised.value), raised.value.message) == (error, message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Operations must be a list with at least one operation"),
        ({"operations": {"op": "add"}}, "Operations must be a list with at least one operation"),
        ({"Operations": [{}], "schemas": [], "Zeta": 1, "Beta": 2}, "a PATCH request has no attribute beta"),
    ],
)
def test_an_invalid_patch_is_refused_with_a_reason(body: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSyntax) as raised:
        patch.parse_operations(body)
    assert raised.value.message == message


def test_a_resource_gives_the_values_of_its_attributes() -> None:
    body = {
        "schemas": [],
        "id": "8",
        "Meta": {"version": "1"},
        "USERNAME": "b@example.com",
        "emails": ["other@example.com"],
        "active": "False",
        "roles": ["admin"],
        "displayName": "B",
        "title": None,
    }
    values = UserValues.from_resource(body)

    assert values == UserValues("b@example.com", None, False, Role.ADMIN, UserProfile(display_name="B"))
    assert values.to_change(USER) == UserChange(
        role=Role.ADMIN, active=False, email="b@example.com", profile=UserProfile(display_name="B")
    )


@pytest.mark.parametrize("roles", [None, [], ""])
def test_a_resource_without_a_role_gives_the_default_one(roles: Any) -> None:
    assert UserValues.from_resource({"userName": "b@example.com", "roles": roles}).role is Role.USER
    assert UserValues.from_resource({"userName": "b@example.com"}).role is None


def test_a_resource_needs_a_user_name() -> None:
    with pytest.raises(InvalidValue) as raised:
        UserValues.from_resource({"emails": ["ada@example.com"], "userName": " "})
    assert raised.value.message == "userName is required"


@pytest.mark.parametrize(
    ("user_name", "email", "expected"),
    [
        (None, None, None),
        (None, "b@example.com", "b@example.com"),
        ("ada@example.com", "b@example.com", "b@example.com"),
        ("ada@example.com", None, "ada@example.com"),
        ("c@example.com", "b@example.com", "c@example.com"),
    ],
)
def test_a_new_user_name_is_used_instead_of_the_email(
    user_name: str | None, email: str | None, expected: str | None
) -> None:
    assert UserValues(user_name, email).to_change(USER).email == expected


def test_values_that_the_path_does_not_name_stay() -> None:
    values = UserValues("ada@example.com", active=False, role=Role.ADMIN, profile=PROFILE)
    assert values.with_value(parse_path("title"), "Lady") == values._replace(profile=PROFILE._replace(title="Lady"))
    assert values.without_value(parse_path("title")) == values._replace(profile=PROFILE._replace(title=None))
    assert values.without_value(parse_path("roles")) == values._replace(role=Role.USER)


USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
EXTENSION = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.mark.parametrize(
    ("resource", "twice"),
    [
        ({"userName": "a", f"{USER_SCHEMA}:userName": "b"}, "userName"),
        ({"name": {"givenName": "Ada"}, "name.givenName": "Ben"}, "name.givenName"),
        ({"name": {"GIVENNAME": "Ada"}, "name.givenName": "Ben"}, "name.givenName"),
        ({"emails": ["a@example.com"], "emails.value": "b@example.com"}, "emails"),
        ({"roles": ["user"], "roles.value": "admin"}, "roles"),
        ({"roles": ["user"], "roles[primary eq true].value": "admin"}, "roles"),
        ({'roles[type eq "a"].value': "user", "roles[primary eq true].value": "admin"}, "roles"),
    ],
)
def test_an_attribute_that_is_given_under_two_names_is_refused(resource: dict[str, Any], twice: str) -> None:
    with pytest.raises(InvalidSyntax) as raised:
        parse_attributes(resource)
    assert raised.value.message == f"{twice} is given twice, under two names"


@pytest.mark.parametrize(
    "resource",
    [
        {"name": {"givenName": "Ada"}, "name.familyName": "Byron"},
        {"name": {"givenName": "Ada", "familyName": "Byron"}, "displayName": {"givenName": "Ada"}},
        {"name": "Ada", "name.givenName": "Ada"},
        {'emails[type eq "work"].value': "a@example.com", 'emails[type eq "home"].value': "b@example.com"},
        {"emails.value": "a@example.com", "emails.type": "work"},
        {f"{EXTENSION}:department": "a", f"{EXTENSION}:manager": "b"},
        {"department": "a", f"{EXTENSION}:department": "b"},
    ],
)
def test_different_attributes_are_each_parsed_with_their_value(resource: dict[str, Any]) -> None:
    assert parse_attributes(resource) == [(parse_path(name.lower()), value) for name, value in resource.items()]
