"""`make promote`: the dry run, the question, the changes and the tables, with the real function behind it."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local import StackError
from local.commands import promote
from local.http import Answer
from local.progress import console
from tests import gateway
from tests.integration.conftest import Tenant, audit_of, unchanged

API = "https://api.example.com"


type Send = Callable[[dict[str, Any], str], Answer]


class Api:
    """Hands requests on to the real function, and remembers their bodies. `meddle` may change an answer."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.meddle: Callable[[dict[str, Any], Send, str], Answer] = lambda body, send, token: send(body, token)

    def call(self, method: str, url: str, token: str, body: dict[str, Any]) -> Answer:
        assert (method, url) == ("POST", f"{API}/users/promote")
        self.bodies.append(body)
        return self.meddle(body, self._send, token)

    @property
    def sizes(self) -> list[tuple[bool, int]]:
        return [(body["dry_run"], len(body["changes"])) for body in self.bodies]

    def _send(self, body: dict[str, Any], token: str) -> Answer:
        answer = gateway.request("POST", "/users/promote", token, body)
        return Answer(answer.status, {name.lower(): text for name, text in answer.headers.items()}, answer.text)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    made = Api()
    monkeypatch.setattr(promote, "call", made.call)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(console, "_width", 200)
    return made


@dataclass
class Command:
    """`make promote` with a file of these lines."""

    monkeypatch: pytest.MonkeyPatch
    folder: Path

    def run(self, tenant: Tenant, lines: list[str], **environment: str) -> None:
        path = self.folder / "changes.csv"
        path.write_text("\n".join(["email,new_role,until,reason", *lines]) + "\n")
        given = {"FILE": str(path), "API": f"{API}/", "TOKEN": tenant.admin.token, "YES": "yes", **environment}
        for name, text in given.items():
            self.monkeypatch.setenv(name, text)
        promote.main()


@pytest.fixture
def command(api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    return Command(monkeypatch, tmp_path)


type Printed = pytest.CaptureFixture[str]


def test_the_preview_is_shown_then_the_changes_are_made_and_the_results_shown(
    acme: Tenant, api: Api, command: Command, capsys: Printed
) -> None:
    ana, ben = acme.add("user"), acme.add("manager")

    command.run(acme, [f"{ana.email},manager,,for [July]", f"{ben.email},manager,,"])

    told, done = capsys.readouterr().out.split("What happened")
    assert "What would happen" in told
    for text in (ana.email, "user -> manager", "changed", ben.email, "unchanged"):
        assert text in told
    assert "1 changed, 1 unchanged" in told
    assert ana.email in done
    assert ben.email not in done  # what would change nothing is not sent again
    assert api.sizes == [(True, 2), (False, 1)]
    entry = audit_of(acme.id)[-1]
    assert (entry["target"]["id"], entry["after"], entry["reason"]) == (ana.id, {"role": "manager"}, "for [July]")


def test_a_change_that_the_preview_refuses_is_shown_with_the_reason_and_not_sent(
    acme: Tenant, api: Api, command: Command, capsys: Printed
) -> None:
    ana = acme.add("user")
    lines = [f"{ana.email},manager,,", f"{acme.admin.email},user,,", "nobody@example.com,user,,"]
    with pytest.raises(StackError, match=r"^2 of 3 changes are refused, as the table says; they were not sent\.$"):
        command.run(acme, lines)
    output = capsys.readouterr().out
    assert "SELF_CHANGE_DENIED" in output
    assert "user not found (USER_NOT_FOUND)" in output
    assert api.sizes == [(True, 3), (False, 1)]
    assert audit_of(acme.id)[-1]["outcome"] == "succeeded"


def test_a_large_file_is_sent_in_parts_and_changes_that_were_not_tried_are_sent_again(
    acme: Tenant, api: Api, command: Command, capsys: Printed
) -> None:
    users = [acme.add("user") for _ in range(50)]
    others = [f"nobody-{number}@example.com,user,," for number in range(60)]

    def hurry(body: dict[str, Any], send: Send, token: str) -> Answer:
        if body["dry_run"] or len(api.bodies) > 4:
            return send(body, token)
        # As if the time had sufficed for five of the changes.
        answer = send({**body, "changes": body["changes"][:5]}, token)
        said = answer.json()
        said["data"]["results"] += [{**change, "outcome": "not_tried"} for change in body["changes"][5:]]
        return Answer(answer.status, answer.headers, json.dumps(said))

    api.meddle = hurry
    with pytest.raises(StackError, match=r"^60 of 110"):
        command.run(acme, [*(f"{one.email},manager,," for one in users), *others])

    assert api.sizes == [(True, 100), (True, 10), *((False, 20),) * 4]
    assert sum(one["role"] == "manager" for one in acme.admin.request("GET", "/users").body["users"]) == 50
    output = capsys.readouterr().out
    assert "looks at 100 rows at a time" in output
    assert "changes  50 of 50" in output


@pytest.mark.parametrize(("answer", "goes_on"), [("y", True), ("YES", True), ("", False), ("n", False)])
def test_it_asks_before_it_changes_anything(
    acme: Tenant, api: Api, command: Command, monkeypatch: pytest.MonkeyPatch, answer: str, goes_on: bool
) -> None:
    asked: list[str] = []

    def reply(question: str) -> str:
        asked.append(question)
        return answer

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", reply)
    lines = [f"{acme.add('user').email},manager,,"]

    if goes_on:
        command.run(acme, lines, YES="")
    else:
        with unchanged(), pytest.raises(StackError, match=r"^Nothing was changed\.$"):
            command.run(acme, lines, YES="")

    assert asked == ["Make 1 change? [y/N] "]
    assert len(api.bodies) == (2 if goes_on else 1)


def test_without_a_terminal_it_changes_nothing(acme: Tenant, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"{acme.add('user').email},manager,,"]
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    with unchanged(), pytest.raises(StackError, match=r"say YES=yes"):
        command.run(acme, lines, YES="")


def test_an_error_of_a_whole_request_is_shown_with_the_line_of_the_file(
    acme: Tenant, api: Api, command: Command
) -> None:
    lines = ["a@example.com,user,,", "b@example.com,user,,"]
    with pytest.raises(StackError, match=r"^The API refused the token"):
        command.run(acme, lines, TOKEN="garbage")
    with pytest.raises(StackError, match=r"403, your role does not allow this"):
        command.run(acme, lines, TOKEN=acme.add("user").token)
    problem = {"field": "changes[1].until", "message": "is odd"}
    refusal = Answer(400, {}, json.dumps({"error": "validation failed", "validation": [problem]}))
    api.meddle = lambda *_: refusal
    with pytest.raises(StackError, match=r"(?s)400, validation failed.*\n  line 3 until: is odd$"):
        command.run(acme, lines)


def test_a_busy_api_is_asked_again(acme: Tenant, api: Api, command: Command) -> None:
    busy = [503, 429, 503]

    def hesitate(body: dict[str, Any], send: Send, token: str) -> Answer:
        return Answer(busy.pop(), {"retry-after": "1"}, "{}") if busy else send(body, token)

    api.meddle = hesitate
    command.run(acme, [f"{acme.add('user').email},manager,,"])
    assert audit_of(acme.id)[-1]["action"] == "promote_user"


@pytest.mark.parametrize(("missing", "message"), [("FILE", "Say which file"), ("TOKEN", "Say who asks")])
def test_a_missing_setting_is_reported(acme: Tenant, api: Api, command: Command, missing: str, message: str) -> None:
    with pytest.raises(StackError, match=message):
        command.run(acme, ["a@example.com,user,,"], **{missing: ""})
    assert api.bodies == []
