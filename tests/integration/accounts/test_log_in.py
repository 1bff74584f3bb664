"""POST /v1/api/auth/login."""

import json
from hashlib import sha256
from typing import Any

import jwt
import pytest

from rolecall.auth.roles import PlatformRole
from rolecall.storage import dynamodb, keys, reads, writes
from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import PASSWORD, Holder, Tenant, make_account, table, table_without_audit


def _log_in(email: str, password: str = PASSWORD) -> Response:
    return gateway.request("POST", "/v1/api/auth/login", body={"email": email, "password": password})


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        token, "J" * 64, algorithms=["HS256"], audience="rolecall-platform", issuer="rolecall"
    )
    return claims


def test_an_account_gets_an_access_and_a_refresh_token(superadmin: Holder) -> None:
    answer = _log_in(superadmin.email)

    assert answer.status == 200
    assert answer.body == {
        "accessToken": answer.body["accessToken"],
        "refreshToken": answer.body["refreshToken"],
        "tokenType": "Bearer",
        "expiresIn": 900,
    }


def test_an_account_of_an_earlier_version_need_not_change_its_password(superadmin: Holder) -> None:
    key = keys.account(superadmin.id)
    writes.write(writes.Update(key, remove=("password_change_required",), when=writes.MUST_EXIST))
    assert "passwordChangeRequired" not in _log_in(superadmin.email).must(200)


def test_the_access_token_names_account_and_session_and_ends_after_15_minutes(superadmin: Holder) -> None:
    token = _log_in(superadmin.email).body["accessToken"]

    claims = _claims(token)
    assert claims.keys() == {"iss", "aud", "sub", "sid", "jti", "iat", "exp"}
    assert claims["sub"] == str(superadmin.id)
    assert claims["exp"] - claims["iat"] == 900
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "kid": "1", "typ": "JWT"}
    session = reads.get(keys.item_of_account(superadmin.id, "SESSION", claims["sid"]))
    assert session
    assert session["expires_at"] - claims["iat"] == 7 * 24 * 3600


def test_every_login_is_a_session_of_its_own(superadmin: Holder) -> None:
    one, other = (_claims(_log_in(superadmin.email).body["accessToken"]) for _ in range(2))
    assert one["sid"] != other["sid"]
    assert one["jti"] != other["jti"]


def test_the_refresh_token_is_kept_as_a_hash_only(superadmin: Holder) -> None:
    token = _log_in(superadmin.email).body["refreshToken"]

    assert token not in json.dumps(table(), default=str)
    hashes = [item["refresh_hash"] for item in table() if "refresh_hash" in item]
    assert all(len(one) == len(sha256().hexdigest()) for one in hashes)


def test_the_email_may_be_in_any_case(superadmin: Holder) -> None:
    assert _log_in(superadmin.email.upper()).status == 200


def test_the_time_of_the_login_is_kept(superadmin: Holder) -> None:
    account = reads.get(keys.account(superadmin.id))
    assert account
    assert account["last_login_at"] >= account["created_at"]


def test_every_failed_login_gets_the_same_answer(aws: None, acme: Tenant) -> None:
    right, banned, disabled = make_account(), make_account(), make_account()
    _set(banned, banned=True)
    _set(disabled, enabled=False)

    before = table_without_audit()
    answers = [
        _log_in("nobody@example.com"),
        _log_in(right.email, "wrong " + PASSWORD),
        _log_in(right.email, ""),
        _log_in(banned.email),
        _log_in(disabled.email),
        _log_in(acme.admin.email),  # a tenant's user has no platform account
    ]

    assert table_without_audit() == before

    assert [answer.status for answer in answers] == [401] * 6
    bodies = [{**answer.body, "timestamp": None} for answer in answers]
    assert (
        bodies
        == [
            {
                "status": 401,
                "error": "Unauthorized",
                "message": "Wrong email or password",
                "timestamp": None,
                "path": "/v1/api/auth/login",
                "code": "UNAUTHORIZED",
            }
        ]
        * 6
    )
    assert len({json.dumps(sorted(answer.headers)) for answer in answers}) == 1


def _set(account: Holder, **attributes: Any) -> None:
    writes.write(writes.Update(keys.account(account.id), set=attributes, when=writes.MUST_EXIST))


def test_an_account_that_is_banned_while_it_logs_in_gets_no_session(aws: None) -> None:
    account = make_account()
    sessions = sum("refresh_hash" in item for item in table_without_audit())

    def ban(**_: Any) -> None:
        events.unregister("before-parameter-build.dynamodb.TransactWriteItems", ban)
        _set(account, banned=True)

    events = dynamodb.client().meta.events
    events.register("before-parameter-build.dynamodb.TransactWriteItems", ban)
    answer = _log_in(account.email)

    assert (answer.status, answer.body["message"]) == (401, "Wrong email or password")
    assert sum("refresh_hash" in item for item in table_without_audit()) == sessions


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["email", "password"]),
        ({"email": "a@example.com"}, ["password"]),
        ({"email": "nobody", "password": "x"}, ["email"]),
        ({"email": "a@example.com", "password": 7}, ["password"]),
        ({"email": "a@example.com", "password": "x", "remember": True}, ["remember"]),
    ],
)
def test_a_bad_field_is_named_in_the_platforms_dialect(aws: None, body: dict[str, Any], fields: list[str]) -> None:
    answer = gateway.request("POST", "/v1/api/auth/login", body=body)

    assert (answer.status, answer.code, answer.body["message"]) == (400, "VALIDATION_ERROR", "Validation failed")
    assert [one["field"] for one in answer.body["fieldErrors"]] == fields
    assert all(one.keys() == {"field", "message"} for one in answer.body["fieldErrors"])


def test_the_access_token_opens_the_routes_of_its_role(superadmin: Holder) -> None:
    target = make_account()
    fresh = _log_in(superadmin.email).body["accessToken"]

    answer = gateway.request("PUT", f"/v1/api/superadmin/users/{target.id}/role", fresh, {"newRole": "ADMIN"})

    assert (answer.status, answer.body["roles"]) == (200, [PlatformRole.ADMIN])
    assert gateway.request("GET", "/users", fresh).code == "FORBIDDEN"
