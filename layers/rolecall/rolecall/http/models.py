"""The base class of request bodies, and the words in which a caller is told what is wrong with a body.

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

#: Default of a field that may be left out but must not be null. The body then holds None.
ABSENT: Any = None

#: The value of a field with such a name is never echoed in an error.
_SECRET_NAME = re.compile("password|token|secret", re.IGNORECASE)

#: The contract's words for pydantic's types of errors; `{…}` is filled from the error's context.
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
    # What a validator of ours raised: a `ValueError` whose text is the message.
    "value_error": "{error}",
}


class Body(BaseModel):
    """A JSON object as a route expects it. Unknown fields are refused, and no value is converted from another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    #: A longer body is answered with 413.
    max_bytes: ClassVar[int] = MAX_BODY_BYTES

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Raises `ValidationFailed`, with one message a field if `raw` is a JSON object."""
        return cls.from_object(json_text.parse_object(raw))

    @classmethod
    def from_object(cls, json_object: Mapping[str, Any]) -> Self:
        """Raises `ValidationFailed` with one message a field."""
        try:
            return cls.model_validate(json_object)
        except ValidationError as error:
            raise _validation_failed(error) from None

    def given(self) -> dict[str, Any]:
        """Returns the fields by their names in Python, without those that are None."""
        return {name: value for name, value in self if value is not None}

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Shows no value, because any of them may be a secret."""
        return []


def _validation_failed(error: ValidationError) -> ValidationFailed:
    """Returns pydantic's complaints in the contract's words: the first complaint about each field."""
    complaints = error.errors(include_url=False)
    about_the_whole = [_message(complaint) for complaint in complaints if not complaint["loc"]]
    if about_the_whole:
        return ValidationFailed(message=about_the_whole[0])
    by_field: dict[str, FieldError] = {}
    for complaint in complaints:
        field = _field_name(complaint["loc"])
        by_field.setdefault(field, FieldError(field, _message(complaint), _echo(field, complaint)))
    return ValidationFailed(*by_field.values())


def _field_name(location: tuple[int | str, ...]) -> str:
    """Returns the place of a field in the body, such as `changes[3].new_role`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)[1:]


def _message(complaint: Mapping[str, Any]) -> str:
    context = dict(complaint.get("ctx", {}))
    if "expected" in context:
        # pydantic writes "'admin', 'manager' or 'user'".
        context["expected"] = context["expected"].replace("'", "").replace(" or ", ", ")
    return _MESSAGES.get(complaint["type"], "is not valid").format(**context)


def _echo(field: str, complaint: Mapping[str, Any]) -> Any:
    """Returns a text, a number or a flag that is sent back to the caller, or None if it must not be sent back."""
    # An unknown field may be a secret under a mistyped name.
    if complaint["type"] == "extra_forbidden" or _SECRET_NAME.search(field):
        return None
    value = complaint["input"]
    if isinstance(value, int | float):
        # A number outside of 64 bits could not be written into the answer.
        return value if -(2**63) <= value < 2**63 else None
    return value if isinstance(value, str) else None
