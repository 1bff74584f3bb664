"""Superadmins who can act: the operator's function creates them with a temporary password."""

import secrets
from typing import Any

from local.commands.operate import operate
from local.deployment.stack import Stack
from local.http import call


def create_superadmin(stack: Stack, email: str) -> dict[str, Any]:
    """Create a superadmin who has changed the temporary password; return its `id`, `email` and `password`."""
    made = operate(stack, "create_superadmin", [f"email={email}", "force=true"])
    credentials = {"email": email, "password": made["password"]}
    login = call("POST", f"{stack.api}/v1/api/auth/login", body=credentials).json()
    assert login["passwordChangeRequired"] is True
    change = {"currentPassword": made["password"], "newPassword": secrets.token_urlsafe(18)}
    answer = call("PUT", f"{stack.api}/v1/api/auth/password", login["accessToken"], change)
    assert answer.status == 204, answer.text
    return {**made, "password": change["newPassword"]}
