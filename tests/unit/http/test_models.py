"""Bodies are taken as the contract says, or refused in its words, without echoing a secret."""

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Self

import pytest
from pydantic import Field, create_model, model_validator

from rolecall import clock
from rolecall.auth.roles import PlatformRole, Role
from rolecall.config import config
from rolecall.errors import FieldError, ValidationFailed
from rolecall.http.field_types import (
    BirthDate,
    Date,
    Email,
    Name,
    Password,
    PlatformRoleName,
    Reason,
    RoleName,
    UniqueName,
    Until,
    Uuid,
    WebhookUrl,
)
from rolecall.http.models import ABSENT, Body


class Sample(Body):
    """A body with every kind of field."""

    email: Email = "ada@example.com"
    password: Password = "correct horse"
    role: RoleName = Role.USER
    name: Name = "Acme"
    webhook_url: WebhookUrl | None = None
    reason: Reason = "none"
    tenant: UniqueName = "Acme"
    birth: BirthDate | None = None
    new_role: PlatformRoleName = Field(alias="newRole", default=PlatformRole.CLIENT)


class Credentials(Body):
    email: Email
    password: str


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TABLE_NAME", "none")
    config.cache_clear()
    yield
    config.cache_clear()


def _errors(raw: bytes, model: type[Body] = Sample) -> tuple[FieldError, ...]:
    with pytest.raises(ValidationFailed) as raised:
        model.parse(raw)
    return raised.value.fields


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("role", "boss", "must be one of admin, manager, user"),
        ("role", "Admin", "must be one of admin, manager, user"),
        ("role", 1, "must be one of admin, manager, user"),
        ("email", "nobody", "must be a valid email address"),
        ("email", "a@localhost", "must be a valid email address"),
        ("email", 7, "must be a string"),
        ("email", True, "must be a string"),
        ("name", "  ", "must not be blank"),
        ("name", "x" * 101, "must have at most 100 characters"),
        ("name", "\u200d\xad", "must have no characters that cannot be seen: U+200D is one"),
        ("name", "Ac\nme", "must have no characters that cannot be seen: U+000A is one"),
        ("name", "Acme\0", "must have no characters that cannot be seen: U+0000 is one"),
        ("name", "Acme\u202egro", "must have no characters that cannot be seen: U+202E is one"),
        ("reason", "\ufeff", "must have no characters that cannot be seen: U+FEFF is one"),
        ("reason", "a\0", "must have no characters that cannot be seen: U+0000 is one"),
        ("reason", " \n", "must not be blank"),
        ("tenant", "\ufdfa" * 40, "must have at most 1000 bytes where it is compared: use fewer special characters"),
        ("name", "\ufb2c" * 40, "must have at most 100 characters"),
        ("birth", "1899-12-31", "must be from 1900-01-01 to today"),
        ("birth", "2999-01-01", "must be from 1900-01-01 to today"),
        ("email", "José@example.com", "must be a valid email address"),
        ("newRole", "\u017fuperadmin", f"must be one of {', '.join(PlatformRole)}"),
        ("email", f"{'n' * 65}@example.com", "must be a valid email address"),
    ],
)
def test_a_bad_value_is_named_with_what_it_must_be(field: str, value: Any, message: str) -> None:
    assert _errors(json.dumps({field: value}).encode()) == (FieldError(field, message, value),)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "https://",
        "example.com",
        "https://example..com/",
        "https://-example.com/",
        f"https://{'n' * 64}.com/",
        "https://example.com:0/",
        " https://example.com",
        "https://example.com ",
        "https://example.com\r\nX-Evil: 1",
        "ht\ntps://example.com",
        "HTTPS://example.com",
        "https://exa mple.com/",
        "https://\0",
        "https://.",
        "https://[x",
        "https://example.com:65536/",
        "https://example.com:x/",
        "https://bücher.example/",
        "https:/example.com",
        "https://@example.com",
        "https://a:b@hooks.example.com?x",
        "https://a@hooks.example.com",
        "https://a%40b:@hooks.example.com/",
        "https://hooks.example.com/#fragment",
        "https://hooks.example.com#a@b",
        "https://example.com\n",
        # No URI of RFC 3986, which the API's document says that it is.
        "https://example.com/%",
        "https://example.com/%2",
        "https://example.com/?a=%zz",
        "https://example.com/?a[b]=c",
    ],
)
def test_the_webhook_url_must_be_a_url_at_all(url: str) -> None:
    (error,) = _errors(json.dumps({"webhook_url": url}).encode())
    assert error.message == "must be an https URL without credentials and fragment"
    assert error.value is None, "a URL can hold a password"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://a",
        "https://example.com:65535/x/%20?a=b",
        "https://hooks.example.com/a@b?c@d",
        "https://192.0.2.7/hook",
    ],
)
def test_a_webhook_url_is_kept_as_it_is(url: str) -> None:
    assert Sample.parse(json.dumps({"webhook_url": url}).encode()).webhook_url == url


