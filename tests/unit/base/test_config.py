"""What the deployment forgot is said in one sentence that names it."""

import pytest

from rolecall import config as settings
from rolecall.config import Config
from rolecall.errors import ConfigurationError

SECRETS = ("master_token_secret_arn", "jwt_key_secret_arn", "cursor_key_secret_arn")


def test_the_settings_are_what_the_environment_says() -> None:
    found = Config.from_environ(
        {"TABLE_NAME": "users", "AUDIT_RETENTION_DAYS": "31", **{name.upper(): f"arn:{name}" for name in SECRETS}}
    )
    assert (found.table_name, found.audit_retention_days) == ("users", 31)
    assert [getattr(found, name) for name in SECRETS] == [f"arn:{name}" for name in SECRETS]


def test_the_audit_trail_is_kept_for_two_years_unless_said_otherwise() -> None:
    assert Config.from_environ({"TABLE_NAME": "users"}).audit_retention_days == 730


def test_the_audit_trail_may_be_kept_for_one_day() -> None:
    assert Config.from_environ({"TABLE_NAME": "users", "AUDIT_RETENTION_DAYS": "1"}).audit_retention_days == 1


@pytest.mark.parametrize("environ", [{}, {"TABLE_NAME": ""}])
def test_a_missing_setting_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"^the environment variable TABLE_NAME is not set: the template"):
        Config.from_environ(environ)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_asked_for_only_where_it_is_needed(name: str) -> None:
    config = Config.from_environ({"TABLE_NAME": "users"})
    with pytest.raises(ConfigurationError, match=f"^the environment variable {name.upper()} is not set"):
        getattr(config, name)


@pytest.mark.parametrize("days", ["", "0", "-1", "1.5", "a year", " 30"])
def test_a_malformed_setting_is_named_with_its_value(days: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        Config.from_environ({"TABLE_NAME": "users", "AUDIT_RETENTION_DAYS": days})
    assert str(raised.value) == f"AUDIT_RETENTION_DAYS must be a whole number of days, not {days!r}"


def test_variables_of_lambda_say_that_it_runs_the_process_and_which_function_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "rolecall-promote-user")
    assert settings.runs_in_lambda()
    assert settings.lambda_function_name() == "rolecall-promote-user"


def test_a_process_outside_of_lambda_has_no_function_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_LAMBDA_INITIALIZATION_TYPE", raising=False)
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    assert not settings.runs_in_lambda()
    assert settings.lambda_function_name() is None
