"""The representation of a user as a SCIM resource, and lists of resources."""

from collections.abc import Mapping, Sequence
from typing import Any

from rolecall.scim.schemas import EMAIL_TYPE, USER_SCHEMA
from rolecall.tenants.users import User

_LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


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
