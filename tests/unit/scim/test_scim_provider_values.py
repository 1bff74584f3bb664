"""Values as identity providers send them, and what the caller is told about one that an attribute can't have."""

from collections.abc import Callable
from typing import Any

import pytest

from rolecall.auth.roles import Role
from rolecall.scim.errors import InvalidSyntax, InvalidValue, ScimRequestInvalid
from rolecall.scim.provider_values import (
    by_lower_case_name,
    is_unassigned,
    parse_address,
    parse_boolean,
    parse_email,
    parse_role,
    parse_text,
)


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (by_lower_case_name, {"userName": 1, "b": 2}, {"username": 1, "b": 2}),
        (parse_boolean, True, True),
        (parse_boolean, False, False),
        (parse_boolean, " True ", True),
        (parse_boolean, "FALSE", False),
        (lambda value: parse_text("title", value), "a", "a"),
        (lambda value: parse_text("title", value), " ", None),
        (lambda value: parse_text("title", value), None, None),
        (lambda value: parse_address("userName", value), " Ada@Bücher.example ", "Ada@xn--bcher-kva.example"),
        (parse_email, "a@example.com", "a@example.com"),
        (parse_email, {"VALUE": "a@example.com"}, "a@example.com"),
        (parse_email, ["a@example.com", "b@example.com"], "a@example.com"),
        (parse_email, ["a@example.com", {"type": "work", "value": "b@example.com"}], "b@example.com"),
        (
            parse_email,
            [{"type": "work", "value": "b@example.com"}, {"Primary": True, "value": "c@example.com"}],
            "c@example.com",
        ),
        (
            parse_email,
            [{"primary": True, "value": "B@example.com"}, {"primary": True, "value": "b@example.com"}],
            "B@example.com",
        ),
        (parse_email, [{"primary": False, "value": "a@example.com"}, "b@example.com"], "a@example.com"),
        (parse_role, "Admin", Role.ADMIN),
        (parse_role, ["user", {"value": "admin", "primary": True}], Role.ADMIN),
        (parse_role, ["user", " USER "], Role.USER),
        (parse_role, [{"value": "admin", "primary": True}, {"value": "Admin", "primary": True}], Role.ADMIN),
        (parse_role, ' {"Value": "manager"}', Role.MANAGER),
    ],
)
def test_a_value_is_read(read: Callable[[Any], Any], value: Any, expected: Any) -> None:
    assert read(value) == expected


ONE_ROLE = "roles must have one value: a user has one role"
ONE_OF = "roles.value must be one of admin, manager, user"
OBJECT_OR_TEXT = "a value of emails or roles must be an object or a text"


@pytest.mark.parametrize(
    ("read", "value", "message"),
    [
        (parse_boolean, "perhaps", "active must be true or false"),
        (parse_boolean, 1, "active must be true or false"),
        (lambda value: parse_text("title", value), 7, "title must be a text"),
        (lambda value: parse_address("userName", value), 7, "userName must be an email address"),
        (lambda value: parse_address("userName", value), "ada", "userName must be a valid email address"),
        (parse_email, [], "emails needs a value"),
        (parse_email, {}, "emails.value must be an email address"),
        (parse_email, [7], OBJECT_OR_TEXT),
        (parse_role, [], ONE_ROLE),
        (parse_role, ["user", "admin"], ONE_ROLE),
        (
            parse_role,
            [{"value": "user", "primary": True}, {"value": "admin", "primary": True}, {"value": "user"}],
            ONE_ROLE,
        ),
        (parse_role, "king", ONE_OF),
        (parse_role, {}, "roles.value must be a text"),
        (parse_role, "{", "roles.value must be the name of a role, or an object that has it once"),
        (parse_role, 7, OBJECT_OR_TEXT),
    ],
)
def test_an_invalid_value_is_refused_with_a_reason(read: Callable[[Any], Any], value: Any, message: str) -> None:
    with pytest.raises(InvalidValue) as raised:
        read(value)
    assert raised.value.message == message


@pytest.mark.parametrize("first", [{"primary": True}, {"primary": True, "type": "work"}])
def test_two_primary_addresses_are_refused(first: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue) as raised:
        parse_email([first | {"value": "a@example.com"}, {"primary": True, "value": "b@example.com"}])
    assert raised.value.message == "emails must have one primary value"


def test_a_primary_address_that_is_none_is_named() -> None:
    with pytest.raises(InvalidValue, match=r"^emails\.value "):
        parse_email([{"primary": True, "value": 7}, "b@example.com"])


def test_two_names_that_differ_in_case_only_are_refused() -> None:
    with pytest.raises(ScimRequestInvalid) as raised:
        by_lower_case_name({"userName": 1, "username": 1})
    assert isinstance(raised.value, InvalidSyntax)
    assert raised.value.message == (
        "an attribute is given twice: upper and lower case do not differ in names of attributes"
    )


@pytest.mark.parametrize(
    ("value", "unassigned"),
    [(None, True), ([], True), ("", True), (" \t", True), (0, False), (False, False), ("x", False)],
)
def test_null_an_empty_list_and_a_blank_text_stand_for_no_value(value: Any, unassigned: bool) -> None:
    assert is_unassigned(value) is unassigned
