"""What an identity provider stores about a user beside email, role and state: its own id of the user, and texts."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from rolecall.errors import FieldError, ValidationFailed

#: The most characters of a name, and of every other text but the external id.
MAX_NAME_LENGTH = 100

#: The most characters of an external id.
MAX_EXTERNAL_ID_LENGTH = 255


class UserProfile(NamedTuple):
    """The external id, the names and the descriptive texts of a user. None stands for a field that is not set.

    `external_id` is the id that the identity provider has for the user. Several users of a tenant may have the same
    one (RFC 7643, section 3.1). Upper and lower case differ in it.
    """

    external_id: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    formatted_name: str | None = None
    display_name: str | None = None
    nick_name: str | None = None
    title: str | None = None
    user_type: str | None = None
    preferred_language: str | None = None
    locale: str | None = None
    timezone: str | None = None

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        """Make a profile of a user's item."""
        return cls(*(item.get(name) for name in cls._fields))

    def fields_that_are_set(self) -> dict[str, str]:
        """Return the fields that are not None, by name. The user's item and the audit trail store them so."""
        return {name: value for name, value in self._asdict().items() if value is not None}

    def fields_that_differ(self, from_other: Self) -> dict[str, str | None]:
        """Return the fields, by name, in which the other profile has another value."""
        other = from_other._asdict()
        return {name: value for name, value in self._asdict().items() if value != other[name]}

    def checked(self) -> Self:
        """Return the profile in the form in which it is stored; raise `ValidationFailed`, naming each invalid field.

        The text rules are those of all names. A blank text is not allowed: None takes a field away.
        """
        # The text rules are imported only for a change of a profile, because most requests contain none.
        from rolecall.text_rules import InvalidText  # noqa: PLC0415

        checked: dict[str, str] = {}
        problems = []
        for name, text in self.fields_that_are_set().items():
            try:
                checked[name] = check_and_normalize_external_id(text) if name == "external_id" else _check_name(text)
            except InvalidText as error:
                problems.append(FieldError(name, error.message, text))
        if problems:
            raise ValidationFailed(*problems)
        return self._replace(**checked)


#: The profile of a user about whom no identity provider has stored anything.
EMPTY_PROFILE = UserProfile()


def check_and_normalize_external_id(text: str) -> str:
    """The external id as it is stored; raise `InvalidText` for a text that is blank, forbidden or too long."""
    from rolecall import text_rules  # noqa: PLC0415 (as above)

    found = text_rules.refuse_if_longer(MAX_EXTERNAL_ID_LENGTH, text_rules.check_and_normalize_line(text))
    text_rules.refuse_if_too_long_for_key(found)
    return found


def _check_name(text: str) -> str:
    from rolecall import text_rules  # noqa: PLC0415 (as above)

    return text_rules.refuse_if_longer(MAX_NAME_LENGTH, text_rules.check_and_normalize_line(text))
