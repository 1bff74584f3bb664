"""When a session of an owner is valid."""

from datetime import UTC, datetime
from typing import Any

import pytest

from rolecall.auth.session_owners import AccountOwner

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)

_ACCOUNT_ITEM = {"enabled": True, "banned": False, "session_generation": 3}
_SESSION_ITEM = {"generation": 3, "expires_at": int(AT.timestamp()) + 1}


@pytest.mark.parametrize(
    ("account", "session", "valid"),
    [
        (_ACCOUNT_ITEM, _SESSION_ITEM, True),
        (None, _SESSION_ITEM, False),
        (_ACCOUNT_ITEM, None, False),
        (_ACCOUNT_ITEM, {"expires_at": _SESSION_ITEM["expires_at"]}, False),
        (_ACCOUNT_ITEM | {"enabled": False}, _SESSION_ITEM, False),
        (_ACCOUNT_ITEM | {"banned": True}, _SESSION_ITEM, False),
        (_ACCOUNT_ITEM | {"session_generation": 4}, _SESSION_ITEM, False),
        (_ACCOUNT_ITEM, _SESSION_ITEM | {"expires_at": int(AT.timestamp())}, False),
    ],
)
def test_a_session_is_valid_until_its_end_and_while_its_account_is(
    account: dict[str, Any] | None, session: dict[str, Any] | None, valid: bool
) -> None:
    assert AccountOwner(7).is_session_valid([account], session, AT) is valid
