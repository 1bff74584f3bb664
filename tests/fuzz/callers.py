"""Who asks, and for whom and what."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.http import call

SESSIONS = "/v1/api/auth"


@dataclass
class Caller:
    """Someone with a credential that stays good, whatever the answers make of it; `nobody` has none.

    `ids` are the ones that there is something behind, by the path that takes them; the caller's own comes first.
    """

    api: str
    kind: str
    credential: str = ""
    ids: Mapping[str, list[Any]] = field(default_factory=dict)
    email: str = ""
    password: str = ""
    refresh_token: str = ""

    @property
    def scheme(self) -> str | None:
        """What the document calls the credential, of those who may do the most with it."""
        return {"admin": "ApiToken", "operator": "MasterToken", "superadmin": "AccessToken"}.get(self.kind)

    def log_in(self) -> None:
        body = {"email": self.email, "password": self.password}
        self._take(call("POST", f"{self.api}{SESSIONS}/login", body=body).json())

    def ids_for(self, path: str) -> list[Any]:
        """What there is for the `{id}` of a path."""
        return next((ids for beginning, ids in self.ids.items() if path.startswith(beginning)), [])

    def session_body(self, path: str) -> dict[str, str] | None:
        """What this caller would send to the routes of sessions."""
        if not self.email or not path.startswith(SESSIONS):
            return None
        if path.endswith("/login"):
            return {"email": self.email, "password": self.password}
        return {"refreshToken": self.refresh_token}

    def heard(self, operation: str, status: int, content: bytes) -> None:
        """Go on with what the answer gives, or without what it takes."""
        if status == 200 and operation == "POST /users/{id}/token":
            data = json.loads(content)["data"]
            if data["user_id"] == self.ids_for("/users/{id}")[0]:
                self.credential = data["token"]
        elif status == 200 and operation == f"POST {SESSIONS}/refresh":
            self._take(json.loads(content))
        elif status == 204 and operation == f"POST {SESSIONS}/logout":
            self.log_in()

    def _take(self, pair: dict[str, str]) -> None:
        self.credential, self.refresh_token = pair["accessToken"], pair["refreshToken"]
