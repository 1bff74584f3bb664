"""The accounts' routes: list, one, create, ban, disable and history; and the operator's operations."""

from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

import orjson
import pytest

from rolecall import config
from rolecall.accounts import account_deletion
from rolecall.auth.roles import PlatformRole
from rolecall.aws import secrets_manager
from rolecall.clock import rfc3339
from rolecall.errors import ServiceUnavailable
from rolecall.storage import dynamodb, keys, reads, writes
from tests import gateway
from tests.gateway import Response
from tests.integration.accounts.test_sessions import Clock
from tests.integration.accounts.test_sessions import time as time
from tests.integration.conftest import MASTER_TOKEN, PASSWORD, Holder, Tenant, audit_of, make_account, table, unchanged
from tests.integration.deletion.deletions import call_before_request

USERS = "/v1/api/superadmin/users"
NEW = {"email": "Grace@example.com", "password": PASSWORD, "firstName": "Grace", "lastName": "Hopper"}
CHANGES = ["ban", "unban", "disable", "enable"]


def change(actor: Holder, verb: str, target: Holder, reason: str = "spam", **more: Any) -> Response:
    return actor.request("PUT", f"{USERS}/{target.id}/{verb}", {"reason": reason}, **more)


def superadmins() -> int:
    item = reads.get(keys.platform_counters())
    assert item
    return int(item["enabled_superadmins"])


# --- Create and read -------------------------------------------------------------------------------


def test_an_account_is_made_with_the_whole_profile(superadmin: Holder) -> None:
    more = {"username": "grace", "phoneNumber": "+33 1", "nationality": "US", "birthDate": "1906-12-09"}
    made = superadmin.request("POST", USERS, NEW | more)

    assert made.status == 201
    profile = NEW | more
    del profile["password"]
    assert made.body.items() >= profile.items()
    assert made.body["roles"] == ["ROLE_CLIENT"]
    assert made.headers["Location"] == f"users/{made.body['id']}"
    got = superadmin.request("GET", urljoin(USERS, made.headers["Location"]))
    assert (got.status, got.body, got.headers["ETag"]) == (200, made.body, '"1"')
    assert "sessionGeneration" not in got.body
    assert PASSWORD not in made.text


def test_an_account_without_a_username_has_its_email_for_one(superadmin: Holder) -> None:
    assert superadmin.request("POST", USERS, NEW).body["username"] == NEW["email"]


def test_an_account_is_made_in_one_moment_and_audited(time: Clock, superadmin: Holder) -> None:
    time.forward(seconds=60)
    at = rfc3339(time.at)
    made = superadmin.request("POST", USERS, NEW | {"role": "admin"}).body

    password = reads.get(keys.item_of_account(made["id"], "CREDENTIAL", "PASSWORD")) or {}
    assert (made["createdAt"], made["updatedAt"], password["created_at"]) == (at, at, at)
    entry = audit_of(keys.PLATFORM)[-1]
    assert (entry["action"], entry["target"]) == ("create_account", {"type": "account", "id": str(made["id"])})
    assert entry["after"] == {"email": NEW["email"], "role": "ROLE_ADMIN"}


def test_a_new_account_takes_no_other_ones_place(superadmin: Holder) -> None:
    other = make_account()
    writes.write(writes.Update(keys.platform_counters(), set={"last_account_id": other.id - 1}, when=writes.MUST_EXIST))
    before = reads.get(keys.account(other.id))
    assert superadmin.request("POST", USERS, NEW).code == "CONCURRENT_CHANGE"
    assert reads.get(keys.account(other.id)) == before
    assert superadmin.request("POST", USERS, NEW).body["id"] == other.id + 1


@pytest.mark.parametrize("owner", ["account", "tenant's user"])
def test_an_email_is_taken_platform_wide(superadmin: Holder, acme: Tenant, owner: str) -> None:
    email = superadmin.email if owner == "account" else acme.admin.email
    answer = superadmin.request("POST", USERS, NEW | {"email": email.upper()})
    assert (answer.status, answer.code) == (409, "EMAIL_TAKEN")


