"""The representation of a user as a SCIM resource, in full or with some of its attributes, and lists of resources."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rolecall.scim.schemas import EMAIL_TYPE, USER_SCHEMA
from rolecall.tenants.users import User

_LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

#: The attributes that every representation has (RFC 7643, sections 3 and 7).
_ALWAYS_RETURNED = frozenset({"schemas", "id"})

_CORE_PREFIX = f"{USER_SCHEMA}:".lower()


def to_resource(user: User, base_url: str) -> dict[str, Any]:
    """Return the whole resource of a user. Attributes without a value are left out."""
    profile = user.profile
    name = {
        "formatted": profile.formatted_name,
        "familyName": profile.family_name,
        "givenName": profile.given_name,
    }
    resource = {
        "schemas": [USER_SCHEMA],
        "id": user.id,
        "externalId": profile.external_id,
        "userName": user.email,
        "name": {part: text for part, text in name.items() if text is not None} or None,
        "displayName": profile.display_name,
        "nickName": profile.nick_name,
        "title": profile.title,
        "userType": profile.user_type,
        "preferredLanguage": profile.preferred_language,
        "locale": profile.locale,
        "timezone": profile.timezone,
        "active": user.active,
        "emails": [{"value": user.email, "type": EMAIL_TYPE, "primary": True}],
        "roles": [{"value": user.role.value, "primary": True}],
        "meta": {
            "resourceType": "User",
            "created": user.created_at,
            "lastModified": user.updated_at,
            "location": location_of(user, base_url),
            "version": f'"{user.version}"',
        },
    }
    return {attribute: value for attribute, value in resource.items() if value is not None}


def location_of(user: User, base_url: str) -> str:
    """Return the address of a user's resource."""
    return f"{base_url}/Users/{user.id}"


def list_response(resources: Sequence[Mapping[str, Any]], **numbers: Any) -> dict[str, Any]:
    """Return a `ListResponse` (RFC 7644, section 3.4.2) with these numbers. Those that are None are left out."""
    return {
        "schemas": [_LIST_SCHEMA],
        **{name: value for name, value in numbers.items() if value is not None},
        "itemsPerPage": len(resources),
        "Resources": list(resources),
    }


def select_attributes(
    resource: Mapping[str, Any], included: Sequence[str] | None, excluded: Sequence[str] | None
) -> dict[str, Any]:
    """Return the resource with the included attributes only, or without the excluded ones (RFC 7644, section 3.9).

    None stands for a parameter that was not sent. Names of sub-attributes, as in `name.givenName`, select a part of an
    attribute. Names are compared without case, and unknown ones have no effect.
    """
    if included is not None:
        wanted = [_split(name) for name in included]
        parts = ((name, _included_part(name, value, wanted)) for name, value in resource.items())
        return {name: value for name, value in parts if value is not None}
    unwanted = [_split(name) for name in excluded or ()]
    parts = ((name, _remaining_part(name, value, unwanted)) for name, value in resource.items())
    return {name: value for name, value in parts if value is not None}


def _split(name: str) -> tuple[str, str]:
    attribute, _, sub_attribute = name.strip().lower().removeprefix(_CORE_PREFIX).partition(".")
    return attribute, sub_attribute


def _included_part(name: str, value: Any, wanted: Sequence[tuple[str, str]]) -> Any:
    subs = {sub for attribute, sub in wanted if attribute == name.lower()}
    if name in _ALWAYS_RETURNED or "" in subs:
        return value
    return _filter_sub_attributes(value, lambda sub: sub in subs) if subs else None


def _remaining_part(name: str, value: Any, unwanted: Sequence[tuple[str, str]]) -> Any:
    subs = {sub for attribute, sub in unwanted if attribute == name.lower()}
    if name in _ALWAYS_RETURNED or not subs:
        return value
    return None if "" in subs else _filter_sub_attributes(value, lambda sub: sub not in subs)


def _filter_sub_attributes(value: Any, keeps: Callable[[str], bool]) -> Any:
    """Return a complex value, or each of several, with the sub-attributes that `keeps` accepts; None without any."""
    if isinstance(value, list):
        return [part for one in value if (part := _filter_sub_attributes(one, keeps))] or None
    if not isinstance(value, dict):
        return None
    return {sub: text for sub, text in value.items() if keeps(sub.lower())} or None
