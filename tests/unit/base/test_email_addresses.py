"""An address is searched for as it is at its creation."""

import pytest

from rolecall.email_addresses import parse_address_prefix, parse_address_to_ascii
from rolecall.text_rules import InvalidText


@pytest.mark.parametrize(
    "address",
    [
        "x@bücher.example",
        "X@BÜCHER.example",
        "x@bu\u0308cher.example",
        "x@xn--bcher-kva.example",
        "a+b.c@example.com",
        "o'brien@straße.example",
        "x@例え.example",
        "x@例え。example",
        "x@mail.bücher.example",
        "x@a.bücher.münchen.example",
        "x@\uff25xample.com",
    ],
)
def test_every_beginning_of_an_address_finds_it(address: str) -> None:
    stored = parse_address_to_ascii(address).lower()
    for length in range(len(address) + 1):
        if address[length : length + 1] == "\u0308":
            continue  # it is another letter until the mark comes
        found = parse_address_prefix(address[:length])
        assert stored.startswith(found.stored), address[:length]
        assert found.open_label_matches(stored), address[:length]


@pytest.mark.parametrize(
    "stored", ["x@xn--bch-hoa.example", "x@bucher.example", "x@xn--!!!.example", "x@a.xn--bcher-kva.de"]
)
def test_another_domain_is_not_found(stored: str) -> None:
    found = parse_address_prefix("x@bücher")

    assert stored.startswith(found.stored)
    assert not found.open_label_matches(stored)


@pytest.mark.parametrize("text", ["a x", "a x@example.com", " a", "a ", "a\tb", "a\u00a0b", "a@b c", "a@\u2028", "\n"])
def test_a_space_gets_a_hint(text: str) -> None:
    with pytest.raises(InvalidText) as raised:
        parse_address_prefix(text)
    assert raised.value.message == "must have no space: an email has none, and + is written as %2B in a query"


@pytest.mark.parametrize(
    "text",
    [
        "é",
        "a@b@c",
        "@example.com",
        "a(b",
        "a@b_c",
        "a@b,c",
        "a@é..x",
        "\u212ab",
        "a@[::1]",
        "\0",
        "a@é_b",
        "a@é!",
        ".a",
        "a..b",
        "a.@",
        "a.@example.com",
        "a@.",
        "a@.example",
        "a@example..com",
        "a@-",
        "a@-é",
        "a@b-.",
        "a@b.-c",
        "a@é.-c",
    ],
)
def test_what_no_address_begins_with_is_refused(text: str) -> None:
    with pytest.raises(InvalidText) as raised:
        parse_address_prefix(text)
    assert raised.value.message == "must be the beginning of an email address"
