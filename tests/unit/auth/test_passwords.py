"""Passwords are kept as Argon2id only, and a check costs the same whoever it is for."""

import pytest
from argon2 import Type, extract_parameters

from rolecall.auth import passwords

PASSWORD = "correct horse battery"


def test_a_hash_is_argon2id_with_the_recommended_parameters_and_a_salt_of_its_own() -> None:
    one, other = passwords.hash_password(PASSWORD), passwords.hash_password(PASSWORD)
    parameters = extract_parameters(one)

    assert one != other
    assert PASSWORD not in one
    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19 * 1024, 2, 1)


def test_the_password_is_recognised_and_no_other() -> None:
    encoded = passwords.hash_password(PASSWORD)

    assert passwords.verify_password(encoded, PASSWORD)
    assert not passwords.verify_password(encoded, PASSWORD + " ")
    assert not passwords.verify_password(encoded, "")


def test_nobodys_password_takes_the_same_work_and_is_never_right() -> None:
    # A hash that can't be read would be refused at once, which tells that there is no such account.
    assert extract_parameters(passwords._HASH_OF_NO_PASSWORD) == extract_parameters(passwords.hash_password(PASSWORD))
    assert not passwords.verify_password(None, PASSWORD)


def test_a_hash_that_cannot_be_read_is_nobodys() -> None:
    assert not passwords.verify_password("spoilt", PASSWORD)


def test_a_composed_and_a_decomposed_letter_are_one_password() -> None:
    composed, decomposed = "mörder\u00a0grube", "mo\u0308rder grube"

    assert passwords.verify_password(passwords.hash_password(composed), decomposed)
    assert passwords.verify_password(passwords.hash_password(decomposed), composed)
    assert not passwords.needs_rehash(passwords.hash_password(decomposed), decomposed)


def test_a_hash_of_the_characters_as_they_were_sent_still_works_and_is_made_anew() -> None:
    sent = "mo\u0308rdergrube"
    older = passwords._hasher().hash(sent)

    assert passwords.verify_password(older, sent)
    assert not passwords.verify_password(older, "mördergrube")
    assert passwords.needs_rehash(older, sent)
    assert not passwords.verify_password(None, sent)


@pytest.mark.parametrize(
    ("password", "is_email"),
    [
        ("ada@xn--bcher-kva.example", True),
        ("ADA@xn--bcher-kva.EXAMPLE", True),
        ("Ada@b\u00fccher.example", True),
        ("bo@xn--bcher-kva.example", False),
        ("@", False),
        ("ada", False),
    ],
)
def test_is_email_compares_without_case_and_in_the_stored_form(password: str, is_email: bool) -> None:
    assert passwords.is_email(password, "ada@xn--bcher-kva.example") is is_email


def test_a_random_password_has_24_characters_and_is_never_the_same() -> None:
    made = {passwords.generate_password() for _ in range(50)}
    assert len(made) == 50
    assert {len(one) for one in made} == {24}
