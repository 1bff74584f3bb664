"""PUT /v1/api/superadmin/users/{id}/role."""

import json
from decimal import Decimal
from typing import Any

import pytest

from rolecall.auth.roles import PlatformRole
from rolecall.storage import keys, reads, writes
from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import MASTER_TOKEN, Holder, Tenant, audit_of, make_account, unchanged

TEXT, MAYBE, FLAG, AMOUNT, COUNT = (str,), (str, type(None)), (bool,), (int, float), (int,)
#: The whole profile, name by name, from the contract.
PROFILE: dict[str, tuple[type, ...]] = {
    "id": COUNT,
    "firstName": TEXT,
    "lastName": TEXT,
    "username": TEXT,
    "email": TEXT,
    "phoneNumber": MAYBE,
    "nationality": MAYBE,
    "birthDate": MAYBE,
    "enabled": FLAG,
    "banned": FLAG,
    "banReason": MAYBE,
    "bannedAt": MAYBE,
    "roles": (list,),
    "walletBalance": AMOUNT,
    "pendingWithdrawalAmount": AMOUNT,
    "totalEarned": AMOUNT,
    "totalWithdrawn": AMOUNT,
    "stripeConnectedAccountId": MAYBE,
    "stripeAccountComplete": FLAG,
    "kycStatus": TEXT,
    "kycSubmittedAt": MAYBE,
    "kycReviewedAt": MAYBE,
    "totalAnnonces": COUNT,
    "totalReservationsAsSender": COUNT,
    "totalReservationsAsCarrier": COUNT,
    "totalTransactions": COUNT,
    "createdAt": TEXT,
    "updatedAt": TEXT,
    "lastLoginAt": MAYBE,
}


def _change(actor: Holder, target_id: object, new_role: Any = "ROLE_ADMIN", **more: Any) -> Response:
    body = {"newRole": new_role}
    if "reason" in more:
        body["reason"] = more.pop("reason")
    return actor.request("PUT", f"/v1/api/superadmin/users/{target_id}/role", body, **more)


def _role_of(account: Holder) -> str:
    item = reads.get(keys.account(account.id))
    assert item
    return str(item["role"])


def _set(account: Holder, **attributes: Any) -> None:
    writes.write(writes.Update(keys.account(account.id), set=attributes, when=writes.MUST_EXIST))


@pytest.fixture
def account(aws: None) -> Holder:
    return make_account()


def test_the_answer_is_the_whole_profile_with_the_new_role(superadmin: Holder, account: Holder) -> None:
    answer = _change(superadmin, account.id)

    assert answer.status == 200
    assert list(answer.body) == list(PROFILE)
    assert {name for name, value in answer.body.items() if type(value) not in PROFILE[name]} == set()
    assert answer.body["roles"] == ["ROLE_ADMIN"]
    assert (answer.body["id"], answer.body["email"]) == (account.id, account.email)
    assert (answer.body["enabled"], answer.body["banned"], answer.body["kycStatus"]) == (True, False, "PENDING")
    assert answer.headers["ETag"] == '"2"'
    assert _role_of(account) == "ROLE_ADMIN"


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("0", "0"),
        ("0.30", "0.3"),  # what 0.1 + 0.2 is, and no float says
        ("19.99", "19.99"),
        ("99999999999999.99", "99999999999999.99"),
        ("1234567890123456.78", "1234567890123456.78"),
        ("-0.01", "-0.01"),
        ("100", "100"),
        ("1E+3", "1000"),
    ],
)
def test_amounts_are_exact(superadmin: Holder, account: Holder, stored: str, shown: str) -> None:
    names = ("wallet_balance", "pending_withdrawal_amount", "total_earned", "total_withdrawn")
    _set(account, **dict.fromkeys(names, Decimal(stored)))

    answer = _change(superadmin, account.id)

    amounts = json.loads(answer.text, parse_float=Decimal, parse_int=Decimal)
    for name in ("walletBalance", "pendingWithdrawalAmount", "totalEarned", "totalWithdrawn"):
        assert str(amounts[name]) == shown


def test_all_known_fields_of_an_account_are_shown(superadmin: Holder, account: Holder) -> None:
    known = {
        "phone_number": "+33123456789",
        "birth_date": "1990-01-31",
        "kyc_status": "APPROVED",
        "total_annonces": 3,
        "ban_reason": "spam",
        "stripe_account_complete": True,
    }
    _set(account, **known)

    body = _change(superadmin, account.id).body

    assert (body["phoneNumber"], body["birthDate"], body["kycStatus"]) == ("+33123456789", "1990-01-31", "APPROVED")
    assert (body["totalAnnonces"], body["banReason"], body["stripeAccountComplete"]) == (3, "spam", True)


