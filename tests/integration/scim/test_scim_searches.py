"""Searches over SCIM: filters, pages by position, pages by cursor, and the attributes of an answer."""

from typing import Any

import pytest

from rolecall.storage import reads
from tests.integration.conftest import Tenant, register
from tests.integration.scim.test_scim_users import create, find, patch, scim

pytestmark = pytest.mark.usefixtures("aws")


def ids(found: dict[str, Any]) -> list[str]:
    assert found["totalResults"] == found["itemsPerPage"] == len(found["Resources"])
    return [user["id"] for user in found["Resources"]]


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "Ada@Example.COM"',
        'username EQ "ada@example.com"',
        'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ada@example.com"',
        'emails.value eq "ada@example.com"',
        'emails[type eq "work"].value eq "ada@example.com"',
        'emails[type eq "work" and primary eq true].value eq "ada@example.com"',
        'externalId eq "00u1"',
        'externalId eq "00u1" and userName eq "ada@example.com"',
        'userName eq "ada@example.com" and emails.value eq "ADA@example.com" and externalId eq "00u1"',
        'userName eq "\\u0061da@example.com"',
    ],
)
def test_a_filter_finds_a_user(acme: Tenant, text: str) -> None:
    user = create(acme, "ada@example.com", externalId="00u1")
    create(acme, "other@example.com", externalId="00U1")
    assert ids(find(acme, text)) == [user["id"]]


def test_a_filter_finds_a_user_by_id(acme: Tenant) -> None:
    user = create(acme, "ada@example.com")
    assert ids(find(acme, f'id eq "{user["id"]}"')) == [user["id"]]
    assert ids(find(acme, f'id eq "{user["id"].upper()}" and userName eq "ada@example.com"')) == [user["id"]]


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "nobody@example.com"',
        'userName eq "9d0d1a3f-no-address"',
        'userName eq ""',
        'externalId eq "00U1"',
        'externalId eq "\\u202e"',
        'id eq "nobody"',
        'emails[type eq "home"].value eq "ada@example.com"',
        'userName eq "ada@example.com" and externalId eq "2"',
        'userName eq "ada@example.com" and userName eq "other@example.com"',
        'id eq "00000000-0000-4000-8000-000000000000" and userName eq "ada@example.com"',
    ],
)
def test_a_filter_finds_nobody(acme: Tenant, text: str) -> None:
    create(acme, "ada@example.com", externalId="00u1")
    assert ids(find(acme, text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "userName",
        "userName eq",
        "userName eq ada",
        "userName eq 7",
        "userName eq true",
        "userName pr",
        'userName sw "ada"',
        'userName eq "a@example.com" or userName eq "b@example.com"',
        'not (userName eq "a@example.com")',
        '(userName eq "a@example.com")',
        'userName eq "a@example.com',
        'userName eq "a@example.com" and',
        'userName eq "a@example.com" userName eq "b@example.com"',
        'displayName eq "Ada"',
        'active eq "true"',
        'name.givenName eq "Ada"',
        'emails eq "a@example.com"',
        'emails[value eq "a@example.com"]',
        'emails[value eq "a@example.com"].value eq "a@example.com"',
        'emails[type eq "work".value eq "a@example.com"',
        'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "x"',
        'userName eq "\\x"',
        pytest.param("emails[" * 2000, id="many brackets"),
        'emails[emails[type eq "work"].value eq "a@example.com"].value eq "a@example.com"',
    ],
)
def test_a_filter_that_is_not_supported_is_refused(acme: Tenant, text: str) -> None:
    answer = scim(acme.admin, "GET", "/Users", query={"filter": text})
    assert (answer.status, answer.body["scimType"]) == (400, "invalidFilter"), answer.text


def test_a_renamed_user_and_one_with_a_new_external_id_are_found_by_the_new_ones_only(acme: Tenant) -> None:
    user = create(acme, "ada@example.com", externalId="1")
    patch(acme, user, {"op": "replace", "value": {"externalId": "2", "userName": "new@example.com"}})

    for old in ('userName eq "ada@example.com"', 'externalId eq "1"'):
        assert ids(find(acme, old)) == []
    for new in ('userName eq "new@example.com"', 'externalId eq "2"'):
        assert ids(find(acme, new)) == [user["id"]]


def test_several_users_with_one_external_id_are_all_found(acme: Tenant) -> None:
    users = {create(acme, f"{name}@example.com", externalId="1")["id"] for name in "abc"}

    found = find(acme, 'externalId eq "1"')
    first = scim(acme.admin, "GET", "/Users", query={"filter": 'externalId eq "1"', "startIndex": "2", "count": "1"})

    assert set(ids(found)) == users
    assert (first.body["totalResults"], first.body["startIndex"], first.body["itemsPerPage"]) == (3, 2, 1)
    assert first.body["Resources"] == found["Resources"][1:2]


