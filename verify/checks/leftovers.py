"""What a walk leaves that was killed, or whose credentials ended: the next walk removes it."""

import re
from collections.abc import Iterator
from urllib.parse import quote

from verify.check import check
from verify.checks.accounts import delete_account
from verify.checks.tenants import delete
from verify.role_events import remove_rule
from verify.walk import PREFIX, Walk

#: Far longer than a walk takes: what is younger may be another walk's that still goes on.
_OLD_SECONDS = 3600
_RUN = re.compile(rf"{PREFIX}(\d+)-")
#: Tenants are listed by name, a thousand a page; no more pages than these are looked through.
_MOST_PAGES = 5


@check("Nothing is left of walks that were killed.", uses=["ListAccounts", "ListTenants"])
def remove_leftovers(walk: Walk) -> str:
    removed = 0
    for email in _old(walk, _emails(walk)):
        delete_account(walk, email)
        removed += 1
    for name, tenant_id in _tenants(walk):
        if _old(walk, [name]):
            delete(walk, tenant_id)
            removed += 1
    events, bus = walk.stack.client("events"), walk.stack.outputs["RoleEventsBusName"]
    rules = events.list_rules(EventBusName=bus, NamePrefix=PREFIX)["Rules"]
    for name in _old(walk, [rule["Name"] for rule in rules]):
        remove_rule(events, bus, name)
        removed += 1
    sqs = walk.stack.client("sqs")
    for url in _old(walk, sqs.list_queues(QueueNamePrefix=PREFIX).get("QueueUrls", [])):
        sqs.delete_queue(QueueUrl=url)
        removed += 1
    return f"{removed} removed." if removed else ""


def _old(walk: Walk, names: list[str]) -> list[str]:
    """Those of the names that a walk gave which began more than `_OLD_SECONDS` before this one."""
    found = [(name, _RUN.search(name)) for name in names]
    return [name for name, run in found if run and walk.started - int(run[1]) > _OLD_SECONDS]


def _emails(walk: Walk) -> list[str]:
    page = walk.as_superadmin("GET", f"/v1/api/superadmin/users?limit=1000&email={quote(PREFIX)}").must(200)
    return [one["email"] for one in page["users"]]


def _tenants(walk: Walk) -> Iterator[tuple[str, str]]:
    path, query = "/tenants?limit=1000", ""
    for _ in range(_MOST_PAGES):
        page = walk.as_master("GET", path + query).must(200)
        yield from ((one["name"], one["id"]) for one in page["tenants"])
        if "next_cursor" not in page:
            return
        query = f"&cursor={page['next_cursor']}"