@pytest.mark.parametrize(
    ("spelling", "role"),
    [
        ("ROLE_ADMIN", "ROLE_ADMIN"),
        ("ADMIN", "ROLE_ADMIN"),
        ("admin", "ROLE_ADMIN"),
        ("Role_Admin", "ROLE_ADMIN"),
        (" admin ", "ROLE_ADMIN"),
        ("verified_user", "ROLE_VERIFIED_USER"),
        ("role_SuperAdmin", "ROLE_SUPERADMIN"),
    ],
)
def test_a_role_is_understood_in_any_spelling(superadmin: Holder, account: Holder, spelling: str, role: str) -> None:
    assert _change(superadmin, account.id, spelling).body["roles"] == [role]


@pytest.mark.parametrize("new_role", ["", "ROLE_", "boss", "ROLE_ROLE_ADMIN", "verified user", None, 7, ["ADMIN"], {}])
def test_any_other_role_is_refused(superadmin: Holder, account: Holder, new_role: Any) -> None:
    with unchanged():
        answer = _change(superadmin, account.id, new_role)
    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
    assert [one["field"] for one in answer.body["fieldErrors"]] == ["newRole"]


def test_the_role_is_required_under_its_own_name(superadmin: Holder, account: Holder) -> None:
    path = f"/v1/api/superadmin/users/{account.id}/role"
    with unchanged():
        missing, mistyped = superadmin.request("PUT", path, {}), superadmin.request("PUT", path, {"new_role": "ADMIN"})
    assert missing.body["fieldErrors"] == [{"field": "newRole", "message": "is required"}]
    assert {one["field"] for one in mistyped.body["fieldErrors"]} == {"newRole", "new_role"}


def test_a_reason_is_kept_in_the_audit_entry(superadmin: Holder, account: Holder) -> None:
    assert _change(superadmin, account.id, reason="r" * 500).status == 200

    entry = audit_of(keys.PLATFORM)[-1]
    assert (entry["action"], entry["outcome"], entry["reason"]) == ("change_account_role", "succeeded", "r" * 500)
    assert (entry["actor"]["id"], entry["target"]) == (str(superadmin.id), {"type": "account", "id": str(account.id)})
    assert (entry["before"], entry["after"]) == ({"role": "ROLE_CLIENT"}, {"role": "ROLE_ADMIN"})


@pytest.mark.parametrize(
    ("reason", "message"), [("r" * 501, "must have at most 500 characters"), (7, "must be a string")]
)
def test_a_reason_beyond_its_bounds_is_refused(superadmin: Holder, account: Holder, reason: Any, message: str) -> None:
    with unchanged():
        answer = _change(superadmin, account.id, reason=reason)
    assert answer.body["fieldErrors"] == [{"field": "reason", "message": message}]


def test_nobody_changes_their_own_role(superadmin: Holder) -> None:
    make_account(PlatformRole.SUPERADMIN)
    with unchanged():
        for new_role in PlatformRole:
            answer = _change(superadmin, superadmin.id, new_role)
            assert (answer.status, answer.code) == (403, "SELF_CHANGE_DENIED")


@pytest.mark.parametrize("role", [role for role in PlatformRole if role is not PlatformRole.SUPERADMIN])
def test_only_a_superadmin_changes_roles(account: Holder, role: PlatformRole) -> None:
    actor = make_account(role)
    with unchanged():
        answer = _change(actor, account.id)
    assert (answer.status, answer.code) == (403, "FORBIDDEN")
    refusal = audit_of(keys.PLATFORM)[-1]
    assert (refusal["outcome"], refusal["reason"], refusal["actor"]["id"]) == ("denied", "FORBIDDEN", str(actor.id))


def test_neither_an_operator_nor_a_tenants_admin_changes_account_roles(acme: Tenant, account: Holder) -> None:
    with unchanged():
        for credential in (MASTER_TOKEN, acme.admin.token):
            path = f"/v1/api/superadmin/users/{account.id}/role"
            answer = gateway.request("PUT", path, credential, {"newRole": "ADMIN"})
            assert (answer.status, answer.code) == (403, "FORBIDDEN")


