"""PUT /users/{id} with `email`: a user gets another email, and keeps everything else."""

from typing import Any

import pytest

from rolecall import clock, deadline
from rolecall.audit import redaction
from rolecall.storage import dynamodb, keys, reads, writes
from tests import gateway
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
    make_account,
    table_without_audit,
    unchanged,
)
from tests.integration.tenants.test_sessions import log_in, refresh, works
from tests.integration.tenants.test_users import _overtaken_by

NEW = "countess@example.com"


def _rename(actor: Member, target: Member, email: str = NEW, **more: Any) -> Response:
    return actor.request("PUT", f"/users/{target.id}", {"email": email}, **more)


def _emails(tenant: Tenant, query: str = "") -> list[str]:
    return [user["email"] for user in tenant.admin.request("GET", f"/users{query}").body["users"]]


def _item(member: Member) -> dict[str, Any]:
    return reads.get(keys.user(member.tenant_id, member.id)) or {}


def test_a_user_has_the_new_email_and_keeps_token_and_sessions(acme: Tenant) -> None:
    member = acme.add("manager", "ada@example.com")
    session = member.log_in()

    answer = _rename(acme.admin, member)

    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    assert answer.body == {"success": True, "message": "User updated successfully"}
    assert member.request("GET", f"/users/{member.id}").body["data"]["email"] == NEW
    assert works(session.access_token)
    assert refresh(session.refresh_token).status == 200
    assert log_in(NEW).status == 200
    assert log_in("ada@example.com").status == 401
    assert_every_invariant_holds()


def test_the_lists_have_the_new_email_and_no_longer_the_old_one(acme: Tenant) -> None:
    member = acme.add("manager", "ada@example.com")
    _rename(acme.admin, member, "Zoe@example.com")

    assert _emails(acme)[-1] == "Zoe@example.com"
    for query in ("?role=manager", "?active=true&role=manager", "?email=zoe"):
        assert _emails(acme, query) == ["Zoe@example.com"]
    assert _emails(acme, "?email=ada") == []


def test_the_old_email_is_free_at_once_and_the_new_one_is_taken(acme: Tenant, globex: Tenant) -> None:
    member = acme.add("user", "ada@example.com")
    assert _rename(acme.admin, member).status == 200

    other = globex.add("user", "Ada@example.com")
    new = {"email": NEW.upper(), "password": PASSWORD, "role": "user"}
    assert globex.admin.request("POST", "/users", new).code == "EMAIL_TAKEN"
    # The former owner is deleted. The email belongs to the other user by now, so it stays taken.
    assert acme.admin.request("DELETE", f"/users/{member.id}").status == 200
    assert reads.get(keys.email_reservation("ada@example.com")) is not None
    assert reads.get(keys.email_reservation(NEW)) is None
    assert log_in(other.email).status == 200
    assert_every_invariant_holds()


def test_the_operator_finds_a_user_with_a_new_email_by_id(acme: Tenant) -> None:
    assert _rename(acme.admin, acme.admin).status == 200
    found = gateway.request("GET", f"/users/{acme.admin.id}", MASTER_TOKEN)
    assert found.body["data"]["email"] == NEW


def test_an_admin_changes_its_own_email(acme: Tenant) -> None:
    answer = acme.admin.request("PUT", f"/users/{acme.admin.id}", {"email": NEW, "reason": "married"})
    assert answer.status == 200
    entry = audit_of(acme.id)[-1]
    assert (entry["action"], entry["actor"]["id"], entry["reason"]) == ("update_user", acme.admin.id, "married")
    assert acme.admin.principal["email"] == NEW
    assert_every_invariant_holds()


@pytest.mark.parametrize("fields", [{"role": "admin"}, {"active": True}])
def test_an_own_email_together_with_the_own_role_or_state_is_refused(acme: Tenant, fields: dict[str, Any]) -> None:
    with unchanged():
        answer = acme.admin.request("PUT", f"/users/{acme.admin.id}", {"email": NEW, **fields})
        assert answer.code == "SELF_CHANGE_DENIED"


@pytest.mark.parametrize("actor", ["manager", "user"])
def test_only_an_admin_changes_an_email(acme: Tenant, actor: str) -> None:
    caller, other = acme.add(actor), acme.add("user")
    with unchanged():
        for target in (caller, other, acme.admin):
            assert _rename(caller, target).code == "FORBIDDEN"


def test_a_refused_change_is_in_the_trail_without_anything_done(acme: Tenant) -> None:
    manager, other = acme.add("manager"), acme.add("user")
    _rename(manager, other)
    entry = audit_of(acme.id)[-1]
    assert (entry["outcome"], entry["action"], entry["reason"]) == ("denied", "update_user", "FORBIDDEN")
    assert entry["after"] == {"email": NEW}


@pytest.mark.parametrize("owner", ["same tenant", "other tenant", "account"])
def test_a_taken_email_is_refused_in_any_case(acme: Tenant, globex: Tenant, owner: str) -> None:
    match owner:
        case "same tenant":
            acme.add("user", NEW)
        case "other tenant":
            globex.add("user", NEW)
        case _:
            make_account(email=NEW)
    member = acme.add("user")
    with unchanged():
        assert _rename(acme.admin, member, NEW.upper()).code == "EMAIL_TAKEN"


