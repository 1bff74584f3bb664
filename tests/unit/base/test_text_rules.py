"""Which characters a text may have, and when two texts are the same."""

# ruff: noqa: RUF001 (texts that look alike are what this is about)

import sys
from contextlib import suppress
from unicodedata import category, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall import text_rules
from rolecall.text_rules import InvalidText

_RULES = [
    text_rules.check_and_normalize_line,
    text_rules.check_and_normalize_lines,
    text_rules.check_and_normalize_password,
]

#: By what is known of them: fillers, joiners, selectors, tags, blanks, bidi controls, controls, and no characters.
INVISIBLE = {
    "Hangul fillers": "\u115f\u1160\u3164\uffa0",
    "a joiner of graphemes": "\u034f",
    "variation selectors": "\ufe00\ufe0f\U000e0100\U000e01ef\u180b\u180f",
    "tags": "\U000e0001\U000e0020\U000e0061\U000e007f",
    "blanks": "\u2800\U0001d159\U00013441\U00013442\U00016fe4\ufffc",
    "zero width": "\u200b\u2060\ufeff\u180e\u00ad\u061c\u17b4\u17b5\u2061\u2064",
    "directions": "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\u206f",
    "controls": "\0\x01\x07\x08\x0b\x0c\x1b\x1c\x1f\x7f\x80\x85\x9b\x9f",
    "lines": "\u2028\u2029",
    "annotations and music": "\ufff9\ufffa\ufffb\U0001d173\U0001d17a\U0001bca0",
    "for private use": "\ue000\uf8ff\U000f0000\U0010fffd",
    "no characters": "\ufffe\uffff\ufdd0\U0010ffff\ufffd",
    "unassigned": "\u0378\U000e0fff",
}


@pytest.mark.parametrize("rule", _RULES)
@pytest.mark.parametrize(
    "character", [pytest.param(one, id=f"U+{ord(one):04X}") for several in INVISIBLE.values() for one in several]
)
def test_what_cannot_be_seen_is_refused_wherever_it_stands(rule, character) -> None:  # type: ignore[no-untyped-def]
    for text in (f"Acme{character}Corp", f"{character}Acme Corp", f"Acme Corp{character}", character, character * 8):
        with pytest.raises(InvalidText):
            rule(text)


def test_no_text_has_a_character_that_unicode_lets_software_ignore() -> None:
    """Each of Unicode's characters, after a letter, where no joiner has its context."""
    from precis_i18n.unicode import UnicodeData  # noqa: PLC0415

    ignorable = UnicodeData().default_ignorable
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        if ignorable(number) or category(character) in {"Cc", "Cf", "Co", "Cn", "Zl", "Zp"}:
            assert not text_rules._is_character_allowed(f"a{character}", 1), hex(number)


@pytest.mark.parametrize(
    "name",
    [
        "Acme",
        "Acme · Beta",
        "Gal·la",
        "O’Brien & Söhne (GmbH) №1 – 50 %",
        "Straße",
        "Ⅷ ½ ™",
        "می\u200cخواهم",
        "क्\u200dष",
        "ශ්\u200dරී",
        "ジョン・スミス",
        "ﾊﾝｶｸ",
        "محمد",
        "שלום",
        "ג׳ורג׳",
        "한국",
        "İstanbul",
        "Σίσυφος",
        "Acme 🚀",
        "١٢٣ ۴۵۶",
        "Nguyễn",
    ],
)
def test_names_that_people_have_are_kept_as_they_are(name: str) -> None:
    assert text_rules.check_and_normalize_line(normalize("NFC", name)) == normalize("NFC", name)
    assert text_rules.check_and_normalize_lines(normalize("NFC", name)) == normalize("NFC", name)


@pytest.mark.parametrize(
    "name", ["Ac\u200dme", "Ac\u200cme", "\u200dAcme", "क्\u200d\u200dष", "a\u200d", "👩\u200d💻", "ا\u200c"]
)
def test_a_joiner_needs_the_context_in_which_it_is_written(name: str) -> None:
    with pytest.raises(InvalidText, match=r"cannot be seen: U\+200[CD] is one$"):
        text_rules.check_and_normalize_line(name)


@pytest.mark.parametrize(
    "blank", ["", " ", "\t", "\n", " \u00a0\u3000\u2003\u202f\u1680 ", "\u0301", " \u0301\u0308 ", "\r\n"]
)
@pytest.mark.parametrize("rule", [text_rules.check_and_normalize_line, text_rules.check_and_normalize_lines])
def test_a_text_is_not_blank(rule, blank: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidText, match=r"^must not be blank$"):
        rule(blank)


def test_the_message_tells_the_character() -> None:
    with pytest.raises(InvalidText, match=r"^must have no characters that cannot be seen: U\+3164 is one$"):
        text_rules.check_and_normalize_line("Acme\u3164")
    with pytest.raises(InvalidText, match=r"^must not have the character U\+0640$"):
        text_rules.check_and_normalize_line("محـمد")


def test_a_line_is_kept_in_one_form() -> None:
    assert text_rules.check_and_normalize_line(" Cafe\u0301\u00a0du\u3000Nord\n") == "Café du Nord"
    assert text_rules.check_and_normalize_line("Acme  Inc") == "Acme  Inc"
    assert text_rules.check_and_normalize_line(" X Acme X ") == "X Acme X"


def test_lines_end_alike() -> None:
    assert text_rules.check_and_normalize_lines("one\r\n\ttwo\rthree\n") == "one\n\ttwo\nthree"
    for text in ("one\ntwo", "one\rtwo", "one\ttwo"):
        with pytest.raises(InvalidText):
            text_rules.check_and_normalize_line(text)


