"""Error bodies have the format of their family and not of the other; errors of the gateway have both formats."""

from collections.abc import Callable

import pytest
from jsonschema_rs import ValidationError

from tests import gateway
from tests.dialects import PLATFORM, TENANT, assert_readable, assert_valid
from tests.gateway import Response
from tests.integration.conftest import PASSWORD, Holder, Tenant

USERS = "/v1/api/superadmin/users"


def _log_in(password: str, times: int) -> Response:
    body = {"email": "nobody@example.com", "password": password}
    return [gateway.request("POST", "/v1/api/auth/login", body=body) for _ in range(times)][-1]


PLATFORM_ERRORS: dict[int, Callable[[Holder], Response]] = {
    400: lambda root: root.request("POST", USERS, {"email": "x", "password": "y", "king": True}),
    401: lambda _root: _log_in(PASSWORD, 1),
    403: lambda root: root.request("PUT", f"{USERS}/{root.id}/role", {"newRole": "client"}),
    404: lambda root: root.request("GET", f"{USERS}/999"),
    409: lambda root: root.request(
        "POST", USERS, {"email": root.email, "password": PASSWORD, "firstName": "A", "lastName": "B"}
    ),
    413: lambda root: root.request("POST", USERS, {"email": "x" * 20_000}),
    415: lambda root: root.request("POST", USERS, {}, headers={"Content-Type": "text/plain"}),
    429: lambda _root: _log_in(PASSWORD, 6),
}


@pytest.mark.parametrize("status", PLATFORM_ERRORS)
def test_the_platform_family(superadmin: Holder, status: int) -> None:
    answer = PLATFORM_ERRORS[status](superadmin)

    assert answer.status == answer.body["status"] == status
    assert_valid(answer.body, PLATFORM)
    with pytest.raises(ValidationError):
        assert_readable(answer.body, TENANT)
    assert ("Retry-After" in answer.headers) is (status == 429)


TENANT_ERRORS: dict[int, Callable[[Tenant], Response]] = {
    400: lambda tenant: tenant.admin.request("POST", "/users", {"email": "x", "password": "y", "king": True}),
    403: lambda tenant: tenant.admin.promote(tenant.admin, "user"),
    404: lambda tenant: tenant.admin.request("POST", "/users/nobody/promote", {"new_role": "user"}),
    409: lambda tenant: tenant.admin.request(
        "POST", "/users", {"email": tenant.admin.email, "password": PASSWORD, "role": "user"}
    ),
    413: lambda tenant: tenant.admin.request("POST", "/users", {"email": "x" * 20_000}),
}


@pytest.mark.parametrize("status", TENANT_ERRORS)
def test_the_tenant_family(acme: Tenant, status: int) -> None:
    answer = TENANT_ERRORS[status](acme)

    assert answer.status == status
    assert_valid(answer.body, TENANT)
    with pytest.raises(ValidationError):
        assert_readable(answer.body, PLATFORM)
