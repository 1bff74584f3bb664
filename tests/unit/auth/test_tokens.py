"""Credentials are recognised by their form, read from one header, and never shown again."""

from hashlib import sha256
from uuid import UUID

import pytest

from rolecall.auth import tokens
from rolecall.auth.tokens import (
    MAX_CREDENTIAL_LENGTH,
    CredentialForm,
    parse_credential_with_optional_bearer,
    recognize_credential,
)

TOKEN = "3f1d2c4b-5a69-4788-96a5-b4c3d2e1f0a9"


@pytest.mark.parametrize(
    ("credential", "form"),
    [
        (TOKEN, CredentialForm.API_TOKEN),
        (TOKEN.upper(), CredentialForm.API_TOKEN),
        (TOKEN.replace("-4788-", "-7788-"), CredentialForm.MASTER_TOKEN),  # a UUID, but not v4
        (TOKEN.replace("-96a5-", "-c6a5-"), CredentialForm.MASTER_TOKEN),  # not of the RFC's variant
        (TOKEN + "\n", CredentialForm.MASTER_TOKEN),
        ("eyJh.eyJz.c2ln", CredentialForm.JWT),
        ("eyJh.eyJz.", CredentialForm.JWT),  # unsigned, as with alg none: looked at, and refused, as a JWT
        ("eyJh.eyJz", CredentialForm.MASTER_TOKEN),
        ("a.b.c.d", CredentialForm.MASTER_TOKEN),
        ("M" * 64, CredentialForm.MASTER_TOKEN),
        ("ключ", CredentialForm.MASTER_TOKEN),
    ],
)
def test_a_credential_is_recognised_by_its_form(credential: str, form: CredentialForm) -> None:
    assert recognize_credential(credential) is form


@pytest.mark.parametrize(
    "scheme", ["Bearer ", "bearer ", "BEARER ", "bEaReR ", "Bearer   ", "  Bearer ", "Bearer\t", ""]
)
def test_a_credential_comes_with_the_scheme_in_any_case_or_without_it(scheme: str) -> None:
    assert parse_credential_with_optional_bearer(f"{scheme}{TOKEN} ") == TOKEN


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "   ",
        f"Basic {TOKEN}",
        f"{TOKEN} {TOKEN}",
        f"Bearer {TOKEN} {TOKEN}",
        f"Bearer Bearer {TOKEN}",
        "Bearer ключ",
        "\ud800" * 64,
        "x" * (MAX_CREDENTIAL_LENGTH + 1),
        "Bearer " + "x" * (MAX_CREDENTIAL_LENGTH + 1),
    ],
)
def test_no_other_header_holds_a_credential(header: str | None) -> None:
    assert parse_credential_with_optional_bearer(header) is None


def test_the_longest_credential_is_looked_at() -> None:
    assert parse_credential_with_optional_bearer("x" * MAX_CREDENTIAL_LENGTH) == "x" * MAX_CREDENTIAL_LENGTH


def test_a_new_token_is_a_random_uuid_and_never_the_same() -> None:
    made = {tokens.new_api_token() for _ in range(100)}

    assert len(made) == 100
    assert {UUID(token).version for token in made} == {4}
    assert {recognize_credential(token) for token in made} == {CredentialForm.API_TOKEN}


def test_the_hash_is_sha256_of_the_lower_case_token() -> None:
    assert tokens.api_token_hash(TOKEN) == sha256(TOKEN.encode()).hexdigest()
    assert tokens.api_token_hash(TOKEN.upper()) == tokens.api_token_hash(TOKEN)


def test_a_mask_shows_the_last_four_characters_only() -> None:
    assert tokens.masked_token("5a60") == "********-****-****-****-********5a60"
    assert len(tokens.masked_token("5a60")) == len(TOKEN)


def test_a_derived_token_follows_from_its_facts_alone() -> None:
    """The value is pinned: a replay after a deployment must give the token that the first answer gave."""
    derived = tokens.derive_api_token("a secret", "tenant", "user")

    assert derived == "3bedb496-dc56-42c6-86cd-4b819ef68d52"
    assert UUID(derived).version == 4


def test_no_other_facts_and_no_other_secret_derive_the_same_token() -> None:
    derived = tokens.derive_api_token("a secret", "ab", "c")

    others = [("a secret", "a", "bc"), ("a secret", "abc"), ("a secret", "c", "ab"), ("another", "ab", "c")]
    assert derived not in {tokens.derive_api_token(secret, *facts) for secret, *facts in others}
