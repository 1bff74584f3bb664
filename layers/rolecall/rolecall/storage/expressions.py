"""Items in DynamoDB's JSON format, and DynamoDB's condition expressions.

boto3 has the same in `boto3.dynamodb`. It is not used, for two reasons. Its import would slow every cold
start. And converting the items takes most of the time of reading a page, so the conversion must be fast.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, Self

from rolecall import clock

type Value = Any

#: An item as Python values. Each number is a `Decimal`, also a whole number.
type ItemWithDecimals = dict[str, Any]

#: A function that takes an attribute's name or a value, and returns the placeholder for it in an expression.
type _Placeholder = Callable[[Any], str]


def serialize_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """The item in DynamoDB's JSON format. Raises `TypeError` for bytes, floats and empty sets."""
    return {name: serialize_value(value) for name, value in item.items()}


def deserialize_item(item: Mapping[str, Any]) -> ItemWithDecimals:
    """The item as Python values, from DynamoDB's JSON format. A number becomes a `Decimal` with the same digits."""
    return {name: _deserialize_value(value) for name, value in item.items()}


def serialize_value(value: Value) -> dict[str, Any]:  # noqa: PLR0911 (one for each type)
    """One attribute value in DynamoDB's JSON format. Raises `TypeError` for bytes, floats and empty sets."""
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int() | Decimal():
            return {"N": str(value)}
        case None:
            return {"NULL": True}
        case Mapping():
            return {"M": serialize_item(value)}
        case list() | tuple():
            return {"L": [serialize_value(one) for one in value]}
        case set() | frozenset() if value and all(isinstance(one, str) for one in value):
            return {"SS": sorted(value)}
    raise TypeError(f"{type(value).__name__} cannot be stored as an attribute of this table: {value!r}")


def _deserialize_value(value: Mapping[str, Any]) -> Value:
    ((kind, content),) = value.items()
    # Most attribute values are strings, so the function tests for a string before all other types.
    return content if kind == "S" else _DESERIALIZERS[kind](content)


_DESERIALIZERS: dict[str, Callable[[Any], Value]] = {
    "N": Decimal,
    "BOOL": bool,
    "NULL": lambda _: None,
    "M": deserialize_item,
    "L": lambda values: [_deserialize_value(value) for value in values],
    "SS": set,
    "NS": lambda numbers: {Decimal(number) for number in numbers},
}


class Condition(NamedTuple):
    """A condition on an item or its key, which can be combined with `&` and `|`.

    `write` returns the condition as text. It gets two functions, which return the placeholder of a name and of a value.
    """

    write: Callable[[_Placeholder, _Placeholder], str]

    def __and__(self, other: Self) -> "Condition":
        return self._combine("AND", other)

    def __or__(self, other: Self) -> "Condition":
        return self._combine("OR", other)

    def _combine(self, word: str, other: Self) -> "Condition":
        return Condition(lambda name, value: f"({self.write(name, value)} {word} {other.write(name, value)})")

    def expression(self, names: dict[str, str], values: dict[str, Any]) -> str:
        """The condition in DynamoDB's syntax. Adds what each placeholder stands for to `names` and `values`."""
        return self.write(lambda name: add_name(name, names), lambda value: add_value(value, values))


def add_name(name: str, names: dict[str, str]) -> str:
    """Add an attribute's name to `names` and return its placeholder, because any name may be a reserved word."""
    placeholder = f"#n{len(names)}"
    names[placeholder] = name
    return placeholder


def add_value(value: Value, values: dict[str, Any]) -> str:
    """Add a value to `values`, in DynamoDB's JSON format, and return its placeholder."""
    placeholder = f":v{len(values)}"
    values[placeholder] = serialize_value(value)
    return placeholder


class Attr(NamedTuple):
    """An attribute by its name. Its methods return conditions on it."""

    name: str

    def eq(self, value: Value) -> Condition:
        return self._comparison("=", value)

    def lt(self, value: Value) -> Condition:
        return self._comparison("<", value)

    def lte(self, value: Value) -> Condition:
        return self._comparison("<=", value)

    def gt(self, value: Value) -> Condition:
        return self._comparison(">", value)

    def gte(self, value: Value) -> Condition:
        return self._comparison(">=", value)

    def _comparison(self, sign: str, value: Value) -> Condition:
        return Condition(lambda add_name, add_value: f"{add_name(self.name)} {sign} {add_value(value)}")

    def is_after_now(self) -> Condition:
        """The attribute, in seconds since 1970, lies in the future. The clock is read when the request is made."""
        return Condition(lambda add_name, add_value: f"{add_name(self.name)} > {add_value(_current_second())}")

    def is_not_after_now(self) -> Condition:
        """The attribute, in seconds since 1970, is reached. The clock is read when the request is made."""
        return Condition(lambda add_name, add_value: f"{add_name(self.name)} <= {add_value(_current_second())}")

    def between(self, low: Value, high: Value) -> Condition:
        """low <= attribute <= high."""
        return Condition(
            lambda add_name, add_value: f"{add_name(self.name)} BETWEEN {add_value(low)} AND {add_value(high)}"
        )

    def begins_with(self, prefix: str) -> Condition:
        return self._function_call("begins_with", prefix)

    def exists(self) -> Condition:
        return self._function_call("attribute_exists")

    def not_exists(self) -> Condition:
        return self._function_call("attribute_not_exists")

    def _function_call(self, function: str, *arguments: Value) -> Condition:
        return Condition(
            lambda add_name, add_value: f"{function}({', '.join([add_name(self.name), *map(add_value, arguments)])})"
        )


def _current_second() -> int:
    return clock.epoch_seconds(clock.now())
