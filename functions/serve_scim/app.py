"""ANY /scim/v2/{proxy+}: SCIM 2.0, for the identity provider of the caller's tenant (admin)."""

from rolecall.scim import discovery, searches, user_endpoints
from rolecall.scim.endpoints import Endpoint, scim_handler

_LIST = searches.PARAMETERS
_ONE = user_endpoints.SELECTION_PARAMETERS
_UPDATE = user_endpoints.UPDATE
_SEARCH = {"POST": Endpoint(user_endpoints.search_users, has_body=True)}

handler = scim_handler(
    {
        "/ServiceProviderConfig": {"GET": Endpoint(discovery.get_configuration, is_public=True)},
        "/ResourceTypes": {"GET": Endpoint(discovery.list_resource_types, query=_LIST, is_public=True)},
        "/ResourceTypes/{id}": {"GET": Endpoint(discovery.get_resource_type)},
        "/Schemas": {"GET": Endpoint(discovery.list_schemas, query=_LIST, is_public=True)},
        "/Schemas/{id}": {"GET": Endpoint(discovery.get_schema)},
        "/Users": {
            "GET": Endpoint(user_endpoints.list_users, query=_LIST),
            "POST": Endpoint(user_endpoints.create_user, has_body=True, query=_ONE),
        },
        "/Users/{id}": {
            "GET": Endpoint(user_endpoints.get_user, query=_ONE),
            "PUT": Endpoint(user_endpoints.replace_user, has_body=True, query=_ONE, refusal_action=_UPDATE),
            "PATCH": Endpoint(user_endpoints.patch_user, has_body=True, query=_ONE, refusal_action=_UPDATE),
            "DELETE": Endpoint(user_endpoints.delete_user, refusal_action=user_endpoints.DELETION),
        },
        "/Users/.search": _SEARCH,
        "/.search": _SEARCH,
    }
)
