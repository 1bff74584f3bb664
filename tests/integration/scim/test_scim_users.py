"""Users over SCIM: created, read, changed and deleted, by the rules of the tenant API."""

from datetime import timedelta
from typing import Any

import pytest

from rolecall import clock
from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import Member, Tenant, table, unchanged

pytestmark = pytest.mark.usefixtures("aws")

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def scim(by: Member, method: str, path: str, body: Any = None, **more: Any) -> Response:
    return gateway.scim_request(method, path, by.token, body, **more)


def create(acme: Tenant, email: str, **attributes: Any) -> dict[str, Any]:
    answer = scim(acme.admin, "POST", "/Users", {"schemas": [USER], "userName": email, **attributes})
    assert answer.status == 201, answer.text
    created: dict[str, Any] = answer.body
    return created


def patch(acme: Tenant, user: dict[str, Any], *operations: dict[str, Any], **more: Any) -> Response:
    return scim(acme.admin, "PATCH", f"/Users/{user['id']}", {"schemas": [PATCH], "Operations": operations}, **more)


def find(acme: Tenant, text: str) -> dict[str, Any]:
    answer = scim(acme.admin, "GET", "/Users", query={"filter": text})
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.body
    return found


def test_a_user_is_created_with_what_the_provider_knows(acme: Tenant) -> None:
    user = create(
        acme,
        "Ada@Example.com",
        externalId="00u1",
        name={"givenName": "Ada", "familyName": "Byron", "formatted": "Ada Byron", "middleName": "K"},
        displayName="Ada",
        nickName="Addie",
        title="Countess",
        userType="Employee",
        preferredLanguage="en-GB, en;q=0.7",
        locale="en-GB",
        timezone="Europe/London",
        roles=[{"value": "manager"}],
        phoneNumbers=[{"value": "1"}],
        password="a password that nobody keeps",
    )

    assert user | {"id": "", "meta": {}} == {
        "schemas": [USER],
        "id": "",
        "externalId": "00u1",
        "userName": "Ada@example.com",
        "name": {"formatted": "Ada Byron", "familyName": "Byron", "givenName": "Ada"},
        "displayName": "Ada",
        "nickName": "Addie",
        "title": "Countess",
        "userType": "Employee",
        "preferredLanguage": "en-GB, en;q=0.7",
        "locale": "en-GB",
        "timezone": "Europe/London",
        "active": True,
        "emails": [{"value": "Ada@example.com", "type": "work", "primary": True}],
        "roles": [{"value": "manager", "primary": True}],
        "meta": {},
    }
    assert user["meta"]["location"] == f"https://api.example.com/live/scim/v2/Users/{user['id']}"
    answer = scim(acme.admin, "GET", f"/Users/{user['id']}")
    assert answer.body == user
    assert answer.headers["ETag"] == user["meta"]["version"] == '"1"'
    assert acme.admin.request("GET", f"/users/{user['id']}").body["data"]["role"] == "manager"
    login = gateway.request(
        "POST", "/login", body={"email": user["userName"], "password": "a password that nobody keeps"}
    )
    assert login.status == 401


def test_the_answer_to_a_creation_names_the_place_of_the_user(acme: Tenant) -> None:
    answer = scim(acme.admin, "POST", "/Users", {"schemas": [USER], "userName": "ada@example.com"})
    assert answer.headers["Location"] == answer.body["meta"]["location"]


def test_a_new_user_is_active_and_has_the_lowest_role_by_default(acme: Tenant) -> None:
    plain, inactive = create(acme, "a@example.com"), create(acme, "b@example.com", active="False", roles=[])

    assert (plain["active"], plain["roles"][0]["value"]) == (True, "user")
    assert (inactive["active"], inactive["roles"][0]["value"]) == (False, "user")