def test_a_search_finds_no_user_of_another_tenant(acme: Tenant) -> None:
    globex = register("Globex")
    theirs = create(globex, "ada@example.com", externalId="1")

    for text in ('userName eq "ada@example.com"', 'externalId eq "1"', f'id eq "{theirs["id"]}"'):
        assert ids(find(acme, text)) == []
    assert len(scim(acme.admin, "GET", "/Users").body["Resources"]) == 1


def test_a_position_is_right_if_the_users_before_it_are_counted_in_several_requests(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        create(acme, f"{number}@example.com")
    count_index = reads.count_index

    def count_two(partition: Any, *, after: str | None, limit: int | None) -> tuple[reads.IndexCount, bool]:
        return count_index(partition, after=after, limit=min(2, limit or 2))

    monkeypatch.setattr(reads, "count_index", count_two)
    page = scim(acme.admin, "GET", "/Users", query={"startIndex": "4", "count": "1"}).body
    assert (page["totalResults"], [user["userName"] for user in page["Resources"]]) == (6, ["3@example.com"])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pages_by_position_show_each_user_once_and_add_up(acme: Tenant, size: int) -> None:
    emails = sorted([acme.admin.email, *(create(acme, f"user{number}@example.com")["userName"] for number in range(6))])
    seen: list[str] = []

    while True:
        page = scim(acme.admin, "GET", "/Users", query={"startIndex": str(len(seen) + 1), "count": str(size)}).body
        assert (page["totalResults"], page["startIndex"]) == (7, len(seen) + 1)
        assert page["itemsPerPage"] == len(page["Resources"]) == min(size, 7 - len(seen))
        if not page["Resources"]:
            break
        seen += [user["userName"] for user in page["Resources"]]

    assert seen == emails


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_pages_by_cursor_show_each_user_once(acme: Tenant, size: int) -> None:
    emails = sorted([acme.admin.email, *(create(acme, f"user{number}@example.com")["userName"] for number in range(6))])
    seen: list[str] = []
    cursor: str | None = ""

    while cursor is not None:
        page = scim(acme.admin, "GET", "/Users", query={"cursor": cursor, "count": str(size)}).body
        assert "totalResults" not in page
        seen += [user["userName"] for user in page["Resources"]]
        cursor = page.get("nextCursor")

    assert seen == emails


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"startIndex": "0"}, (1, 3)),
        ({"startIndex": "-5", "count": "2"}, (1, 2)),
        ({"count": "0"}, (1, 0)),
        ({"count": "-1"}, (1, 0)),
        ({"startIndex": "4"}, (4, 0)),
        ({"startIndex": "3"}, (3, 1)),
        ({"startIndex": "999999999", "count": "999999999"}, (999999999, 0)),
        ({"sortBy": "userName", "sortOrder": "descending", "aadOptscim062020": ""}, (1, 3)),
    ],
)
def test_a_number_out_of_range_becomes_the_nearest_allowed_one(
    acme: Tenant, query: dict[str, str], expected: tuple[int, int]
) -> None:
    acme.add("user")
    acme.add("user")
    page = scim(acme.admin, "GET", "/Users", query=query).body
    assert (page["startIndex"], page["itemsPerPage"], page["totalResults"]) == (*expected, 3)


TOO_MANY_NAMES = "has more than 100 names: send fewer names, or leave the parameter out to get all attributes"


@pytest.mark.parametrize(
    ("query", "scim_type", "detail"),
    [
        ({"startIndex": "first"}, "invalidValue", "startIndex must be a whole number"),
        ({"count": ""}, "invalidValue", "count must be a whole number"),
        ({"count": "1.5"}, "invalidValue", "count must be a whole number"),
        ({"cursor": "forged"}, "invalidCursor", "the cursor must be the nextCursor of the page before"),
        (
            {"cursor": "forged", "filter": 'id eq "1"'},
            "invalidCursor",
            "a search with a filter has one page: it has no cursor",
        ),
        (
            {"attributes": "id", "excludedAttributes": "name"},
            "invalidValue",
            "attributes and excludedAttributes must not be sent together",
        ),
        ({"attributes": ",".join(["name.givenName"] * 101)}, "invalidValue", f"attributes {TOO_MANY_NAMES}"),
        ({"excludedAttributes": ",".join(["meta"] * 101)}, "invalidValue", f"excludedAttributes {TOO_MANY_NAMES}"),
        ({"filter": "id eq true"}, "invalidFilter", "the filter is not supported: the value must be a text"),
        (
            {"filter": 'emails[value eq "a"].value eq "a"'},
            "invalidFilter",
            "the filter is not supported: only type and primary can select an email",
        ),
        (
            {"filter": 'title eq "a"'},
            "invalidFilter",
            "the filter is not supported: compare userName, externalId, emails.value or id",
        ),
    ],
)
def test_an_invalid_parameter_is_refused(acme: Tenant, query: dict[str, str], scim_type: str, detail: str) -> None:
    answer = scim(acme.admin, "GET", "/Users", query=query)
    assert (answer.status, answer.body["scimType"], answer.body["detail"]) == (400, scim_type, detail)


