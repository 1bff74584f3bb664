"""Which characters a text may have, and when two texts are the same.

The rules are PRECIS (RFC 8264 to 8266), as the package precis-i18n has them. Three kinds of text use them:

| text | form that is stored | form that is compared |
| --- | --- | --- |
| names, reasons, profile fields | NFC, each kind of space as U+0020 | `comparable_name`, where a name is unique |
| passwords | none | `comparable_password`, the OpaqueString of RFC 8265 |

All of them have only characters of PRECIS's FreeformClass. Characters that need a context (CONTEXTJ) are allowed in
that context only. Those of CONTEXTO are allowed anywhere: they are visible, and "A · B" is a good name.
"""

from functools import cache
from typing import TYPE_CHECKING
from unicodedata import category, normalize

from rolecall.errors import ValidationFailed

if TYPE_CHECKING:
    from precis_i18n.unicode import UnicodeData

#: Characters that look blank, although Unicode counts them as letters, marks or symbols and has no property that marks
#: them as invisible.
_BLANK = frozenset("\u2800\U0001d159\U00013441\U00013442\U00016fe4\ufffc")

#: Marks that join letters and are not seen themselves: the Tifinagh consonant joiner and the Brahmi number joiner.
_JOINERS = frozenset("\u2d7f\U0001107f")

_DOT_ABOVE = "\u0307"

#: The letters with a dot that a mark above them replaces, in lower case and decomposed.
_SOFT_DOTTED = frozenset("ij\u0249\u0268\u029d\u03f3\u0456\u0458\u1d96")

#: The character that a decoder writes in place of bytes that it cannot decode.
REPLACEMENT = "\ufffd"

#: The most bytes of a text that is part of a sort key. DynamoDB allows 1,024 bytes in a sort key; the rest is for the
#: key's prefix and for the characters that queries append.
MAX_KEY_BYTES = 1000

#: The most characters of the reason for a change. The limit applies to the text that was sent and to the text that is
#: stored.
MAX_REASON_LENGTH = 500


class InvalidText(ValidationFailed, ValueError):
    """A text breaks a rule; the message says which rule, in words for the caller."""

    def __init__(self, message: str) -> None:
        super().__init__(message=message)


def check_and_normalize_line(text: str) -> str:
    """The text as it is stored: one line without spaces around it. Raises `InvalidText` for a blank or forbidden text.

    Line breaks, tabs, invisible characters and those outside of the FreeformClass are forbidden. The length is not
    checked.
    """
    return _check_and_normalize(text, allowed_controls="")


def check_and_normalize_lines(text: str) -> str:
    """The text as it is stored: one or more lines, each ending with U+000A. Raises `InvalidText`.

    The rules are those of `check_and_normalize_line`, except that line breaks and tabs are allowed.
    """
    return _check_and_normalize(text.replace("\r\n", "\n").replace("\r", "\n"), allowed_controls="\t\n")


def check_and_normalize_reason(text: str) -> str:
    """The reason for a change as it is stored. Raises `InvalidText` for a text that is blank, forbidden or too long.

    The characters are checked as by `check_and_normalize_lines`, the length before and after the normalization.
    """
    refuse_if_longer(MAX_REASON_LENGTH, text)
    return refuse_if_longer(MAX_REASON_LENGTH, check_and_normalize_lines(text))


def refuse_if_longer(max_characters: int, text: str) -> str:
    """Return the text unchanged. Raises `InvalidText` if it has more than `max_characters` characters."""
    if len(text) > max_characters:
        raise InvalidText(f"must have at most {max_characters} characters")
    return text


def comparable_name(name: str) -> str:
    """The form in which names are compared. Raises `InvalidText` if this form is empty or too long for a key.

    Two names that differ only in what nobody sees have the same form: it has no capitals, no invisible characters, one
    kind of space, and no mark on a letter that does not change how the letter looks. The keys of reservations contain
    this form, so a version that changes it must also write them anew.
    """
    decomposed = normalize("NFD", normalize("NFKC", name).casefold())
    form = " ".join(normalize("NFKC", _without_unseen_characters(decomposed)).split())
    if not form:
        raise InvalidText("must not be blank")
    refuse_if_too_long_for_key(form)
    return form


