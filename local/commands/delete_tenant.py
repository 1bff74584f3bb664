"""`make delete-tenant ID=…`: deletes a tenant, shows the progress, and prints the receipt.

With `GRACE_DAYS` in the environment it schedules the deletion. With `WAIT=yes` it asks for nothing and waits for a
deletion that is scheduled or runs. It waits until the deletion is complete; a restored tenant ends the wait.

The tenant is one of the stack that `make run` serves or, with `API` and `MASTER_TOKEN` in the environment, of another.
"""

import json
import os
import sys
import time
import urllib.error
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from local import StackError
from local.deployment import running_stack
from local.http import Answer, call

_POLL_SECONDS = 1.0
_SCHEDULED_POLL_SECONDS = 30.0
_BAR = 40


def main(*arguments: str) -> None:
    """Deletes the tenant with the given id and prints the receipt. Raises `StackError` if the API refuses."""
    api, master_token = _target()
    if len(arguments) != 1:
        raise StackError("Say which tenant: make delete-tenant ID=<tenant id>")
    try:
        receipt = delete(
            api,
            master_token,
            arguments[0],
            grace_days=os.environ.get("GRACE_DAYS"),
            only_wait=os.environ.get("WAIT") == "yes",
        )
    except (urllib.error.URLError, ValueError):
        raise StackError(
            f"Nothing answers at {api}: start it with `make run`, or give its address, as in API=https://example.com."
        ) from None
    except KeyboardInterrupt:
        print("\nA deletion that was accepted continues; the same command shows its progress again.", file=sys.stderr)
        raise
    print(json.dumps(receipt, indent=2, ensure_ascii=False))


def delete(
    api: str, master_token: str, tenant_id: str, *, grace_days: str | None = None, only_wait: bool = False
) -> dict[str, Any]:
    """Requests the deletion, waits for its end, and returns the receipt. It may run already, or be complete.

    With `grace_days` the deletion is scheduled; with `only_wait` it is not requested. Raises `StackError` if the API
    refuses, or if the tenant is restored while this waits.
    """
    if not only_wait:
        query = f"?{urlencode({'grace_days': grace_days})}" if grace_days else ""
        answer = call("DELETE", f"{api}/global/tenants/{tenant_id}{query}", master_token)
        if answer.status not in {HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NOT_FOUND}:
            raise StackError(_refusal_message(answer))
    was_scheduled = False
    while True:
        answer = call("GET", f"{api}/global/tenants/{tenant_id}/deletion", master_token)
        if answer.status == HTTPStatus.NOT_FOUND and was_scheduled:
            raise StackError("The tenant was restored: nothing was deleted.")
        if answer.status != HTTPStatus.OK:
            raise StackError(_refusal_message(answer))
        found: dict[str, Any] = answer.json()["data"]
        was_scheduled = found["status"] == "scheduled"
        _show_progress(found)
        if found["status"] == "deleted":
            print()
            return found
        time.sleep(_SCHEDULED_POLL_SECONDS if was_scheduled else _POLL_SECONDS)


def _target() -> tuple[str, str]:
    if api := os.environ.get("API"):
        return api.rstrip("/"), os.environ.get("MASTER_TOKEN", "")
    stack = running_stack.find()
    return stack.api, stack.master_token


def _show_progress(found: dict[str, Any]) -> None:
    if found["status"] == "scheduled":
        print(f"\rscheduled: nothing is removed before {found['deletes_at']}", end="", flush=True)
        return
    done = _BAR * found["percent"] // 100
    gone, known = sum(found["deleted"].values()), sum(found["total"].values())
    bar = "#" * done + "." * (_BAR - done)
    warning = "  no progress for an hour: see the alarms" if found["status"] == "failed" else ""
    print(f"\r[{bar}] {found['percent']:3} %  {gone:,} of {known:,} found so far{warning}", end="", flush=True)


def _refusal_message(answer: Answer) -> str:
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return "The API refused the master token: give it as MASTER_TOKEN=…, or leave out API=… for the local stack."
    try:
        return f"The API refused: {answer.status}, {answer.json()['error']}."
    except (ValueError, KeyError):
        return f"The API answered {answer.status}."
