"""What this server tells about itself: its configuration, its one resource type and the schema of a user."""

from typing import Any

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"

_SCHEMA_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
_RESOURCE_TYPE_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
_CONFIGURATION_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"

#: The most users in a page, and the number of users in a page if the request does not say one.
MAX_PAGE_SIZE, DEFAULT_PAGE_SIZE = 1000, 100

#: The type that the one email of a user has.
EMAIL_TYPE = "work"


def configuration(base_url: str) -> dict[str, Any]:
    """Return the `ServiceProviderConfig` (RFC 7643, section 5, and RFC 9865, section 4)."""
    return {
        "schemas": [_CONFIGURATION_SCHEMA],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MAX_PAGE_SIZE},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_PAGE_SIZE,
            "maxPageSize": MAX_PAGE_SIZE,
        },
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "The API token of an admin of the tenant, in the header Authorization.",
                "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base_url}/ServiceProviderConfig"},
    }


def resource_types(base_url: str) -> list[dict[str, Any]]:
    """Return the one `ResourceType` (RFC 7643, section 6)."""
    return [
        {
            "schemas": [_RESOURCE_TYPE_SCHEMA],
            "id": "User",
            "name": "User",
            "endpoint": "/Users",
            "description": "A user of the tenant.",
            "schema": USER_SCHEMA,
            "schemaExtensions": [],
            "meta": {"resourceType": "ResourceType", "location": f"{base_url}/ResourceTypes/User"},
        }
    ]


def schemas(base_url: str) -> list[dict[str, Any]]:
    """Return the `Schema` of a user (RFC 7643, section 7)."""
    return [
        {
            "schemas": [_SCHEMA_SCHEMA],
            "id": USER_SCHEMA,
            "name": "User",
            "description": "A user of the tenant.",
            "attributes": _USER_ATTRIBUTES,
            "meta": {"resourceType": "Schema", "location": f"{base_url}/Schemas/{USER_SCHEMA}"},
        }
    ]


def _attribute(name: str, description: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": "string",
        "multiValued": False,
        "description": description,
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
        **more,
    }


# `required` says that every user has the attribute, so that none can be without it. A new user gets the default of
# `active`, `emails` and `roles` if the request has no value.
_USER_ATTRIBUTES = [
    _attribute("userName", "The user's email.", required=True, uniqueness="global"),
    _attribute(
        "name",
        "The parts of the user's name.",
        type="complex",
        subAttributes=[
            _attribute("formatted", "The whole name."),
            _attribute("familyName", "The family name."),
            _attribute("givenName", "The given name."),
        ],
    ),
    _attribute("displayName", "The name that is shown."),
    _attribute("nickName", "How the user likes to be called."),
    _attribute("title", "The title of the user in the company, such as Vice President."),
    _attribute("userType", "How the user and the company belong together, such as Employee."),
    _attribute("preferredLanguage", "The user's language, as in the header Accept-Language."),
    _attribute("locale", "Where the user is, for the form of numbers and dates, such as en-US."),
    _attribute("timezone", "The user's time zone, such as Europe/Lisbon."),
    _attribute("active", "Whether the user can do anything. The default is true.", type="boolean", required=True),
    _attribute(
        "emails",
        "The user's one email. It is the same as userName.",
        type="complex",
        multiValued=True,
        required=True,
        subAttributes=[
            _attribute("value", "The email.", required=True, uniqueness="global"),
            _attribute("type", "Always work.", canonicalValues=[EMAIL_TYPE]),
            _attribute("primary", "Always true.", type="boolean", canonicalValues=["true"]),
        ],
    ),
    _attribute(
        "roles",
        "The user's one role. The default is user.",
        type="complex",
        multiValued=True,
        required=True,
        subAttributes=[
            _attribute("value", "The role.", required=True, canonicalValues=["admin", "manager", "user"]),
            _attribute("primary", "Always true.", type="boolean", canonicalValues=["true"]),
        ],
    ),
]
