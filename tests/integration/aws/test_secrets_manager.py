"""How long a secret is served from memory, and how often it is read again for a credential that does not match."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from rolecall import clock
from rolecall.aws import secrets_manager
from rolecall.config import config
from tests import gateway
from tests.integration.conftest import MASTER_TOKEN

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the wall clock to some seconds after noon. The monotonic clock stands still, as in a frozen process."""
    noon = datetime(2026, 6, 15, 12, tzinfo=UTC)
    frozen = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: frozen)

    def to(seconds: float) -> None:
        monkeypatch.setattr(clock, "now", lambda: noon + timedelta(seconds=seconds))

    to(0)
    return to


@contextmanager
def counted_reads() -> Iterator[list[str]]:
    reads: list[str] = []

    def note(model: Any, **_: Any) -> None:
        reads.append(model.name)

    events = secrets_manager._client().meta.events
    events.register("before-parameter-build.secretsmanager", note)
    try:
        yield reads
    finally:
        events.unregister("before-parameter-build.secretsmanager", note)


def _rotate(token: str) -> None:
    content = f'{{"token": "{token}"}}'
    boto3.client("secretsmanager").put_secret_value(SecretId=config().master_token_secret_arn, SecretString=content)


@pytest.mark.parametrize(
    ("seconds", "token"), [(299, MASTER_TOKEN), (300, "R" * 64), (111_600, "R" * 64), (-1, "R" * 64)], ids=str
)
def test_a_secret_is_cached_for_300_seconds_of_wall_time(
    set_clock: Callable[[float], None], seconds: float, token: str
) -> None:
    arn = config().master_token_secret_arn
    assert secrets_manager.read(arn)["token"] == MASTER_TOKEN
    _rotate("R" * 64)

    set_clock(seconds)

    assert secrets_manager.read(arn)["token"] == token


@pytest.mark.parametrize(("seconds", "again"), [(4.9, False), (5, True), (3600, True), (-1, True)], ids=str)
def test_a_secret_is_reread_at_most_once_in_five_seconds_of_wall_time(
    set_clock: Callable[[float], None], seconds: float, again: bool
) -> None:
    arn = config().master_token_secret_arn
    assert secrets_manager.read_fresh_unless_just_reread(arn) is not None

    set_clock(seconds)

    assert (secrets_manager.read_fresh_unless_just_reread(arn) is not None) is again


def test_guesses_of_the_master_tokens_length_cost_one_read() -> None:
    gateway.authorize(MASTER_TOKEN)  # the secret is cached

    with counted_reads() as reads:
        assert not any(gateway.authorize(f"{number:064}") for number in range(50))

    assert len(reads) == 1


def test_a_token_that_matches_the_cached_one_is_always_compared_with_the_secret() -> None:
    assert gateway.authorize(MASTER_TOKEN)
    for number in range(10):
        gateway.authorize(f"{number:064}")

    with counted_reads() as reads:
        assert gateway.authorize(MASTER_TOKEN)
        assert gateway.authorize(MASTER_TOKEN)
        _rotate("R" * 64)
        assert not gateway.authorize(MASTER_TOKEN)
    assert len([name for name in reads if name == "GetSecretValue"]) == 3


def test_a_new_master_token_works_five_seconds_after_a_guess(set_clock: Callable[[float], None]) -> None:
    assert not gateway.authorize("G" * 64)
    _rotate("R" * 64)

    set_clock(5)

    assert gateway.authorize("R" * 64)
