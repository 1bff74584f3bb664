"""Access tokens: the classic attacks on JWTs, each of which must end in a 401."""

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest

from rolecall import clock
from rolecall.auth import jwts
from rolecall.auth.session_owners import Audience
from rolecall.aws import secrets_manager
from rolecall.clock import epoch_seconds
from rolecall.config import config
from rolecall.errors import Unauthorized
from tests import gateway
from tests.integration.conftest import Holder, Tenant

KEY = "J" * 64


@pytest.fixture(params=["account", "user"])
def access_token(request: pytest.FixtureRequest) -> str:
    """An access token of a platform account, and one of a tenant's user."""
    if request.param == "account":
        superadmin: Holder = request.getfixturevalue("superadmin")
        return superadmin.access_token
    acme: Tenant = request.getfixturevalue("acme")
    return acme.admin.log_in().access_token


@pytest.fixture
def claims(access_token: str) -> dict[str, Any]:
    """The claims of a valid token."""
    decoded: dict[str, Any] = jwt.decode(access_token, options={"verify_signature": False})
    return decoded


def _signed(claims: dict[str, Any], key: str = KEY, alg: str = "HS256", **header: Any) -> str:
    return jwt.encode(claims, key, alg, headers={"kid": "1", **header})


def _raw(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in (header, claims))
    return ".".join([*parts, signature])


def test_a_token_of_ours_works(claims: dict[str, Any]) -> None:
    assert gateway.authorize(_signed(claims))


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE"])
def test_no_algorithm(claims: dict[str, Any], alg: str) -> None:
    assert not gateway.authorize(_raw({"alg": alg, "typ": "JWT", "kid": "1"}, claims))


@pytest.mark.parametrize("alg", ["HS384", "HS512"])
def test_another_algorithm_with_the_right_key(claims: dict[str, Any], alg: str) -> None:
    assert not gateway.authorize(_signed(claims, KEY * 2, alg))
    assert not gateway.authorize(_signed(claims, KEY, alg))


@pytest.mark.parametrize(
    "kid", ["", "2", "../../dev/null", "1'; DROP TABLE keys", "/proc/self/environ", None, 1, ["1"], {"kid": "1"}]
)
def test_a_kid_that_is_not_ours(claims: dict[str, Any], kid: Any) -> None:
    signature = _signed(claims, KEY).rpartition(".")[2]
    assert not gateway.authorize(_raw({"alg": "HS256", "typ": "JWT", "kid": kid}, claims, signature))
    assert not gateway.authorize(_raw({"alg": "HS256", "typ": "JWT"}, claims, signature))


def test_a_key_that_the_token_brings_along(claims: dict[str, Any]) -> None:
    jwk = {"kty": "oct", "k": base64.urlsafe_b64encode(b"mine" * 16).decode()}
    assert not gateway.authorize(_signed(claims, "mine" * 16, jwk=jwk, jku="https://example.com/keys.json"))


@pytest.mark.parametrize("key", ["x" * 64, "1" * 64, "J" * 63])
def test_another_key(claims: dict[str, Any], key: str) -> None:
    assert not gateway.authorize(_signed(claims, key))


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "tid", "sid", "jti", "iat", "exp"])
def test_a_claim_is_missing(claims: dict[str, Any], name: str) -> None:
    if name in claims:
        assert not gateway.authorize(_signed({key: value for key, value in claims.items() if key != name}))
    else:
        assert claims["aud"] == "rolecall-platform"  # only a token of a tenant's user names a tenant


def test_a_token_for_one_audience_is_refused_for_the_other(superadmin: Holder, acme: Tenant) -> None:
    """Signed with our key, as if a fault had issued it: the ids of one kind never name an owner of the other."""
    of_account, of_user = (
        jwt.decode(token, options={"verify_signature": False})
        for token in (superadmin.access_token, acme.admin.log_in().access_token)
    )
    assert gateway.authorize(_signed(of_account))
    assert gateway.authorize(_signed(of_user))

    platform, tenant = of_account["aud"], of_user["aud"]
    for claims in (
        of_account | {"aud": tenant},
        of_account | {"aud": tenant, "tid": acme.id},
        of_account | {"aud": [platform, tenant]},
        of_user | {"aud": platform},
        of_user | {"aud": [tenant]},
        of_user | {"aud": [platform, tenant]},
        of_user | {"sub": of_account["sub"]},
        of_user | {"sid": of_account["sid"]},
    ):
        assert not gateway.authorize(_signed(claims)), claims