def test_another_case_of_the_same_email_needs_no_new_reservation(acme: Tenant) -> None:
    member = acme.add("user", "ada@example.com")
    reservation = reads.get(keys.email_reservation("ada@example.com"))
    assert _rename(acme.admin, member, "Ada@Example.com").status == 200
    assert _emails(acme, "?email=ada") == ["Ada@example.com"]  # a domain has no case, so it is stored in lower case
    assert reads.get(keys.email_reservation("ada@example.com")) == reservation
    assert_every_invariant_holds()


def test_the_present_email_changes_nothing(acme: Tenant) -> None:
    member, entries = acme.add("user", NEW), len(audit_of(acme.id))
    with unchanged():
        answer = _rename(acme.admin, member)
    assert (answer.status, answer.headers["ETag"]) == (200, '"1"')
    assert len(audit_of(acme.id)) == entries


@pytest.mark.parametrize("email", ["ada", "", "a@b@c.de", None, 7, "ada@example.com\n", f"{'a' * 300}@example.com"])
def test_a_text_that_is_no_email_is_refused(acme: Tenant, email: Any) -> None:
    member = acme.add("user")
    with unchanged():
        answer = _rename(acme.admin, member, email)
        assert (answer.code, answer.body["validation"][0]["field"]) == ("VALIDATION_ERROR", "email")


def test_all_fields_are_changed_in_one_transaction(acme: Tenant) -> None:
    member = acme.add("manager", "ada@example.com")
    change = {"email": NEW, "role": "user", "active": False}
    answer = acme.admin.request("PUT", f"/users/{member.id}", change, headers={"If-Match": '"1"'})
    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    data = acme.admin.request("GET", f"/users/{member.id}").body["data"]
    assert {name: data[name] for name in change} == change
    entry = audit_of(acme.id)[-1]
    assert entry["before"] == {"email": "ada@example.com", "role": "manager", "active": True}
    assert entry["after"] == change
    assert_every_invariant_holds()


@pytest.mark.parametrize("more", [{"role": "user"}, {"active": False}])
def test_the_last_admin_keeps_the_email_if_the_rest_is_refused(acme: Tenant, more: dict[str, Any]) -> None:
    other = acme.add("admin")
    stale = other.principal
    assert acme.admin.promote(other, "user").status == 200
    with unchanged():
        body = {"email": NEW, **more}
        answer = other.request("PUT", f"/users/{acme.admin.id}", body, principal=stale)
        assert answer.code == "LAST_ADMIN"


def test_a_stale_version_is_refused(acme: Tenant) -> None:
    member = acme.add("user")
    acme.admin.promote(member, "manager")
    with unchanged():
        assert _rename(acme.admin, member, headers={"If-Match": '"1"'}).status == 412


@pytest.mark.parametrize("loss", ["demoted", "deactivated"])
@pytest.mark.parametrize("own", [True, False])
def test_an_admin_who_lost_access_after_authorization_changes_no_email(acme: Tenant, loss: str, own: bool) -> None:
    actor, other = acme.add("admin"), acme.add("user")
    stale = actor.principal
    change = {"role": "manager"} if loss == "demoted" else {"active": False}
    assert acme.admin.request("PUT", f"/users/{actor.id}", change).status == 200
    before = table_without_audit()
    answer = _rename(actor, actor if own else other, principal=stale)
    assert answer.status == (403 if loss == "demoted" else 401)
    assert table_without_audit() == before


def test_an_admin_who_is_demoted_during_the_request_does_not_change_their_own_email(acme: Tenant) -> None:
    actor = acme.add("admin")
    stale, owner = actor.principal, acme.admin.principal
    with _overtaken_by(lambda: acme.admin.request("PUT", f"/users/{actor.id}", {"role": "user"}, principal=owner)):
        answer = _rename(actor, actor, principal=stale)
    assert answer.code == "FORBIDDEN"
    assert _item(actor)["email"] == actor.email


def test_two_changes_to_the_same_email_at_once_are_both_successful(acme: Tenant) -> None:
    member, owner = acme.add("user"), acme.admin.principal
    with _overtaken_by(lambda: _rename(acme.admin, member, principal=owner)):
        answer = _rename(acme.admin, member, principal=owner)
    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    assert_every_invariant_holds()


def test_of_two_concurrent_changes_to_different_emails_the_later_one_is_stored(acme: Tenant) -> None:
    member, owner = acme.add("user", "ada@example.com"), acme.admin.principal
    with _overtaken_by(lambda: _rename(acme.admin, member, "first@example.com", principal=owner)):
        assert _rename(acme.admin, member, principal=owner).status == 200
    assert _item(member)["email"] == NEW
    for freed in ("ada@example.com", "first@example.com"):
        assert reads.get(keys.email_reservation(freed)) is None
    assert_every_invariant_holds()


