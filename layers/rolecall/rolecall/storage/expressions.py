"""Attributes as DynamoDB writes them, and conditions on them.

What boto3 has for this is the same in meaning. It is not used because importing it brings the whole of boto3
into every cold start, and because a page of items spends most of its time there.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, Self

type Value = Any

#: Puts a name or a value aside and returns its placeholder.
type _Place = Callable[[Any], str]


def serialize_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Raises `TypeError` for what this table does not hold: binary data, floats, an empty set."""
    return {name: serialize_value(value) for name, value in item.items()}


def deserialize_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """A number becomes a `Decimal`, exactly as it was written."""
    return {name: _deserialize_value(value) for name, value in item.items()}


def serialize_value(value: Value) -> dict[str, Any]:  # noqa: PLR0911 (one for each type)
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
    raise TypeError(f"{type(value).__name__} is no attribute's type here: {value!r}")


def _deserialize_value(value: Mapping[str, Any]) -> Value:
    ((kind, content),) = value.items()
    # Nearly everything is text: it is asked for first.
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
    """What must hold of an item, or which keys are asked for."""

    write: Callable[[_Place, _Place], str]

    def __and__(self, other: Self) -> "Condition":
        return self._combine("AND", other)

    def __or__(self, other: Self) -> "Condition":
        return self._combine("OR", other)

    def _combine(self, word: str, other: Self) -> "Condition":
        return Condition(lambda name, value: f"({self.write(name, value)} {word} {other.write(name, value)})")

    def expression(self, names: dict[str, str], values: dict[str, Any]) -> str:
        """The condition in DynamoDB's words; what its placeholders stand for is added to `names` and `values`."""
        return self.write(lambda name: add_name(name, names), lambda value: add_value(value, values))


def add_name(name: str, names: dict[str, str]) -> str:
    """Adds an attribute's name to those of an expression; returns the placeholder, since any word may be reserved."""
    placeholder = f"#n{len(names)}"
    names[placeholder] = name
    return placeholder


def add_value(value: Value, values: dict[str, Any]) -> str:
    """Adds a value to those of an expression; returns the placeholder."""
    placeholder = f":v{len(values)}"
    values[placeholder] = serialize_value(value)
    return placeholder


class Attr(NamedTuple):
    """An attribute, by its name, to be compared."""

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
        return Condition(lambda place, add_value: f"{place(self.name)} {sign} {add_value(value)}")

    def between(self, low: Value, high: Value) -> Condition:
        """Both ends included."""
        return Condition(lambda place, add_value: f"{place(self.name)} BETWEEN {add_value(low)} AND {add_value(high)}")

    def begins_with(self, prefix: str) -> Condition:
        return self._function_call("begins_with", prefix)

    def exists(self) -> Condition:
        return self._function_call("attribute_exists")

    def not_exists(self) -> Condition:
        return self._function_call("attribute_not_exists")

    def _function_call(self, function: str, *arguments: Value) -> Condition:
        return Condition(
            lambda place, add_value: f"{function}({', '.join([place(self.name), *map(add_value, arguments)])})"
        )