def test_a_webhook_url_has_a_host_name_that_can_exist() -> None:
    longest = f"{'n.' * 125}com"
    assert len(longest) == 253
    assert Sample.parse(json.dumps({"webhook_url": f"https://{longest}/x"}).encode()).webhook_url
    (error,) = _errors(json.dumps({"webhook_url": f"https://n{longest}/x"}).encode())
    assert (error.message, error.value) == ("must have a host name of at most 253 characters", None)


def test_what_looks_the_same_is_kept_the_same() -> None:
    body = Sample.parse('{"name": " Cafe\u0301 ", "reason": "one\\n\\ttwo\\n", "email": "X@Bücher.de"}'.encode())

    assert (body.name, body.reason, body.email) == ("Café", "one\n\ttwo", "X@xn--bcher-kva.de")


@pytest.mark.parametrize("field", ["role", "email", "name"])
@pytest.mark.parametrize("value", [None, [], ["admin"], {"a": {"b": 1}}])
def test_a_value_with_an_inner_structure_is_not_echoed(field: str, value: Any) -> None:
    (error,) = _errors(json.dumps({field: value}).encode())
    assert (error.field, error.value) == (field, None)


def test_missing_fields_are_all_named() -> None:
    assert _errors(b"{}", Credentials) == (
        FieldError("email", "is required"),
        FieldError("password", "is required"),
    )


@pytest.mark.parametrize("name", ["Password", "passwort", "new_role", "__class__", "tenant_id"])
def test_an_unknown_field_is_refused_and_its_value_not_echoed(name: str) -> None:
    # It may be a secret under a mistyped name.
    assert _errors(json.dumps({name: "hunter2-hunter2"}).encode()) == (FieldError(name, "is not a known field"),)


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("hunter2", "must have at least 8 characters"),
        ("o\u0308" * 7, "must have at least 8 characters"),
        ("\ufb2c" * 100, "must have at most 128 characters"),
        (" " * 8, "must not be blank"),
        ("\t" * 8, "must have no characters that cannot be seen: U+0009 is one"),
        ("pass\u3164word", "must have no characters that cannot be seen: U+3164 is one"),
        ("h" * 129, "must have at most 128 characters"),
        (12345678, "must be a string"),
    ],
)
def test_a_password_is_never_echoed(password: Any, message: str) -> None:
    assert _errors(json.dumps({"password": password}).encode()) == (FieldError("password", message),)


@pytest.mark.parametrize("length", [8, 128])
def test_a_password_of_an_allowed_length_is_taken_as_it_is(length: int) -> None:
    password = " " + "p" * (length - 2) + " "
    assert Sample.parse(json.dumps({"password": password}).encode()).password == password


def test_a_name_loses_the_space_around_it() -> None:
    assert Sample.parse(b'{"name": " Acme  Inc "}').name == "Acme  Inc"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"[{}]",
        b'"{}"',
        b"7",
        b"true",
        b"NaN",
        b"{",
        b"{} {}",
        b"{'name': 'Acme'}",
        b'{"name": "Acme",}',
        b"name=Acme",
        b'{"name": NaN}',
        b'{"name": -Infinity}',
        b'{"name": 1e999}',
        b"[" * 5000,
        b'{"name":' * 1500,
    ],
)
def test_what_is_no_json_object_is_refused_as_a_whole(raw: bytes) -> None:
    with pytest.raises(ValidationFailed, match=r"^the body must be a JSON object$") as raised:
        Sample.parse(raw)
    assert raised.value.fields == ()


def test_a_field_without_a_name_is_an_unknown_one_like_any_other() -> None:
    (error,) = _errors(b'{"name": "Acme", "": 1}')
    assert (error.field, error.message) == ("", "is not a known field")