@pytest.mark.parametrize(
    ("loss", "code"), [("role", "FORBIDDEN"), ("ban", "UNAUTHORIZED"), ("disable", "UNAUTHORIZED")]
)
def test_a_caller_who_lost_access_does_not_learn_which_emails_are_taken(
    superadmin: Holder, loss: str, code: str
) -> None:
    other = make_account(PlatformRole.SUPERADMIN)
    stale = other.principal
    lost = {"newRole": "CLIENT"} if loss == "role" else {"reason": "left"}
    assert superadmin.request("PUT", f"{USERS}/{other.id}/{loss}", lost).status == 200

    for email in (superadmin.email, "free@example.com"):
        assert other.request("POST", USERS, NEW | {"email": email}, principal=stale).code == code


@pytest.mark.parametrize(
    ("field", "value"),
    [("birthDate", "yesterday"), ("firstName", " "), ("password", "short"), ("role", "king"), ("phoneNumber", "")],
)
def test_a_bad_field_is_named(superadmin: Holder, field: str, value: str) -> None:
    with unchanged():
        answer = superadmin.request("POST", USERS, NEW | {field: value})
    assert (answer.status, [one["field"] for one in answer.body["fieldErrors"]]) == (400, [field])


def test_amounts_are_exact(superadmin: Holder) -> None:
    target = make_account()
    amounts = {"wallet_balance": Decimal("12345678901234567.89"), "total_earned": Decimal("0.10")}
    writes.write(writes.Update(keys.account(target.id), set=amounts, when=writes.MUST_EXIST))

    answer = superadmin.request("PUT", f"{USERS}/{target.id}/role", {"newRole": "admin"})

    assert '"walletBalance":12345678901234567.89,' in answer.text
    assert '"totalEarned":0.1,' in answer.text


