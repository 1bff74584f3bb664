"""The endpoints `/Users` and `/Users/{id}`: each calls one function of the room `tenants`.

Each endpoint reads all parameters before it calls that function, so that a request with a wrong parameter changes
nothing.
"""

from collections.abc import Callable
from typing import Any

from rolecall.errors import RuleViolation
from rolecall.http.responses import Response, etag_header
from rolecall.scim import patch, searches
from rolecall.scim.endpoints import ScimRequest, record_refusal, scim_response
from rolecall.scim.resources import location_of, to_resource
from rolecall.scim.selections import Selection
from rolecall.scim.user_values import DEFAULT_ROLE, UserValues
from rolecall.tenants import user_changes, user_creation, user_deletion, users
from rolecall.tenants.change_rules import UserChange
from rolecall.tenants.users import User

#: The actions under which the audit trail records a refused change and a refused deletion.
UPDATE, DELETION = "update_user", "delete_user"

#: The query parameters of a request whose answer is one user.
SELECTION_PARAMETERS = frozenset({"attributes", "excludedAttributes"})


def create_user(request: ScimRequest) -> Response:
    """Creates a user without password and API token."""
    selection, values = _selection_of(request), UserValues.from_resource(request.body)
    user = user_creation.create_user_without_credentials(
        request.context,
        values.user_name or "",
        values.role or DEFAULT_ROLE,
        active=values.active is not False,
        profile=values.profile,
    )
    location = {"Location": location_of(user, request.base_url)}
    return _user_response(request, user, selection, 201, location)


def get_user(request: ScimRequest) -> Response:
    """Returns a user, or 304 if the caller has this version already."""
    selection = _selection_of(request)
    user = users.get_user(request.context, request.item_id)
    etag = etag_header(user.version)
    known = request.request.headers.get("if-none-match", "")
    if etag["ETag"] in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return scim_response(304, None, etag)
    return _user_response(request, user, selection)


def replace_user(request: ScimRequest) -> Response:
    """Gives a user the attributes of the body. Role and state stay if the body does not have them."""
    selection, values = _selection_of(request), UserValues.from_resource(request.body)
    return _user_response(request, _update_user(request, values.to_change), selection)


def patch_user(request: ScimRequest) -> Response:
    """Applies operations to a user: all of them, or none."""
    selection, operations = _selection_of(request), patch.parse_operations(request.body)
    user = _update_user(request, lambda user: patch.change_by_operations(user, operations))
    return _user_response(request, user, selection)


def delete_user(request: ScimRequest) -> Response:
    """Deletes a user, with all that belongs to the user."""
    try:
        user_deletion.delete_user(request.context, request.item_id, if_match=request.request.if_match)
    except RuleViolation as refusal:
        record_refusal(request.context, DELETION, request.item_id, {}, refusal)
        raise
    return scim_response(204, None)


def list_users(request: ScimRequest) -> Response:
    """Returns a page of the users that a filter finds, or of all users."""
    return _search(request, searches.Search.from_query(request.request.query))


def search_users(request: ScimRequest) -> Response:
    """Returns what `list_users` returns, with the parameters in the body (RFC 7644, section 3.4.3)."""
    return _search(request, searches.Search.from_body(request.body))


def _search(request: ScimRequest, search: searches.Search) -> Response:
    return scim_response(200, searches.run(request.context, search, request.base_url))


def _update_user(request: ScimRequest, change_of: Callable[[User], UserChange]) -> User:
    asked: dict[str, Any] = {}

    def remembered_change_of(user: User) -> UserChange:
        change = change_of(user)
        # After a conflict, the user is read again, and other fields may differ from what was asked for.
        asked.clear()
        asked.update(_fields_for_audit(change, user))
        return change

    try:
        return user_changes.update_user_by(
            request.context, request.item_id, remembered_change_of, if_match=request.request.if_match
        )
    except RuleViolation as refusal:
        record_refusal(request.context, UPDATE, request.item_id, asked, refusal)
        raise


def _fields_for_audit(change: UserChange, user: User) -> dict[str, Any]:
    """Returns the fields that a change sets to another value, as the audit trail names them."""
    fields: dict[str, Any] = {"role": change.role, "active": change.active}
    if change.email != user.email:
        fields["email"] = change.email
    profile = change.profile.fields_that_differ(user.profile) if change.profile else {}
    return {name: value for name, value in {**fields, **profile}.items() if value is not None}


def _selection_of(request: ScimRequest) -> Selection:
    return Selection.from_query(request.request.query)


def _user_response(
    request: ScimRequest,
    user: User,
    selection: Selection,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    resource = selection.apply(to_resource(user, request.base_url))
    return scim_response(status, resource, {**etag_header(user.version), **(headers or {})})
