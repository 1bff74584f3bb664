"""What the server tells about itself. Identity providers read these documents when somebody sets them up."""

from rolecall.scim import schemas

BASE = "https://api.example.com/live/scim/v2"


def test_the_configuration_follows_rfc_7643_and_rfc_9865() -> None:
    assert schemas.configuration(BASE) == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": 1000},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": 100,
            "maxPageSize": 1000,
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
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{BASE}/ServiceProviderConfig"},
    }


def test_the_resource_type_follows_rfc_7643() -> None:
    assert schemas.resource_types(BASE) == [
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": "User",
            "name": "User",
            "endpoint": "/Users",
            "description": "A user of the tenant.",
            "schema": "urn:ietf:params:scim:schemas:core:2.0:User",
            "schemaExtensions": [],
            "meta": {"resourceType": "ResourceType", "location": f"{BASE}/ResourceTypes/User"},
        }
    ]


def test_the_schema_follows_rfc_7643() -> None:
    [schema] = schemas.schemas(BASE)
    attributes = {one["name"]: one for one in schema.pop("attributes")}

    assert schema == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": "urn:ietf:params:scim:schemas:core:2.0:User",
        "name": "User",
        "description": "A user of the tenant.",
        "meta": {"resourceType": "Schema", "location": f"{BASE}/Schemas/urn:ietf:params:scim:schemas:core:2.0:User"},
    }
    assert (
        schemas._attribute("displayName", "The name that is shown.")
        == attributes["displayName"]
        == {
            "name": "displayName",
            "type": "string",
            "multiValued": False,
            "description": "The name that is shown.",
            "required": False,
            "caseExact": False,
            "mutability": "readWrite",
            "returned": "default",
            "uniqueness": "none",
        }
    )
    assert schemas._attribute("active", "Whether.", type="boolean", required=True)["type"] == "boolean"
    assert [name for name, one in attributes.items() if one["required"]] == ["userName", "active", "emails", "roles"]
    assert {name: one["type"] for name, one in attributes.items() if one["type"] != "string"} == {
        "name": "complex",
        "active": "boolean",
        "emails": "complex",
        "roles": "complex",
    }
