"""The callers of the fuzz test: their credentials, and the ids that exist for them."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from local.http import call

SESSIONS = "/v1/api/auth"


@dataclass
class Caller:
    """A caller with a credential that stays valid: it is replaced when an answer replaces it. `nobody` has none.

    `ids` has the ids of existing items by the beginning of the paths that take them. The caller's own id comes first.
    """

    api: str
    kind: str
    credential: str = ""
    ids: Mapping[str, list[Any]] = field(default_factory=dict)
    email: str = ""
    password: str = ""
    next_password: str = "the next correct horse"
    refresh_token: str = ""

    @property
    def scheme(self) -> str | None:
        """The API document's name for the kind of credential, for the most powerful caller of each kind; else None."""
        return {"admin": "ApiToken", "operator": "MasterToken", "superadmin": "AccessToken"}.get(self.kind)

    def log_in(self) -> None:
        """Log in; wait before it as long as the answer says, because the invented logins count against this machine."""
        body = {"email": self.email, "password": self.password}
        answer = call("POST", f"{self.api}{SESSIONS}/login", body=body)
        while answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            time.sleep(int(answer.headers["retry-after"]))
            answer = call("POST", f"{self.api}{SESSIONS}/login", body=body)
        assert answer.status == HTTPStatus.OK, answer.text
        self._store_tokens(answer.json())

    def ids_for(self, path: str) -> list[Any]:
        """Return the ids of existing items for the `{id}` of a path."""
        return next((ids for beginning, ids in self.ids.items() if path.startswith(beginning)), [])

    def session_body(self, path: str) -> dict[str, str] | None:
        """Return a correct body for a route of sessions; None for other paths, or if the caller is no account."""
        if not self.email or not path.startswith(SESSIONS):
            return None
        if path.endswith("/login"):
            return {"email": self.email, "password": self.password}
        if path.endswith("/password"):
            return {"currentPassword": self.password, "newPassword": self.next_password}
        return {"refreshToken": self.refresh_token}

    def take_over_credential(self, operation: str, status: int, sent: str | bytes | None, content: bytes) -> None:
        """Take over the new credential from an answer to what was sent, or log in again if it ended the session."""
        if status == 200 and operation == "POST /users/{id}/token":
            data = json.loads(content)["data"]
            if data["user_id"] == self.ids_for("/users/{id}")[0]:
                self.credential = data["token"]
        elif status == 200 and operation == f"POST {SESSIONS}/refresh":
            self._store_tokens(json.loads(content))
        elif status == 204 and operation == f"PUT {SESSIONS}/password":
            # Schemathesis may send a new password of its own, with the current one from the document's example.
            self.password, self.next_password = json.loads(sent or "")["newPassword"], self.password
        elif status == 204 and operation == f"POST {SESSIONS}/logout":
            self.log_in()

    def _store_tokens(self, pair: dict[str, str]) -> None:
        self.credential, self.refresh_token = pair["accessToken"], pair["refreshToken"]
