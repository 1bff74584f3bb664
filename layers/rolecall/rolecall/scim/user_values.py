"""The values that a SCIM request gives the attributes of a user.

The text rules of names and ids are those of the room `tenants`.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from rolecall.auth.roles import Role
from rolecall.scim.errors import InvalidPath, InvalidSyntax, InvalidValue, Mutability
from rolecall.scim.filters import Path, parse_path
from rolecall.scim.provider_values import (
    by_lower_case_name,
    is_unassigned,
    parse_address,
    parse_boolean,
    parse_email,
    parse_role,
    parse_text,
)
from rolecall.tenants.change_rules import UserChange
from rolecall.tenants.user_profiles import EMPTY_PROFILE, UserProfile
from rolecall.tenants.users import User

#: The role of a user to whom a request gives none.
DEFAULT_ROLE = Role.USER

#: Attributes of the server, in lower case. POST and PUT ignore them (RFC 7644, section 3.5.1), PATCH refuses them.
READ_ONLY = frozenset({"id", "meta"})

#: The attributes of a user in RFC 7643, section 4.1, that are accepted but not kept, in lower case.
NOT_KEPT = frozenset(
    {
        *("schemas", "profileurl", "password", "phonenumbers", "ims", "photos", "addresses", "groups", "entitlements"),
        "x509certificates",
    }
)

_NAMES_NOT_KEPT = frozenset({"middlename", "honorificprefix", "honorificsuffix"})

#: The fields of a profile that are the sub-attributes of `name`, and those that are attributes themselves.
_NAME_FIELDS = {"givenname": "given_name", "familyname": "family_name", "formatted": "formatted_name"}
_PROFILE_FIELDS = {
    "externalid": "external_id",
    "displayname": "display_name",
    "nickname": "nick_name",
    "title": "title",
    "usertype": "user_type",
    "preferredlanguage": "preferred_language",
    "locale": "locale",
    "timezone": "timezone",
}

#: The names of some attributes as RFC 7643 writes them, for messages.
_NAMES_IN_RFC = {
    "username": "userName",
    "externalid": "externalId",
    "displayname": "displayName",
    "nickname": "nickName",
    "usertype": "userType",
    "preferredlanguage": "preferredLanguage",
    "givenname": "name.givenName",
    "familyname": "name.familyName",
    "formatted": "name.formatted",
}


class UserValues(NamedTuple):
    """The values of a user's attributes that a request has given so far. None stands for one that it has not given.

    `user_name` and `email` are the same address in the end. They are apart here, because a request can change either.
    """

    user_name: str | None = None
    email: str | None = None
    active: bool | None = None
    role: Role | None = None
    profile: UserProfile = EMPTY_PROFILE

    @classmethod
    def from_resource(cls, resource: Mapping[str, Any]) -> Self:
        """Return the values in the body of a POST or a PUT; raise `InvalidValue`, `InvalidSyntax` or `InvalidPath`.

        `userName` is the address, also if `emails` has another one. A provider that has two addresses of a person sends
        both each time, and would rename the user back and forth. Null and an empty list stand for an attribute without
        a value (RFC 7643, section 2.5). For `roles`, this gives the default role.
        """
        values = cls()
        for path, value in parse_attributes(resource):
            if path.name in READ_ONLY:
                continue
            if not is_unassigned(value):
                values = values.with_value(path, value)
            elif path.name == "roles":
                values = values._replace(role=DEFAULT_ROLE)
        if values.user_name is None:
            raise InvalidValue("userName is required")
        return values._replace(email=None)

    def to_change(self, user: User) -> UserChange:
        """Return the change that gives the user these values; raise `ValidationFailed` for an invalid text.

        If the request names a new `userName`, that is the new email. Else it is the email that the request names.
        The texts are checked here, because the audit entry of a refused change contains them.
        """
        is_renamed = self.user_name is not None and self.user_name != user.email
        address = self.user_name if is_renamed else self.email or self.user_name
        change = UserChange(role=self.role, active=self.active, email=address, profile=self.profile.checked())
        return change.without_present_role_and_state(user)

    def with_value(self, path: Path, value: Any) -> Self:
        """Return the values with one more; raise `InvalidValue`, or `InvalidPath` for an attribute that no user has.

        The sub-attributes of `name` that the value does not have stay. An attribute that is not kept changes nothing.
        """
        if _is_not_kept(path):
            return self
        match path.name:
            case "username":
                return self._replace(user_name=parse_address("userName", value))
            case "active":
                return self._replace(active=parse_boolean(value))
            case "emails":
                return self._replace(email=parse_email(value))
            case "roles":
                return self._replace(role=parse_role(value))
            case _:
                return self._with_profile_value(path, value)

    def without_value(self, path: Path) -> Self:
        """Return the values without an attribute; raise `Mutability` for one that every user has, or `InvalidPath`.

        A user without a role has the default role.
        """
        if _is_not_kept(path):
            return self
        match path.name:
            case "username" | "active" | "emails":
                raise Mutability(f"{_name_in_rfc(path)} cannot be removed: every user has it")
            case "roles":
                return self._replace(role=DEFAULT_ROLE)
            case "name" if path.sub_attribute is None:
                return self._replace(profile=self.profile._replace(**dict.fromkeys(_NAME_FIELDS.values())))
        return self._replace(profile=self.profile._replace(**{_profile_field(path): None}))

    def _with_profile_value(self, path: Path, value: Any) -> Self:
        if path.name == "name" and path.sub_attribute is None:
            return self._with_names(value)
        field = _profile_field(path)
        return self._replace(profile=self.profile._replace(**{field: parse_text(_name_in_rfc(path), value)}))

    def _with_names(self, names: Any) -> Self:
        if not isinstance(names, Mapping):
            raise InvalidValue("name must be an object with givenName, familyName and formatted")
        values = self
        for sub_attribute, value in by_lower_case_name(names).items():
            path = Path("name", sub_attribute)
            values = values.without_value(path) if is_unassigned(value) else values.with_value(path, value)
        return values


def parse_attributes(fields: Mapping[str, Any]) -> list[tuple[Path, Any]]:
    """Return the attributes that an object names, with their values; raise `InvalidSyntax` for one given twice.

    An attribute has several names: `userName` is also `urn:ietf:params:scim:schemas:core:2.0:User:userName`, and
    `name.givenName` also lies in the value of `name`.
    """
    found = [(parse_path(name), value) for name, value in by_lower_case_name(fields).items()]
    named = Counter(one for path, value in found for one in _paths_without_other_names(path, value))
    for path, times in named.items():
        if times > 1:
            raise InvalidSyntax(f"{_name_in_rfc(path)} is given twice, under two names")
    return found


def _paths_without_other_names(path: Path, value: Any) -> list[Path]:
    """Return what a path and its value name, in one form for each attribute; nothing for another schema's attribute."""
    if path.is_of_extension:
        return []
    if path.name == "name" and path.sub_attribute is None and isinstance(value, Mapping):
        return [Path("name", sub_attribute) for sub_attribute in by_lower_case_name(value)]
    if path.name in {"emails", "roles"} and path.sub_attribute == "value":
        path = path._replace(sub_attribute=None)
    # A user has one role, so every condition on `roles` names that one.
    return [path._replace(conditions=()) if path.name == "roles" else path]


def _is_not_kept(path: Path) -> bool:
    if path.is_of_extension or path.name in NOT_KEPT:
        return True
    match path.name:
        case "name":
            return path.sub_attribute in _NAMES_NOT_KEPT
        case "emails" | "roles":
            # `type`, `primary` and `display` are the same for every email and role.
            return path.sub_attribute not in {None, "value"}
        case _:
            return False


def _profile_field(path: Path) -> str:
    """Return the field of the profile that an attribute is stored in; raise `InvalidPath` if there is none."""
    fields, name = (_NAME_FIELDS, path.sub_attribute) if path.name == "name" else (_PROFILE_FIELDS, path.name)
    if name not in fields or (path.name != "name" and path.sub_attribute is not None) or path.conditions:
        raise InvalidPath(f"a user has no attribute {'.'.join(filter(None, (path.name, path.sub_attribute)))}")
    return fields[name]


def _name_in_rfc(path: Path) -> str:
    name = path.sub_attribute if path.name == "name" and path.sub_attribute else path.name
    return _NAMES_IN_RFC.get(name, name)
