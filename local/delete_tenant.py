"""`python -m local.delete_tenant <tenant id>`: deletes a tenant and shows how it goes, to the receipt.

Against the local stack that `make run` serves, or, with `API` and `MASTER_TOKEN` in the environment,
against any other.
"""

import json
import os
import sys
import time
from http import HTTPStatus
from typing import Any

from local import ROOT, StackError
from local.http import Answer, call

_POLL_SECONDS = 1.0
_BAR = 40


def main(arguments: list[str]) -> int:
    """The exit code: 0 with a receipt, 1 if there is none."""
    try:
        [tenant_id] = arguments
    except ValueError:
        print("Say which tenant: make delete-tenant ID=<tenant id>", file=sys.stderr)
        return 1
    try:
        receipt = delete(*_target(), tenant_id)
    except StackError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print(json.dumps(receipt, indent=2, ensure_ascii=False))
    return 0


def delete(api: str, master_token: str, tenant_id: str) -> dict[str, Any]:
    """The receipt. Asks for the deletion, then follows it; also one that runs already or is over."""
    answer = call("DELETE", f"{api}/global/tenants/{tenant_id}", master_token)
    if answer.status not in {HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NOT_FOUND}:
        raise StackError(_refusal(answer))
    while True:
        answer = call("GET", f"{api}/global/tenants/{tenant_id}/deletion", master_token)
        if answer.status != HTTPStatus.OK:
            raise StackError(_refusal(answer))
        found: dict[str, Any] = answer.json()["data"]
        _show(found)
        if found["status"] == "deleted":
            print()
            return found
        time.sleep(_POLL_SECONDS)


def _target() -> tuple[str, str]:
    if "API" in os.environ:
        return os.environ["API"].rstrip("/"), os.environ.get("MASTER_TOKEN", "")
    try:
        demo = json.loads((ROOT / ".local" / "demo.json").read_text())
    except FileNotFoundError:
        raise StackError("No local stack is known: `make run` it, or give API=… and MASTER_TOKEN=….") from None
    return demo["api"], demo["master_token"]


def _show(found: dict[str, Any]) -> None:
    done = _BAR * found["percent"] // 100
    gone, known = sum(found["deleted"].values()), sum(found["total"].values())
    bar = "#" * done + "." * (_BAR - done)
    trouble = "  no progress for an hour: see the alarms" if found["status"] == "failed" else ""
    print(f"\r[{bar}] {found['percent']:3} %  {gone:,} of {known:,} found so far{trouble}", end="", flush=True)


def _refusal(answer: Answer) -> str:
    try:
        return f"The API refused: {answer.status}, {answer.json()['error']}."
    except (ValueError, KeyError):
        return f"The API answered {answer.status}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
