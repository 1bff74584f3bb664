"""Email addresses: the form in which they are stored, and prefixes that search for them."""

import re
from typing import NamedTuple
from unicodedata import normalize

from rolecall.text_rules import InvalidText

#: The beginning of the part before the @ that email-validator allows: the `dot-atom` of RFC 5322. No dot comes first,
#: and no two dots come one after the other.
_LOCAL_PART_PREFIX = re.compile(r"(?!\.)(?!.*\.\.)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]*")

_ASCII_DOMAIN = re.compile(r"[A-Za-z0-9.-]*")

#: A whole label of a domain, in lower case.
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")

#: The ASCII form of a domain label with other letters begins with this prefix (RFC 5890).
_ACE_PREFIX = "xn--"


def parse_address_to_ascii(text: str) -> str:
    """The address in ASCII, as email-validator normalizes it. Raises `InvalidText` for a text that is no email address.

    The part before the @ keeps its case; `keys.email_reservation` ignores case. It is not checked whether the address
    receives mail.
    """
    # email-validator is imported only when an address is checked, because the import is a tenth of a cold start and
    # most routes take no address.
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415

    try:
        # `strict` refuses more than 64 characters before the @ (RFC 5321, section 4.5.3.1.1).
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise InvalidText("must be a valid email address") from None
    return found.ascii_email or found.normalized


class AddressPrefix(NamedTuple):
    """The beginning of the addresses that a search finds, in the form in which addresses are stored, in lower case.

    `open_label` is the last label of the domain, which may be incomplete. It is compared separately, because the ASCII
    form of the complete label may begin differently: `büch` finds `bücher`, which is stored as `xn--bcher-kva`.
    """

    stored: str = ""
    open_label: str = ""

    @property
    def cursor_scope(self) -> tuple[str, ...]:
        """The parts that a cursor depends on. An empty `open_label` is left out, so that older cursors stay valid."""
        return (self.stored, self.open_label) if self.open_label else (self.stored,)

    def open_label_matches(self, address_beginning_with_stored: str) -> bool:
        """Whether the domain label after `stored` begins with `open_label`. `stored` itself is not compared."""
        label = address_beginning_with_stored.removeprefix(self.stored).partition(".")[0]
        return not self.open_label or any(
            one.startswith(self.open_label) for one in (label, _decode_punycode_label(label))
        )


#: The empty prefix: a search with it finds every address.
ANY_ADDRESS = AddressPrefix()


def parse_address_prefix(typed_prefix: str) -> AddressPrefix:
    """The prefix to search with for what a person typed. Raises `InvalidText` if no address can begin with that text.

    An empty text gives a prefix that every address matches.
    """
    if any(one.isspace() for one in typed_prefix):
        raise InvalidText("must have no space: an email has none, and + is written as %2B in a query")
    local, at, domain = typed_prefix.partition("@")
    if not _LOCAL_PART_PREFIX.fullmatch(local) or (at and (not local or local.endswith("."))):
        raise InvalidText("must be the beginning of an email address")
    if not at:
        return AddressPrefix(local.lower())
    *whole, open_label = _split_ascii_domain_prefix(domain) if domain.isascii() else _encode_labels_but_the_last(domain)
    if not all(map(_LABEL.fullmatch, whole)) or open_label.startswith("-"):
        raise InvalidText("must be the beginning of an email address")
    return AddressPrefix("".join([f"{local.lower()}@", *(f"{label}." for label in whole)]), open_label)


def _split_ascii_domain_prefix(domain_prefix: str) -> list[str]:
    """The labels in lower case. Raises `InvalidText` for a character that no domain contains."""
    if not _ASCII_DOMAIN.fullmatch(domain_prefix):
        raise InvalidText("must be the beginning of an email address")
    return domain_prefix.lower().split(".")


def _encode_labels_but_the_last(domain_prefix: str) -> list[str]:
    """The labels in ASCII, except for the last one, which may be incomplete. Raises `InvalidText` for no domain."""
    import idna  # noqa: PLC0415 (few searches have such a domain)

    try:
        *whole, last = idna.uts46_remap(domain_prefix, std3_rules=True, transitional=False).split(".")
        return [*(idna.alabel(label).decode() for label in whole), last]
    except idna.IDNAError:
        raise InvalidText("must be the beginning of an email address") from None


def _decode_punycode_label(label: str) -> str:
    """The label in Unicode. A label that is not punycode, or malformed, is returned unchanged."""
    if not label.startswith(_ACE_PREFIX):
        return label
    try:
        return normalize("NFC", label.removeprefix(_ACE_PREFIX).encode().decode("punycode"))
    except UnicodeError:
        return label