def test_an_unknown_parameter_is_refused(acme: Tenant) -> None:
    answer = scim(acme.admin, "GET", "/Users", query={"filer": 'userName eq "a@example.com"'})
    assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")


def test_a_page_of_size_zero_returns_the_same_cursor(acme: Tenant) -> None:
    acme.add("user")
    cursor = scim(acme.admin, "GET", "/Users", query={"cursor": "", "count": "1"}).body["nextCursor"]

    for sent, told in ((cursor, {"nextCursor": cursor}), ("", {})):
        page = scim(acme.admin, "GET", "/Users", query={"cursor": sent, "count": "0"}).body
        assert page.pop("schemas")
        assert page == {"itemsPerPage": 0, "Resources": [], **told}


def test_a_cursor_of_another_tenant_is_refused(acme: Tenant) -> None:
    acme.add("user")
    cursor = scim(acme.admin, "GET", "/Users", query={"cursor": "", "count": "1"}).body["nextCursor"]

    answer = scim(register("Globex").admin, "GET", "/Users", query={"cursor": cursor})

    assert (answer.status, answer.body["scimType"]) == (400, "invalidCursor")


def test_a_count_that_takes_too_long_is_refused_with_a_hint(acme: Tenant) -> None:
    answer = scim(acme.admin, "GET", "/Users", seconds=1.2)
    assert (answer.status, answer.body["scimType"]) == (400, "tooMany")
    assert "cursor" in answer.body["detail"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"attributes": "userName"}, {"schemas", "id", "userName"}),
        ({"attributes": "USERNAME, name.givenName"}, {"schemas", "id", "userName", "name"}),
        ({"attributes": "urn:ietf:params:scim:schemas:core:2.0:User:displayName"}, {"schemas", "id", "displayName"}),
        ({"attributes": "profileUrl"}, {"schemas", "id"}),
        ({"attributes": ",".join(["userName"] * 100)}, {"schemas", "id", "userName"}),
        (
            {"excludedAttributes": "id,schemas,name,emails.type,meta,roles,active"},
            {"schemas", "id", "userName", "displayName", "emails"},
        ),
    ],
)
def test_an_answer_has_the_attributes_that_the_request_names(
    acme: Tenant, query: dict[str, str], names: set[str]
) -> None:
    user = create(acme, "ada@example.com", displayName="Ada", name={"givenName": "Ada", "familyName": "B"})

    one = scim(acme.admin, "GET", f"/Users/{user['id']}", query=query).body
    listed = scim(acme.admin, "GET", "/Users", query={"filter": f'id eq "{user["id"]}"', **query}).body["Resources"]

    assert one.keys() == names
    assert listed == [one]
    if "name" in one:
        assert one["name"] == {"givenName": "Ada"}
    if "emails" in one:
        assert one["emails"] == [{"value": "ada@example.com", "primary": True}]


@pytest.mark.parametrize("path", ["/.search", "/Users/.search"])
def test_a_search_by_post_has_its_parameters_in_the_body(acme: Tenant, path: str) -> None:
    user = create(acme, "ada@example.com")
    schema = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
    body = {"schemas": [schema], "filter": 'userName eq "ada@example.com"', "attributes": ["userName"], "count": 5}

    answer = scim(acme.admin, "POST", path, body)

    assert answer.status == 200
    assert answer.body["Resources"] == [{"schemas": user["schemas"], "id": user["id"], "userName": "ada@example.com"}]
    assert scim(acme.admin, "POST", path, {"count": 0}).body["totalResults"] == 2
    for wrong, scim_type, detail in (
        ({"counts": 1, "z": 1}, "invalidSyntax", "a search has no attribute counts"),
        ({"count": True}, "invalidValue", "count has a value of another type"),
        ({"attributes": [1]}, "invalidValue", "attributes has a value of another type"),
    ):
        refused = scim(acme.admin, "POST", path, wrong).body
        assert (refused["scimType"], refused["detail"]) == (scim_type, detail)


@pytest.mark.parametrize("sent", ["e\u0301x", " abc ", "abc"])
def test_a_user_is_found_by_the_external_id_as_the_provider_sent_it(acme: Tenant, sent: str) -> None:
    user = create(acme, "ada@example.com", externalId=sent)

    assert [one["id"] for one in find(acme, f'externalId eq "{sent}"')["Resources"]] == [user["id"]]
