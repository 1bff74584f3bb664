"""Temporary roles of tenant users: given, in force, over, extended, ended, written down; and no power that outlives."""

from collections.abc import Iterator
from datetime import datetime
from itertools import product
from typing import Any

import pytest

from rolecall import config
from rolecall.clock import rfc3339_of_second
from rolecall.errors import ConcurrentChange
from rolecall.storage import dynamodb, keys, reads
from rolecall.tenants import role_ends
from tests import faults, gateway
from tests.gateway import Response
from tests.integration.clock import MovedClock
from tests.integration.conftest import (
    MASTER_TOKEN,
    PASSWORD,
    Member,
    Tenant,
    assert_every_invariant_holds,
    audit_of,
    delete_tenant,
    metrics_in,
    run_maintenance,
    table_without_audit,
    unchanged,
)

HOUR, DAY = 3600, 24 * 3600


@pytest.fixture
def acme(time: MovedClock, acme: Tenant) -> Tenant:
    return acme


@pytest.fixture(autouse=True)
def every_invariant_holds(time: MovedClock) -> Iterator[None]:
    """After each test, whatever it did."""
    yield
    assert_every_invariant_holds()


def _promote(actor: Member, target: Member, role: str, until: str | None = None, **more: Any) -> Response:
    body = {"new_role": role} if until is None else {"new_role": role, "until": until}
    return actor.request("POST", f"/users/{target.id}/promote", body, **more)


def _shown(target: Member) -> dict[str, Any]:
    """The role as everybody sees it: the user, the list and the authorizer must agree."""
    one = gateway.request("GET", f"/users/{target.id}", MASTER_TOKEN)
    shown = {name: one.body["data"].get(name) for name in ("role", "lasting_role", "role_until")}
    authorized = gateway.authorize(target.token) or {}
    seen = {name: authorized.get(name) for name in ("role", "lasting_role")}
    if authorized.get("role_until"):
        seen["role_until"] = rfc3339_of_second(int(authorized["role_until"]))
    if authorized:
        assert seen == {name: value for name, value in shown.items() if name != "role_until" or value}
    return {name: value for name, value in shown.items() if value}


def _temporary(tenant: Tenant, role: str, until: str, lasting_role: str = "user") -> Member:
    """A user with a temporary role, given by the first admin."""
    member = tenant.add(lasting_role)
    assert _promote(tenant.admin, member, role, until).status == 200
    return member


def _etag(target: Member) -> str:
    return str(gateway.request("GET", f"/users/{target.id}", MASTER_TOKEN).headers["ETag"])


def _ids(actor: Member, query: str = "") -> list[str]:
    answer = actor.request("GET", f"/users{query}")
    assert answer.status == 200, answer.text
    return [user["id"] for user in answer.body["users"]]


def _active_admins(tenant: Tenant) -> int:
    return int((reads.get(keys.tenant(tenant.id)) or {})["active_admins"])


def _item(member: Member) -> dict[str, Any]:
    return reads.get(keys.user(member.tenant_id, member.id)) or {}


# --- Given, in force, over -----------------------------------------------------------------------


def test_a_role_is_given_until_a_moment_and_is_over_from_that_second_on(acme: Tenant, time: MovedClock) -> None:
    target, until = acme.add("user"), time.ahead(HOUR)

    answer = _promote(acme.admin, target, "manager", until)

    assert answer.body["data"] == {"user_id": target.id, "old_role": "user", "new_role": "manager", "until": until}
    temporary = {"role": "manager", "lasting_role": "user", "role_until": until}
    assert _shown(target) == temporary
    time.to_second_before(until)
    assert _shown(target) == temporary
    with unchanged():
        time.to(until)
        assert _shown(target) == {"role": "user"}


def test_a_temporary_role_is_stored_with_its_end_and_in_the_indexes_of_ends(acme: Tenant, time: MovedClock) -> None:
    until = time.ahead(HOUR)
    second = int(datetime.fromisoformat(until).timestamp())
    target = _temporary(acme, "manager", until)
    stored = {
        "role": "manager",
        "lasting_role": "user",
        "role_until": second,
        "gsi1pk": f"TENANT#{acme.id}#USERS",
        "gsi1sk": target.email,
        "gsi2pk": f"TENANT#{acme.id}#USERS#manager#temporary#active",
        "gsi2sk": target.email,
        "gsi3pk": f"TENANT#{acme.id}#ROLE_ENDS",
        "gsi3sk": f"{second}#{target.id}",
        "gsi4pk": "ROLE_ENDS",
        "gsi4sk": f"{second}#{target.id}",
    }
    assert {name: value for name, value in _item(target).items() if name in stored} == stored
    time.to(until)
    assert run_maintenance()["role_ends_written"] == 1
    lasting = {"role": "user", "gsi2pk": f"TENANT#{acme.id}#USERS#user#active", "gsi2sk": target.email}
    kept = {"gsi1pk": stored["gsi1pk"], "gsi1sk": target.email, **lasting}
    assert {name: value for name, value in _item(target).items() if name in stored} == kept