def test_an_email_that_is_taken_during_the_request_is_refused(acme: Tenant) -> None:
    member, other, owner = acme.add("user"), acme.add("user"), acme.admin.principal
    with _overtaken_by(lambda: _rename(acme.admin, other, principal=owner)):
        assert _rename(acme.admin, member, principal=owner).code == "EMAIL_TAKEN"
    assert _item(member)["email"] == member.email
    assert_every_invariant_holds()


@pytest.mark.parametrize("fault", ["missing", "of another user"])
def test_a_user_without_its_reservation_gets_one_with_the_new_email(acme: Tenant, fault: str) -> None:
    member, other = acme.add("user"), acme.add("user")
    reservation = keys.email_reservation(member.email)
    if fault == "missing":
        writes.write(writes.Delete(reservation))
        assert _rename(acme.admin, member).status == 200
        assert_every_invariant_holds()
    else:
        writes.write(writes.Update(reservation, set={"user_id": other.id}, when=writes.MUST_EXIST))
        with unchanged():
            assert _rename(acme.admin, member).code == "CONCURRENT_CHANGE"


def test_a_temporary_role_stays_with_the_user_and_still_ends(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    time = MovedClock()
    time.at = clock.now()
    monkeypatch.setattr(clock, "now", time.now)
    member = acme.add("user", "ada@example.com")
    until = time.ahead(3600)
    body = {"new_role": "manager", "until": until}
    assert acme.admin.request("POST", f"/users/{member.id}/promote", body).status == 200
    assert _rename(acme.admin, member, "ada2@example.com").status == 200
    assert _emails(acme, "?role=manager") == ["ada2@example.com"]

    time.forward(3700)

    assert _emails(acme, "?role=manager") == []
    assert _emails(acme, "?role=user&email=ada2") == ["ada2@example.com"]
    assert _rename(acme.admin, member).status == 200
    assert [entry["action"] for entry in audit_of(acme.id)[-2:]] == ["lapse_role", "update_user"]
    assert audit_of(acme.id)[-1]["after"] == {"email": NEW}
    assert_every_invariant_holds()


@pytest.fixture
def ended(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> Member:
    """A user whose temporary role has ended. The end is not written down yet."""
    time = MovedClock()
    time.at = clock.now()
    monkeypatch.setattr(clock, "now", time.now)
    member = acme.add("user", "ada@example.com")
    body = {"new_role": "manager", "until": time.ahead(3600)}
    assert acme.admin.request("POST", f"/users/{member.id}/promote", body).status == 200
    time.forward(3700)
    return member


def test_a_taken_email_is_refused_before_the_end_of_a_role_is_written_down(acme: Tenant, ended: Member) -> None:
    acme.add("user", NEW)
    with unchanged():
        assert _rename(acme.admin, ended).code == "EMAIL_TAKEN"
    assert acme.admin.request("PUT", f"/users/{ended.id}", {"active": False}).status == 200


def test_two_changes_to_the_same_email_after_the_end_of_a_role_are_both_successful(acme: Tenant, ended: Member) -> None:
    events, owner = dynamodb.client().meta.events, acme.admin.principal

    def overtake(params: dict[str, Any], **_: Any) -> None:
        if params["Key"] == dynamodb.serialize_key(keys.email_reservation(NEW)):
            events.unregister("before-parameter-build.dynamodb.GetItem", overtake)
            assert _rename(acme.admin, ended, principal=owner).status == 200

    events.register("before-parameter-build.dynamodb.GetItem", overtake)
    answer = _rename(acme.admin, ended, principal=owner)
    assert (answer.status, answer.headers["ETag"]) == (200, '"4"')
    assert_every_invariant_holds()


def test_a_repeated_creation_gets_the_first_answer(acme: Tenant) -> None:
    body, once = {"email": "ada@example.com", "password": PASSWORD, "role": "user"}, {"Idempotency-Key": "k"}
    first = acme.admin.request("POST", "/users", body, headers=once)
    created = first.body["user"]
    assert acme.admin.request("PUT", f"/users/{created['id']}", {"email": NEW}).status == 200
    again = acme.admin.request("POST", "/users", body, headers=once)
    assert (again.status, again.body) == (201, first.body)


def test_both_emails_are_hashes_once_the_tenant_is_gone(acme: Tenant) -> None:
    member = acme.add("user", "ada@example.com")
    _rename(acme.admin, member)
    assert audit_of(acme.id)[-1]["before"] == {"email": "ada@example.com"}
    assert audit_of(acme.id)[-1]["after"] == {"email": NEW}
    delete_tenant(acme.id)
    deadline.set_time_left(30)
    redaction.redact_emails_of_deleted_tenants(10, 0.1)
    [entry] = [one for one in audit_of(acme.id) if one["action"] == "update_user"]
    assert entry["before"]["email"].startswith("hmac-sha256:")
    assert entry["after"]["email"].startswith("hmac-sha256:")
    assert entry["before"] != entry["after"]
    assert reads.get(keys.email_reservation(NEW)) is None