@pytest.mark.parametrize(
    ("body", "scim_type"),
    [
        ({}, "invalidValue"),
        ({"userName": None}, "invalidValue"),
        ({"userName": "no address"}, "invalidValue"),
        ({"userName": "a@example.com", "active": "perhaps"}, "invalidValue"),
        ({"userName": "a@example.com", "roles": ["king"]}, "invalidValue"),
        ({"userName": "a@example.com", "roles": ["user", "admin"]}, "invalidValue"),
        ({"userName": "a@example.com", "roles": ['{"a":' * 2000]}, "invalidValue"),
        ({"userName": "a@example.com", "roles": ['{"value": "admin", "value": "user"}']}, "invalidValue"),
        ({"userName": "a@example.com", "roles": ['{"value":' * 900 + "1" + "}" * 900]}, "invalidValue"),
        ({"userName": "a@example.com", "displayName": "\u202e"}, "invalidValue"),
        ({"userName": "a@example.com", "displayName": 7}, "invalidValue"),
        ({"userName": "a@example.com", "name": "Ada"}, "invalidValue"),
        ({"userName": "a@example.com", "externalId": "x" * 300}, "invalidValue"),
        ({"userName": "a@example.com", "username": "b@example.com"}, "invalidSyntax"),
        ({"userName": "a@example.com", "dispalyName": "Ada"}, "invalidPath"),
        ("[]", "invalidSyntax"),
    ],
)
def test_an_invalid_user_is_refused(acme: Tenant, body: Any, scim_type: str) -> None:
    with unchanged():
        answer = scim(acme.admin, "POST", "/Users", body)
    assert (answer.status, answer.body["scimType"]) == (400, scim_type)


@pytest.mark.parametrize(
    "query",
    [
        {"attributes": "id", "excludedAttributes": "meta"},
        {"attributes": ",".join(["id"] * 101)},
        {"excludedAttributes": "," * 100},
    ],
    ids=["both parameters", "too many attributes", "too many excluded attributes"],
)
def test_a_wrong_selection_of_attributes_is_refused_before_anything_changes(
    acme: Tenant, query: dict[str, str]
) -> None:
    user = create(acme, "ada@example.com")
    path, new = f"/Users/{user['id']}", {"userName": "new@example.com"}
    rename = {"schemas": [PATCH], "Operations": [{"op": "replace", "value": new}]}
    requests = [("POST", "/Users", new), ("PUT", path, new), ("PATCH", path, rename), ("GET", path, None)]
    with unchanged():
        for method, one, body in requests:
            answer = scim(acme.admin, method, one, body, query=query)
            assert (answer.status, answer.body["scimType"]) == (400, "invalidValue"), method
            assert "send" in answer.body["detail"] or "sent" in answer.body["detail"]


def test_a_taken_email_is_409_uniqueness(acme: Tenant) -> None:
    create(acme, "ada@example.com")
    with unchanged():
        answer = scim(acme.admin, "POST", "/Users", {"userName": "ADA@example.com"})
    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")


def test_put_replaces_names_and_keeps_the_role_and_state_that_it_does_not_name(acme: Tenant) -> None:
    user = create(acme, "ada@example.com", externalId="1", displayName="Ada", roles=["admin"], active=False)

    answer = scim(
        acme.admin, "PUT", f"/Users/{user['id']}", {"userName": "ada@example.com", "name": {"givenName": "A"}}
    )

    assert answer.status == 200
    kept = {name: answer.body.get(name) for name in ("externalId", "displayName", "name", "active")}
    assert kept == {"externalId": None, "displayName": None, "name": {"givenName": "A"}, "active": False}
    assert answer.body["roles"][0]["value"] == "admin"
    assert answer.body["meta"]["version"] == '"2"'


def test_put_renames_by_user_name_and_not_by_another_email_beside_it(acme: Tenant) -> None:
    user = create(acme, "ada@example.com")
    emails = [{"value": "other@example.com", "primary": True}]

    same = scim(acme.admin, "PUT", f"/Users/{user['id']}", {"userName": "ada@example.com", "emails": emails})
    renamed = scim(acme.admin, "PUT", f"/Users/{user['id']}", {"userName": "byron@example.com", "emails": emails})

    assert same.body["emails"][0]["value"] == "ada@example.com"
    assert renamed.body["emails"][0]["value"] == renamed.body["userName"] == "byron@example.com"
    assert find(acme, 'userName eq "ada@example.com"')["totalResults"] == 0