@pytest.mark.parametrize(
    ("number", "echoed"),
    [
        (b"1.5", 1.5),
        (b"9223372036854775807", 2**63 - 1),
        (b"9223372036854775808", None),
        (b"1" + b"0" * 30, None),
        (b"1e300", None),
        (b"-1e25", None),
        (b"-9223372036854775808", -(2**63)),
    ],
)
def test_a_number_is_echoed_if_everyone_can_read_it(number: bytes, echoed: float | None) -> None:
    assert _errors(b'{"name": ' + number + b"}") == (FieldError("name", "must be a string", echoed),)


def test_an_address_with_a_name_before_it_is_no_email() -> None:
    class Contact(Body):
        email: Email

    with pytest.raises(ValidationFailed) as raised:
        Contact.parse(b'{"email": "Ada <ada@example.com>"}')
    assert [(one.field, one.message) for one in raised.value.fields] == [("email", "must be a valid email address")]


def test_an_error_of_a_kind_that_no_body_has_yet_has_a_message_too() -> None:
    class Share(Body):
        part: float

    assert _errors(b'{"part": "half"}', Share) == (FieldError("part", "is not valid", "half"),)


@pytest.mark.parametrize("text", ["ADMIN", "admin", "Role_Admin", "ROLE_ADMIN", "  role_admin "])
def test_a_platform_role_is_read_in_any_case_and_with_or_without_its_prefix(text: str) -> None:
    assert Sample.parse(json.dumps({"newRole": text}).encode()).new_role is PlatformRole.ADMIN


@pytest.mark.parametrize("value", ["boss", "ROLE_", "", "role admin", "ROLE_ROLE_ADMIN", "\u212aadmin", 7, ["ADMIN"]])
def test_another_platform_role_is_refused(value: Any) -> None:
    (error,) = _errors(json.dumps({"newRole": value}).encode())
    assert error.message == "must be one of ROLE_CLIENT, ROLE_VERIFIED_USER, ROLE_ADMIN, ROLE_SUPERADMIN"


def test_a_time_is_kept_in_whole_seconds_of_utc() -> None:
    class Change(Body):
        until: Until

    for text in ("2026-06-15T12:00:00Z", "2026-06-15T14:00:00.9+02:00"):
        assert Change.parse(json.dumps({"until": text}).encode()).until == "2026-06-15T12:00:00Z"
    for value in ("tomorrow", "2026-06-15", "", 1781524800):
        (error,) = _errors(json.dumps({"until": value}).encode(), Change)
        assert error == FieldError("until", "must be a time such as 2026-06-15T12:00:00Z", value)


@pytest.mark.parametrize(
    ("sent", "form"),
    [
        ("o\u0308" * 128, "ö" * 128),  # 256 characters as sent
        ("\u0958" * 4, "\u0915\u093c" * 4),  # 4 characters as sent
    ],
)
def test_the_length_of_a_password_is_that_of_its_form(sent: str, form: str) -> None:
    assert Sample.parse(json.dumps({"password": sent}).encode()).password == form
    assert Sample.parse(json.dumps({"password": form}).encode()).password == form


@pytest.mark.parametrize("sent", ["o\u0308" * 129, "o\u0308" * 7, "\u0958" * 65])
def test_a_password_whose_form_is_too_long_or_short_is_refused(sent: str) -> None:
    [error] = _errors(json.dumps({"password": sent}).encode())
    assert re.fullmatch("must have at (most 128|least 8) characters", error.message)


def test_a_common_password_is_refused_in_any_case() -> None:
    for password in ("password123", "PassWord123"):
        (error,) = _errors(json.dumps({"password": password}).encode())
        assert error == FieldError("password", "is among the most common passwords: choose another")


def test_a_date_is_one_of_the_calendar() -> None:
    class Born(Body):
        on: Date

    assert Born.parse(b'{"on": "1992-02-29"}').on == date(1992, 2, 29)
    for value in ("1991-02-29", "19920229", "1992-W09-6", "1992-02-29T00:00:00", "", 699321600):
        (error,) = _errors(json.dumps({"on": value}).encode(), Born)
        assert error == FieldError("on", "must be a date such as 1990-12-31", value)


def test_a_uuid_is_taken_in_either_case_and_kept_in_lower_case() -> None:
    class Named(Body):
        user_id: Uuid

    uuid = "7c2d1e3f-9a8b-4c10-b2d3-e4f5a6b7c8d9"
    for text in (uuid, uuid.upper()):
        assert Named.parse(json.dumps({"user_id": text}).encode()).user_id == uuid
    for text in ("me", uuid.replace("-", "")):
        assert _errors(json.dumps({"user_id": text}).encode(), Named) == (
            FieldError("user_id", "must be a UUID", text),
        )


