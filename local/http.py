"""Calls to the API, as any client would make them."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """An answer with any status. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


#: Called with the method, the URL and the answer of each call. `call` raises what they raise.
watchers: list[Callable[[str, str, Answer], None]] = []


def call(
    method: str,
    url: str,
    token: str | None = None,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 60,
) -> Answer:
    """Sends a request, with `body` as JSON and `token` as a bearer token, and returns the answer."""
    sent = dict(headers or {})
    if token is not None:
        sent.setdefault("Authorization", f"Bearer {token}")
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/json")
    request = urllib.request.Request(url, data, sent, method=method)  # noqa: S310
    answer = _send(request, timeout)
    for watcher in watchers:
        watcher(method, url, answer)
    return answer


def _send(request: urllib.request.Request, timeout: float) -> Answer:
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310  # nosec B310  # a developer gives the URL
            return _answer(answer.status, answer.headers.items(), answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return _answer(refused.code, refused.headers.items(), refused.read())


def _answer(status: int, headers: Any, body: bytes) -> Answer:
    return Answer(status, {name.lower(): value for name, value in headers}, body.decode())
