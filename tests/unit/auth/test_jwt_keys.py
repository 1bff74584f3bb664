"""A rotated signing key, and how long the previous one is still accepted."""

from datetime import UTC, datetime, timedelta

from rolecall.auth import jwts
from rolecall.clock import epoch_seconds

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
OLD = {"kid": "1", "key": "J" * 64, "previous": {"kid": "0", "key": "H" * 64, "until": 5}}


def test_a_new_key_is_random_and_has_384_bits() -> None:
    made = [jwts.prepare_secret_with_new_key(OLD, AT, keep_old_key=False) for _ in range(3)]

    assert all(one.keys() == {"kid", "key"} for one in made)
    assert {len(one["key"]) for one in made} == {64}
    assert len({one["key"] for one in made} | {one["kid"] for one in made} | {"1", "J" * 64}) == 8


def test_the_previous_key_is_kept_until_its_last_token_has_expired() -> None:
    made = jwts.prepare_secret_with_new_key(OLD, AT, keep_old_key=True)
    # A function may sign with the cached old key for 5 minutes. Its tokens live 15 minutes, and clocks differ.
    until = epoch_seconds(AT) + 300 + 900 + jwts._SKEW_SECONDS
    assert made["previous"] == {"kid": "1", "key": "J" * 64, "until": until}


def test_each_key_is_found_by_its_id_and_the_previous_one_until_its_end() -> None:
    secret = {**OLD, "previous": {"kid": "0", "key": "H" * 64, "until": epoch_seconds(AT)}}
    for at in (AT - timedelta(seconds=1), AT):
        assert jwts._current_or_unexpired_previous_key(secret, "1", at) == "J" * 64
        assert jwts._current_or_unexpired_previous_key(secret, "2", at) is None
        assert jwts._current_or_unexpired_previous_key(secret, None, at) is None
    assert jwts._current_or_unexpired_previous_key(secret, "0", AT - timedelta(seconds=1)) == "H" * 64
    assert jwts._current_or_unexpired_previous_key(secret, "0", AT) is None
    assert jwts._current_or_unexpired_previous_key({"kid": "1", "key": "J"}, "0", AT) is None