def test_the_audit_trail_gets_the_fields_that_are_set_and_hold_no_secret() -> None:
    class Update(Body):
        active: bool = ABSENT
        name: Name | None = None
        new_password: str = ABSENT
        refresh_token: str = ABSENT

    body = Update.parse(b'{"active": false, "name": null, "new_password": "hunter2", "refresh_token": "x"}')
    assert body.fields_for_audit() == {"active": False}


def test_a_field_that_may_be_absent_is_not_null_for_that() -> None:
    class Update(Body):
        active: bool = ABSENT
        name: Name | None = None

    assert Update.parse(b'{"name": null}').fields_without_none() == {}
    assert Update.parse(b'{"active": false}').fields_without_none() == {"active": False}
    assert _errors(b'{"active": null}', Update) == (FieldError("active", "must be true or false"),)


def test_the_email_is_no_password_however_it_is_written() -> None:
    for password in ("ada@bücher.example", "ADA@xn--bcher-kva.example", "ada@BÜCHER.example"):
        body = json.dumps({"email": "ada@bücher.example", "password": password})
        assert _errors(body.encode()) == (FieldError("password", "must not be the email"),)


def test_a_birth_date_may_be_the_first_day_and_today() -> None:
    for day in ("1900-01-01", clock.now().date().isoformat()):
        assert Sample.parse(json.dumps({"birth": day}).encode()).birth == date.fromisoformat(day)


# --- What later routes will have: nested objects, lists, more secrets, longer bodies ---------------------------------


class Change(Body):
    new_role: RoleName
    new_password: str = ABSENT


class Changes(Body):
    """A body with a list of objects, of up to 64 KiB."""

    max_bytes = 64 * 1024

    changes: list[Change] = Field(min_length=1, max_length=2)


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ([], "changes", "must have at least 1 entries"),
        ([{"new_role": "user"}] * 3, "changes", "must have at most 2 entries"),
        ({}, "changes", "must be a list"),
        ([{"new_role": "user"}, {"new_role": None}], "changes[1].new_role", "must be one of admin, manager, user"),
        ([{"new_role": "user"}, {}], "changes[1].new_role", "is required"),
        ([{"new_role": "user", "until": 1}], "changes[0].until", "is not a known field"),
        (["user"], "changes[0]", "must be a JSON object"),
    ],
)
def test_an_error_in_a_list_names_the_row_and_the_field(changes: Any, field: str, message: str) -> None:
    (error,) = _errors(json.dumps({"changes": changes}).encode(), Changes)
    assert (error.field, error.message) == (field, message)


@pytest.mark.parametrize(
    "name",
    ["password", "new_password", "currentPassword", "token", "refreshToken", "refresh_token", "client_secret"],
)
def test_no_secret_is_echoed_whatever_its_name_is(name: str) -> None:
    model = create_model("WithSecret", __base__=Body, field=(int, Field(alias=name)))
    assert _errors(json.dumps({name: "hunter2-hunter2"}).encode(), model) == (
        FieldError(name, "must be a whole number"),
    )


def test_a_secret_in_a_list_is_not_echoed() -> None:
    (error,) = _errors(b'{"changes": [{"new_role": "user", "new_password": 12345678}]}', Changes)
    assert error == FieldError("changes[0].new_password", "must be a string")


def test_the_text_of_a_body_shows_no_value() -> None:
    body = Credentials.parse(b'{"email": "ada@example.com", "password": "hunter2-hunter2"}')
    assert (str(body), repr(body)) == ("", "Credentials()")


def test_a_validator_of_the_whole_body_says_its_message_without_a_field() -> None:
    class Update(Body):
        active: bool = ABSENT

        @model_validator(mode="after")
        def _require_a_field(self) -> Self:
            if not self.model_fields_set:
                raise ValueError("active is required")
            return self

    assert Update.parse(b'{"active": false}').active is False
    with pytest.raises(ValidationFailed, match=r"^active is required$") as raised:
        Update.parse(b"{}")
    assert raised.value.fields == ()


def test_the_local_stack_takes_http_urls_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOW_LOCAL_WEBHOOKS", "true")
    config.cache_clear()
    assert Sample.parse(b'{"webhook_url": "http://127.0.0.1:8080/x"}').webhook_url == "http://127.0.0.1:8080/x"
    for url in ("http://a:b@127.0.0.1/", "http://127.0.0.1/#x", "ftp://127.0.0.1/"):
        assert _errors(json.dumps({"webhook_url": url}).encode())