def test_a_token_with_another_tenant_user_or_session_is_refused(acme: Tenant, globex: Tenant) -> None:
    claims = jwt.decode(acme.admin.log_in().access_token, options={"verify_signature": False})
    theirs = globex.admin.log_in()
    for change in (
        {"tid": globex.id},
        {"tid": globex.id, "sub": globex.admin.id},
        {"tid": f"{acme.id}#USER#{acme.admin.id}"},
        {"tid": ""},
        {"sid": theirs.id},
        {"sub": f"{acme.admin.id}#SESSION"},
    ):
        assert not gateway.authorize(_signed(claims | change)), change


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "someone"},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": None},
        {"aud": {"rolecall-platform": 1}},
        {"sub": "0"},
        {"sub": "x"},
        {"sub": "99"},
        {"sid": "x"},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": None},
        {"iat": None},
    ],
    ids=str,
)
def test_a_claim_says_something_else(claims: dict[str, Any], change: dict[str, Any]) -> None:
    token = _raw({"alg": "HS256", "typ": "JWT", "kid": "1"}, claims | change, "")
    signed = jwt.api_jws.encode(json.dumps(claims | change).encode(), KEY, "HS256", headers={"kid": "1", "typ": "JWT"})
    assert not gateway.authorize(signed)
    assert not gateway.authorize(token)


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_not_yet_valid(claims: dict[str, Any], name: str) -> None:
    soon = epoch_seconds(clock.now() + timedelta(minutes=1))
    assert not gateway.authorize(_signed(claims | {name: soon}))


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_the_clock_of_the_function_that_signed_may_be_five_seconds_ahead(claims: dict[str, Any], name: str) -> None:
    # PyJWT compares with its own clock, in which all of these tokens are of the future.
    at = clock.now() + timedelta(hours=1)
    now = epoch_seconds(at)
    claims |= {"iat": now, "exp": now + 60}

    assert jwts.verify(_signed(claims | {name: now + 5}), Audience(claims["aud"]), at).subject == claims["sub"]
    with pytest.raises(Unauthorized):
        jwts.verify(_signed(claims | {name: now + 6}), Audience(claims["aud"]), at)


def test_a_token_ends_with_its_second(claims: dict[str, Any]) -> None:
    at = clock.now()
    assert jwts.verify(_signed(claims | {"exp": epoch_seconds(at) + 1}), Audience(claims["aud"]), at)
    with pytest.raises(Unauthorized):
        jwts.verify(_signed(claims | {"exp": epoch_seconds(at)}), Audience(claims["aud"]), at)


def test_expiry_is_compared_with_the_time_of_the_request(claims: dict[str, Any]) -> None:
    at = clock.now() - timedelta(hours=1)
    claims |= {"iat": epoch_seconds(at), "exp": epoch_seconds(at) + 60}
    assert jwts.verify(_signed(claims), Audience(claims["aud"]), at).subject == claims["sub"]


def test_claims_that_were_tampered_with(access_token: str, claims: dict[str, Any]) -> None:
    header, _, signature = access_token.split(".")
    payload = _raw({}, claims | {"sub": "2"}).split(".")[1]
    assert not gateway.authorize(f"{header}.{payload}.{signature}")
    assert not gateway.authorize(f"{header}.{payload}.")


def test_an_oversized_token(claims: dict[str, Any]) -> None:
    assert not gateway.authorize(_signed(claims | {"padding": "x" * 4096}))


def test_a_flood_of_unknown_key_ids_reads_the_secret_once(claims: dict[str, Any]) -> None:
    reads: list[str] = []

    def note(model: Any, **_: Any) -> None:
        reads.append(model.name)

    events = secrets_manager._client().meta.events
    events.register("before-parameter-build.secretsmanager", note)
    for number in range(50):
        gateway.authorize(_signed(claims, kid=f"made up {number}"))
    events.unregister("before-parameter-build.secretsmanager", note)

    assert len(reads) == 1


def test_a_new_key_is_known_before_the_cached_secret_ends(superadmin: Holder) -> None:
    assert gateway.authorize(superadmin.access_token)  # the secret is cached
    arn = config().jwt_key_secret_arn
    secret, version = secrets_manager.read_current_with_version(arn)
    new = jwts.prepare_secret_with_new_key(secret, clock.now(), keep_old_key=True)
    secrets_manager.replace_unless_version_changed(arn, version, new)

    claims = jwt.decode(superadmin.access_token, options={"verify_signature": False})

    assert gateway.authorize(_signed(claims, new["key"], kid=new["kid"]))
    assert gateway.authorize(superadmin.access_token)
