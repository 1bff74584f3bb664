"""GET /audit, and the audit trail of a deleted tenant."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest

from rolecall import clock, config, deadline
from rolecall.audit import redaction, trail
from rolecall.auth import principals
from rolecall.storage import dynamodb, indexes, keys, reads, writes
from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import MASTER_TOKEN, Member, Tenant, audit_of, unchanged

ENTRY = {
    *("id", "action", "outcome", "actor", "target", "before", "after", "reason", "request_id", "ip", "timestamp"),
}


def _ask(tenant: Tenant, query: str = "") -> Response:
    return tenant.admin.request("GET", f"/audit?{query}" if query else "/audit")


def _all(tenant: Tenant, query: str, limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = _ask(tenant, f"limit={limit}&{query}{cursor}".replace("&&", "&").rstrip("&"))
        assert answer.status == 200, answer.text
        found += answer.body["entries"]
        if "next_cursor" not in answer.body:
            return found
        assert len(answer.body["entries"]) == limit
        cursor = f"&cursor={answer.body['next_cursor']}"


@pytest.fixture
def busy(acme: Tenant) -> tuple[Member, Member]:
    """Make changes in a tenant, by an admin and a manager, some of them refused; return both."""
    manager, user = acme.add("manager"), acme.add("user")
    for role in ("manager", "user"):
        manager.promote(user, role)
    manager.promote(acme.admin, "user")
    acme.admin.request("PUT", f"/users/{user.id}", {"active": False})
    acme.admin.request("POST", f"/users/{user.id}/token")
    acme.admin.promote(manager, "user")
    return manager, user


def test_an_entry_is_as_the_contract_shows_it(acme: Tenant) -> None:
    user = acme.add("user")
    answer = acme.admin.promote(user, "manager", headers={"X-Request-Id": "checkout-7f3a"})

    entry = _ask(acme).body["entries"][0]

    assert entry.keys() == ENTRY
    assert entry["actor"] == {"type": "user", "id": acme.admin.id, "email": acme.admin.email}
    assert entry["target"] == {"type": "user", "id": user.id}
    assert (entry["action"], entry["outcome"], entry["reason"]) == ("promote_user", "succeeded", None)
    assert (entry["before"], entry["after"]) == ({"role": "user"}, {"role": "manager"})
    assert entry["request_id"] == answer.headers["X-Request-Id"] == "checkout-7f3a"
    assert entry["ip"] == "198.51.100.7"
    assert entry["timestamp"].endswith("Z")


def test_an_entry_is_stored_with_its_place_in_the_targets_history_and_its_end(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_RETENTION_DAYS", "10")
    config.config.cache_clear()
    at = datetime(2026, 6, 15, 12, 0, 0, 250_000, UTC)
    actor = principals.Principal(principals.PrincipalType.ACCOUNT, "7", "bo@example.com", "ROLE_ADMIN", name="Bo Ek")
    call = principals.RequestContext(actor, at, "checkout-7", "198.51.100.7")
    facts = {"before": {"role": "user"}, "after": {"role": "admin"}, "reason": "leads", "critical": True}

    put = trail.new_entry(call, "promote_user", ("user", "7c2d"), scope="t", outcome=trail.DENIED, **facts)  # type: ignore[arg-type]

    entry_id = put.item["id"]
    assert put.item == {
        "pk": "AUDIT#t",
        "sk": entry_id,
        **indexes.audit_by_target("t", "user", "7c2d").index_attributes(entry_id),
        "id": entry_id,
        "action": "promote_user",
        "outcome": "denied",
        "actor": {"type": "account", "id": "7", "email": "bo@example.com", "role": "ROLE_ADMIN", "name": "Bo Ek"},
        "target": {"type": "user", "id": "7c2d"},
        "before": {"role": "user"},
        "after": {"role": "admin"},
        "reason": "leads",
        "request_id": "checkout-7",
        "ip": "198.51.100.7",
        "timestamp": "2026-06-15T12:00:00Z",
        "expires_at": int(at.timestamp()) + 10 * 24 * 3600,
        "severity": "critical",
    }
    assert put.when == writes.MUST_NOT_EXIST
    bare = trail.new_entry(
        principals.RequestContext(principals.MASTER, at), "x", ("user", "7c2d"), scope="t", is_in_target_history=False
    ).item
    nothing = ("before", "after", "reason", "request_id", "ip")
    assert [bare[name] for name in nothing] == [None] * 5
    assert bare["actor"] == {"type": "master", "id": "master", "email": None, "role": None}
    assert not {"severity", "gsi1pk", "gsi2pk"} & bare.keys()


@pytest.mark.parametrize(
    ("action", "actor", "target"), list(product((None, "promote_user"), (None, "manager"), (None, "user", "tenant")))
)
@pytest.mark.parametrize("limit", [1, 3, 100])
def test_every_combination_of_filters_finds_what_it_should_newest_first(
    acme: Tenant, busy: tuple[Member, Member], action: str | None, actor: str | None, target: str | None, limit: int
) -> None:
    manager, user = busy
    ids = {"manager": manager.id, "user": user.id, "tenant": acme.id}
    filters = {"action": action, "actor": ids.get(actor or ""), "target": ids.get(target or "")}
    wanted = [
        entry["id"]
        for entry in reversed(audit_of(acme.id))
        if (action or entry["action"]) == entry["action"]
        and (filters["actor"] or entry["actor"]["id"]) == entry["actor"]["id"]
        and (filters["target"] or entry["target"]["id"]) == entry["target"]["id"]
    ]

    found = _all(acme, "&".join(f"{name}={value}" for name, value in filters.items() if value), limit)

    assert [entry["id"] for entry in found] == wanted


def test_times_are_inclusive_and_in_any_offset(acme: Tenant) -> None:
    at = clock.now().replace(microsecond=0) - timedelta(days=3)
    principal = principals.Principal(principals.PrincipalType.SYSTEM, "test")
    for minutes in range(10):
        call = principals.RequestContext(principal, at + timedelta(minutes=minutes, milliseconds=500))
        writes.write(trail.new_entry(call, f"step_{minutes}", ("user", "x"), scope=acme.id))

    def found(since: int | None, until: int | None, more: str = "") -> list[str]:
        def text(minutes: int) -> str:
            return quote((at + timedelta(minutes=minutes)).isoformat())

        query = [*([f"from={text(since)}"] if since is not None else []), *([f"to={text(until)}"] if until else [])]
        # API Gateway decodes the query before the function sees it.
        query = [part.replace("%3A", ":").replace("%2B", "+") for part in query]
        return [entry["action"] for entry in _all(acme, "&".join(query) + more, 2)]

    assert found(3, 5) == found(3, 5, "&actor=test") == found(3, 5, "&target=x") == ["step_5", "step_4", "step_3"]
    assert found(None, 1) == ["step_1", "step_0"]
    assert found(8, None)[-2:] == ["step_9", "step_8"]
    assert found(5, 3) == []


def test_a_time_without_any_entry_is_accepted(acme: Tenant) -> None:
    everything = _all(acme, "", 100)
    assert everything
    for since in ("0001-01-01T00:00:00+01:00", "0292-04-26T05:59:37Z", "1969-12-31T23:59:59Z"):
        assert _all(acme, f"from={since}", 100) == everything
        assert _all(acme, f"to={since}", 100) == []
    assert _all(acme, "to=9999-12-31T23:59:59-01:00", 100) == everything
    assert _all(acme, "from=9999-12-31T23:59:59-01:00", 100) == []


@pytest.mark.parametrize(
    "query",
    [
        *("from=yesterday", "to=2026-06-15", "from=2026-13-01T00:00:00Z", "limit=0", "who=x"),
        *("actor=", "action=", "target="),
    ],
)
def test_a_bad_filter_is_refused(acme: Tenant, query: str) -> None:
    with unchanged():
        assert _ask(acme, query).code == "VALIDATION_ERROR"


def test_an_id_and_a_time_may_be_written_in_either_case(acme: Tenant) -> None:
    for query in (f"target={acme.id}", f"actor={acme.admin.id}", "from=2026-01-01T00:00:00Z"):
        name, _, value = query.partition("=")
        assert _all(acme, f"{name}={value.upper()}", 100) == _all(acme, f"{name}={value.lower()}", 100)
    assert _all(acme, f"target={acme.id.upper()}", 100)


def test_a_bad_filter_comes_before_a_tenant_that_is_not_there(acme: Tenant, globex: Tenant) -> None:
    for query in ("limit=0", "from=yesterday", "to=tomorrow"):
        assert _ask(acme, f"tenant_id={globex.id}&{query}").code == "VALIDATION_ERROR"


def test_a_refused_change_of_an_account_is_found_by_the_accounts_number(acme: Tenant) -> None:
    acme.admin.request("PUT", "/v1/api/superadmin/users/7/ban", {"reason": "spite"})
    acme.members.append(acme.add("user"))
    acme.members[0].promote(Member("7", acme.id, "", "user", ""), "admin")

    assert [entry["action"] for entry in _all(acme, "target=7", 10)] == ["ban_account"]
    assert [entry["action"] for entry in _all(acme, "target=unknown", 10)] == ["promote_user"]


def test_a_change_of_a_webhook_is_found_by_the_webhooks_id(acme: Tenant) -> None:
    webhook = acme.admin.add_webhook()
    entries = acme.admin.request("GET", f"/audit?target={webhook}").body["entries"]
    assert [(entry["action"], entry["target"]) for entry in entries] == [
        ("create_webhook", {"type": "webhook", "id": webhook})
    ]


def test_a_cursor_is_for_its_tenant_and_filters(acme: Tenant, globex: Tenant) -> None:
    acme.add("user")
    cursor = _ask(acme, "limit=1").body["next_cursor"]
    assert _ask(acme, f"limit=1&action=create_user&cursor={cursor}").status == 400
    assert _ask(globex, f"limit=1&cursor={cursor}").status == 400
    assert _ask(acme, f"limit=9&cursor={cursor}").status == 200


def test_the_operator_names_the_tenant(acme: Tenant) -> None:
    named = gateway.request("GET", f"/audit?tenant_id={acme.id}", MASTER_TOKEN)
    assert [entry["action"] for entry in named.body["entries"]] == ["register_tenant"]
    for query in ("", "?tenant_id=", "?tenant_id=nonsense"):
        assert gateway.request("GET", f"/audit{query}", MASTER_TOKEN).code == "VALIDATION_ERROR"


@contextmanager
def _entries_read() -> Iterator[list[int]]:
    """Record how many entries each query reads."""
    found: list[int] = []

    def add(parsed: dict[str, Any], **_: Any) -> None:
        found.append(len(parsed["Items"]))

    events = dynamodb.client().meta.events
    events.register("after-call.dynamodb.Query", add)
    yield found
    events.unregister("after-call.dynamodb.Query", add)


@pytest.fixture
def sixty_entries(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Write sixty entries, one a minute, by three actors, with two actions and targets; return the first time."""
    monkeypatch.setattr(trail, "_MOST_EXAMINED", 20)
    monkeypatch.setattr(trail, "_CHUNK", 7)
    start = clock.now().replace(microsecond=0) + timedelta(days=1)
    for number in range(60):
        principal = principals.Principal(principals.PrincipalType.SYSTEM, f"robot-{number % 3}")
        call = principals.RequestContext(principal, start + timedelta(minutes=number))
        action = "first" if number == 0 else f"step_{number % 2}"
        writes.write(trail.new_entry(call, action, ("user", "x" if number % 5 else "y"), scope=acme.id))
    return start


