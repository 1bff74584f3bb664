"""The reason for a change: the same text rules on each route, and where the reason is kept."""

import re
from typing import Any

import pytest

from rolecall.storage import keys, reads
from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import (
    MASTER_TOKEN,
    NO_TIME_TO_SWEEP,
    Member,
    Tenant,
    audit_of,
    register,
    run_maintenance,
    run_workers,
    table,
    unchanged,
)

REASON = "Ana is away:\n- until July 😀\u0065\u0301"
#: In the form in which a text is kept.
KEPT = "Ana is away:\n- until July 😀é"


def _delete(path: str, credential: str, reason: str | None, query: str = "", **more: Any) -> Response:
    # API Gateway decodes the query before the function sees it.
    assert reason is None or not set("&=") & set(reason)
    given = [] if reason is None else [f"reason={reason}"]
    return gateway.request(
        "DELETE", "?".join([path, *filter(None, ["&".join([*given, query]).strip("&")])]), credential, **more
    )


def _change(tenant: Tenant, user: Member, route: str, reason: str | None) -> Response:
    """One request for each way in which a reason is given."""
    given = {} if reason is None else {"reason": reason}
    match route:
        case "promote":
            return tenant.admin.request("POST", f"/users/{user.id}/promote", {"new_role": "manager", **given})
        case "update":
            return tenant.admin.request("PUT", f"/users/{user.id}", {"active": False, **given})
        case "delete":
            return _delete(f"/users/{user.id}", tenant.admin.token, reason)
        case "schedule":
            return _delete(f"/global/tenants/{tenant.id}", MASTER_TOKEN, reason, "grace_days=7")
    return _delete(f"/global/tenants/{tenant.id}", MASTER_TOKEN, reason)


ROUTES = ("promote", "update", "delete", "schedule", "delete tenant")


@pytest.mark.parametrize("route", ROUTES)
def test_a_reason_is_kept_in_the_audit_entry(acme: Tenant, route: str) -> None:
    user = acme.add("user")

    assert _change(acme, user, route, REASON).status in {200, 202}

    entries = [entry for entry in audit_of(acme.id) if entry["action"] not in {"register_tenant", "create_user"}]
    assert entries
    assert {entry["reason"] for entry in entries} == {KEPT}


@pytest.mark.parametrize("route", ROUTES)
def test_a_change_without_a_reason_has_none_whatever_the_change_before_had(acme: Tenant, route: str) -> None:
    user = acme.add("user")
    assert (
        acme.admin.request("PUT", f"/users/{user.id}", {"role": "admin", "reason": "an earlier change"}).status == 200
    )

    assert _change(acme, user, route, None).status in {200, 202}

    assert audit_of(acme.id)[-1]["reason"] is None
    item = reads.get(keys.user(acme.id, user.id))
    assert item is None or item["change_reason"] == ("an earlier change" if route == "schedule" else None)


@pytest.mark.parametrize(
    "refused", ["", " ", "\t\n", "x" * 501, "é" * 501, "a\u3164b", "a\u202eb", "a\x00b", "a\x1bb", "a\ufffdb"]
)
@pytest.mark.parametrize("route", ROUTES)
def test_every_route_refuses_the_same_texts(acme: Tenant, route: str, refused: str) -> None:
    user = acme.add("user")
    with unchanged():
        answer = _change(acme, user, route, refused)
    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_takes_a_reason_of_500_characters_however_many_bytes_they_have(acme: Tenant, route: str) -> None:
    user, reason = acme.add("user"), "😀" * 500
    assert _change(acme, user, route, reason).status in {200, 202}
    assert audit_of(acme.id)[-1]["reason"] == reason


def test_a_wrong_reason_is_named_and_repeated_in_both_ways_alike(acme: Tenant) -> None:
    user = acme.add("user")
    in_body, in_query = (_change(acme, user, route, "a\u3164b").body["validation"] for route in ("promote", "delete"))
    message = "must have no characters that cannot be seen: U+3164 is one"
    assert in_body == in_query == [{"field": "reason", "message": message, "value": "a\u3164b"}]


def test_a_reason_alone_is_no_change(acme: Tenant) -> None:
    user = acme.add("user")
    with unchanged():
        answer = acme.admin.request("PUT", f"/users/{user.id}", {"reason": "no change"})
        assert (answer.status, answer.body["error"]) == (400, "active, role or email is required")
        assert (
            acme.admin.request("PUT", f"/users/{user.id}", {"role": "user", "reason": "is one already"}).status == 200
        )
    assert audit_of(acme.id)[-1]["action"] == "create_user"