def test_a_request_with_the_present_values_changes_nothing(acme: Tenant) -> None:
    user = create(acme, "ada@example.com", displayName="Ada", roles=["manager"])
    with unchanged():
        answer = scim(acme.admin, "PUT", f"/Users/{user['id']}", user)
    assert (answer.status, answer.body) == (200, user)


#: The same role, in each form in which providers send one.
ADMIN_ROLE: dict[str, dict[str, Any]] = {
    "text": {"path": "roles", "value": "Admin"},
    "object": {"path": "roles", "value": {"value": "admin"}},
    "list": {"path": "roles", "value": [{"value": "admin", "primary": True}]},
    "filtered path": {"path": 'roles[primary eq "True"].value', "value": "admin"},
    "object in a text": {
        "path": 'roles[primary eq "True"].value',
        "value": '{"id": "18d1", "value": "admin", "displayName": "Admin"}',
    },
    "primary of several": {"path": "roles", "value": ["user", {"value": "admin", "primary": True}]},
    "value without path": {"value": {"roles": ["admin"]}},
}
#: A name, the operations of a request, and the attributes that the user has afterwards.
OPERATIONS: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "Entra ID deactivates": ([{"op": "Replace", "path": "active", "value": "False"}], {"active": False}),
    "Okta deactivates": ([{"op": "replace", "value": {"active": False}}], {"active": False}),
    "Entra ID renames": (
        [
            {"op": "Replace", "path": "userName", "value": "new@example.com"},
            {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "mail@example.com"},
        ],
        {"userName": "new@example.com", "emails": [{"value": "new@example.com", "type": "work", "primary": True}]},
    ),
    "a new email renames": (
        [{"op": "replace", "path": 'emails[type eq "work"].value', "value": "new@example.com"}],
        {"userName": "new@example.com"},
    ),
    "all emails are replaced": (
        [{"op": "replace", "path": "emails", "value": [{"value": "new@example.com", "type": "work"}]}],
        {"userName": "new@example.com"},
    ),
    "a second email is not kept": (
        [{"op": "Add", "path": 'emails[type eq "home"].value', "value": "home@example.com"}],
        {"userName": "ada@example.com"},
    ),
    "dotted names in a value": (
        [{"op": "Add", "value": {"name.givenName": "A", "displayName": "B"}}],
        {"name": {"givenName": "A", "familyName": "Byron"}, "displayName": "B"},
    ),
    "a part of the name": (
        [{"op": "add", "path": "name.familyName", "value": "King"}],
        {"name": {"givenName": "Ada", "familyName": "King"}},
    ),
    "the name is merged": (
        [{"op": "replace", "path": "name", "value": {"familyName": "King"}}],
        {"name": {"givenName": "Ada", "familyName": "King"}},
    ),
    "the name is removed": ([{"op": "remove", "path": "name"}], {"name": None}),
    "an empty text removes": ([{"op": "replace", "path": "displayName", "value": ""}], {"displayName": None}),
    "what is not there is removed": (
        [{"op": "remove", "path": "externalId"}, {"op": "remove", "path": 'roles[value eq "admin"]'}],
        {"externalId": None, "roles": [{"value": "manager", "primary": True}]},
    ),
    "with the schema before the name": (
        [{"op": "add", "path": f"{USER}:displayName", "value": "B"}],
        {"displayName": "B"},
    ),
    "of an extension": (
        [
            {
                "op": "add",
                "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                "value": "x",
            },
            {"op": "add", "value": {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "x"}}},
            {"op": "replace", "path": 'addresses[type eq "work"].country', "value": "x"},
        ],
        {"displayName": "Ada"},
    ),
    **{
        f"a role as {kind}": ([{"op": "Replace", **about}], {"roles": [{"value": "admin", "primary": True}]})
        for kind, about in ADMIN_ROLE.items()
    },
    "the role is removed": ([{"op": "Remove", "path": "roles"}], {"roles": [{"value": "user", "primary": True}]}),
    "the role is removed by its value": (
        [{"op": "Remove", "path": "roles", "value": [{"value": "manager"}]}],
        {"roles": [{"value": "user", "primary": True}]},
    ),
    "another role is removed by its value": (
        [{"op": "Remove", "path": "roles", "value": [{"value": "admin"}]}],
        {"roles": [{"value": "manager", "primary": True}]},
    ),
    "one role is removed and another added": (
        [
            {"op": "remove", "path": 'roles[value eq "manager"]'},
            {"op": "add", "path": "roles", "value": [{"value": "admin"}]},
        ],
        {"roles": [{"value": "admin", "primary": True}]},
    ),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_patch_accepts_the_forms_that_providers_send(acme: Tenant, name: str) -> None:
    operations, expected = OPERATIONS[name]
    names = {"givenName": "Ada", "familyName": "Byron"}
    user = create(acme, "ada@example.com", name=names, displayName="Ada", roles=["manager"])

    answer = patch(acme, user, *operations)

    assert answer.status == 200, answer.text
    assert {attribute: answer.body.get(attribute) for attribute in expected} == expected
    assert scim(acme.admin, "GET", f"/Users/{user['id']}").body == answer.body


