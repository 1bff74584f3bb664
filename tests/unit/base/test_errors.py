"""Errors that carry a number: what they tell."""

from rolecall.errors import FieldError, LastAdmin, PreviousKeyInUse, RateLimited, ValidationFailed


def test_too_many_attempts_say_when_the_next_one_may_come() -> None:
    assert RateLimited(30).retry_after == 30
    assert RateLimited(30).message == RateLimited.message


def test_a_rotation_that_comes_too_early_says_how_long_to_wait_and_what_else_can_be_done() -> None:
    assert PreviousKeyInUse(90).message == (
        "the key before this one has valid tokens for 90 more seconds:"
        " wait, or end all access tokens with revoke_previous=true"
    )


def test_the_text_of_an_error_is_its_message_and_of_a_failed_validation_its_fields() -> None:
    field = FieldError("email", "is required")
    assert str(LastAdmin()) == LastAdmin.message
    assert str(LastAdmin("stay")) == LastAdmin("stay").message == "stay"
    assert ValidationFailed(field).fields == (field,)
    assert ValidationFailed(field).message == ValidationFailed.message
    assert ValidationFailed(message="no JSON").message == "no JSON"
