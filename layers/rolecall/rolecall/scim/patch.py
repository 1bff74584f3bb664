"""PATCH (RFC 7644, section 3.5.2): applies the operations of a request to a user, in order.

Nothing is written here. So a request takes effect as a whole or, if one of its operations is invalid, not at all.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from rolecall.scim.errors import InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget
from rolecall.scim.filters import Path, parse_path
from rolecall.scim.provider_values import by_lower_case_name, is_unassigned
from rolecall.scim.schemas import EMAIL_TYPE
from rolecall.scim.user_values import READ_ONLY, UserValues, parse_attributes
from rolecall.tenants.change_rules import UserChange
from rolecall.tenants.users import User

_MULTI_VALUED = frozenset({"emails", "roles"})


class _Kind(StrEnum):
    ADD = "add"
    REPLACE = "replace"
    REMOVE = "remove"


class Operation(NamedTuple):
    """One operation of a request. `path` is None for an operation on the attributes that the value names."""

    kind: _Kind
    path: Path | None
    value: Any


def parse_operations(body: Mapping[str, Any]) -> list[Operation]:
    """Return the operations of a PATCH request; raise `InvalidSyntax`, `InvalidPath` or `NoTarget`."""
    fields = by_lower_case_name(body)
    operations = fields.get("operations")
    if not isinstance(operations, list) or not operations:
        raise InvalidSyntax("Operations must be a list with at least one operation")
    unknown = sorted(fields.keys() - {"schemas", "operations"})
    if unknown:
        raise InvalidSyntax(f"a PATCH request has no attribute {unknown[0]}")
    return [_parse_operation(one) for one in operations]


def _parse_operation(operation: Any) -> Operation:
    fields = by_lower_case_name(operation) if isinstance(operation, Mapping) else {}
    kind, path, value = fields.get("op"), fields.get("path"), fields.get("value")
    if not isinstance(kind, str) or kind.lower() not in _Kind:
        raise InvalidSyntax(f"op must be one of {', '.join(_Kind)}")
    if path is not None and not isinstance(path, str):
        raise InvalidPath("path must be a text")
    found = Operation(_Kind(kind.lower()), parse_path(path) if path else None, value)
    if found.path is None and found.kind is _Kind.REMOVE:
        raise NoTarget("remove needs a path")
    if found.path is None and not isinstance(value, Mapping):
        raise InvalidValue("an operation without a path needs an object as its value")
    return found


def change_by_operations(user: User, operations: list[Operation]) -> UserChange:
    """Return the change that the operations make of a user; raise an error of SCIM if one of them is not possible."""
    values = UserValues(active=user.active, role=user.role, profile=user.profile)
    for kind, path, value in operations:
        if path is not None:
            values = _apply(values, user, kind, path, value)
            continue
        # The names in the value may be whole paths, as in {"name.givenName": "Ada"}.
        for named_path, one in parse_attributes(value):
            values = _apply(values, user, kind, named_path, one)
    return values.to_change(user)


def _apply(values: UserValues, user: User, kind: _Kind, path: Path, value: Any) -> UserValues:
    if path.name in READ_ONLY:
        raise Mutability(f"{path.name} cannot be changed")
    if path.conditions and path.name in _MULTI_VALUED and not path.selects(_present_value(values, user, path.name)):
        return _apply_to_missing_value(values, kind, path, value)
    if kind is _Kind.REMOVE:
        return values if _removes_another_value(values, path, value) else values.without_value(path)
    return values.without_value(path) if is_unassigned(value) else values.with_value(path, value)


def _present_value(values: UserValues, user: User, attribute: str) -> dict[str, Any]:
    """Return the one value that the user has of `emails` or `roles`, after the operations so far."""
    if attribute == "roles":
        return {"value": values.role, "primary": True}
    return {"value": values.user_name or values.email or user.email, "type": EMAIL_TYPE, "primary": True}


def _apply_to_missing_value(values: UserValues, kind: _Kind, path: Path, value: Any) -> UserValues:
    """Apply an operation whose conditions select no value; raise `NoTarget` for a replacement.

    Removing what is not there changes nothing. Adding a second email changes nothing either, because only one is kept.
    A role that is added becomes the one role.
    """
    if kind is _Kind.REPLACE:
        raise NoTarget(f"no value of {path.name} fulfils the condition")
    return values.with_value(path, value) if kind is _Kind.ADD and path.name == "roles" else values


def _removes_another_value(values: UserValues, path: Path, value: Any) -> bool:
    """Return whether a removal names, in its value, roles that the user does not have.

    RFC 7644 knows no value of a removal, but Entra ID names the values to remove in it.
    """
    if path.name != "roles" or is_unassigned(value):
        return False
    given = value if isinstance(value, list) else [value]
    return all(UserValues().with_value(Path("roles"), one).role is not values.role for one in given)