REFUSED_OPERATIONS: dict[str, tuple[dict[str, Any], int, str | None]] = {
    "unknown op": ({"op": "move", "path": "displayName"}, 400, "invalidSyntax"),
    "unknown attribute": ({"op": "add", "path": "dispalyName", "value": "x"}, 400, "invalidPath"),
    "unknown sub-attribute": ({"op": "add", "path": "name.nick", "value": "x"}, 400, "invalidPath"),
    "malformed path": ({"op": "add", "path": 'emails[type eq "work', "value": "x"}, 400, "invalidPath"),
    "path of another type": ({"op": "add", "path": 7, "value": "x"}, 400, "invalidPath"),
    "remove without path": ({"op": "remove"}, 400, "noTarget"),
    "replace of a role that is not there": (
        {"op": "replace", "path": 'roles[value eq "admin"].value', "value": "user"},
        400,
        "noTarget",
    ),
    "no value without path": ({"op": "add", "value": "x"}, 400, "invalidValue"),
    "id": ({"op": "replace", "path": "id", "value": "x"}, 400, "mutability"),
    "the email is removed": ({"op": "remove", "path": "emails"}, 400, "mutability"),
    "the state is removed": ({"op": "remove", "path": "active"}, 400, "mutability"),
    "no address": ({"op": "replace", "path": "userName", "value": "ada"}, 400, "invalidValue"),
    "a taken email": ({"op": "replace", "path": "userName", "value": "taken@example.com"}, 409, "uniqueness"),
}


@pytest.mark.parametrize("name", REFUSED_OPERATIONS)
def test_of_several_operations_all_are_done_or_none(acme: Tenant, name: str) -> None:
    refused, status, scim_type = REFUSED_OPERATIONS[name]
    create(acme, "taken@example.com")
    user = create(acme, "ada@example.com")

    with unchanged():
        answer = patch(acme, user, {"op": "add", "path": "displayName", "value": "x"}, refused)

    assert (answer.status, answer.body.get("scimType")) == (status, scim_type), answer.text


@pytest.mark.parametrize("body", [{}, {"Operations": []}, {"Operations": {}}, {"Operations": ["x"]}, {"operation": []}])
def test_a_patch_needs_operations(acme: Tenant, body: Any) -> None:
    user = create(acme, "ada@example.com")
    with unchanged():
        answer = scim(acme.admin, "PATCH", f"/Users/{user['id']}", body)
    assert (answer.status, answer.body["scimType"]) == (400, "invalidSyntax")


def test_a_deactivation_and_a_reactivation_apply_from_the_next_request_on(acme: Tenant) -> None:
    member = acme.add("user")
    user = {"id": member.id}

    assert patch(acme, user, {"op": "Replace", "path": "active", "value": "False"}).status == 200
    assert member.request("GET", f"/users/{member.id}").status == 401
    assert find(acme, f'userName eq "{member.email}"')["Resources"][0]["active"] is False
    assert patch(acme, user, {"op": "Replace", "path": "active", "value": "True"}).status == 200
    assert member.request("GET", f"/users/{member.id}").status == 200


