"""The limit on the audit entries that one caller's refusals write."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rolecall import clock
from rolecall.audit import refusals
from rolecall.errors import LastAdmin
from rolecall.http.requests import Request
from rolecall.http.responses import Family
from rolecall.http.routes import route
from rolecall.storage import keys
from tests import faults, gateway
from tests.integration.conftest import Holder, Tenant, audit_of, make_account, table

MINUTE = datetime(2026, 6, 15, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    def to(seconds: float) -> None:
        monkeypatch.setattr(clock, "now", lambda: MINUTE + timedelta(seconds=seconds))

    to(0)
    return to


def _denied(scope: str) -> list[dict[str, Any]]:
    return [entry for entry in audit_of(scope) if entry["outcome"] == "denied"]


def _entries(tenant: Tenant, query: str) -> list[dict[str, Any]]:
    answer = tenant.admin.request("GET", f"/audit?{query}")
    assert answer.status == 200
    found: list[dict[str, Any]] = answer.body["entries"]
    return found


def test_after_ten_refusals_in_a_minute_one_entry_counts_the_rest(at: Any, acme: Tenant) -> None:
    member = acme.add("user")
    for second in range(25):
        at(second)
        assert member.promote(acme.admin, "user").status == 403

    denied = _denied(acme.id)

    assert len(denied) == refusals.ENTRIES_PER_MINUTE + 1
    assert [entry.get("refusals") for entry in denied] == [None] * 10 + [15]
    newest = _entries(acme, "limit=1")[0]
    assert (newest["refusals"], newest["actor"]["id"], newest["timestamp"]) == (15, member.id, "2026-06-15T12:00:10Z")
    assert "refusals" not in _entries(acme, "limit=2")[1]


@pytest.mark.parametrize("before", [0, 5, 9, 10])
def test_two_refusals_at_once_are_both_counted_and_the_limit_holds(at: Any, acme: Tenant, before: int) -> None:
    member = acme.add("user")
    for _ in range(before):
        member.promote(acme.admin, "user")

    with faults.call_before_building_transaction(lambda: member.promote(acme.admin, "user")):
        assert member.promote(acme.admin, "user").status == 403

    entries = min(before + 2, refusals.ENTRIES_PER_MINUTE)
    rest = before + 2 - entries
    counted = Counter(entry.get("refusals") for entry in _denied(acme.id))
    assert counted == Counter({None: entries} | ({rest: 1} if rest else {}))


def test_the_next_minute_another_action_and_another_actor_are_counted_by_themselves(at: Any, acme: Tenant) -> None:
    member, other = acme.add("user"), acme.add("user")
    for _ in range(12):
        member.promote(acme.admin, "user")

    other.promote(acme.admin, "user")
    member.request("DELETE", f"/users/{acme.admin.id}")
    at(60)
    member.promote(acme.admin, "user")

    denied = _denied(acme.id)
    assert len(denied) == 11 + 3
    assert [entry["refusals"] for entry in denied if "refusals" in entry] == [2]


def test_refusals_of_many_actions_all_day_long_leave_the_trail_readable(
    at: Any, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "ENTRIES_PER_DAY", 15)
    member, other = acme.add("user"), acme.add("user")

    def refuse(times: int) -> None:
        for _ in range(times):
            assert member.promote(acme.admin, "user").status == 403
            assert member.request("DELETE", f"/users/{acme.admin.id}").status == 403

    for minute in range(3):
        at(60 * minute)
        refuse(12)

    denied = _denied(acme.id)
    assert len(denied) == 15 + 2
    of_day = [entry for entry in denied if "refusals" in entry]
    assert sorted(entry["action"] for entry in of_day) == ["delete_user", "promote_user"]
    assert sum(entry.get("refusals", 1) for entry in denied) == 3 * 12 * 2
    other.promote(acme.admin, "user")
    assert len(_denied(acme.id)) == 15 + 3

    at(12 * 3600 - 1)
    refuse(1)
    assert len(_denied(acme.id)) == 15 + 3
    at(12 * 3600)  # the next day begins
    refuse(1)
    assert len(_denied(acme.id)) == 15 + 5
    assert all("refusals" not in entry for entry in _denied(acme.id)[-2:])
    refuse(10)
    assert len(_denied(acme.id)) == (15 + 2) + 1 + (15 + 2)


def test_the_limit_of_a_day_holds_for_two_actions_at_once(
    at: Any, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "ENTRIES_PER_DAY", 1)
    member = acme.add("user")

    with faults.call_before_building_transaction(lambda: member.request("DELETE", f"/users/{acme.admin.id}")):
        assert member.promote(acme.admin, "user").status == 403

    # Both entries are of the same millisecond, so their order is random.
    assert {(entry["action"], entry.get("refusals")) for entry in _denied(acme.id)} == {
        ("delete_user", None),
        ("promote_user", 1),
    }


def test_the_counters_of_a_day_are_deleted_a_day_after_it(
    at: Any, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "ENTRIES_PER_DAY", 1)
    member = acme.add("user")
    for _ in range(3):
        member.promote(acme.admin, "user")

    day = int(MINUTE.replace(hour=0).timestamp())
    counters = {
        item["sk"].rpartition("#")[2]: item["expires_at"] - day for item in table() if item["pk"].endswith("#REFUSALS")
    }
    assert counters == {"promote_user": 12 * 3600 + 3600, "DAY": 2 * 86400, "ENTRIES": 2 * 86400}


def test_the_list_is_filtered_by_outcome(acme: Tenant) -> None:
    member = acme.add("user")
    member.promote(acme.admin, "user")

    denied, succeeded = _entries(acme, "outcome=denied"), _entries(acme, "outcome=succeeded")

    assert [entry["action"] for entry in denied] == ["promote_user"]
    assert {entry["outcome"] for entry in succeeded} == {"succeeded"}
    assert len(denied) + len(succeeded) == len(_entries(acme, ""))
    assert acme.admin.request("GET", "/audit?outcome=both").status == 400


def test_a_cursor_belongs_to_the_outcome_that_was_asked_for(acme: Tenant) -> None:
    member = acme.add("user")
    for _ in range(2):
        member.promote(acme.admin, "user")
    cursor = acme.admin.request("GET", "/audit?outcome=denied&limit=1").body["next_cursor"]

    assert acme.admin.request("GET", f"/audit?outcome=denied&limit=1&cursor={cursor}").status == 200
    assert acme.admin.request("GET", f"/audit?limit=1&cursor={cursor}").status == 400


def test_a_client_account_cannot_fill_the_history_of_a_superadmin(superadmin: Holder) -> None:
    client = make_account()
    path = f"/v1/api/superadmin/users/{superadmin.id}"
    for _ in range(5):
        answer = gateway.request("PUT", f"{path}/ban", client.access_token, body={"reason": "spam"})
        assert answer.status == 403

    history: Any = gateway.request("GET", f"{path}/history", superadmin.access_token).body
    assert [entry["status"] for entry in history] == ["SUCCESS"]
    assert len(_denied(keys.PLATFORM)) == 5


def test_the_entry_of_a_refusal_has_what_was_asked_and_the_code(at: Any, acme: Tenant) -> None:
    member = acme.add("user")
    member.promote(acme.admin, "user")
    at(1)
    answer = acme.admin.request("PUT", f"/users/{acme.admin.id}", {"role": "user"})
    assert answer.code == "SELF_CHANGE_DENIED", answer.text

    refused, self_change = _denied(acme.id)

    assert (refused["action"], refused["target"]) == ("promote_user", {"type": "user", "id": acme.admin.id})
    # A caller who may change no role is refused before the body is read.
    assert (refused["after"], refused["reason"], refused["before"]) == ({}, "FORBIDDEN", None)
    assert (self_change["action"], self_change["reason"]) == ("update_user", "SELF_CHANGE_DENIED")
    assert self_change["after"] == {"role": "user"}
    assert self_change["actor"]["id"] == acme.admin.id


def test_the_counter_of_a_minute_is_deleted_an_hour_after_it(at: Any, acme: Tenant) -> None:
    member = acme.add("user")
    for second in (0, 30, 59.9):
        at(second)
        member.promote(acme.admin, "user")
    at(60)
    member.promote(acme.admin, "user")

    counters = {
        item["expires_at"] - int(MINUTE.timestamp()): item["refusals"]
        for item in table()
        if "refusals" in item and item["pk"] != keys.audit_entry(acme.id, "").pk
    }
    assert counters == {3600: 3, 3660: 1}


def test_an_account_that_asks_for_a_tenants_user_is_refused_in_the_platforms_trail(acme: Tenant) -> None:
    client = make_account()
    answer = gateway.request("POST", f"/users/{acme.admin.id}/promote", client.access_token, {"new_role": "user"})

    assert (answer.status, answer.code) == (403, "FORBIDDEN")
    [entry] = _denied(keys.PLATFORM)
    assert (entry["actor"]["id"], entry["target"]) == (str(client.id), {"type": "user", "id": acme.admin.id})
    assert _denied(acme.id) == []


def test_an_actor_who_is_inactive_by_now_learns_no_reason(acme: Tenant, superadmin: Holder) -> None:
    member, client = acme.add("user"), make_account()
    users_principal, accounts_principal = member.principal, client.principal
    acme.admin.request("PUT", f"/users/{member.id}", {"active": False})
    superadmin.request("PUT", f"/v1/api/superadmin/users/{client.id}/disable", {"reason": "a test"})

    assert member.promote(acme.admin, "user", principal=users_principal).status == 401
    path = f"/v1/api/superadmin/users/{superadmin.id}/ban"
    assert gateway.request("PUT", path, body={"reason": "spam"}, principal=accounts_principal).status == 401
    assert _denied(acme.id) == _denied(keys.PLATFORM) == []


@pytest.mark.parametrize(("parameters", "target_id"), [({"id": "7"}, "7"), (None, "unknown")])
def test_a_route_that_audits_its_refusals_writes_one_before_it_answers(
    acme: Tenant, parameters: dict[str, str] | None, target_id: str
) -> None:
    @route(Family.TENANT, may_call=None, audit_refusals=("grant_wish", "account"))
    def handler(_request: Request[None]) -> Any:
        raise LastAdmin

    event = gateway.event_of("promote_user") | {"body": None, "pathParameters": parameters}
    event["requestContext"]["authorizer"] = acme.admin.principal

    assert handler(event, gateway.Context())["statusCode"] == 409
    [entry] = _denied(acme.id)
    assert (entry["action"], entry["target"]) == ("grant_wish", {"type": "account", "id": target_id})
    assert (entry["reason"], entry["after"], entry["actor"]["id"]) == ("LAST_ADMIN", {}, acme.admin.id)
