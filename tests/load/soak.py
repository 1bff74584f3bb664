"""Sends traffic to a running stack while tenants are deleted and maintenance runs, then checks what the table holds.

The layer must be set up for the stack (`local.deployment.layer.use_layer_on`, or a fixture).
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local import ROOT
from local.demo.bulk_users import create_bulk_users
from local.deployment.stack import Stack
from local.environment import ACCESS_KEY, REGION, SECRET_KEY
from rolecall.operations import invariants
from tests.superadmins import create_superadmin

#: Seconds between two runs of maintenance. On AWS it runs every five minutes.
MAINTENANCE_EVERY = 5
#: Seconds that are allowed beyond the time of the traffic, for locust's start and for the last requests.
_GRACE_SECONDS = 150


@dataclass
class Soaked:
    """The result of a soak test; `wrong` describes each fault that was found."""

    summary: str
    tenants_deleted: int = 0
    maintained: int = 0
    repeated: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        told = (
            f"{self.tenants_deleted} tenants were deleted, maintenance ran {self.maintained} times, "
            f"{self.repeated} requests were repeated after CONCURRENT_CHANGE.\n"
        )
        return "\n".join([self.summary, told, *self.wrong])


def soak(stack: Stack, seconds: float, *, owners: int = 2, bystanders: int = 1, large: list[int]) -> Soaked:
    """Send traffic for `seconds`; return the result.

    `large` has the numbers of users of further tenants, which are only deleted.
    """
    with tempfile.TemporaryDirectory(prefix="rolecall-load-") as home:
        given, books = Path(home) / "given.json", Path(home) / "books.json"
        given.write_text(json.dumps(_settings_for_locust(stack, seconds, owners, bystanders, large)))
        command = [sys.executable, "-m", "locust", "-f", "tests/load/locustfile.py", "--headless", "--only-summary"]
        command += ["--host", stack.api, "--users", str(owners + bystanders + 2), "--spawn-rate", "1"]
        command += ["--run-time", f"{seconds:.0f}s", "--stop-timeout", "90", "--loglevel", "WARNING"]
        environment = os.environ | {"LOAD_GIVEN": str(given), "LOAD_RECORDS": str(books), "PYTHONPATH": str(ROOT)}
        with Maintenance(stack) as maintenance:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=seconds + _GRACE_SECONDS,
                check=False,
            )
        soaked = Soaked(done.stdout, maintained=len(maintenance.reports))
        if done.returncode:
            report = done.stdout.partition("Error report")[2]
            soaked.wrong.append(f"Some answers were wrong (locust ended with {done.returncode}): {report}")
        written: dict[str, Any] = {"open": [], "gone": [], "repeated": 0}
        if books.exists():
            written = json.loads(books.read_text())
    soaked.tenants_deleted, soaked.repeated = len(written["gone"]), written["repeated"]
    maintenance.run_now()
    soaked.wrong += [f"maintenance: {report}" for report in maintenance.reports if report.get("violations") != 0]
    soaked.wrong += [
        f"invariant: {finding}" for page, _ in invariants.check_table(None, reserve_seconds=0) for finding in page
    ]
    soaked.wrong += _differences(stack, written)
    return soaked


class Maintenance:
    """Invokes maintenance again and again until the block ends, and keeps its reports; then raises its failures."""

    def __init__(self, stack: Stack) -> None:
        # The client waits long for an answer and never repeats an invocation.
        patient = Config(read_timeout=300, retries={"total_max_attempts": 1})
        self._lambda = boto3.client(
            "lambda",
            region_name=REGION,
            endpoint_url=stack.endpoint_url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=patient,
        )
        self._name = stack.physical_id("RunMaintenance")
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self.reports: list[dict[str, Any]] = []

    def __enter__(self) -> "Maintenance":
        self._running = self._pool.submit(self._run)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._pool.shutdown()
        self._running.result()

    def run_now(self) -> None:
        answer = self._lambda.invoke(FunctionName=self._name, Payload=b"{}")
        self.reports.append(json.loads(answer["Payload"].read()))

    def _run(self) -> None:
        while not self._over.wait(MAINTENANCE_EVERY):
            self.run_now()


def _settings_for_locust(
    stack: Stack, seconds: float, owners: int, bystanders: int, large: list[int]
) -> dict[str, Any]:
    root = create_superadmin(stack, f"load-{secrets.token_hex(4)}@example.com")
    return {
        "seconds": seconds,
        "owners": owners,
        "bystanders": bystanders,
        "master_token": stack.master_token,
        "superadmin": {"email": root["email"], "password": root["password"]},
        "large": [_seeded(number) for number in large],
    }


def _seeded(number: int) -> dict[str, Any]:
    seeded = list(create_bulk_users(number, 1))
    people = [{"id": one.user_id, "email": one.email, "role": one.role, "token": one.token} for one in seeded]
    return {"id": seeded[0].tenant_id, "mark": "", "people": people}


# --- Checks of the table ---------------------------------------------------------------------------


def _differences(stack: Stack, written: dict[str, Any]) -> list[str]:
    """Return what differs between the table and the expected state of the virtual users."""
    time.sleep(1)  # the functions behind the queues need a moment
    pages = stack.dynamodb.get_paginator("scan").paginate(TableName=stack.table_name, ConsistentRead=True)
    items = [item for page in pages for item in page["Items"]]
    trails: dict[str, list[tuple[str, str]]] = defaultdict(list)
    texts = []
    for item in sorted(items, key=lambda item: item["sk"]["S"]):
        kind, _, scope = item["pk"]["S"].partition("#")
        # A counter of refusals is in the partition of the trail too, but has no `outcome`.
        if kind == "AUDIT" and "outcome" in item and item["outcome"]["S"] == "succeeded":
            trails[scope].append((item["action"]["S"], item["target"]["M"]["id"]["S"]))
        if kind not in {"AUDIT", "DELETION"}:
            texts.append(json.dumps(item, default=str))
    wrong = []
    for tenant in written["gone"]:
        names = {tenant["id"], *tenant["people"], tenant["mark"] or tenant["id"]}
        wrong += [
            f"an item of a deleted tenant remains: {text}" for text in texts if any(name in text for name in names)
        ]
        end = [("delete_tenant", tenant["id"]), ("complete_tenant_deletion", tenant["id"])]
        if tenant["log"]:
            wrong += _differs(f"trail of {tenant['id']}", [*map(tuple, tenant["log"]), *end], trails[tenant["id"]])
    for tenant in written["open"]:
        partition = [item for item in items if item["pk"]["S"] == f"TENANT#{tenant['id']}"]
        [itself] = [item for item in partition if item["sk"]["S"] == "META"]
        users = {
            item["sk"]["S"].removeprefix("USER#"): (item["email"]["S"], item["role"]["S"], item["active"]["BOOL"])
            for item in partition
            if item["sk"]["S"].startswith("USER#")
        }
        people = {one["id"]: (one["email"], one["role"], one["active"]) for one in tenant["people"].values()}
        admins = sum(role == "admin" and active for _, role, active in people.values())
        wrong += _differs(f"users of {tenant['id']}", people, users)
        wrong += _differs(f"active admins of {tenant['id']}", admins, int(itself["active_admins"]["N"]))
        if tenant["log"]:
            wrong += _differs(f"trail of {tenant['id']}", [tuple(one) for one in tenant["log"]], trails[tenant["id"]])
    return wrong


def _differs(what: str, expected: object, found: object) -> list[str]:
    return [] if expected == found else [f"{what}: found {found}, expected {expected}"]
