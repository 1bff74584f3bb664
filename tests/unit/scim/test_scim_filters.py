"""Filters and paths: what they name, and what the caller is told about one that is not supported."""

import pytest

from rolecall.scim.errors import InvalidFilter, InvalidPath
from rolecall.scim.filters import Comparison, Path, parse_filter, parse_path

WORK = Comparison(Path("type"), "work")
PRIMARY = Comparison(Path("primary"), True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('userName eq "Ada B"', [Comparison(Path("username"), "Ada B")]),
        ('  userName  EQ  "a"  ', [Comparison(Path("username"), "a")]),
        ("a eq True And b eq FALSE", [Comparison(Path("a"), True), Comparison(Path("b"), False)]),
        ("a eq null", [Comparison(Path("a"), None)]),
        ('x-y_1.$ref eq "\\"q\\" \\u00e9"', [Comparison(Path("x-y_1", "$ref"), '"q" é')]),
        ('emails[type eq "work"].value eq "a"', [Comparison(Path("emails", "value", (WORK,)), "a")]),
        ('emails[type eq "work" and primary eq true] eq "a"', [Comparison(Path("emails", None, (WORK, PRIMARY)), "a")]),
        ('URN:ietf:params:scim:schemas:core:2.0:user:userName eq "a"', [Comparison(Path("username"), "a")]),
        ('urn:example:Department eq "a"', [Comparison(Path("", is_of_extension=True), "a")]),
    ],
)
def test_a_filter_is_read(text: str, expected: list[Comparison]) -> None:
    assert parse_filter(text) == tuple(expected)


NO_VALUE = "is no value: write a text in quotation marks, true or false"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the end is not expected there"),
        ("a", "the end is not expected there"),
        ('a sw "x"', "sw is no supported operator"),
        ("a eq", f"the end {NO_VALUE}"),
        ("a eq x", f"x {NO_VALUE}"),
        ('a eq "\\x"', f'"\\x" {NO_VALUE}'),
        ('a eq "x', "a quotation mark is not closed"),
        ('(a eq "x")', "( is not expected there"),
        ('a eq "x" b', "b is not expected there"),
        ('a eq "x" "and" b eq "y"', '"and" is not expected there'),
        ('a[b eq "x"', "the end is not expected there"),
        ('a[b eq "x" c', "c is not expected there"),
        ('a[b eq "x"[', "a bracket is not closed"),
        ('a[b[c eq "x"] eq "y"]', "[ is not expected there"),
        ('a[b eq "x"].1 eq "y"', "1 is no name of an attribute"),
        ('1 eq "x"', "1 is no name of an attribute"),
        ('a. eq "x"', "an empty text is no name of an attribute"),
    ],
)
def test_an_unsupported_filter_is_refused_with_a_reason(text: str, problem: str) -> None:
    with pytest.raises(InvalidFilter) as raised:
        parse_filter(text)
    assert raised.value.message == (
        f"the filter is not supported: {problem}. Use eq, and join comparisons by and, as in"
        ' userName eq "ada@example.com"'
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("active", Path("active")),
        ("name.givenName", Path("name", "givenname")),
        ('emails[type eq "work"]', Path("emails", None, (WORK,))),
        ('emails[type eq "work"].value', Path("emails", "value", (WORK,))),
    ],
)
def test_a_path_is_read(text: str, expected: Path) -> None:
    assert parse_path(text) == expected


@pytest.mark.parametrize(
    ("text", "problem"), [("a b", "b is not expected there"), ("", "the end is not expected there")]
)
def test_a_malformed_path_is_refused_with_a_reason(text: str, problem: str) -> None:
    with pytest.raises(InvalidPath) as raised:
        parse_path(text)
    assert raised.value.message == f"the path is not supported: {problem}"


@pytest.mark.parametrize(
    ("value", "selected"),
    [
        ({"type": "Work", "primary": "True", "value": "a"}, True),
        ({"type": "work", "primary": False}, False),
        ({"type": "home", "primary": True}, False),
        ({"primary": True}, False),
    ],
)
def test_a_path_selects_the_values_that_fulfil_all_conditions(value: dict[str, object], selected: bool) -> None:
    assert Path("emails", "value", (WORK, PRIMARY)).selects(value) is selected