def test_a_provider_that_removes_all_users_is_refused_only_for_the_last_admin(acme: Tenant) -> None:
    others = [acme.add(role) for role in ("admin", "manager", "user")]
    agent = acme.admin
    everyone = [agent, *others]

    answers = [scim(agent, "DELETE", f"/Users/{one.id}") for one in everyone]

    assert [answer.status for answer in answers] == [403, 204, 204, 204]
    other = acme.add("admin")
    changes = [
        patch(acme, {"id": agent.id}, {"op": "replace", "value": {"roles": ["user"]}}),
        scim(other, "PATCH", f"/Users/{agent.id}", {"Operations": [{"op": "replace", "value": {"active": False}}]}),
        scim(other, "DELETE", f"/Users/{other.id}"),
    ]
    assert [answer.status for answer in changes] == [403, 200, 403]


def test_the_last_admin_stays(acme: Tenant) -> None:
    # The actor holds its role for a while only, so that the other one is the last admin who counts.
    agent = acme.add("user")
    until = clock.rfc3339(clock.now() + timedelta(hours=1))
    granted = acme.admin.request("POST", f"/users/{agent.id}/promote", {"new_role": "admin", "until": until})
    assert granted.status == 200
    last = {"id": acme.admin.id}

    for method, body in (
        ("PATCH", {"Operations": [{"op": "Replace", "path": "active", "value": "False"}]}),
        ("PATCH", {"Operations": [{"op": "Remove", "path": "roles"}]}),
        ("PUT", {"userName": acme.admin.email, "active": False}),
        ("DELETE", None),
    ):
        answer = scim(agent, method, f"/Users/{last['id']}", body)
        assert (answer.status, answer.body["status"]) == (409, "409"), answer.text
        assert "admin" in answer.body["detail"]
    refused = acme.admin.request("GET", f"/audit?outcome=denied&target={acme.admin.id}").body["entries"]
    assert [entry["action"] for entry in refused] == ["delete_user", *["update_user"] * 3]
    assert [entry["after"] for entry in refused] == [{}, {"active": False}, {"role": "user"}, {"active": False}]


@pytest.mark.parametrize("text", ["a\0b", "\u202eAda", "\u3164", "x" * 101])
def test_a_refused_change_writes_no_invalid_text_into_the_trail(acme: Tenant, text: str) -> None:
    """A change of one's own role is refused, and so is the text, which would be in the entry of that refusal."""
    before = table()
    for method, body in (
        ("PUT", {"userName": acme.admin.email, "roles": ["user"], "displayName": text}),
        ("PATCH", {"Operations": [{"op": "replace", "value": {"active": False, "name": {"givenName": text}}}]}),
    ):
        answer = scim(acme.admin, method, f"/Users/{acme.admin.id}", body)
        assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")
    assert table() == before


@pytest.mark.parametrize("role", ["manager", "user"])
def test_a_refused_change_by_somebody_who_is_no_admin_is_in_the_trail(acme: Tenant, role: str) -> None:
    caller = acme.add(role)

    for method, body in (
        ("PATCH", {"Operations": [{"op": "replace", "path": "roles", "value": "admin"}]}),
        ("PUT", {"userName": acme.admin.email}),
        ("DELETE", None),
        ("GET", None),
    ):
        assert scim(caller, method, f"/Users/{acme.admin.id}", body).status == 403

    refused = acme.admin.request("GET", f"/audit?outcome=denied&actor={caller.id}").body["entries"]
    assert [(entry["action"], entry["reason"]) for entry in refused] == [
        ("delete_user", "FORBIDDEN"),
        *[("update_user", "FORBIDDEN")] * 2,
    ]
    assert {entry["target"]["id"] for entry in refused} == {acme.admin.id}


