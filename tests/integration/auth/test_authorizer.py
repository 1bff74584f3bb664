"""The authorizer: the principal of each kind of credential, and that all denials are equal."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import jwt
import pytest

from rolecall import config
from rolecall.auth.roles import PlatformRole
from rolecall.auth.tokens import MAX_CREDENTIAL_LENGTH, api_token_hash
from rolecall.storage import dynamodb, keys, writes
from tests import gateway
from tests.integration.conftest import MASTER_TOKEN, Holder, Tenant, make_account, unchanged

KEY = "J" * 64
LONG_AGO, FAR_AHEAD = 1_000_000_000, 9_999_999_999
DENIAL = {
    "principalId": "unknown",
    "policyDocument": {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Action": "execute-api:Invoke",
                "Effect": "Deny",
                "Resource": "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/live/*",
            }
        ],
    },
}


def _assert_denied(authorization: str | None) -> None:
    """Assert that the answer is the one denial, except for its time."""
    answer = gateway.ask_authorizer(authorization)
    assert answer.pop("context").keys() == {"denied_at"}
    assert answer == DENIAL


@pytest.mark.parametrize("other", ["Bearer x", "the same"])
@pytest.mark.parametrize("name", ["Authorization", "authorization"])
def test_two_credentials_are_none(acme: Tenant, name: str, other: str) -> None:
    valid = f"Bearer {acme.admin.token}"
    event = gateway.event_of("authorize_request")
    event["headers"] = {**event["headers"], "Authorization": valid}
    event["multiValueHeaders"] = {"Authorization": [valid]}
    assert gateway.invoke("authorize_request", event)["policyDocument"]["Statement"][0]["Effect"] == "Allow"

    first = valid if other == "the same" else other
    headers = event["multiValueHeaders"]
    event["multiValueHeaders"] = {**headers, name: [first, *(headers.get(name) or [])]}
    answer = gateway.invoke("authorize_request", event)
    assert answer.pop("context").keys() == {"denied_at"}
    assert answer == DENIAL

    event["headers"]["authorization"], event["multiValueHeaders"] = first, None
    assert gateway.invoke("authorize_request", event)["policyDocument"]["Statement"][0]["Effect"] == "Deny"


# --- Who is recognised -----------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["Bearer {}", "bearer {}", "BEARER   {}", "{}"])
@pytest.mark.parametrize("spelling", [str.lower, str.upper])
def test_a_user_by_its_api_token(acme: Tenant, header: str, spelling: Callable[[str], str]) -> None:
    answer = gateway.ask_authorizer(header.format(spelling(acme.admin.token)))

    assert answer["principalId"] == acme.admin.id
    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert answer["context"] == {
        "principal_type": "user",
        "id": acme.admin.id,
        "email": acme.admin.email,
        "role": "admin",
        "tenant_id": acme.id,
        "token_hash": api_token_hash(acme.admin.token),
    }


def test_an_operator_by_the_master_token(aws: None) -> None:
    assert gateway.authorize(MASTER_TOKEN) == {
        "principal_type": "master",
        "id": "master",
        "email": "",
        "role": "",
        "tenant_id": "",
    }


def test_an_account_by_its_access_token(superadmin: Holder) -> None:
    assert gateway.authorize(superadmin.access_token) == {
        "principal_type": "account",
        "id": str(superadmin.id),
        "email": superadmin.email,
        "role": "ROLE_SUPERADMIN",
        "tenant_id": "",
        "name": "Ada Byron",
        "session_id": superadmin.session_id,
    }


def test_an_access_token_and_an_api_token_give_the_same_principal(acme: Tenant) -> None:
    manager = acme.add("manager")
    session = manager.log_in()
    by_api_token = manager.principal
    del by_api_token["token_hash"]

    assert gateway.authorize(session.access_token) == {**by_api_token, "session_id": session.id}


@pytest.mark.parametrize(
    ("caller", "requests"), [("API token", ["GetItem", "BatchGetItem"]), ("user", ["BatchGetItem"])]
)
def test_each_credential_is_checked_with_the_expected_number_of_requests(
    acme: Tenant, caller: str, requests: list[str]
) -> None:
    credential = acme.admin.token if caller == "API token" else acme.admin.log_in().access_token
    assert gateway.authorize(credential)
    assert _requests_to_authorize(credential) == requests


def test_an_accounts_access_token_costs_one_request(superadmin: Holder) -> None:
    assert _requests_to_authorize(superadmin.access_token) == ["BatchGetItem"]


def _requests_to_authorize(credential: str) -> list[str]:
    asked: list[str] = []

    def note(model: Any, **_: Any) -> None:
        asked.append(model.name)

    events = dynamodb.client().meta.events
    events.register("before-parameter-build.dynamodb", note)
    assert gateway.authorize(credential)
    events.unregister("before-parameter-build.dynamodb", note)
    return asked


def test_the_header_may_be_named_in_any_case(acme: Tenant) -> None:
    event = gateway.event_of("authorize_request")
    event["headers"] = {"aUTHORIZATION": f"Bearer {acme.admin.token}"}
    assert gateway.invoke("authorize_request", event)["principalId"] == acme.admin.id


def test_a_credential_counts_in_the_header_only(acme: Tenant) -> None:
    event = gateway.event_of("authorize_request")
    event["headers"] = {"Cookie": f"Authorization={acme.admin.token}", "X-Authorization": acme.admin.token}
    event["queryStringParameters"] = {"authorization": acme.admin.token, "token": acme.admin.token}
    assert gateway.invoke("authorize_request", event)["principalId"] == "unknown"


def test_a_recognised_credential_changes_nothing(acme: Tenant) -> None:
    with unchanged():
        gateway.authorize(acme.admin.token)


# --- Garbage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        f"Basic {MASTER_TOKEN}",
        f"Bearer {MASTER_TOKEN} {MASTER_TOKEN}",
        "Bearer 3f1d2c4b-5a69-4788-96a5-b4c3d2e1f0a9",
        "Bearer 3f1d2c4b-5a69-1788-96a5-b4c3d2e1f0a9",
        "Bearer " + "M" * 63,
        "Bearer " + "M" * 65,
        "Bearer " + "m" * 64,
        "Bearer " + "M" * 63 + "N",
        "Bearer " + "M" * MAX_CREDENTIAL_LENGTH,
        "Bearer " + "M" * 1_000_000,
        "Bearer " + "é" * 64,
        "Bearer " + "\ud800" * 64,
        "Bearer \x00",
        "Bearer null",
        "Bearer undefined",
        "Bearer TOKEN#META",
        "Bearer ..",
        "Bearer a.b.c",
        "Bearer e30.e30.",
        "Bearer e30.e30.e30",
    ],
)
def test_garbage_is_denied(aws: None, header: str | None) -> None:
    _assert_denied(header)


@pytest.mark.parametrize(
    "header", [b"[" * 1400, b'{"kid":' * 150, b"\xff\xfe", b"[]", b"null", b'{"kid":1,"alg":"HS256"}']
)
def test_a_jwt_with_a_strange_header_is_denied(aws: None, header: bytes) -> None:
    _assert_denied(f"Bearer {base64.urlsafe_b64encode(header).decode().rstrip('=')}.e30.e30")


# --- API tokens ------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["token", "user", "active", "tenant", "deleting"])
def test_an_api_token_is_invalid_at_once_when_its_owner_or_tenant_is(acme: Tenant, loss: str) -> None:
    member = acme.add("user")
    assert gateway.authorize(member.token)
    match loss:
        case "token":
            writes.write(writes.Delete(keys.api_token(api_token_hash(member.token))))
        case "user":
            writes.write(writes.Delete(keys.user(acme.id, member.id)))
        case "active":
            writes.write(writes.Update(keys.user(acme.id, member.id), set={"active": False}, when=writes.MUST_EXIST))
        case "tenant":
            writes.write(writes.Delete(keys.tenant(acme.id)))
        case _:
            writes.write(writes.Update(keys.tenant(acme.id), set={"status": "deleting"}, when=writes.MUST_EXIST))

    _assert_denied(f"Bearer {member.token}")


def test_the_role_is_the_current_one(acme: Tenant) -> None:
    member = acme.add("user")
    acme.admin.promote(member, "manager")
    assert member.principal["role"] == "manager"


# --- The master token ------------------------------------------------------------------------------


def test_a_rotated_master_token_is_dead_and_the_new_one_works_at_once(aws: None) -> None:
    assert gateway.authorize(MASTER_TOKEN)
    boto3.client("secretsmanager").put_secret_value(
        SecretId=config.config().master_token_secret_arn, SecretString=json.dumps({"token": "R" * 64})
    )

    _assert_denied(f"Bearer {MASTER_TOKEN}")
    assert gateway.authorize("R" * 64)


# --- Access tokens ---------------------------------------------------------------------------------


def _forged(holder: Holder, key: Any = KEY, header: dict[str, str] | None = None, **changed: Any) -> str:
    """The holder's token with changed claims (None removes a claim), signed again."""
    claims = jwt.decode(holder.access_token, options={"verify_signature": False}) | changed
    kept = {name: value for name, value in claims.items() if value is not None}
    header = {"kid": "1", "alg": "HS256", **(header or {})}
    return jwt.encode(kept, key, algorithm=header["alg"], headers=header)


