"""A secret appears only in the answer that returns it: not in the table, a log or another answer."""

import pytest

from rolecall.auth.roles import PlatformRole
from tests import gateway
from tests.integration.conftest import MASTER_TOKEN, make_account, table

PASSWORD = "canary in a coal mine 7412"


def test_no_secret_is_in_the_table_the_logs_or_a_later_answer(  # noqa: PLR0915 (one story of every secret)
    aws: None, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG", logger="rolecall")
    secrets = {PASSWORD, MASTER_TOKEN}
    later: list[str] = []

    def send(method: str, path: str, credential: str, body: object = None, key: str = "") -> gateway.Response:
        headers = {"Idempotency-Key": key} if key else {}
        answer = gateway.request(method, path, credential, body, headers=headers)
        later.append(answer.text)
        return answer

    # These routes return a secret. It may be in that answer and its repetition, but nowhere else.
    registration = {"tenant_name": "Canary", "email": "owner@canary.example.com", "password": PASSWORD}
    made = send("POST", "/register", MASTER_TOKEN, registration, "key-canary-1").body
    admin, tenant_id = made["token"], made["tenant"]["id"]
    person = {"email": "ada@canary.example.com", "password": PASSWORD, "role": "user"}
    user = send("POST", "/users", admin, person, "key-canary-2").body["user"]
    rotated = send("POST", f"/users/{user['id']}/token", admin).body["data"]["token"]
    superadmin, other = make_account(PlatformRole.SUPERADMIN), make_account()
    login = {"email": superadmin.email, "password": "correct horse battery"}
    pair = send("POST", "/v1/api/auth/login", "", login).body
    ada = {"email": person["email"], "password": PASSWORD}
    signed_in = send("POST", "/login", "", ada).body["data"]
    refreshed = send("POST", "/login/refresh", "", {"refresh_token": signed_in["refresh_token"]}).body["data"]
    reset = send("POST", f"/v1/api/superadmin/users/{other.id}/password", superadmin.access_token).body
    given_out, later = later, []
    secrets |= {admin, user["token"], rotated, superadmin.access_token, pair["accessToken"], pair["refreshToken"]}
    secrets |= {"correct horse battery", "key-canary-1", "key-canary-2"}
    secrets |= {one[name] for one in (signed_in, refreshed) for name in ("access_token", "refresh_token")}
    chosen = "a canary of one's own choice 1"
    secrets |= {reset["temporaryPassword"], chosen}
    assert len(given_out) == 7

    # Every other route, and invalid requests that contain secrets.
    send("GET", "/users", admin)
    send("GET", f"/users/{user['id']}", rotated)
    send("GET", "/audit", admin)
    send("POST", "/users", admin, person)
    send("POST", "/users", admin, {**person, "email": "x@example.com"}, "key-canary-2")
    send("POST", "/users", admin, {**person, "email": PASSWORD, "passwort": PASSWORD, "role": "user"})
    send("POST", "/users", admin, f'{{"password": "{PASSWORD}"')
    send("POST", f"/users/{user['id']}/promote", rotated, {"new_role": "admin"})
    send("PUT", f"/users/{user['id']}", admin, {"active": False})
    send("POST", "/v1/api/auth/login", "", {"email": superadmin.email, "password": PASSWORD})
    send("POST", "/login", "", {"email": person["email"], "password": f"{PASSWORD}!"})
    send("POST", "/login", "", {"email": "x@example.com", "password": PASSWORD, "passwort": PASSWORD})
    send("POST", "/login/refresh", "", {"refresh_token": signed_in["refresh_token"]})
    send("POST", "/logout", refreshed["access_token"], {"refresh_token": refreshed["refresh_token"]})
    own = f"/users/{user['id']}/password"
    send("PUT", own, rotated, {"current_password": f"{chosen}!", "new_password": chosen})
    send("PUT", own, rotated, {"current_password": PASSWORD, "new_password": PASSWORD})
    send("PUT", own, rotated, {"current_password": PASSWORD, "new_password": chosen, "passwort": chosen})
    send("PUT", own, rotated, {"current_password": PASSWORD, "new_password": chosen})
    send("PUT", own, admin, {"new_password": f"{chosen}2"})
    login = {"email": other.email, "password": reset["temporaryPassword"]}
    fresh = send("POST", "/v1/api/auth/login", "", login).body
    secrets |= {fresh["accessToken"], fresh["refreshToken"]}
    later.pop()
    for current in (chosen, reset["temporaryPassword"]):
        change = {"currentPassword": current, "newPassword": f"{chosen}3"}
        send("PUT", "/v1/api/auth/password", fresh["accessToken"], change)
    send("GET", f"/v1/api/superadmin/users/{other.id}/history", superadmin.access_token)
    send("GET", "/audit", admin)
    send("GET", "/tenants", MASTER_TOKEN)
    send("GET", f"/users/{user['id']}", f"{MASTER_TOKEN}x")
    send("DELETE", f"/users/{user['id']}", admin)
    send("DELETE", f"/global/tenants/{tenant_id}", MASTER_TOKEN)
    gateway.invoke("run_maintenance", {}, 60.0)

    out, err = capfd.readouterr()
    logs = caplog.text + str([record.__dict__ for record in caplog.records]) + out + err
    assert "user created" in logs
    found = {
        (place, secret)
        for place, text in (("table", str(table())), ("logs", logs), ("answers", "".join(later)))
        for secret in secrets
        if secret in text
    }
    # The value of the field `email` is repeated in the error, because this field holds no secret.
    assert found - {("answers", PASSWORD)} == set()
    assert "".join(later).count(PASSWORD) == 1