def _looked_through(tenant: Tenant, query: str, limit: int) -> list[str]:
    """Return the ids that a query finds on all pages; check that each request reads at most twenty entries."""
    found: list[str] = []
    cursor = ""
    while True:
        with _entries_read() as read:
            answer = _ask(tenant, f"limit={limit}&{query}{cursor}").body
        found += [entry["id"] for entry in answer["entries"]]
        assert sum(read) <= 20
        assert len(answer["entries"]) <= limit
        if "next_cursor" not in answer:
            return found
        assert len(answer["entries"]) == limit or sum(read) == 20
        cursor = f"&cursor={answer['next_cursor']}"


@pytest.mark.parametrize("limit", [3, 19])
def test_filters_without_an_index_read_a_limited_number_of_entries_and_skip_none(
    acme: Tenant, sixty_entries: datetime, limit: int
) -> None:
    since, until = (clock.rfc3339(sixty_entries + timedelta(minutes=minutes)) for minutes in (9, 50))
    entries = audit_of(acme.id)[::-1]
    queries = ("action=first", "actor=robot-1", "action=step_1&actor=robot-2", "action=no")
    for query, more in product(queries, ("", "&target=x", f"&from={since}&to={until}")):
        filters = dict(part.split("=") for part in (query + more).split("&"))
        wanted = [
            entry["id"]
            for entry in entries
            if filters.get("from", "") <= entry["timestamp"] <= filters.get("to", "9999")
            and filters.get("action") in (None, entry["action"])
            and filters.get("actor") in (None, entry["actor"]["id"])
            and filters.get("target") in (None, entry["target"]["id"])
        ]
        assert _looked_through(acme, query + more, limit) == wanted, query + more