@pytest.mark.parametrize(
    "others",
    [
        ("Acme Corp", "ACME CORP", "ａｃｍｅ　ｃｏｒｐ", "Acme\u00a0\u2003Corp", " acme corp "),
        ("Straße", "STRASSE", "strasse", "Straſſe", "STRAẞE"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ", "σίσυφοσ", "Σι\u0301συφος"),
        ("ﬁne", "FINE", "ｆine"),
        ("क्\u200dष", "क्ष"),
        ("①", "1"),
        ("K", "\u212a", "k"),
        ("İ", "i\u0307", "i", "I"),
        ("Acme Inc", "Acme i\u0307nc", "Acme i\u0307\u0307nc"),
        ("Dojo", "Doj\u0307o"),
        ("ị", "i\u0323\u0307", "i\u0307\u0323"),
        ("\u0456н", "\u0456\u0307н"),
        ("Café", "Cafe\u0301\u0301", "Café\u0301"),
        ("A\u0338", "A\u0338\u0338\u0338"),
        ("Acme", "Acme\u2d7f", "Ac\U0001107fme"),
    ],
)
def test_names_that_look_the_same_are_compared_as_one(others: tuple[str, ...]) -> None:
    assert len({text_rules.comparable_name(one) for one in others}) == 1


def test_names_that_look_different_are_not() -> None:
    names = [
        "Acme",
        "Ac me",
        "Acmé",
        "Acme!",
        "\u0410cme",
        "Acme1",
        "acne",
        "acmė",
        "acme\u0307\u0323\u0301",
        "\u0457",
        "\u0456",
    ]
    assert len({text_rules.comparable_name(one) for one in names}) == len(names)


@pytest.mark.parametrize("name", ["\u06dd", "\u200d\u200c", "\u00ad", "", " ", "\u3000"])
def test_what_leaves_nothing_can_be_no_key(name: str) -> None:
    with pytest.raises(InvalidText, match="blank"):
        text_rules.comparable_name(name)


@pytest.mark.parametrize("name", ["\ufdfa" * 40, "\ufdfa" * 100, "𝒜" * 4000, "㍿" * 100])
def test_what_grows_beyond_a_key_is_refused(name: str) -> None:
    with pytest.raises(InvalidText, match="1000 bytes"):
        text_rules.comparable_name(name)


@given(st.text())
def test_a_form_is_the_form_of_itself(text: str) -> None:
    for rule in (*_RULES, text_rules.comparable_name, text_rules.comparable_password):
        try:
            form = rule(text)
        except InvalidText:
            continue
        assert rule(form) == form


@given(st.text(min_size=1, max_size=100))
def test_a_text_that_is_taken_can_be_a_key(text: str) -> None:
    with suppress(InvalidText):
        found = text_rules.check_and_normalize_line(text)
        assert 0 < len(text_rules.comparable_name(found).encode()) <= 1000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mo\u0308rder grube", "mörder\u00a0grube"),
        ("\u212bngström!", "Ångström!"),
        ("pass\u3000word", "pass word"),
        ("\u1e9b\u0323 12345", "\u1e9b\u0323 12345"),
    ],
)
def test_passwords_are_compared_as_opaque_strings(one: str, other: str) -> None:
    assert (
        text_rules.comparable_password(one)
        == text_rules.comparable_password(other)
        == text_rules.check_and_normalize_password(one)
    )


@pytest.mark.parametrize(
    ("one", "other"), [("Secret12", "secret12"), ("ｓecret12", "secret12"), ("a  b", "a b"), ("ﬁ", "fi")]
)
def test_case_width_and_number_of_spaces_count_in_a_password(one: str, other: str) -> None:
    assert text_rules.comparable_password(one) != text_rules.comparable_password(other)


@given(st.text(min_size=1))
def test_the_form_of_a_password_is_the_one_of_the_profile(text: str) -> None:
    """As `precis_i18n`'s own profile has it, for every text that the profile allows."""
    from precis_i18n import get_profile  # noqa: PLC0415

    try:
        expected = get_profile("OpaqueString").enforce(text)
    except UnicodeEncodeError:
        return
    assert text_rules.comparable_password(text) == expected


@pytest.mark.parametrize(
    "password", [" " * 8, "\u3000" * 8, "\t" * 8, " \t" * 4, "\u2800" * 8, "\u0301" * 8, "abc\tdefg"]
)
def test_what_cannot_be_seen_is_no_password(password: str) -> None:
    with pytest.raises(InvalidText):
        text_rules.check_and_normalize_password(password)


def test_space_around_a_password_is_part_of_it() -> None:
    assert text_rules.check_and_normalize_password("  a  b  ") == "  a  b  "


def test_a_reason_has_at_most_500_characters_as_it_is_sent_and_as_it_is_kept() -> None:
    assert text_rules.check_and_normalize_reason(f" {'x' * 498} ") == "x" * 498
    assert text_rules.check_and_normalize_reason("two\r\nlines") == "two\nlines"
    for too_long in ("x" * 501, "\u0958" * 251):  # NFC writes the second one's letter as two
        with pytest.raises(InvalidText, match=r"^must have at most 500 characters$"):
            text_rules.check_and_normalize_reason(too_long)
    for refused in (" ", "a\u3164b", "\x00"):
        with pytest.raises(InvalidText):
            text_rules.check_and_normalize_reason(refused)