def test_the_holder_has_the_rights_of_the_role_until_its_end(acme: Tenant, time: MovedClock) -> None:
    until = time.ahead(HOUR)
    holder, other = _temporary(acme, "admin", until), acme.add("user")

    time.to_second_before(until)
    assert holder.request("GET", "/users").status == 200
    assert holder.request("GET", f"/users/{other.id}").status == 200
    time.to(until)
    assert holder.request("GET", "/users").code == "FORBIDDEN"
    assert _promote(holder, other, "user").code == "FORBIDDEN"


def test_a_request_that_was_authorized_before_the_end_has_no_rights_after_it(acme: Tenant, time: MovedClock) -> None:
    until = time.ahead(HOUR)
    holder, other = _temporary(acme, "admin", until, "manager"), acme.add("admin")
    principal = holder.principal
    time.to(until)

    with unchanged():
        # The authorizer's answer may be older than the end, also because API Gateway may cache it.
        assert holder.request("GET", "/users", principal=principal).code == "FORBIDDEN"
        assert _promote(holder, other, "user", principal=principal).code == "ROLE_TRANSITION_DENIED"


class _TimePassesBefore:
    """Moves the clock on when the first transaction is about to be sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, time: MovedClock, moment: str) -> None:
        real, sent = dynamodb.client().transact_write_items, []

        def transact(**parameters: Any) -> Any:
            sent.append(parameters["ClientRequestToken"])
            return real(**parameters)

        self.sent = sent
        real_call = dynamodb.call

        def call(operation: str, **parameters: Any) -> Any:
            answer = real_call(operation, **parameters)
            time.to(moment)
            return answer

        monkeypatch.setattr(dynamodb, "call", call)
        monkeypatch.setattr(dynamodb.client(), "transact_write_items", transact)


def test_a_request_that_begins_before_the_end_and_commits_after_it_is_refused(
    acme: Tenant, time: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = time.ahead(HOUR)
    holder, other = _temporary(acme, "admin", until), acme.add("manager")
    time.to_second_before(until)
    principal = holder.principal
    before = table_without_audit()
    with monkeypatch.context() as patch:
        passing = _TimePassesBefore(patch, time, until)  # the target is read before the end, the change sent after it
        answer = _promote(holder, other, "user", principal=principal)

    assert (answer.status, answer.code) == (403, "FORBIDDEN")
    assert len(passing.sent) >= 1
    assert table_without_audit() == before


def test_a_target_whose_role_ends_between_the_read_and_the_write_is_read_again(
    acme: Tenant, time: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = time.ahead(HOUR)
    target = _temporary(acme, "manager", until)
    time.to_second_before(until)
    with monkeypatch.context() as patch:
        _TimePassesBefore(patch, time, until)
        answer = _promote(acme.admin, target, "admin")

    # What is told and recorded is the role that was in force when the change was written.
    assert answer.body["data"] == {"user_id": target.id, "old_role": "user", "new_role": "admin"}
    assert [entry["action"] for entry in audit_of(acme.id)[-2:]] == ["lapse_role", "promote_user"]
    assert audit_of(acme.id)[-1]["before"] == {"role": "user"}


# --- What `until` needs --------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [-DAY, 0, 59, 90 * DAY + 1])
def test_an_end_that_is_too_near_or_too_far_is_refused(acme: Tenant, time: MovedClock, seconds: int) -> None:
    target = acme.add("user")
    until = time.ahead(seconds)
    with unchanged():
        answer = _promote(acme.admin, target, "manager", until)
    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
    [field] = answer.body["validation"]
    assert field == {
        "field": "until",
        "message": "must be at least a minute and at most 90 days ahead",
        "value": until,
    }


@pytest.mark.parametrize("seconds", [61, 90 * DAY])
def test_the_nearest_and_the_farthest_end_are_accepted(acme: Tenant, time: MovedClock, seconds: int) -> None:
    assert _promote(acme.admin, acme.add("user"), "manager", time.ahead(seconds)).status == 200


def test_how_far_ahead_an_end_may_lie_is_a_setting(
    acme: Tenant, time: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_TEMPORARY_ROLE_DAYS", "2")
    config.config.cache_clear()
    target = acme.add("user")
    assert _promote(acme.admin, target, "manager", time.ahead(2 * DAY + 1)).status == 400
    assert _promote(acme.admin, target, "manager", time.ahead(2 * DAY)).status == 200


@pytest.mark.parametrize("value", ["tomorrow", "2026-06-15", "2026-06-15T12:00:00", 1781524800, None, "", True])
def test_an_end_that_is_not_a_time_is_refused(acme: Tenant, value: Any) -> None:
    target = acme.add("user")
    body = {"new_role": "manager", "until": value}
    answer = acme.admin.request("POST", f"/users/{target.id}/promote", body)
    assert answer.status == 400
    assert answer.body["validation"][0]["field"] == "until"


def test_an_end_in_another_zone_and_with_a_fraction_is_the_whole_second_in_utc(acme: Tenant, time: MovedClock) -> None:
    answer = _promote(acme.admin, acme.add("user"), "manager", "2026-06-15T16:30:00.999+02:00")
    assert answer.body["data"]["until"] == "2026-06-15T14:30:00Z"


@pytest.mark.parametrize(
    ("lasting", "new"), [("admin", "admin"), ("admin", "user"), ("manager", "manager"), ("user", "user")]
)
def test_an_end_needs_a_role_above_the_lasting_one(acme: Tenant, time: MovedClock, lasting: str, new: str) -> None:
    target = acme.add(lasting)
    with unchanged():
        answer = _promote(acme.admin, target, new, time.ahead(HOUR))
    assert (answer.status, answer.body["validation"][0]["field"]) == (400, "until")


def test_the_lasting_role_counts_also_while_a_temporary_one_is_in_force(acme: Tenant, time: MovedClock) -> None:
    target = _temporary(acme, "admin", time.ahead(HOUR))
    answer = _promote(acme.admin, target, "manager", time.ahead(2 * HOUR))
    assert answer.body["data"] == {
        "user_id": target.id,
        "old_role": "admin",
        "new_role": "manager",
        "until": time.ahead(2 * HOUR),
    }
    assert _shown(target)["lasting_role"] == "user"


def test_the_checks_come_in_the_order_of_the_contract(acme: Tenant, globex: Tenant, time: MovedClock) -> None:
    near, good = time.ahead(10), time.ahead(HOUR)
    foreign, plain = globex.add("user"), acme.add("user")
    assert _promote(plain, foreign, "manager", near).code == "FORBIDDEN"  # may change no role: before the body
    assert _promote(acme.admin, foreign, "manager", near).status == 400  # before the 404
    assert _promote(acme.admin, foreign, "manager", good).code == "USER_NOT_FOUND"
    stale = {"If-Match": '"77"'}
    assert _promote(acme.admin, plain, "manager", good, headers=stale).code == "PRECONDITION_FAILED"
    assert _promote(acme.admin, acme.admin, "admin", near).status == 400
    manager = acme.add("manager")
    assert _promote(manager, manager, "admin", good).code == "SELF_CHANGE_DENIED"
    assert _promote(manager, plain, "admin", good).code == "ROLE_TRANSITION_DENIED"


# --- Changes of a temporary role -----------------------------------------------------------------


def test_the_same_role_and_the_same_end_change_nothing_not_even_shortly_before_the_end(
    acme: Tenant, time: MovedClock
) -> None:
    until = time.ahead(HOUR)
    target = _temporary(acme, "manager", until)
    entries, etag = len(audit_of(acme.id)), _etag(target)
    time.to_second_before(until)
    with unchanged():
        answer = _promote(acme.admin, target, "manager", until)
    assert answer.body["data"] == {"user_id": target.id, "old_role": "manager", "new_role": "manager", "until": until}
    assert (answer.headers["ETag"], len(audit_of(acme.id))) == (etag, entries)
    time.to(until)
    with unchanged():
        assert _promote(acme.admin, target, "manager", until).status == 400  # no retry brings it back


def test_an_end_is_moved(acme: Tenant, time: MovedClock) -> None:
    first, later, sooner = time.ahead(HOUR), time.ahead(2 * HOUR), time.ahead(600)
    target = _temporary(acme, "manager", first)
    for until in (later, sooner):
        answer = _promote(acme.admin, target, "manager", until)
        assert answer.body["data"] == {
            "user_id": target.id,
            "old_role": "manager",
            "new_role": "manager",
            "until": until,
        }
        assert _shown(target)["role_until"] == until
    entry = audit_of(acme.id)[-1]
    assert entry["before"] == {"role": "manager", "lasting_role": "user", "role_until": later}
    assert entry["after"] == {"role": "manager", "lasting_role": "user", "role_until": sooner}
    time.to(sooner)
    assert _shown(target) == {"role": "user"}


@pytest.mark.parametrize("by", ["promote", "put"])
def test_the_same_role_without_an_end_becomes_the_lasting_one(acme: Tenant, time: MovedClock, by: str) -> None:
    target = _temporary(acme, "admin", time.ahead(HOUR))
    assert _active_admins(acme) == 1
    if by == "promote":
        assert "until" not in _promote(acme.admin, target, "admin").body["data"]
    else:
        assert acme.admin.request("PUT", f"/users/{target.id}", {"role": "admin"}).status == 200
    assert _shown(target) == {"role": "admin"}
    assert _active_admins(acme) == 2
    time.forward(2 * HOUR)
    assert _shown(target) == {"role": "admin"}
    assert not {"lasting_role", "role_until", "gsi3pk", "gsi4pk"} & _item(target).keys()


@pytest.mark.parametrize("new_role", ["user", "manager"])
def test_a_change_to_another_role_ends_a_temporary_one(acme: Tenant, time: MovedClock, new_role: str) -> None:
    target = _temporary(acme, "admin", time.ahead(HOUR))
    assert _promote(acme.admin, target, new_role).body["data"]["old_role"] == "admin"
    assert _shown(target) == {"role": new_role}
    assert not {"lasting_role", "role_until", "gsi3pk", "gsi4pk"} & _item(target).keys()


def test_a_manager_neither_extends_nor_ends_a_temporary_admin(acme: Tenant, time: MovedClock) -> None:
    manager, target = acme.add("manager"), _temporary(acme, "admin", time.ahead(HOUR))
    with unchanged():
        for role, until in [("admin", None), ("admin", time.ahead(2 * HOUR)), ("user", None), ("manager", None)]:
            assert _promote(manager, target, role, until).code == "ROLE_TRANSITION_DENIED"
    assert _promote(manager, target, "admin", time.ahead(HOUR)).status == 200  # nothing changes


def test_a_manager_gives_a_user_the_role_of_a_manager_for_a_while(acme: Tenant, time: MovedClock) -> None:
    manager, target = acme.add("manager"), acme.add("user")
    assert _promote(manager, target, "manager", time.ahead(HOUR)).status == 200
    assert _promote(manager, target, "user").status == 200
    assert _shown(target) == {"role": "user"}


def test_a_temporary_role_ends_on_time_even_if_its_user_is_inactive(acme: Tenant, time: MovedClock) -> None:
    until = time.ahead(HOUR)
    target = _temporary(acme, "manager", until)
    assert acme.admin.request("PUT", f"/users/{target.id}", {"active": False}).status == 200
    assert _shown(target) == {"role": "manager", "lasting_role": "user", "role_until": until}
    time.to(until)
    assert acme.admin.request("PUT", f"/users/{target.id}", {"active": True}).status == 200
    assert _shown(target) == {"role": "user"}


# --- The last admin ------------------------------------------------------------------------------


def test_a_temporary_admin_does_not_count_as_the_last_one(acme: Tenant, time: MovedClock) -> None:
    holder = _temporary(acme, "admin", time.ahead(HOUR))
    assert _active_admins(acme) == 1
    with unchanged():
        assert _promote(holder, acme.admin, "user").code == "LAST_ADMIN"
        assert holder.request("PUT", f"/users/{acme.admin.id}", {"active": False}).code == "LAST_ADMIN"
        assert holder.request("DELETE", f"/users/{acme.admin.id}").code == "LAST_ADMIN"


def test_demoting_deactivating_or_deleting_a_temporary_admin_changes_no_count(acme: Tenant, time: MovedClock) -> None:
    demoted, inactive, deleted, over = (_temporary(acme, "admin", time.ahead(HOUR)) for _ in range(4))
    assert _promote(acme.admin, demoted, "user").status == 200
    assert acme.admin.request("PUT", f"/users/{inactive.id}", {"active": False}).status == 200
    assert acme.admin.request("PUT", f"/users/{inactive.id}", {"active": True}).status == 200
    assert acme.admin.request("DELETE", f"/users/{deleted.id}").status == 200
    time.forward(HOUR)
    assert _shown(over) == {"role": "user"}
    assert run_maintenance()["role_ends_written"] == 2
    assert _active_admins(acme) == 1


# --- No power outlives its source ----------------------------------------------------------------


@pytest.mark.parametrize(("lasting", "given"), list(product(["user", "manager"], ["user", "manager", "admin"])))
def test_a_temporary_admin_gives_no_lasting_role_above_their_own_lasting_one(
    acme: Tenant, time: MovedClock, lasting: str, given: str
) -> None:
    holder = _temporary(acme, "admin", time.ahead(HOUR), lasting)
    is_allowed = given == "user" or (lasting, given) == ("manager", "manager")
    target = acme.add("manager" if given == "user" else "user")

    promoted = _promote(holder, target, given)
    put = holder.request("PUT", f"/users/{acme.add('manager' if given == 'user' else 'user').id}", {"role": given})
    body = {"email": "new@example.com", "password": "correct horse battery", "role": given}
    created = holder.request("POST", "/users", body)

    if is_allowed:
        assert (promoted.status, put.status, created.status) == (200, 200, 201)
    else:
        assert (promoted.code, put.code, created.code) == (
            "ROLE_TRANSITION_DENIED",
            "ROLE_TRANSITION_DENIED",
            "FORBIDDEN",
        )
        assert _shown(target) == {"role": "user"}


def test_a_temporary_admin_gives_a_role_that_ends_no_later_than_their_own(acme: Tenant, time: MovedClock) -> None:
    end = time.ahead(HOUR)
    holder, target = _temporary(acme, "admin", end), acme.add("user")
    with unchanged():
        for role in ("manager", "admin"):
            assert _promote(holder, target, role, time.ahead(HOUR + 1)).code == "ROLE_TRANSITION_DENIED"
    for role, until in [("admin", time.ahead(600)), ("admin", end), ("manager", end)]:
        assert _promote(holder, target, role, until).status == 200
        assert _shown(target)["role_until"] == until


def test_a_temporary_admin_may_end_a_role_that_ends_later_but_not_move_its_end_beyond_their_own(
    acme: Tenant, time: MovedClock
) -> None:
    holder, other = (
        _temporary(acme, "admin", time.ahead(HOUR)),
        _temporary(acme, "admin", time.ahead(3 * HOUR), "manager"),
    )
    with unchanged():
        assert _promote(holder, other, "admin", time.ahead(2 * HOUR)).code == "ROLE_TRANSITION_DENIED"
        assert _promote(holder, other, "admin").code == "ROLE_TRANSITION_DENIED"
    # The lasting role that the other has anyway is nothing that is given.
    assert _promote(holder, other, "manager").status == 200
    assert _shown(other) == {"role": "manager"}


def test_a_temporary_admin_rotates_no_token_of_a_user_with_more_power(acme: Tenant, time: MovedClock) -> None:
    holder = _temporary(acme, "admin", time.ahead(HOUR), "manager")
    allowed = [acme.add("user"), acme.add("manager"), _temporary(acme, "admin", time.ahead(HOUR))]
    refused = [acme.admin, acme.add("admin"), _temporary(acme, "admin", time.ahead(2 * HOUR))]
    with unchanged():
        assert {holder.request("POST", f"/users/{one.id}/token").code for one in refused} == {"FORBIDDEN"}
    assert {holder.request("POST", f"/users/{one.id}/token").status for one in allowed} == {200}
    assert holder.request("POST", f"/users/{holder.id}/token").status == 200


def test_a_temporary_admin_activates_no_lasting_admin(acme: Tenant, time: MovedClock) -> None:
    holder, admin, user = _temporary(acme, "admin", time.ahead(HOUR)), acme.add("admin"), acme.add("user")
    for one in (admin, user):
        assert holder.request("PUT", f"/users/{one.id}", {"active": False}).status == 200
    with unchanged():
        assert holder.request("PUT", f"/users/{admin.id}", {"active": True}).code == "FORBIDDEN"
    assert holder.request("PUT", f"/users/{admin.id}", {"active": True, "role": "user"}).status == 200
    assert holder.request("PUT", f"/users/{user.id}", {"active": True}).status == 200


def test_a_temporary_admin_changes_no_email_of_a_user_with_more_power(acme: Tenant, time: MovedClock) -> None:
    holder = _temporary(acme, "admin", time.ahead(HOUR), "manager")
    allowed = [acme.add("user"), acme.add("manager"), _temporary(acme, "admin", time.ahead(HOUR)), holder]
    refused = [acme.admin, acme.add("admin"), _temporary(acme, "admin", time.ahead(2 * HOUR))]

    def put(actor: Member, target: Member, email: str) -> Response:
        return actor.request("PUT", f"/users/{target.id}", {"email": email})

    with unchanged():
        for one in refused:
            answer = put(holder, one, f"mine-{one.id}@example.com")
            assert (answer.status, answer.code) == (403, "FORBIDDEN")
            assert put(holder, one, _item(one)["email"]).status == 200  # nothing changes
    for one in allowed:
        assert put(holder, one, f"new-{one.id}@example.com").status == 200
    for one in refused:
        assert put(acme.admin, one, f"new-{one.id}@example.com").status == 200


@pytest.mark.parametrize(
    ("path", "value"),
    [("userName", "mine@example.com"), ("externalId", "mine"), ("displayName", "Mine")],
)
def test_a_temporary_admin_changes_no_profile_of_a_user_with_more_power(
    acme: Tenant, time: MovedClock, path: str, value: str
) -> None:
    holder, admin = _temporary(acme, "admin", time.ahead(HOUR), "manager"), acme.add("admin")

    def patch(actor: Member, target: Member, new: str) -> Response:
        operations = [{"op": "replace", "path": path, "value": new}]
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
        return gateway.scim_request("PATCH", f"/Users/{target.id}", actor.token, body)

    with unchanged():
        assert patch(holder, admin, value).status == 403
    assert patch(holder, acme.add("manager"), value).status == 200
    assert patch(acme.admin, admin, f"other-{value}").status == 200


@pytest.mark.parametrize("lasting", ["user", "manager"])
def test_a_temporary_admin_creates_no_webhook_and_rotates_no_secret(
    acme: Tenant, time: MovedClock, lasting: str
) -> None:
    holder, user = _temporary(acme, "admin", time.ahead(HOUR), lasting), acme.add("user")
    webhook, url = acme.admin.add_webhook(), "https://example.com/mine"
    created = {"email": "new@example.com", "password": "correct horse battery", "role": "user", "webhook_url": url}
    requests: list[tuple[str, dict[str, Any] | None]] = [
        ("/webhooks", {"url": url}),
        ("/webhooks", {"url": url, "user_id": user.id}),
        ("/webhooks", {"url": url, "user_id": holder.id}),
        (f"/webhooks/{webhook}/secret", None),
        ("/users", created),
    ]

    with unchanged():
        for path, body in requests:
            answer = holder.request("POST", path, body)
            assert (answer.status, answer.code) == (403, "FORBIDDEN"), path

    for path, body in requests:
        assert acme.admin.request("POST", path, body).status in {200, 201}
    assert holder.request("GET", "/webhooks").status == 200
    assert holder.request("POST", f"/webhooks/{webhook}/test").status == 202
    assert holder.request("DELETE", f"/webhooks/{webhook}").status == 200


@pytest.mark.parametrize("way", ["email", "webhook", "own webhook", "secret", "create with webhook"])
def test_an_admin_whose_role_becomes_temporary_during_the_request_gives_nobody_a_lasting_role(
    acme: Tenant, time: MovedClock, way: str
) -> None:
    holder, webhook, url = acme.add("admin"), acme.admin.add_webhook(), "https://example.com/mine"
    principal = holder.principal
    assert _promote(acme.admin, holder, "user").status == 200
    assert _promote(acme.admin, holder, "admin", time.ahead(HOUR)).status == 200
    new = {"email": "new@example.com", "password": "correct horse battery", "role": "user", "webhook_url": url}
    method, path, body = {
        "email": ("PUT", f"/users/{acme.admin.id}", {"email": "mine@example.com"}),
        "webhook": ("POST", "/webhooks", {"url": url}),
        "own webhook": ("POST", "/webhooks", {"url": url, "user_id": holder.id}),
        "secret": ("POST", f"/webhooks/{webhook}/secret", None),
        "create with webhook": ("POST", "/users", new),
    }[way]

    with unchanged():
        answer = holder.request(method, path, body, principal=principal)
    assert (answer.status, answer.code) == (403, "FORBIDDEN")


@pytest.mark.parametrize("way", ["promote", "create", "rotate", "activate"])
def test_the_write_checks_an_end_that_was_moved_earlier_during_the_request(
    acme: Tenant, time: MovedClock, way: str
) -> None:
    """The authorizer saw a later end, or a lasting role, than the actor has when the change is written."""
    holder, target = acme.add("admin"), acme.add("manager")
    acme.admin.request("PUT", f"/users/{target.id}", {"active": False})
    if way == "promote":
        assert _promote(acme.admin, holder, "user").status == 200
        assert _promote(acme.admin, holder, "admin", time.ahead(3 * HOUR)).status == 200
    principal = holder.principal
    if way != "promote":
        assert _promote(acme.admin, holder, "user").status == 200
    assert _promote(acme.admin, holder, "admin", time.ahead(HOUR)).status == 200

    with unchanged():
        match way:
            case "promote":
                answer = _promote(holder, target, "admin", time.ahead(2 * HOUR), principal=principal)
            case "create":
                body = {"email": "new@example.com", "password": "correct horse battery", "role": "manager"}
                answer = holder.request("POST", "/users", body, principal=principal)
            case "rotate":
                answer = holder.request("POST", f"/users/{target.id}/token", principal=principal)
            case _:
                answer = holder.request("PUT", f"/users/{target.id}", {"active": True}, principal=principal)
    assert (answer.status, answer.code) == (403, "FORBIDDEN")


# --- Lists ---------------------------------------------------------------------------------------


def test_the_filter_by_role_is_right_at_the_moment_of_the_answer(acme: Tenant, time: MovedClock) -> None:
    until = time.ahead(HOUR)
    lasting = {role: acme.add(role) for role in ("manager", "user")}
    up = {
        ("user", "manager"): _temporary(acme, "manager", until, "user"),
        ("user", "admin"): _temporary(acme, "admin", until, "user"),
        ("manager", "admin"): _temporary(acme, "admin", until, "manager"),
    }
    inactive = up["user", "admin"]
    assert acme.admin.request("PUT", f"/users/{inactive.id}", {"active": False}).status == 200

    def expected(role: str, *, over: bool) -> set[str]:
        lasting_ones = [acme.admin.id] if role == "admin" else [lasting[role].id]
        return {*lasting_ones, *(one.id for (before, given), one in up.items() if (before if over else given) == role)}

    def listed() -> dict[str, list[str]]:
        return {role: _ids(acme.admin, f"?role={role}") for role in ("admin", "manager", "user")}

    time.to_second_before(until)
    assert {role: set(ids) for role, ids in listed().items()} == {
        role: expected(role, over=False) for role in ("admin", "manager", "user")
    }
    time.to(until)
    after = listed()
    assert {role: set(ids) for role, ids in after.items()} == {
        role: expected(role, over=True) for role in ("admin", "manager", "user")
    }
    assert all(len(ids) == len(set(ids)) for ids in after.values())
    assert inactive.id not in _ids(acme.admin, "?role=user&active=true")
    assert _ids(acme.admin, "?role=user&active=false") == [inactive.id]
    everybody = _ids(acme.admin)
    assert sorted([*_ids(acme.admin, "?active=true"), inactive.id]) == sorted(everybody)
    run_maintenance()
    assert listed() == after


def test_pages_of_a_filtered_list_are_full_and_see_everybody_once(acme: Tenant, time: MovedClock) -> None:
    until = time.ahead(HOUR)
    members = [_temporary(acme, "manager", until) if number % 2 else acme.add("user") for number in range(7)]
    time.to(until)
    seen, cursor = [], ""
    while True:
        answer = acme.admin.request("GET", f"/users?role=user&limit=2{cursor}")
        page = answer.body["users"]
        seen += [user["id"] for user in page]
        if "next_cursor" not in answer.body:
            break
        assert len(page) == 2
        cursor = f"&cursor={answer.body['next_cursor']}"
    assert sorted(seen) == sorted(member.id for member in members)
    by_email = sorted(members, key=lambda member: member.email)
    assert seen == [member.id for member in by_email]


def test_the_list_shows_a_temporary_role_with_its_end(acme: Tenant, time: MovedClock) -> None:
    until = time.ahead(HOUR)
    target = _temporary(acme, "manager", until)

    def row() -> dict[str, Any]:
        [found] = [user for user in acme.admin.request("GET", "/users").body["users"] if user["id"] == target.id]
        return {name: found[name] for name in ("role", "lasting_role", "role_until") if name in found}

    assert row() == {"role": "manager", "lasting_role": "user", "role_until": until}
    time.to(until)
    assert row() == {"role": "user"}


# --- The end, written down -----------------------------------------------------------------------


def test_the_etag_and_the_time_of_the_last_change_are_the_same_before_and_after_the_end_is_written(
    acme: Tenant, time: MovedClock
) -> None:
    until = time.ahead(HOUR)
    target = _temporary(acme, "manager", until)
    before = _etag(target)
    time.to_second_before(until)
    assert _etag(target) == before
    time.to(until)
    unwritten = gateway.request("GET", f"/users/{target.id}", MASTER_TOKEN)
    assert unwritten.headers["ETag"] != before
    assert unwritten.body["data"]["updated_at"] == until
    time.forward(100)
    assert run_maintenance()["role_ends_written"] == 1
    written = gateway.request("GET", f"/users/{target.id}", MASTER_TOKEN)
    assert (written.headers["ETag"], written.body) == (unwritten.headers["ETag"], unwritten.body)


def test_if_match_takes_the_etag_after_the_end_and_refuses_the_one_before_it(acme: Tenant, time: MovedClock) -> None:
    until = time.ahead(HOUR)
    target = _temporary(acme, "manager", until)
    before = _etag(target)
    time.to(until)
    after = _etag(target)
    with unchanged():
        refused = _promote(acme.admin, target, "admin", headers={"If-Match": before})
        assert refused.code == "PRECONDITION_FAILED"
    answer = _promote(acme.admin, target, "admin", headers={"If-Match": after})
    assert (answer.status, answer.body["data"]["old_role"]) == (200, "user")
    assert answer.headers["ETag"] == f'"{int(after.strip(chr(34))) + 1}"' == _etag(target)


def test_maintenance_records_the_end_once_with_the_time_of_the_end(
    acme: Tenant, time: MovedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    until, target = time.ahead(HOUR), acme.add("user")
    body = {"new_role": "manager", "until": until, "reason": "stands in"}
    assert acme.admin.request("POST", f"/users/{target.id}/promote", body).status == 200
    time.to_second_before(until)
    assert run_maintenance()["role_ends_written"] == 0
    time.to(until)
    time.forward(240)
    capsys.readouterr()
    assert run_maintenance()["role_ends_written"] == 1

    assert metrics_in(capsys.readouterr().out)["RoleEndWritten"] == 1
    [entry] = [entry for entry in audit_of(acme.id) if entry["action"] == "lapse_role"]
    assert entry["actor"]["type"] == "system"
    assert entry["target"] == {"type": "user", "id": target.id}
    assert entry["before"] == {"role": "manager", "lasting_role": "user", "role_until": until}
    assert entry["after"] == {"role": "user", "ended_at": until}
    item = _item(target)
    assert not {"lasting_role", "role_until", "gsi3pk", "gsi4pk"} & item.keys()
    # A role event is made of these. The time of the audit entry is later than that of the end.
    system = {"type": "system", "id": "role_ends"}
    assert (item["updated_at"], item["change_reason"], item["changed_by"]) == (until, None, system)
    assert item["role_end"] == {"at": until, "written_at": entry["timestamp"]}
    shown = [one for one in acme.admin.request("GET", "/audit").body["entries"] if one["action"] == "lapse_role"]
    assert [one["after"] for one in shown] == [{"role": "user", "ended_at": until}]
    with unchanged():
        assert run_maintenance()["role_ends_written"] == 0


#: The audit actions of the changes that `_changed` makes.
ACTIONS = {
    "promote": "promote_user",
    "put": "update_user",
    "rotate": "rotate_token",
    "password": "change_password",
    "delete": "delete_user",
}


def _changed(way: str, actor: Member, target: Member, **more: Any) -> Response:
    """The answer to a change of the target, in one of the ways of `ACTIONS`."""
    match way:
        case "promote":
            return _promote(actor, target, "admin", **more)
        case "put":
            return actor.request("PUT", f"/users/{target.id}", {"active": False}, **more)
        case "rotate":
            return actor.request("POST", f"/users/{target.id}/token", **more)
        case "password":
            return actor.request("PUT", f"/users/{target.id}/password", {"new_password": "another horse"}, **more)
        case _:
            return actor.request("DELETE", f"/users/{target.id}", **more)


@pytest.mark.parametrize("way", ACTIONS)
def test_a_change_after_the_end_first_writes_the_end_down(acme: Tenant, time: MovedClock, way: str) -> None:
    until = time.ahead(HOUR)
    target = _temporary(acme, "manager", until)
    time.to(until)
    answer = _changed(way, acme.admin, target)
    assert answer.status == 200, answer.text
    assert answer.headers.get("ETag", '"4"') == '"4"'
    assert audit_of(acme.id)[-2]["request_id"] == answer.headers["X-Request-Id"]
    actions = [entry["action"] for entry in audit_of(acme.id)]
    assert actions[-2:] == ["lapse_role", ACTIONS[way]]
    assert actions.count("lapse_role") == 1
    assert run_maintenance()["role_ends_written"] == 0


def test_ones_own_changes_after_the_end_first_write_it_down(acme: Tenant, time: MovedClock) -> None:
    until = time.ahead(HOUR)
    changes: list[tuple[str, str, dict[str, Any] | None]] = [
        ("POST", "token", None),
        ("PUT", "password", {"new_password": "another horse", "current_password": PASSWORD}),
    ]
    holders = [_temporary(acme, "manager", until) for _ in changes]
    time.to(until)
    for holder, (method, what, body) in zip(holders, changes, strict=True):
        session = holder.log_in()
        answer = session.request(method, f"/users/{holder.id}/{what}", body)
        assert (answer.status, answer.headers["ETag"]) == (200, '"4"'), answer.text
        assert audit_of(acme.id)[-2]["action"] == "lapse_role"
        assert gateway.authorize(session.access_token)


@pytest.mark.parametrize("way", ACTIONS)
def test_a_refused_change_after_the_end_does_not_write_it_down(acme: Tenant, time: MovedClock, way: str) -> None:
    until = time.ahead(HOUR)
    target, actor = _temporary(acme, "manager", until), acme.add("admin")
    principal = actor.principal
    assert _promote(acme.admin, actor, "user").status == 200
    time.to(until)
    with unchanged():
        assert _changed(way, actor, target, principal=principal).code == "FORBIDDEN"


@pytest.mark.parametrize("way", ACTIONS)
def test_a_change_that_was_throttled_until_the_end_is_not_sent_again(acme: Tenant, time: MovedClock, way: str) -> None:
    until = time.ahead(HOUR)
    target = _temporary(acme, "manager", until)
    principal = acme.admin.principal
    time.to_second_before(until)
    with unchanged(), faults.throttle_first_transaction(lambda: time.to(until)) as sent:
        answer = _changed(way, acme.admin, target, principal=principal)
    # The first request may have been carried out, with the role that was in force then.
    assert (answer.status, sent.number) == (503, 1)


def test_an_end_is_written_only_for_a_role_that_has_ended(acme: Tenant, time: MovedClock) -> None:
    for member in (acme.add("user"), _temporary(acme, "manager", time.ahead(HOUR))):
        with unchanged(), pytest.raises(ValueError, match=r"^the role of this user has not ended$"):
            role_ends.write_end(_item(member), "request-1", time.at)


def test_an_end_is_not_written_over_a_change_that_came_after_the_read(acme: Tenant, time: MovedClock) -> None:
    until = time.ahead(HOUR)
    target = _temporary(acme, "manager", until)
    as_read = _item(target)
    assert acme.admin.request("PUT", f"/users/{target.id}", {"email": "renamed@example.com"}).status == 200
    time.to(until)
    with unchanged(), pytest.raises(ConcurrentChange):
        role_ends.write_end(as_read, "request-1", time.at)


def test_the_end_of_a_role_that_was_changed_meanwhile_is_not_written(acme: Tenant, time: MovedClock) -> None:
    made_lasting, ended, extended, deleted = (_temporary(acme, "manager", time.ahead(HOUR)) for _ in range(4))
    _promote(acme.admin, made_lasting, "manager")
    _promote(acme.admin, ended, "user")
    _promote(acme.admin, extended, "manager", time.ahead(2 * HOUR))
    acme.admin.request("DELETE", f"/users/{deleted.id}")
    time.forward(HOUR)
    with unchanged():
        assert run_maintenance()["role_ends_written"] == 0
    assert _shown(made_lasting) == {"role": "manager"}
    assert _shown(extended)["role"] == "manager"


def test_a_new_temporary_role_right_after_the_end_is_a_new_one(acme: Tenant, time: MovedClock) -> None:
    until, again = time.ahead(HOUR), time.ahead(3 * HOUR)
    target = _temporary(acme, "manager", until)
    time.to(until)
    assert _promote(acme.admin, target, "manager", again).body["data"]["old_role"] == "user"
    assert _shown(target)["role_until"] == again
    assert [entry["action"] for entry in audit_of(acme.id)[-2:]] == ["lapse_role", "promote_user"]


def test_the_end_is_written_once_if_two_write_it_at_once(
    acme: Tenant, time: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = time.ahead(HOUR)
    target = _temporary(acme, "manager", until)
    time.to(until)
    real = role_ends.write_end

    def write_after_maintenance(item: dict[str, Any], request_id: str, at: datetime, *more: Any) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(role_ends, "write_end", real)
            assert run_maintenance()["role_ends_written"] == 1
        real(item, request_id, at, *more)

    with monkeypatch.context() as patch:
        patch.setattr(role_ends, "write_end", write_after_maintenance)
        assert _promote(acme.admin, target, "admin").status == 200
    assert [entry["action"] for entry in audit_of(acme.id)].count("lapse_role") == 1
    assert _shown(target) == {"role": "admin"}


def test_nothing_of_a_closed_tenant_is_written_and_a_restored_one_goes_on(acme: Tenant, time: MovedClock) -> None:
    until = time.ahead(HOUR)
    target = _temporary(acme, "manager", until)
    before = _item(target)
    assert delete_tenant(acme.id, query="?grace_days=7").status == 202
    time.to(until)
    assert run_maintenance()["role_ends_written"] == 0
    assert _item(target) == before
    assert gateway.request("POST", f"/global/tenants/{acme.id}/restore", MASTER_TOKEN).status == 200
    assert _item(target) == before
    assert _shown(target) == {"role": "user"}
    assert run_maintenance()["role_ends_written"] == 1


def test_nothing_is_left_of_a_temporary_role_when_its_tenant_is_deleted(acme: Tenant, time: MovedClock) -> None:
    _temporary(acme, "manager", time.ahead(HOUR))
    assert delete_tenant(acme.id).status == 200
    time.forward(2 * HOUR)
    assert run_maintenance()["role_ends_written"] == 0
    assert not [item for item in table_without_audit() if "gsi4pk" in item]