def test_a_list_about_one_target_reads_only_its_entries(acme: Tenant, sixty_entries: datetime) -> None:
    with _entries_read() as read:
        answer = _ask(acme, "target=y&limit=50").body
    assert (len(answer["entries"]), sum(read)) == (12, 12)


@pytest.mark.parametrize("status", ["scheduled", "deleting"])
def test_a_refusal_is_not_written_into_the_trail_of_a_tenant_that_has_just_closed(acme: Tenant, status: str) -> None:
    user = acme.add("user")
    stale, entries = user.principal, len(audit_of(acme.id))
    writes.write(writes.Update(keys.tenant(acme.id), set={"status": status}, when=writes.MUST_EXIST))
    answer = user.request("POST", f"/users/{acme.admin.id}/promote", {"new_role": "user"}, principal=stale)
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
    assert len(audit_of(acme.id)) == entries


def test_a_refusal_is_not_written_into_the_trail_of_a_tenant_that_is_being_deleted(acme: Tenant) -> None:
    user = acme.add("user")
    stale = user.principal
    gateway.request("DELETE", f"/global/tenants/{acme.id}", MASTER_TOKEN)
    with unchanged():
        assert user.promote(acme.admin, "user", principal=stale).status == 401


def test_the_entry_of_a_change_by_a_temporary_admin_has_the_end_of_that_role(acme: Tenant) -> None:
    actor, until = acme.add("manager"), clock.now().replace(microsecond=0) + timedelta(hours=1)
    body = {"new_role": "admin", "until": clock.rfc3339(until)}
    acme.admin.request("POST", f"/users/{actor.id}/promote", body).must(200)
    actor.promote(acme.add("user"), "manager").must(200)
    assert audit_of(acme.id)[-1]["actor"] == {
        "type": "user",
        "id": actor.id,
        "email": actor.email,
        "role": "admin",
        "lasting_role": "manager",
        "role_until": int(until.timestamp()),
    }