# --- List ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [6, 7])
def test_paging_sees_every_account_once_and_each_page_is_full(superadmin: Holder, number: int) -> None:
    made = {superadmin.id} | {make_account().id for _ in range(number - 1)}
    pages, cursor = [], ""
    while True:
        page = superadmin.request("GET", f"{USERS}?limit=3{cursor}").body
        pages.append([one["id"] for one in page["users"]])
        if "nextCursor" not in page:
            break
        cursor = f"&cursor={page['nextCursor']}"

    assert [len(page) for page in pages] == [3, 3, 1][: -(-number // 3)]
    assert sorted(one for page in pages for one in page) == sorted(made)


def test_filters_follow_every_change(superadmin: Holder) -> None:
    admin, banned, disabled = make_account(PlatformRole.ADMIN), make_account(), make_account(email="zoe@example.com")
    change(superadmin, "ban", banned)
    change(superadmin, "disable", disabled)

    def listed(query: str) -> set[int]:
        return {one["id"] for one in superadmin.request("GET", f"{USERS}?{query}").body["users"]}

    assert listed("banned=true") == {banned.id}
    assert listed("enabled=false") == {disabled.id}
    assert listed("role=ROLE_ADMIN") == {admin.id}
    assert listed("email=ZOE") == listed("email=zoe&banned=false") == {disabled.id}
    assert listed("role=ROLE_CLIENT&enabled=true&banned=false") == set()
    change(superadmin, "unban", banned)
    assert listed("banned=true") == set()


@pytest.mark.parametrize("query", ["role=king", "enabled=yes", "limit=0", "limit=1001", "cursor=x", "sort=email"])
def test_a_bad_parameter_is_refused(superadmin: Holder, query: str) -> None:
    assert superadmin.request("GET", f"{USERS}?{query}").code == "VALIDATION_ERROR"


def test_a_cursor_is_good_for_its_own_filters_only(superadmin: Holder) -> None:
    make_account(PlatformRole.SUPERADMIN)
    filters = ["", "&banned=false", "&enabled=true", "&role=ROLE_SUPERADMIN", "&email=account"]
    cursors = [superadmin.request("GET", f"{USERS}?limit=1{one}").body["nextCursor"] for one in filters]
    for made_with, cursor in zip(filters, cursors, strict=True):
        for asked in filters:
            answer = superadmin.request("GET", f"{USERS}?limit=1{asked}&cursor={cursor}")
            assert answer.status == (200 if asked == made_with else 400)


# --- Ban, disable and back -------------------------------------------------------------------------


def test_a_ban_is_in_the_profile_until_it_is_lifted(time: Clock, superadmin: Holder) -> None:
    target = make_account()
    time.forward(seconds=1)

    banned = change(superadmin, "ban", target, "spam").body
    assert (banned["banned"], banned["banReason"]) == (True, "spam")
    assert banned["bannedAt"] == banned["updatedAt"] == rfc3339(time.at)
    assert change(superadmin, "ban", target, "another").body == banned

    lifted = change(superadmin, "unban", target, "appeal").body
    assert (lifted["banned"], lifted["banReason"], lifted["bannedAt"]) == (False, None, None)


@pytest.mark.parametrize("verb", CHANGES)
def test_the_guards_of_every_change(superadmin: Holder, verb: str) -> None:
    admin, target = make_account(PlatformRole.ADMIN), make_account()
    with unchanged():
        assert change(admin, verb, target).code == "FORBIDDEN"
        assert change(superadmin, verb, superadmin).code == "SELF_CHANGE_DENIED"
        assert change(superadmin, verb, Holder(999, "", "")).code == "USER_NOT_FOUND"
        assert change(superadmin, verb, target, headers={"If-Match": '"9"'}).code == "PRECONDITION_FAILED"
        assert change(superadmin, verb, target, reason=" ").code == "VALIDATION_ERROR"
        assert superadmin.request("PUT", f"{USERS}/{target.id}/{verb}", {}).code == "VALIDATION_ERROR"


@pytest.mark.parametrize("verb", ["unban", "enable"])
def test_a_repeated_change_writes_nothing_and_leaves_no_entry(superadmin: Holder, verb: str) -> None:
    target = make_account()
    entries = len(audit_of(keys.PLATFORM))
    with unchanged():
        assert change(superadmin, verb, target).headers["ETag"] == '"1"'
    assert len(audit_of(keys.PLATFORM)) == entries


@pytest.mark.parametrize("verb", ["ban", "disable", "role"])
def test_the_last_superadmin_stays(superadmin: Holder, verb: str) -> None:
    other = make_account(PlatformRole.SUPERADMIN)
    stale = other.principal
    role = {"newRole": "client"}
    assert gateway.request("PUT", f"{USERS}/{other.id}/role", body=role, principal=superadmin.principal).status == 200
    assert superadmins() == 1
    body = {"newRole": "client"} if verb == "role" else {"reason": "spam"}
    with unchanged():
        answer = gateway.request("PUT", f"{USERS}/{superadmin.id}/{verb}", body=body, principal=stale)
    assert (answer.status, answer.code) == (422, "LAST_SUPERADMIN")


@pytest.mark.parametrize("verb", ["ban", "disable", "role"])
@pytest.mark.parametrize("end", ["ban", "disable"])
def test_an_actor_without_access_does_not_learn_that_a_superadmin_is_the_last(
    superadmin: Holder, verb: str, end: str
) -> None:
    other = make_account(PlatformRole.SUPERADMIN)
    stale = other.principal
    assert change(superadmin, end, other).status == 200
    entries = audit_of(keys.PLATFORM)
    body = {"newRole": "client"} if verb == "role" else {"reason": "spam"}
    for target in (superadmin, other):  # also where a rule refuses the request before anything is written
        with unchanged():
            answer = gateway.request("PUT", f"{USERS}/{target.id}/{verb}", body=body, principal=stale)
        assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
    assert audit_of(keys.PLATFORM) == entries


def test_superadmins_are_counted_through_every_change(superadmin: Holder) -> None:
    other = make_account(PlatformRole.SUPERADMIN)
    counts = []
    for verb in ("ban", "disable", "unban", "enable", "disable", "ban", "enable", "unban"):
        change(superadmin, verb, other)
        counts.append(superadmins())
    assert counts == [1, 1, 1, 2, 1, 1, 1, 2]


def test_a_concurrent_change_is_not_lost(superadmin: Holder) -> None:
    target, events = make_account(), dynamodb.client().meta.events

    def overtake(**_: Any) -> None:
        events.unregister("before-call.dynamodb.TransactWriteItems", overtake)
        assert change(superadmin, "disable", target).status == 200

    principal = superadmin.principal
    events.register("before-call.dynamodb.TransactWriteItems", overtake)
    both = change(superadmin, "ban", target, principal=principal)
    assert (both.body["enabled"], both.body["banned"], both.headers["ETag"]) == (False, True, '"3"')


# --- History ---------------------------------------------------------------------------------------


def test_the_history_has_the_contracts_shape(superadmin: Holder) -> None:
    target = make_account()
    superadmin.request("PUT", f"{USERS}/{target.id}/role", {"newRole": "admin", "reason": "leads support"})

    entry, created = superadmin.request("GET", f"{USERS}/{target.id}/history").body

    assert entry == {
        "id": entry["id"],
        "adminId": superadmin.id,
        "adminName": "Ada Byron",
        "adminEmail": superadmin.email,
        "action": "USER_ROLE_CHANGE",
        "actionDescription": "Role changed",
        "targetEntityType": "USER",
        "targetEntityId": target.id,
        "description": "role: ROLE_CLIENT -> ROLE_ADMIN; reason: leads support",
        "ipAddress": "198.51.100.7",
        "actionTimestamp": entry["actionTimestamp"],
        "status": "SUCCESS",
    }
    assert (created["action"], created["adminId"], created["adminName"]) == ("USER_CREATE", None, "operator")
    assert created["description"] == f"email: {target.email}; role: ROLE_CLIENT"


def test_the_history_is_newest_first_and_paged_by_its_link(time: Clock, superadmin: Holder) -> None:
    target = make_account()
    for verb in ("ban", "unban", "disable", "enable"):
        time.forward(seconds=1)
        change(superadmin, verb, target, f"reason to {verb}")

    seen, path = [], f"{USERS}/{target.id}/history?limit=2"
    while path:
        answer = superadmin.request("GET", path)
        seen += [one["action"] for one in answer.body]
        link = answer.headers.get("Link", "")
        path = f"{USERS}/{target.id}/history{link[1 : link.index('>')]}" if link else ""

    assert seen == ["USER_ENABLE", "USER_DISABLE", "USER_UNBAN", "USER_BAN", "USER_CREATE"]
    reasons = [entry["reason"] for entry in audit_of(keys.PLATFORM)[-4:]]
    assert reasons == ["reason to ban", "reason to unban", "reason to disable", "reason to enable"]


def test_the_history_shows_the_actor_as_at_the_time_of_the_change(superadmin: Holder) -> None:
    target = make_account()
    change(superadmin, "ban", target)
    new_name = {"first_name": "Augusta", "email": "new@example.com"}
    writes.write(writes.Update(keys.account(superadmin.id), set=new_name, when=writes.MUST_EXIST))

    entry = superadmin.request("GET", f"{USERS}/{target.id}/history?limit=1").body[0]

    assert (entry["adminName"], entry["adminEmail"]) == ("Ada Byron", superadmin.email)


def test_the_history_describes_what_has_changed(superadmin: Holder) -> None:
    target = make_account()
    for verb in CHANGES:
        change(superadmin, verb, target)
    writes.write(
        writes.Put(
            {**audit_of(keys.PLATFORM)[-1], "action": "move_account", "before": {"a": None}, "after": {"a": True}}
        )
    )

    entries = superadmin.request("GET", f"{USERS}/{target.id}/history").body

    # An action that the history does not know is shown under its own name.
    assert (entries[0]["action"], entries[0]["actionDescription"]) == ("MOVE_ACCOUNT", "move account")
    assert [entry["description"] for entry in entries[:-1]] == [
        "a: none -> yes; reason: spam",
        "enabled: yes -> no; reason: spam",
        "banned: yes -> no; reason: spam",
        "banned: no -> yes; reason: spam",
    ]


def test_a_refusal_is_in_the_history_as_denied(superadmin: Holder) -> None:
    change(superadmin, "ban", superadmin)
    entries = superadmin.request("GET", f"{USERS}/{superadmin.id}/history").body
    (entry,) = (one for one in entries if one["action"] == "USER_BAN")
    assert (entry["status"], entry["description"]) == ("DENIED", "reason: spam; refused: SELF_CHANGE_DENIED")


def test_an_unknown_account_has_no_history(superadmin: Holder) -> None:
    assert superadmin.request("GET", f"{USERS}/999/history").code == "USER_NOT_FOUND"
    assert superadmin.request("GET", f"{USERS}/999/history?cursor=forged").code == "VALIDATION_ERROR"


# --- The operator ----------------------------------------------------------------------------------


def operate(operation: str, **arguments: Any) -> dict[str, Any]:
    answer: dict[str, Any] = gateway.invoke("run_operation", {"operation": operation, **arguments})
    return answer


def test_the_first_superadmin_is_made_once(aws: None, caplog: pytest.LogCaptureFixture) -> None:
    made = operate("create_superadmin", email="root@example.com")

    body = {"email": "root@example.com", "password": made["password"]}
    assert gateway.request("POST", "/v1/api/auth/login", body=body).status == 200
    with pytest.raises(Exception, match="enabled superadmin"):
        operate("create_superadmin", email="root2@example.com")
    assert operate("create_superadmin", email="root2@example.com", force=True)["id"] > made["id"]
    writes.write(writes.Update(keys.platform_counters(), set={"enabled_superadmins": 0}, when=writes.MUST_EXIST))
    operate("create_superadmin", email="root3@example.com")
    assert superadmins() == 1
    assert made["password"] not in caplog.text


def test_an_operator_deletes_an_account_with_all_that_belongs_to_it(superadmin: Holder) -> None:
    made = superadmin.request("POST", USERS, NEW).body
    login = {"email": NEW["email"], "password": PASSWORD}
    pair = gateway.request("POST", "/v1/api/auth/login", body=login).body
    assert gateway.request("POST", "/v1/api/auth/refresh", body={"refreshToken": pair["refreshToken"]}).status == 200

    assert operate("delete_account", email=NEW["email"].upper()) == {"id": made["id"], "email": NEW["email"]}

    assert reads.is_partition_empty(keys.account(made["id"]).pk)
    assert reads.get(keys.email_reservation(NEW["email"])) is None
    assert superadmin.request("GET", f"{USERS}/{made['id']}").status == 404
    assert gateway.request("POST", "/v1/api/auth/login", body=login).status == 401
    assert gateway.authorize(pair["accessToken"]) is None
    entry = audit_of(keys.PLATFORM)[-1]
    assert (entry["action"], entry["target"]) == ("delete_account", {"type": "account", "id": str(made["id"])})
    assert entry["before"] == {"email": NEW["email"], "role": "ROLE_CLIENT", "enabled": True, "banned": False}
    assert entry["actor"]["id"] == "operator"
    assert superadmin.request("POST", USERS, NEW).body["id"] > made["id"]


def test_a_deleted_accounts_email_is_in_no_kept_answer_and_its_creation_is_not_repeated(superadmin: Holder) -> None:
    key = {"Idempotency-Key": "one"}
    assert superadmin.request("POST", USERS, NEW, headers=key).status == 201
    operate("delete_account", email=NEW["email"])

    kept = [item for item in table() if item["pk"].startswith("REQUEST#")]
    assert len(kept) == 1
    assert NEW["email"] not in str(kept)
    assert not {"answer", "account_id"} & kept[0].keys()
    answer = superadmin.request("POST", USERS, NEW, headers=key)
    assert (answer.status, answer.code) == (409, "DELETION_STARTED")


def test_a_deletion_leaves_a_stored_response_that_now_belongs_to_another_account(superadmin: Holder) -> None:
    assert superadmin.request("POST", USERS, NEW, headers={"Idempotency-Key": "one"}).status == 201
    [kept] = [item for item in table() if item["pk"].startswith("REQUEST#")]

    def reuse_key() -> None:
        key = keys.Key(kept["pk"], kept["sk"])
        writes.write(writes.Update(key, set={"account_id": 999}, when=writes.MUST_EXIST))

    with call_before_request("TransactWriteItems", reuse_key):
        operate("delete_account", email=NEW["email"])

    [still_kept] = [item for item in table() if item["pk"].startswith("REQUEST#")]
    assert still_kept == kept | {"account_id": 999}


def test_a_deletion_counts_an_account_that_becomes_a_superadmin_meanwhile(superadmin: Holder) -> None:
    target = make_account()

    def promote() -> None:
        body = {"newRole": "superadmin", "reason": "runs the platform"}
        assert superadmin.request("PUT", f"{USERS}/{target.id}/role", body).status == 200
        assert superadmins() == 2

    with call_before_request("TransactWriteItems", promote):
        operate("delete_account", email=target.email)

    assert superadmins() == 1
    assert reads.get(keys.account(target.id)) is None


def test_a_deleted_account_has_no_password_even_if_its_other_items_are_not_deleted(
    superadmin: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account()

    def fail(_account_id: int) -> None:
        raise ServiceUnavailable

    monkeypatch.setattr(account_deletion, "_delete_remaining_items_of_account", fail)
    operate("delete_account", email=account.email)

    left = [item["sk"].partition("#")[0] for item in table() if item["pk"] == keys.account(account.id).pk]
    assert set(left) == {"SESSION"}


def test_a_search_by_an_international_domain_finds_only_accounts_of_that_domain(superadmin: Holder) -> None:
    for email in ("x@bücher.example", "x@xn--bch-hoa.example", "x@bucher.example"):
        assert superadmin.request("POST", USERS, {**NEW, "email": email, "username": email}).status == 201
    found = superadmin.request("GET", f"{USERS}?email=x@büche").body["users"]
    assert [account["email"] for account in found] == ["x@xn--bcher-kva.example"]


def test_the_only_superadmin_is_deleted_by_force_alone(aws: None) -> None:
    made = operate("create_superadmin", email="root@example.com")
    with unchanged(), pytest.raises(Exception, match="without an enabled superadmin"):
        operate("delete_account", email="root@example.com")

    operate("delete_account", email="root@example.com", force=True)

    assert superadmins() == 0
    assert operate("create_superadmin", email="root@example.com")["id"] > made["id"]


def test_a_superadmin_who_is_not_the_only_one_is_deleted_and_counted(acme: Tenant) -> None:
    for email in ("root1@example.com", "root2@example.com"):
        operate("create_superadmin", email=email, force=True)

    operate("delete_account", email="root2@example.com")

    assert superadmins() == 1
    for no_account in ("root2@example.com", acme.admin.email):
        with unchanged(), pytest.raises(Exception, match="user not found"):
            operate("delete_account", email=no_account)


@pytest.mark.parametrize(
    ("event", "message"),
    [({}, "operation must be one of"), ({"operation": "create_superadmin", "mail": "x"}, "email is required")],
)
def test_an_operation_that_is_not_understood_changes_nothing(aws: None, event: dict[str, Any], message: str) -> None:
    with unchanged(), pytest.raises(Exception, match=message):
        gateway.invoke("run_operation", event)


def test_a_rotated_master_token_counts_at_once(aws: None, caplog: pytest.LogCaptureFixture) -> None:
    assert gateway.authorize(MASTER_TOKEN)
    token = operate("rotate_master_token")["token"]

    assert gateway.authorize(token)
    assert not gateway.authorize(MASTER_TOKEN)
    assert len(token) == len(MASTER_TOKEN)
    assert token not in caplog.text
    entry = audit_of(keys.PLATFORM)[-1]
    assert (entry["action"], entry["target"]) == ("rotate_master_token", {"type": "secret", "id": "master_token"})


def test_a_rotated_key_signs_and_the_one_before_is_good_until_its_tokens_end(time: Clock, superadmin: Holder) -> None:
    answer = operate("rotate_jwt_key")
    assert gateway.authorize(superadmin.access_token)
    left = answer["previous_until"] - int(time.at.timestamp())
    with pytest.raises(Exception, match=f"valid tokens for {left} more seconds"):
        operate("rotate_jwt_key")

    time.forward(seconds=answer["previous_until"] - int(time.at.timestamp()))
    assert operate("rotate_jwt_key")["kid"] != answer["kid"]
    operate("rotate_jwt_key", revoke_previous=True)


@pytest.mark.parametrize("operation", ["rotate_master_token", "rotate_jwt_key"])
def test_of_two_rotations_at_once_the_first_counts_and_the_second_is_refused(aws: None, operation: str) -> None:
    events, others = secrets_manager._client().meta.events, []

    def someone_else_is_faster(**_: Any) -> None:
        events.unregister("before-call.secretsmanager.PutSecretValue", someone_else_is_faster)
        others.append(operate(operation))

    events.register("before-call.secretsmanager.PutSecretValue", someone_else_is_faster)
    with pytest.raises(Exception, match="someone else changed this"):
        operate(operation)

    (other,) = others
    if operation == "rotate_master_token":
        assert gateway.authorize(other["token"])
    else:
        assert secrets_manager.read_current_with_version(config.config().jwt_key_secret_arn)[0]["kid"] == other["kid"]
    entries = audit_of(keys.PLATFORM)[-3:]
    assert {(entry["target"]["type"], entry["target"]["id"]) for entry in entries} == {
        ("secret", operation.removeprefix("rotate_"))
    }
    assert sorted((entry["action"], entry["outcome"], entry["reason"]) for entry in entries) == [
        (operation, "denied", "CONCURRENT_CHANGE"),
        (operation, "succeeded", None),
        (operation, "succeeded", None),
    ]


def test_decimals_survive_the_json() -> None:
    from rolecall.http.responses import to_json  # noqa: PLC0415

    assert orjson.loads(to_json({"a": Decimal("1E+2")})) == {"a": 100}