def _at(**offset: float) -> int:
    return int((datetime.now(UTC) + timedelta(**offset)).timestamp())


def test_a_token_that_is_signed_anew_without_a_change_is_good(superadmin: Holder) -> None:
    # This shows that the tests below are refused because of their changes, not because of the new signature.
    assert gateway.authorize(_forged(superadmin))


@pytest.mark.parametrize(
    "change",
    [
        {"key": "K" * 64},
        {"key": None, "header": {"alg": "none"}},
        {"header": {"alg": "HS512"}},
        {"header": {"kid": "2"}},
        {"header": {"kid": ""}},
        {"exp": LONG_AGO},
        {"exp": "soon"},
        {"nbf": FAR_AHEAD},
        {"iat": FAR_AHEAD},
        {"aud": "someone-else"},
        {"aud": ["someone-else"]},
        {"iss": "someone-else"},
        {"sub": "0"},
        {"sub": "admin"},
        {"sub": ""},
        {"sid": "00000000-0000-4000-8000-000000000000"},
        {"sid": "META"},
        *({claim: None} for claim in ("iss", "aud", "sub", "sid", "jti", "iat", "exp")),
    ],
    ids=str,
)
def test_a_forged_or_stale_access_token_is_denied(superadmin: Holder, change: dict[str, Any]) -> None:
    _assert_denied(f"Bearer {_forged(superadmin, **change)}")