def test_if_match_stops_a_change_of_another_version(acme: Tenant) -> None:
    user = create(acme, "ada@example.com")
    path, stale, current = f"/Users/{user['id']}", {"If-Match": '"7"'}, {"If-Match": '"1"'}

    with unchanged():
        for method, body in (
            ("PUT", {"userName": "ada@example.com", "displayName": "x"}),
            ("PATCH", {"Operations": [{"op": "add", "path": "displayName", "value": "x"}]}),
            ("DELETE", None),
        ):
            assert scim(acme.admin, method, path, body, headers=stale).status == 412
    for known in ('"1"', 'W/"1"', '"7" , W/"1"'):
        answer = scim(acme.admin, "GET", path, headers={"If-None-Match": known})
        assert (answer.status, answer.text, answer.headers["ETag"]) == (304, "", '"1"')
    assert scim(acme.admin, "GET", path, headers={"If-None-Match": '"7"'}).status == 200
    assert scim(acme.admin, "DELETE", path, headers=current).status == 204
    assert scim(acme.admin, "GET", path).status == 404


def test_changes_are_in_the_trail_like_those_of_the_tenant_api(acme: Tenant) -> None:
    user = create(acme, "ada@example.com", externalId="1")
    patch(acme, user, {"op": "replace", "value": {"active": False, "userName": "new@example.com"}})
    scim(acme.admin, "DELETE", f"/Users/{user['id']}")

    entries = acme.admin.request("GET", f"/audit?target={user['id']}").body["entries"]

    assert [entry["action"] for entry in entries] == ["delete_user", "update_user", "create_user"]
    assert entries[1]["before"] == {"active": True, "email": "ada@example.com"}
    assert entries[1]["after"] == {"active": False, "email": "new@example.com"}


TWO_NAMES_OF_ONE_ATTRIBUTE: list[dict[str, Any]] = [
    {"roles": ["user"], f"{USER}:roles": ["admin"]},
    {"roles": ["user"], "roles.value": "admin"},
    {"roles": ["user"], 'roles[value eq "user"].value': "admin"},
    {"active": True, f"{USER}:ACTIVE": False},
    {"name": {"givenName": "Ada"}, "name.givenName": "Eve"},
    {"name": {"givenName": "Ada"}, f"{USER}:name": {"givenName": "Eve"}},
    {"title": "Dr", f"{USER}:title": "Countess"},
    {"emails": [{"value": "a@example.com"}], "emails.value": "b@example.com"},
]


@pytest.mark.parametrize("attributes", TWO_NAMES_OF_ONE_ATTRIBUTE, ids=str)
def test_an_attribute_is_not_given_twice_under_two_names(acme: Tenant, attributes: dict[str, Any]) -> None:
    user = create(acme, "ada@example.com")
    with unchanged():
        answers = [
            scim(acme.admin, "POST", "/Users", {"userName": "new@example.com", **attributes}),
            scim(acme.admin, "PUT", f"/Users/{user['id']}", {"userName": "ada@example.com", **attributes}),
            patch(acme, user, {"op": "replace", "value": attributes}),
        ]
    assert [(answer.status, answer.body["scimType"]) for answer in answers] == [(400, "invalidSyntax")] * 3


def test_two_names_of_different_attributes_are_both_taken(acme: Tenant) -> None:
    user = create(acme, "ada@example.com")
    value = {
        "name": {"givenName": "Ada"},
        "name.familyName": "Byron",
        'emails[type eq "work"].value': "byron@example.com",
        'emails[type eq "home"].value': "home@example.com",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "x",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division": "y",
    }
    changed = patch(acme, user, {"op": "add", "value": value}).must(200)
    assert (changed["name"], changed["userName"]) == (
        {"givenName": "Ada", "familyName": "Byron"},
        "byron@example.com",
    )


def test_a_user_has_one_primary_email(acme: Tenant) -> None:
    user = create(acme, "ada@example.com")
    emails = [{"value": f"{name}@example.com", "primary": True} for name in ("one", "two")]
    operation = {"op": "replace", "path": "emails", "value": emails}
    with unchanged():
        assert patch(acme, user, operation).must(400)["scimType"] == "invalidValue"
    emails[1]["value"] = "ONE@example.com"
    assert patch(acme, user, operation).must(200)["userName"] == "one@example.com"
