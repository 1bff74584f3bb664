"""Passwords that everyone tries first."""

import pytest

from rolecall.errors import ValidationFailed
from rolecall.http.field_types import Email, Password
from rolecall.http.models import Body
from tests.gateway import ROOT


class Login(Body):
    email: Email
    password: Password


def _complaint(password: str) -> str | None:
    try:
        Login.parse(b'{"email": "Ada@Example.com", "password": "%s"}' % password.encode())
    except ValidationFailed as error:
        [field] = error.fields
        assert (field.field, field.value) == ("password", None)
        return field.message
    return None


@pytest.mark.parametrize("password", ["password", "PASSWORD", "12345678", "iloveyou", "Qwerty123", "P@ssw0rd"])
def test_a_common_password_is_refused_in_any_case(password: str) -> None:
    assert _complaint(password) == "is among the most common passwords: choose another"


@pytest.mark.parametrize("password", ["ada@example.com", "ADA@EXAMPLE.COM"])
def test_the_email_is_no_password(password: str) -> None:
    assert _complaint(password) == "must not be the email"


def test_any_other_is_fine() -> None:
    assert _complaint("correct horse battery") is None


def test_the_list_holds_what_could_pass_otherwise_once_and_in_order() -> None:
    listed = (ROOT / "layers/rolecall/rolecall/auth/common_passwords.txt").read_text().splitlines()
    assert len(listed) > 500
    assert listed == sorted({password.casefold() for password in listed if len(password) >= 8})
