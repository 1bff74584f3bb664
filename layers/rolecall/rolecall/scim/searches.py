"""Searches for users: filters, pages by position (RFC 7644, section 3.4.2.4) and pages by cursor (RFC 9865)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

from rolecall.auth.principals import RequestContext
from rolecall.email_addresses import parse_address_to_ascii
from rolecall.errors import UserNotFound, ValidationFailed
from rolecall.scim.errors import InvalidCursor, InvalidFilter, InvalidSyntax, InvalidValue, TooMany
from rolecall.scim.filters import Comparison, parse_filter
from rolecall.scim.resources import list_response, to_resource
from rolecall.scim.schemas import DEFAULT_PAGE_SIZE, EMAIL_TYPE, MAX_PAGE_SIZE
from rolecall.scim.selections import Selection
from rolecall.tenants import user_lookup, user_positions, users
from rolecall.tenants.user_profiles import check_and_normalize_external_id
from rolecall.tenants.users import User
from rolecall.text_rules import InvalidText

#: The parameters of a search. Those for sorting have no effect, because users are always ordered by email.
PARAMETERS = frozenset(
    {"attributes", "excludedAttributes", "filter", "startIndex", "count", "cursor", "sortBy", "sortOrder"}
)

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}")


class Search(NamedTuple):
    """The parameters of a search. None stands for one that was not sent, except in `selection`."""

    selection: Selection
    comparisons: Sequence[Comparison] | None
    start_index: int
    page_size: int
    cursor: str | None

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """Return the search of a GET; raise `InvalidFilter` or `InvalidValue`."""
        return cls(
            Selection.from_query(query),
            None if "filter" not in query else parse_filter(query["filter"]),
            max(_parse_number(query, "startIndex", 1), 1),
            min(max(_parse_number(query, "count", DEFAULT_PAGE_SIZE), 0), MAX_PAGE_SIZE),
            query.get("cursor"),
        )

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Self:
        """Return the search in the body of a POST; raise `InvalidFilter`, `InvalidValue` or `InvalidSyntax`."""
        unknown = sorted(body.keys() - PARAMETERS - {"schemas"})
        if unknown:
            raise InvalidSyntax(f"a search has no attribute {unknown[0]}")
        sent = {name: body[name] for name in PARAMETERS & body.keys() if body[name] is not None}
        return cls.from_query({name: _to_query_text(name, value) for name, value in sent.items()})


def _to_query_text(name: str, value: Any) -> str:
    """Return a parameter in a body in the form that it has in a query."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ",".join(value)
    raise InvalidValue(f"{name} has a value of another type")


def _parse_number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not _WHOLE_NUMBER.fullmatch(text):
        raise InvalidValue(f"{name} must be a whole number")
    return int(text)


def run(context: RequestContext, search: Search, base_url: str) -> dict[str, Any]:
    """Return the `ListResponse` of a search in the caller's tenant; raise `InvalidFilter`, `InvalidCursor`, `TooMany`.

    With a cursor, the cost grows with the page only, and `totalResults` is left out unless there is a filter. Without
    one, each page counts all users of the tenant.
    """
    if search.comparisons is not None:
        found, numbers = _find(context, search, search.comparisons)
    elif search.cursor is not None:
        found, numbers = _page_by_cursor(context, search, search.cursor)
    else:
        found, numbers = _page_by_position(context, search)
    resources = [search.selection.apply(to_resource(user, base_url)) for user in found]
    return list_response(resources, **numbers)


def _page_by_cursor(context: RequestContext, search: Search, cursor: str) -> tuple[Sequence[User], dict[str, Any]]:
    """Return a page and its numbers. An empty cursor stands for the first page."""
    if search.page_size == 0:
        return (), {"nextCursor": cursor or None}
    try:
        page = users.list_users(context, limit=search.page_size, cursor=cursor or None)
    except ValidationFailed:
        raise InvalidCursor("the cursor must be the nextCursor of the page before") from None
    return page.users, {"nextCursor": page.next_cursor}


def _page_by_position(context: RequestContext, search: Search) -> tuple[Sequence[User], dict[str, Any]]:
    page = user_positions.list_users_from_position(context, skip=search.start_index - 1, limit=search.page_size)
    if page is None:
        raise TooMany("the tenant has too many users to count them in one request: send ?cursor= for pages by cursor")
    return page.users, {"totalResults": page.total, "startIndex": search.start_index}


def _find(
    context: RequestContext, search: Search, comparisons: Sequence[Comparison]
) -> tuple[Sequence[User], dict[str, Any]]:
    """Return the users for whom all comparisons hold, and the numbers of the page; raise `InvalidFilter`."""
    if search.cursor:
        raise InvalidCursor("a search with a filter has one page: it has no cursor")
    terms = [_to_term(comparison) for comparison in comparisons]
    found = [user for user in _candidates(context, terms) if all(_matches(user, name, text) for name, text in terms)]
    page = found[search.start_index - 1 :][: search.page_size]
    return page, {"totalResults": len(found), "startIndex": search.start_index}


def _to_term(comparison: Comparison) -> tuple[str, str | None]:
    """Return the compared field and the value, None for a value that no user has; raise `InvalidFilter`."""
    path, value = comparison
    if not isinstance(value, str):
        raise InvalidFilter("the filter is not supported: the value must be a text")
    match path.name, path.sub_attribute, path.conditions:
        case "id", None, ():
            return "id", value
        case "externalid", None, ():
            return "externalid", _normalize_external_id(value)
        case "username", None, ():
            return "email", _normalize_address(value)
        case "emails", "value", _:
            # Each user has one email, of which type and primary are the same for all.
            if any(one.path.name not in {"type", "primary"} for one in path.conditions):
                raise InvalidFilter("the filter is not supported: only type and primary can select an email")
            has_such_an_email = path.selects({"type": EMAIL_TYPE, "primary": True})
            return "email", _normalize_address(value) if has_such_an_email else None
        case _:
            raise InvalidFilter("the filter is not supported: compare userName, externalId, emails.value or id")


def _normalize_address(text: str) -> str | None:
    """Return the address as it is stored, in lower case; None for a text that is no address, which no user has."""
    try:
        return parse_address_to_ascii(text.strip()).lower()
    except InvalidText:
        return None


def _normalize_external_id(text: str) -> str | None:
    """Return the external id as it is stored; None for a text that is not allowed, which no user has."""
    try:
        return check_and_normalize_external_id(text)
    except InvalidText:
        return None


def _candidates(context: RequestContext, terms: Sequence[tuple[str, str | None]]) -> list[User]:
    """Return the users who fulfil one of the terms: at most one user, except for `externalId`."""
    by_field = dict(terms)
    if None in by_field.values():
        return []
    if (user_id := by_field.get("id")) is not None:
        try:
            return [users.get_user(context, user_id)]
        except UserNotFound:
            return []
    if (email := by_field.get("email")) is not None:
        user = user_lookup.find_user_by_email(context, email)
        return [] if user is None else [user]
    return user_lookup.find_users_by_external_id(context, by_field["externalid"] or "")


def _matches(user: User, field: str, text: str | None) -> bool:
    match field:
        case "id":
            return text is not None and user.id == text.lower()
        case "email":
            return user.email.lower() == text
        case _:
            return user.profile.external_id == text