def test_a_token_ends_with_its_last_second(superadmin: Holder) -> None:
    _assert_denied(f"Bearer {_forged(superadmin, exp=_at(seconds=-1))}")


def test_a_token_without_a_key_id_is_denied(superadmin: Holder) -> None:
    claims = jwt.decode(superadmin.access_token, options={"verify_signature": False})
    _assert_denied(f"Bearer {jwt.encode(claims, KEY, algorithm='HS256')}")


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_changed_in_any_of_its_parts_is_denied(superadmin: Holder, part: int) -> None:
    parts = superadmin.access_token.split(".")
    parts[part] = parts[part][::-1]
    _assert_denied("Bearer " + ".".join(parts))


def test_a_session_is_good_for_its_own_account_only(superadmin: Holder) -> None:
    other = make_account()
    _assert_denied(f"Bearer {_forged(other, sub=str(superadmin.id))}")


@pytest.mark.parametrize("loss", ["banned", "disabled", "deleted", "logged out", "expired"])
def test_an_access_token_is_dead_at_once_when_its_account_or_session_is(superadmin: Holder, loss: str) -> None:
    claims = jwt.decode(superadmin.access_token, options={"verify_signature": False})
    account, session = keys.account(superadmin.id), keys.item_of_account(superadmin.id, "SESSION", claims["sid"])
    match loss:
        case "banned":
            writes.write(writes.Update(account, set={"banned": True}, when=writes.MUST_EXIST))
        case "disabled":
            writes.write(writes.Update(account, set={"enabled": False}, when=writes.MUST_EXIST))
        case "deleted":
            writes.write(writes.Delete(account))
        case "logged out":
            writes.write(writes.Delete(session))
        case _:
            writes.write(writes.Update(session, set={"expires_at": _at(seconds=-1)}, when=writes.MUST_EXIST))

    _assert_denied(f"Bearer {superadmin.access_token}")


def test_the_role_of_an_account_is_the_current_one(superadmin: Holder) -> None:
    writes.write(writes.Update(keys.account(superadmin.id), set={"role": PlatformRole.CLIENT}, when=writes.MUST_EXIST))
    assert superadmin.principal["role"] == "ROLE_CLIENT"


def test_an_account_that_must_change_its_password_first_is_known_as_such(superadmin: Holder) -> None:
    for required, context in ((True, "true"), (False, None)):
        change = writes.Update(
            keys.account(superadmin.id), set={"password_change_required": required}, when=writes.MUST_EXIST
        )
        writes.write(change)
        assert superadmin.principal.get("password_change_required") == context


# --- Logs ------------------------------------------------------------------------------------------


def test_no_credential_is_in_a_log(acme: Tenant, superadmin: Holder, caplog: pytest.LogCaptureFixture) -> None:
    forged = _forged(superadmin, key="K" * 64)
    credentials = (acme.admin.token, superadmin.access_token, MASTER_TOKEN, "N" * 64, forged)
    for credential in credentials:
        gateway.authorize(credential)

    logged = "".join(str(vars(record)) for record in caplog.records)
    assert "request denied" in logged
    assert [credential for credential in credentials if credential in logged] == []
