"""The policies in the template allow what the functions do, and nothing more.

That nothing is missing is held by every integration test, as each call is checked against them.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import OperationModel

from rolecall import store
from tests import gateway, permissions
from tests.gateway import Route
from tests.integration.conftest import NO_TIME_TO_SWEEP, Holder, Tenant, delete_tenant, make_account, run_maintenance
from tests.permissions import Permission

_EACH_CALL = "before-parameter-build.dynamodb"
type Used = dict[str, set[Permission]]


@pytest.fixture
def used(aws: None) -> Iterator[Used]:
    """What each function has needed so far."""
    found: Used = {folder: set() for folder in gateway.functions()}

    def note(params: dict[str, Any], model: OperationModel, **_: Any) -> None:
        if folder := gateway.running.get():
            found[folder] |= permissions.needed(model.name, params)

    events = store._client().meta.events
    events.register(_EACH_CALL, note)
    yield found
    events.unregister(_EACH_CALL, note)


def test_every_permission_is_needed(used: Used, acme: Tenant, globex: Tenant, superadmin: Holder) -> None:
    member, other, account = acme.add("admin"), acme.add("user"), make_account()
    acme.add_device_and_session(member)
    acme.admin.promote(other, "manager")
    acme.admin.promote(member, "user")
    acme.admin.request("GET", "/users")
    superadmin.request("PUT", f"/v1/api/superadmin/users/{account.id}/role", {"newRole": "ADMIN"})
    delete_tenant(acme.id)
    delete_tenant(globex.id, seconds=NO_TIME_TO_SWEEP)
    run_maintenance()

    assert used == {folder: permissions.granted(folder) for folder in gateway.functions()}


@pytest.mark.parametrize("route", gateway.routes(), ids=lambda route: route.function)
def test_a_missing_permission_really_fails(
    aws: None, route: Route, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """So that the check which all integration tests rely on is known to bite."""
    monkeypatch.setattr(permissions, "granted", lambda folder: frozenset())
    event = gateway.event_of(route.function)

    answer = gateway.request(
        route.method, event["path"], body=event["body"], principal=event["requestContext"].get("authorizer", {})
    )

    assert (answer.status, answer.code) == (500, "INTERNAL_ERROR")
    assert "has no permission for" in caplog.text