class TestTheTrailOfATenantThatIsGone:
    @pytest.fixture
    def people(self, acme: Tenant, busy: tuple[Member, Member]) -> list[str]:
        gateway.request("DELETE", f"/global/tenants/{acme.id}", MASTER_TOKEN)
        return [acme.admin.email, *(one.email for one in acme.members)]

    def test_contains_no_email_but_the_same_person_has_the_same_hash(self, acme: Tenant, people: list[str]) -> None:
        entries = len(audit_of(acme.id))
        gateway.invoke("run_maintenance", {}, 60.0)

        trail = audit_of(acme.id)
        assert len(trail) == entries
        assert not [email for email in people if email in str(trail)]
        by_admin = {entry["actor"]["email"] for entry in trail if entry["actor"]["id"] == acme.admin.id}
        assert len(by_admin) == 1
        assert by_admin.pop().startswith("hmac-sha256:")
        with unchanged():
            gateway.invoke("run_maintenance", {}, 60.0)

    def test_is_redacted_in_several_runs_if_the_time_is_short(self, acme: Tenant, people: list[str]) -> None:
        page = redaction._PAGE
        redaction._PAGE = 2
        try:
            deadline.set_time_left(0)
            redaction.redact_emails_of_deleted_tenants(10, 0.1)
            assert people[0] in str(audit_of(acme.id))
            deadline.set_time_left(30)
            redaction.redact_emails_of_deleted_tenants(10, 0.1)
        finally:
            redaction._PAGE = page
        assert not [email for email in people if email in str(audit_of(acme.id))]
        assert reads.query_index(indexes.UNREDACTED_AUDITS).items == []

    def test_a_run_continues_after_the_last_page_of_the_previous_run(
        self, acme: Tenant, people: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(redaction, "_PAGE", 2)
        time_left = iter([30.0, 0.0])
        with monkeypatch.context() as patched:
            patched.setattr(deadline, "time_left", lambda: next(time_left))
            redaction.redact_emails_of_deleted_tenants(10, 0.1)
        first, second, third, *_ = audit_of(acme.id)
        hashed = ["hmac-sha256:" in str(entry) for entry in (first, second, third)]
        job = reads.get(keys.deletion_job(acme.id)) or {}
        assert (hashed, job["audit_redacted_to"]) == ([False, True, False], second["sk"])  # the first names nobody
        assert len(reads.query_index(indexes.UNREDACTED_AUDITS).items) == 1

        with _entries_read() as read:
            deadline.set_time_left(30)
            redaction.redact_emails_of_deleted_tenants(10, 0.1)

        entries = audit_of(acme.id)
        assert sum(read) - 1 == len(entries) - 2  # the index has one job, and two entries are redacted already
        assert not [email for email in people if email in str(entries)]
        job = reads.get(keys.deletion_job(acme.id)) or {}
        assert "audit_redacted_to" not in job
        assert not indexes.UNREDACTED_AUDITS.index_attributes("").keys() & job.keys()

    def test_can_still_be_read_by_the_operator(self, acme: Tenant, people: list[str]) -> None:
        answer = gateway.request("GET", f"/audit?tenant_id={acme.id}", MASTER_TOKEN)
        assert answer.body["entries"][0]["action"] == "complete_tenant_deletion"