def _without_unseen_characters(decomposed: str) -> str:
    """The text, which is in NFD, without format characters, joiners and marks that change nothing that is seen.

    The mark that a letter has already is one: it lies on the first one (UTS #39, section 5.4). The dot above a letter
    that has a dot is the other one: it takes that dot's place (Unicode's property Soft_Dotted).
    """
    seen: list[str] = []
    base = ""
    for one in decomposed:
        kind = category(one)
        if kind == "Cf" or one in _JOINERS:
            continue
        if kind != "Mn":
            base = one
        elif seen[-1:] == [one] or (one == _DOT_ABOVE and base in _SOFT_DOTTED):
            continue
        seen.append(one)
    return "".join(seen)


def refuse_if_too_long_for_key(text: str) -> None:
    """Raises `InvalidText` for a text that is too long to be a part of a key."""
    if len(text.encode()) > MAX_KEY_BYTES:
        raise InvalidText(f"must have at most {MAX_KEY_BYTES} bytes where it is compared: use fewer special characters")


def check_and_normalize_password(password: str) -> str:
    """The comparable form of a new password. Raises `InvalidText` if it is blank or has a forbidden character.

    RFC 8265 says which characters are forbidden. The length is not checked, nor whether the password is a common one.
    """
    form = comparable_password(password)
    _refuse_forbidden_characters(form, allowed_controls="")
    if not _has_letter_number_or_symbol(form):
        raise InvalidText("must not be blank")
    return form


def comparable_password(password: str) -> str:
    """The form in which passwords are compared: OpaqueString of RFC 8265, section 4.2. No password is refused here."""
    return _normalize_with_plain_spaces(password)


def _check_and_normalize(text: str, *, allowed_controls: str) -> str:
    """The text in NFC without spaces around it. Raises `InvalidText` if it is blank or has a forbidden character."""
    found = _normalize_with_plain_spaces(text).strip(" \t\r\n")
    if not found:
        raise InvalidText("must not be blank")
    _refuse_forbidden_characters(found, allowed_controls)
    if not _has_letter_number_or_symbol(found):
        raise InvalidText("must not be blank")
    return found


def _normalize_with_plain_spaces(text: str) -> str:
    """The text in NFC, with each kind of space (Unicode category Zs) replaced by U+0020."""
    if text.isascii():
        return text
    return normalize("NFC", "".join(" " if category(one) == "Zs" else one for one in text))


def _has_letter_number_or_symbol(text: str) -> bool:
    """Whether the text has a letter, number, punctuation mark or symbol. A combining mark alone is not enough."""
    return any(category(one)[0] in "LNPS" for one in text)


def _refuse_forbidden_characters(text: str, allowed_controls: str) -> None:
    """Raise `InvalidText` for the first character that is neither allowed by PRECIS nor in `allowed_controls`."""
    for position, character in enumerate(text):
        if character not in allowed_controls and not _is_character_allowed(text, position):
            code_point = f"U+{ord(character):04X}"
            if _is_invisible(character):
                raise InvalidText(f"must have no characters that cannot be seen: {code_point} is one")
            raise InvalidText(f"must not have the character {code_point}")


def _is_character_allowed(text: str, position: int) -> bool:
    """Whether PRECIS allows the character at this position, and it is not blank. Controls are never allowed."""
    character = text[position]
    if character.isascii():
        return character.isprintable()
    # precis-i18n is imported only for a text with characters outside of ASCII, because most texts are ASCII and need
    # none of its tables.
    from precis_i18n import context, derived  # noqa: PLC0415

    if character in _BLANK or character == REPLACEMENT:
        return False
    property_of_character, _ = derived.derived_property(ord(character), _unicode_data())
    if property_of_character == derived.CONTEXTJ:
        return not context.context_rule_error(text, position, _unicode_data())
    return property_of_character in {derived.PVALID, derived.FREE_PVAL, derived.CONTEXTO}


def _is_invisible(character: str) -> bool:
    """Whether the character is blank, a control, a space or ignored by default in the display."""
    if character in _BLANK or category(character)[0] in "CZ":
        return True
    return _unicode_data().default_ignorable(ord(character))


@cache
def _unicode_data() -> "UnicodeData":
    from precis_i18n.unicode import UnicodeData  # noqa: PLC0415

    return UnicodeData()
