"""The discovery endpoints (RFC 7644, section 4): what this server supports."""

from collections.abc import Mapping, Sequence
from typing import Any

from rolecall.errors import Forbidden, NotFound
from rolecall.http.responses import Response
from rolecall.scim import schemas
from rolecall.scim.endpoints import ScimRequest, scim_response
from rolecall.scim.resources import list_response


def get_configuration(request: ScimRequest) -> Response:
    """Returns the `ServiceProviderConfig`."""
    return scim_response(200, schemas.configuration(request.base_url))


def list_resource_types(request: ScimRequest) -> Response:
    """Returns all resource types: there is one."""
    return _list(request, schemas.resource_types(request.base_url))


def get_resource_type(request: ScimRequest) -> Response:
    """Returns the resource type with this id. Raises `NotFound`."""
    return _get(request, schemas.resource_types(request.base_url))


def list_schemas(request: ScimRequest) -> Response:
    """Returns all schemas: there is one."""
    return _list(request, schemas.schemas(request.base_url))


def get_schema(request: ScimRequest) -> Response:
    """Returns the schema with this id. Raises `NotFound`."""
    return _get(request, schemas.schemas(request.base_url))


def _list(request: ScimRequest, found: Sequence[Mapping[str, Any]]) -> Response:
    # RFC 7644, section 4: a filter is refused, so that nobody takes all for the filtered ones.
    if "filter" in request.request.query:
        raise Forbidden("the discovery endpoints take no filter")
    return scim_response(200, list_response(found, totalResults=len(found), startIndex=1))


def _get(request: ScimRequest, found: Sequence[Mapping[str, Any]]) -> Response:
    for one in found:
        if one["id"] == request.item_id:
            return scim_response(200, one)
    raise NotFound("there is no such resource")
