"""What the checks share: the stack, what they made in it, and what it answered."""

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from local import http
from local.http import Answer
from verify.results import Unknown, Wrong
from verify.stack import DeployedStack

#: Longer than API Gateway waits for a function.
_REQUEST_SECONDS = 35.0
#: What everything is named after that a walk makes.
PREFIX = "rolecall-verify-"


@dataclass(frozen=True)
class Heard:
    """An answer of the API, and what was asked. `seconds` is how long it took."""

    method: str
    path: str
    answer: Answer
    seconds: float

    def must(self, status: int, code: str | None = None) -> Any:
        """The body of the answer, of JSON. Raises `Wrong` for another status, or another error code if one is given."""
        if self.answer.status != status or (code is not None and self.code != code):
            wanted, found = f"{status} {code or ''}".rstrip(), f"{self.answer.status} {self.code}".rstrip()
            raise Wrong(f"{self.what} answered {found}, not {wanted}.{self._id}")
        return self.json()

    def must_be_found(self) -> None:
        """Raises `Wrong` unless it is a 200, of whatever type its body is."""
        if self.answer.status != HTTPStatus.OK:
            raise Wrong(f"{self.what} answered {self.answer.status}, not 200.{self._id}")

    @property
    def what(self) -> str:
        return f"{self.method} {self.path.partition('?')[0]}"

    @property
    def code(self) -> str:
        """The machine-readable error code of either dialect, or an empty string."""
        with contextlib.suppress(ValueError):
            body = self.json()
            if isinstance(body, dict):
                return str(body.get("error_code") or body.get("code") or "")
        return ""

    def json(self) -> Any:
        return self.answer.json() if self.answer.text else None

    @property
    def _id(self) -> str:
        request_id = self.answer.headers.get("x-request-id")
        return f" Its X-Request-Id is {request_id}." if request_id else " It had no X-Request-Id."


@dataclass(frozen=True)
class Person:
    """A user of a tenant that a check made."""

    id: str
    email: str
    token: str
    password: str = ""


@dataclass(frozen=True)
class Account:
    """A platform account that a check made; logged in if it has an access token."""

    id: int
    email: str
    password: str
    access_token: str = ""

    @property
    def path(self) -> str:
        return f"/v1/api/superadmin/users/{self.id}"


@dataclass
class Walk:
    """What the checks share: the stack, what they made in it, and what they heard."""

    stack: DeployedStack
    started: float = field(default_factory=time.time)
    run: str = field(default_factory=lambda: f"{PREFIX}{int(time.time())}-{secrets.token_hex(3)}")
    heard: list[Heard] = field(default_factory=list)
    #: Whatever must be in no log and on no screen.
    secrets: set[str] = field(default_factory=set)
    _facts: dict[str, Any] = field(default_factory=dict)
    _undo: list[tuple[str, Callable[[], object]]] = field(default_factory=list)

    # --- What the checks know of each other ---

    def remember(self, **facts: Any) -> None:
        """Keep something for the checks that follow."""
        self._facts.update(facts)

    def recall(self, kind: str) -> Any:
        """What an earlier check kept. Raises `Unknown` if it failed before it could."""
        if kind not in self._facts:
            raise Unknown(f"Not tried, because an earlier check made no {kind.replace('_', ' ')}.")
        return self._facts[kind]

    def person(self, kind: str) -> Person:
        found: Person = self.recall(kind)
        return found

    def account(self, kind: str) -> Account:
        found: Account = self.recall(kind)
        return found

    def secret(self, text: str) -> str:
        """The text, remembered as a secret."""
        self.secrets.add(text)
        return text

    @property
    def master_token(self) -> str:
        if "master_token" not in self._facts:
            self.remember(master_token=self.secret(self.stack.master_token))
        return str(self._facts["master_token"])

    # --- What the checks do ---

    def ask(
        self,
        method: str,
        path: str,
        credential: str | None = None,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Heard:
        """Send a request to the API. Raises `Wrong` if there is no answer."""
        began = time.monotonic()
        try:
            answer = http.call(method, self.stack.api + path, credential, body, headers, timeout=_REQUEST_SECONDS)
        except OSError as error:
            raise Wrong(f"{method} {path} got no answer ({type(error).__name__}).") from error
        self.heard.append(Heard(method, path, answer, time.monotonic() - began))
        return self.heard[-1]

    def as_master(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Heard:
        return self.ask(method, path, self.master_token, body, headers)

    def as_superadmin(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Heard:
        return self.ask(method, path, self.account("superadmin").access_token, body, headers)

    def wait_until[T](self, look: Callable[[], T | None], seconds: float, otherwise: str) -> T:
        """What `look` finds. Raises `Wrong(otherwise)` if it finds nothing in that time."""
        end = time.monotonic() + seconds
        pause = 0.2
        while (found := look()) is None:
            if time.monotonic() > end:
                raise Wrong(otherwise)
            time.sleep(pause)
            pause = min(2.0, pause * 1.5)
        return found

    def afterwards(self, what: str, undo: Callable[[], object]) -> None:
        """Remember how to remove what a check has made. `undo` does nothing if it is gone already."""
        self._undo.append((what, undo))

    # --- The end ---

    def removals(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """What the checks have made and how to remove it, the newest first; each once."""
        while self._undo:
            yield self._undo.pop()

    def without_secrets(self, text: str) -> str:
        """The text, with every secret of the walk blacked out."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text
