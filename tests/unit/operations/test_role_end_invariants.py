"""The invariants on temporary roles, for items and audit entries of every form."""

from datetime import UTC, datetime
from typing import Any

import pytest

from rolecall import clock
from rolecall.audit import trail
from rolecall.auth.roles import PlatformRole, Role
from rolecall.operations.role_end_invariants import (
    is_role_stored_consistently,
    shows_role_given_for_longer_than_actors_own,
)

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
UNTIL = int(NOW.timestamp()) + 3600
LISTED = {"gsi3sk": f"{UNTIL}#u", "gsi4sk": f"{UNTIL}#u"}
TEMPORARY = {"role": "admin", "lasting_role": "user", "role_until": UNTIL}
#: The ends of an hour before and after the actor's own, as an audit entry shows them.
EARLIER, LATER = "2026-06-15T12:30:00Z", "2026-06-15T13:00:01Z"


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.mark.parametrize(
    ("item", "consistent"),
    [
        ({"role": "user"}, True),
        ({"role": "user", "gsi3sk": f"{UNTIL}#u"}, False),
        ({"role": "user", "gsi4sk": f"{UNTIL}#u"}, False),
        (TEMPORARY | LISTED, True),
        (TEMPORARY, False),
        (TEMPORARY | {"gsi3sk": f"{UNTIL}#u"}, False),
        (TEMPORARY | {"gsi4sk": f"{UNTIL}#u"}, False),
        (TEMPORARY | LISTED | {"gsi4sk": f"{UNTIL + 1}#u"}, False),
        (TEMPORARY | LISTED | {"gsi3sk": f"{UNTIL + 1}#u"}, False),
        ({"role": "admin", "lasting_role": "user"} | LISTED, False),
        ({"role": "admin", "role_until": UNTIL} | LISTED, False),
        (TEMPORARY | LISTED | {"lasting_role": "admin"}, False),
        (TEMPORARY | LISTED | {"role": "user", "lasting_role": "manager"}, False),
    ],
)
def test_an_item_has_a_whole_temporary_role_or_none(item: dict[str, Any], consistent: bool) -> None:
    assert is_role_stored_consistently(item, Role) is consistent


@pytest.mark.parametrize(("minutes_ago", "consistent"), [(0, True), (29, True), (30, False), (31, False)])
def test_an_end_is_written_within_half_an_hour(minutes_ago: int, consistent: bool) -> None:
    until = int(NOW.timestamp()) - 60 * minutes_ago
    item = TEMPORARY | {"role_until": until, "gsi3sk": f"{until}#u", "gsi4sk": f"{until}#u"}
    assert is_role_stored_consistently(item, Role) is consistent


def test_an_account_has_the_roles_of_the_platform() -> None:
    item = {
        "role": PlatformRole.SUPERADMIN.value,
        "lasting_role": PlatformRole.ADMIN.value,
        "role_until": UNTIL,
    } | LISTED
    assert is_role_stored_consistently(item, PlatformRole)


def _entry(actor: dict[str, Any], before: Any, after: Any, outcome: str = trail.SUCCEEDED) -> dict[str, Any]:
    return {"actor": actor, "before": before, "after": after, "outcome": outcome}


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        (_entry(TEMPORARY, {"role": "user"}, {"role": "manager"}), True),
        (_entry(TEMPORARY, None, {"role": "manager"}), True),
        (_entry(TEMPORARY, {"role": "user"}, {"role": "manager", "role_until": EARLIER}), False),
        (_entry(TEMPORARY, {"role": "user"}, {"role": "manager", "role_until": LATER}), True),
        (_entry(TEMPORARY, {"role": "manager"}, {"role": "user"}), False),
        (_entry(TEMPORARY, {"role": "admin", "lasting_role": "manager"}, {"role": "manager"}), False),
        (_entry(TEMPORARY, {"role": "admin", "lasting_role": "user"}, {"role": "manager"}), True),
        (_entry(TEMPORARY, {"active": False}, {"active": True}), False),
        (_entry(TEMPORARY, {"role": "user"}, None), False),
        (_entry(TEMPORARY, {"role": "user"}, {"role": "manager"}, trail.DENIED), False),
        (_entry({"role": "admin"}, {"role": "user"}, {"role": "admin"}), False),
        (
            _entry(
                {"role": PlatformRole.SUPERADMIN.value, "lasting_role": PlatformRole.ADMIN.value, "role_until": UNTIL},
                {"role": PlatformRole.CLIENT.value},
                {"role": PlatformRole.SUPERADMIN.value},
            ),
            True,
        ),
    ],
)
def test_an_entry_shows_a_role_that_outlives_that_of_its_actor(entry: dict[str, Any], shown: bool) -> None:
    assert shows_role_given_for_longer_than_actors_own(entry) is shown
