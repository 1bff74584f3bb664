"""The base class of request bodies, and the messages that tell a caller what is wrong with a body.

A function that takes a body defines a pydantic model as a subclass of `Body`. The API's document is made from the
same models. Only functions with a body import this module, because importing pydantic takes time at a cold start.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from rolecall.errors import FieldError, ValidationFailed
from rolecall.http import json_text
from rolecall.http.requests import MAX_BODY_BYTES

#: The default of a field that may be left out of the body but must not be null. A field that is left out is read as
#: None.
ABSENT: Any = None

#: A field whose name matches this pattern may hold a secret, so no error message repeats its value. A URL may hold one
#: in its credentials, its path or its query.
_SECRET_NAME = re.compile("password|token|secret|url", re.IGNORECASE)

#: The API's error message for each type of pydantic error. `{…}` is filled from the context of the error.
_MESSAGES = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_type": "must be a string",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "model_type": "must be a JSON object",
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
    # The validators of this package raise a `ValueError`. Its text is the message.
    "value_error": "{error}",
}


class Body(BaseModel):
    """A JSON object as a route expects it. Unknown fields are refused, and no value is converted from another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    #: A body with more bytes than this number is answered with 413.
    max_bytes: ClassVar[int] = MAX_BODY_BYTES

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Returns the body in these bytes. Raises `ValidationFailed`, with one message for each invalid field."""
        return cls.from_object(json_text.parse_object_without_duplicate_names(raw))

    @classmethod
    def from_object(cls, json_object: Mapping[str, Any]) -> Self:
        """Returns the body in a parsed object. Raises `ValidationFailed`, with one message for each invalid field."""
        try:
            return cls.model_validate(json_object)
        except ValidationError as error:
            raise _to_validation_failed(error) from None

    def fields_without_none(self) -> dict[str, Any]:
        """Returns the fields by their names in Python, without those that are None."""
        return {name: value for name, value in self if value is not None}

    def fields_for_audit(self) -> dict[str, Any]:
        """Returns the fields by their names in Python, without those that are None, may be secret or are lists."""
        return {
            name: value
            for name, value in self.fields_without_none().items()
            if not _SECRET_NAME.search(name) and not isinstance(value, list)
        }

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Shows no value, because any of them may be a secret."""
        return []


def _to_validation_failed(error: ValidationError) -> ValidationFailed:
    """Returns an error with the first complaint about each field, in the contract's words.

    If there is a complaint about the whole body, the error has that one only.
    """
    complaints = error.errors(include_url=False)
    about_the_whole = [_contract_message_of(complaint) for complaint in complaints if not complaint["loc"]]
    if about_the_whole:
        return ValidationFailed(message=about_the_whole[0])
    by_field: dict[str, FieldError] = {}
    for complaint in complaints:
        field = _path_of_field(complaint["loc"])
        by_field.setdefault(
            field, FieldError(field, _contract_message_of(complaint), _value_to_echo_unless_secret(field, complaint))
        )
    return ValidationFailed(*by_field.values())


def _path_of_field(location: tuple[int | str, ...]) -> str:
    """Returns the place of a field in the body, such as `changes[3].new_role`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)[1:]


def _contract_message_of(complaint: Mapping[str, Any]) -> str:
    """Returns the message from `_MESSAGES`, or "is not valid" for a type that is not in it."""
    context = dict(complaint.get("ctx", {}))
    if "expected" in context:
        # pydantic writes the allowed values as "'admin', 'manager' or 'user'". The message lists them as "admin,
        # manager, user".
        context["expected"] = context["expected"].replace("'", "").replace(" or ", ", ")
    return _MESSAGES.get(complaint["type"], "is not valid").format(**context)


def _value_to_echo_unless_secret(field: str, complaint: Mapping[str, Any]) -> Any:
    """Returns a text, a number or a flag that is sent back to the caller, or None if it must not be sent back."""
    # An error about an unknown field does not repeat its value, because the field may be a secret with a mistyped name.
    if complaint["type"] == "extra_forbidden" or _SECRET_NAME.search(field):
        return None
    value = complaint["input"]
    if isinstance(value, int | float):
        # orjson cannot write a number outside of 64 bits into the response.
        return value if -(2**63) <= value < 2**63 else None
    return value if isinstance(value, str) else None