def test_the_user_has_the_reason_of_the_last_change_for_the_event_that_is_made_of_it(acme: Tenant) -> None:
    user = acme.add("user")
    for reason in ("first", None, "second"):
        body = {"new_role": "manager" if reason == "first" else "user"}
        acme.admin.request("POST", f"/users/{user.id}/promote", body | ({"reason": reason} if reason else {}))
        item = reads.get(keys.user(acme.id, user.id))
        assert item
        # The last request changes nothing, so the reason of the change before it stays.
        assert item["change_reason"] == (reason if reason != "second" else None)


def test_the_user_has_the_actor_of_the_last_change_for_the_event_that_is_made_of_it(acme: Tenant) -> None:
    user, other = acme.add("user"), acme.add("admin")
    changes = (
        ("POST", f"/users/{user.id}/promote", {"new_role": "manager"}),
        ("POST", "/users/promote", {"changes": [{"user_id": user.id, "new_role": "user"}]}),
        ("PUT", f"/users/{user.id}", {"active": False}),
    )
    for number, (method, path, body) in enumerate(changes):
        actor = (acme.admin, other)[number % 2]
        assert actor.request(method, path, body).status == 200
        item = reads.get(keys.user(acme.id, user.id))
        assert item
        assert item["changed_by"] == {"type": "user", "id": actor.id}


def test_a_refused_change_is_recorded_with_the_reason_that_was_given_for_it(acme: Tenant) -> None:
    acme.admin.request("POST", f"/users/{acme.admin.id}/promote", {"new_role": "user", "reason": "I leave"})
    entry = audit_of(acme.id)[-1]
    assert (entry["outcome"], entry["reason"]) == ("denied", "SELF_CHANGE_DENIED")
    assert entry["after"] == {"new_role": "user", "reason": "I leave"}


@pytest.mark.parametrize("at_the_start", [None, "at once"])
def test_a_deletion_that_was_scheduled_keeps_its_reason_unless_it_is_started_with_another(
    acme: Tenant, at_the_start: str | None
) -> None:
    path = f"/global/tenants/{acme.id}"
    assert _delete(path, MASTER_TOKEN, "they left", "grace_days=7").status == 202
    assert _delete(path, MASTER_TOKEN, "again", "grace_days=7").status == 202  # it is scheduled already
    assert _delete(path, MASTER_TOKEN, at_the_start, seconds=NO_TIME_TO_SWEEP).status == 202
    run_workers()

    reasons = {entry["action"]: entry["reason"] for entry in audit_of(acme.id)}
    assert reasons["schedule_tenant_deletion"] == "they left"
    assert reasons["delete_tenant"] == reasons["complete_tenant_deletion"] == (at_the_start or "they left")


def test_a_dry_run_takes_a_reason_and_keeps_it_nowhere(acme: Tenant) -> None:
    with unchanged():
        assert _delete(f"/global/tenants/{acme.id}", MASTER_TOKEN, "to see", "dry_run=true").status == 200
    assert "to see" not in str(table())


def test_emails_in_reasons_go_with_the_tenant_and_the_rest_of_the_text_stays(aws: None) -> None:
    tenant, other = register("Doomed"), register("Stays")
    user = tenant.add("user")
    text = "asked for by Ana <{}>, see mailto:{}. Not {}!"
    reason = text.format("ana@example.com", "O'Brien+x@sub.example.com", "ana@")
    for one in (tenant, other):
        one.admin.request("PUT", f"/users/{one.add('user').id}", {"active": False, "reason": reason})
    tenant.admin.request("POST", f"/users/{tenant.admin.id}/promote", {"new_role": "user", "reason": reason})
    _delete(f"/users/{user.id}", tenant.admin.token, reason.replace("+", " "))
    assert _delete(f"/global/tenants/{tenant.id}", MASTER_TOKEN, "told by ana@example.com").status == 200

    run_maintenance()

    kept = str([item for item in table() if tenant.id in str(item)])
    assert "@example.com" not in kept
    assert "asked for by Ana <hmac-sha256:" in kept
    assert ". Not ana@!" in kept
    redacted_reason = re.compile(text.format("hmac-sha256:[0-9a-f]{64}", "hmac-sha256:[0-9a-f]{64}", "ana@"))
    [deactivation] = [entry for entry in audit_of(tenant.id) if entry["action"] == "update_user"]
    assert redacted_reason.fullmatch(deactivation["reason"]), deactivation
    assert "told by hmac-sha256:" in str(reads.get(keys.deletion_job(tenant.id)))
    assert reason in [entry["reason"] for entry in audit_of(other.id)]
    redacted = [item for item in table() if item["pk"] != keys.maintenance_progress().pk]
    run_maintenance()
    assert [item for item in table() if item["pk"] != keys.maintenance_progress().pk] == redacted