def test_an_account_that_is_not_there_is_not_found(superadmin: Holder) -> None:
    with unchanged():
        answer = _change(superadmin, 2**31 - 1)
    assert answer.status == 404
    assert answer.body == {
        "status": 404,
        "error": "Not Found",
        "message": "User not found",
        "timestamp": answer.body["timestamp"],
        "path": "/v1/api/superadmin/users/2147483647/role",
        "code": "USER_NOT_FOUND",
    }


@pytest.mark.parametrize(
    "account_id", ["0", "-1", str(2**31), "9" * 40, "seven", "1.0", "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"]
)
def test_an_account_id_must_be_an_int32(superadmin: Holder, account_id: str) -> None:
    with unchanged():
        answer = _change(superadmin, account_id)
    assert answer.status == 400
    assert answer.body["fieldErrors"] == [{"field": "id", "message": "must be a positive 32-bit integer"}]


class TestTheLastSuperadmin:
    def test_stays(self, superadmin: Holder) -> None:
        # The only superadmin can't change its own role. So the actor is another superadmin who was demoted after it was
        # authorized.
        other = make_account(PlatformRole.SUPERADMIN)
        stale = other.principal
        assert _change(superadmin, other.id).status == 200
        with unchanged():
            answer = _change(other, superadmin.id, principal=stale)
        assert (answer.status, answer.code) == (422, "LAST_SUPERADMIN")
        assert answer.body["error"] == "Unprocessable Content"

    def test_is_counted_through_every_change(self, superadmin: Holder) -> None:
        one, two = make_account(PlatformRole.SUPERADMIN), make_account()
        _change(superadmin, two.id, "SUPERADMIN")
        _change(superadmin, one.id, "CLIENT")
        platform = reads.get(keys.platform_counters())
        assert platform
        assert platform["enabled_superadmins"] == 2

    def test_a_disabled_one_does_not_count(self, superadmin: Holder) -> None:
        other = make_account(PlatformRole.SUPERADMIN)
        _set(other, enabled=False)
        before = reads.get(keys.platform_counters())
        assert _change(superadmin, other.id).status == 200
        assert reads.get(keys.platform_counters()) == before


@pytest.mark.parametrize("loss", ["demoted", "banned", "disabled", "deleted"])
def test_an_actor_who_lost_access_after_authorization_is_refused(
    superadmin: Holder, account: Holder, loss: str
) -> None:
    other = make_account(PlatformRole.SUPERADMIN)
    stale = other.principal
    match loss:
        case "demoted":
            assert _change(superadmin, other.id).status == 200
        case "banned":
            _set(other, banned=True)
        case "disabled":
            _set(other, enabled=False)
        case _:
            writes.write(writes.Delete(keys.account(other.id)))
    with unchanged():
        answer = _change(other, account.id, principal=stale)
    assert answer.status == (403 if loss == "demoted" else 401)


def test_a_role_that_is_held_already_changes_nothing_and_leaves_no_entry(superadmin: Holder, account: Holder) -> None:
    entries = audit_of(keys.PLATFORM)
    with unchanged():
        answers = [_change(superadmin, account.id, "CLIENT") for _ in range(2)]
    assert [(answer.status, answer.body["roles"]) for answer in answers] == [(200, ["ROLE_CLIENT"])] * 2
    assert audit_of(keys.PLATFORM) == entries


def test_the_new_role_applies_at_once_to_tokens_issued_before(superadmin: Holder, account: Holder) -> None:
    assert _change(account, superadmin.id).code == "FORBIDDEN"

    _change(superadmin, account.id, "SUPERADMIN")
    other = make_account()
    assert _change(account, other.id).status == 200

    _change(superadmin, account.id, "CLIENT")
    with unchanged():
        assert _change(account, other.id, "CLIENT").code == "FORBIDDEN"


def test_if_match_must_match_the_version(superadmin: Holder, account: Holder) -> None:
    first = _change(superadmin, account.id, headers={"If-Match": '"1"'})
    with unchanged():
        stale = _change(superadmin, account.id, "CLIENT", headers={"If-Match": '"1"'})
    third = _change(superadmin, account.id, "CLIENT", headers={"If-Match": first.headers["ETag"]})

    assert [first.status, stale.status, third.status] == [200, 412, 200]
    assert (stale.code, third.headers["ETag"]) == ("PRECONDITION_FAILED", '"3"')
