"""Fixtures for real handlers with real events on moto, with a table made from `template.yaml`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any

import boto3
import jwt
import pytest
from botocore.model import OperationModel
from moto import mock_aws

from rolecall import clock, config, deadline, telemetry
from rolecall.accounts import account_creation
from rolecall.auth import principals, token_use
from rolecall.auth.roles import PlatformRole
from rolecall.aws import queues
from rolecall.deletion import executors
from rolecall.operations import invariants
from rolecall.storage import dynamodb, expressions, keys
from rolecall.tenants import devices
from tests import gateway, in_memory, permissions
from tests.gateway import Response
from tests.integration.clock import MovedClock
from tests.permissions import Permission

MASTER_TOKEN = "M" * 64
PASSWORD = "correct horse battery"
_emails = count(1)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """A new table and new secrets, and the environment variables of the template."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", in_memory.REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    in_memory.spare_work(monkeypatch, real_passwords=request.node.get_closest_marker("real_passwords") is not None)
    with mock_aws():
        _make_table()
        monkeypatch.setenv("TABLE_NAME", "rolecall")
        monkeypatch.setenv("MASTER_TOKEN_SECRET_ARN", in_memory.make_secret("master", {"token": MASTER_TOKEN}))
        monkeypatch.setenv("JWT_KEY_SECRET_ARN", in_memory.make_secret("jwt", {"kid": "1", "key": "J" * 64}))
        monkeypatch.setenv("CURSOR_KEY_SECRET_ARN", in_memory.make_secret("cursor", {"key": "C" * 64}))
        monkeypatch.setenv("IDEMPOTENCY_KEY_SECRET_ARN", in_memory.make_secret("idempotency", {"key": "I" * 64}))
        monkeypatch.setenv("WEBHOOK_KEY_SECRET_ARN", in_memory.make_secret("webhook", {"key": "W" * 64}))
        monkeypatch.setenv("REDACTION_KEY_SECRET_ARN", in_memory.make_secret("redaction", {"key": "R" * 64}))
        monkeypatch.setenv("TOKEN_USE_QUEUE_URL", in_memory.make_queue("token-uses"))
        monkeypatch.setenv("WEBHOOK_DELIVERIES_QUEUE_URL", in_memory.make_queue("webhook-deliveries"))
        monkeypatch.setenv("SWEEP_QUEUE_URL", in_memory.make_queue("sweep"))
        # moto loses writes of concurrent threads, so the sweep uses one thread.
        monkeypatch.setenv("SWEEP_CONCURRENCY", "1")
        monkeypatch.setenv("EVENT_BUS_NAME", in_memory.make_event_bus("role-events"))
        token_use._reported.clear()
        # Metrics that a test has not written are deleted, so that they do not appear in the next test.
        telemetry.metrics.clear_metrics()
        config.config.cache_clear()
        queues._sqs_client.cache_clear()
        events = dynamodb.client().meta.events
        events.register(_EACH_CALL, _enforce_policy)
        level = telemetry.logger.log_level
        yield
        # Some tests call local commands, which change the log level.
        telemetry.logger.setLevel(level)
        events.unregister(_EACH_CALL, _enforce_policy)


def _make_table() -> None:
    properties = gateway.template()["Resources"]["Table"]["Properties"]
    names = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
    _aws("dynamodb").create_table(TableName="rolecall", **{name: properties[name] for name in names})


@cache
def _aws(service: Any) -> Any:
    return boto3.client(service)


_EACH_CALL = "before-parameter-build.dynamodb"


def _enforce_policy(params: dict[str, Any], model: OperationModel, **_: Any) -> None:
    """Fail a call that the function's policies in the template do not allow, as IAM would."""
    folder = gateway.running.get()
    if folder is not None and (denied := permissions.refused(folder, model.name, params)):
        raise PermissionError(f"{folder} has no permission for {denied}")


#: A permission, and the partition that it was needed for.
type Used = dict[str, set[tuple[Permission, str]]]


@pytest.fixture
def used(aws: None) -> Iterator[Used]:
    """Record the permissions that each function has used."""
    found: Used = {folder: set() for folder in gateway.functions()}

    def note(params: dict[str, Any], model: OperationModel, **_: Any) -> None:
        if folder := gateway.running.get():
            for permission, partitions in permissions.parts(model.name, params):
                found[folder] |= {(permission, partition) for partition in partitions or [""]}

    events = dynamodb.client().meta.events
    events.register(_EACH_CALL, note)
    yield found
    events.unregister(_EACH_CALL, note)


@dataclass
class Member:
    """A user of a tenant, with its API token."""

    id: str
    tenant_id: str
    email: str
    role: str
    token: str

    def request(self, method: str, path: str, body: Any = None, **more: Any) -> Response:
        return gateway.request(method, path, self.token, body, **more)

    @property
    def principal(self) -> dict[str, str]:
        """The authorizer's context for this user now."""
        return gateway.authorize(self.token) or {}

    def log_in(self, password: str = PASSWORD) -> "Session":
        """A session of this user."""
        answer = gateway.request("POST", "/login", body={"email": self.email, "password": password})
        assert answer.status == 200, answer.text
        return Session(answer.body["data"]["access_token"], answer.body["data"]["refresh_token"])

    def add_webhook(self, user_id: str | None = None, url: str = "https://example.com/hook") -> str:
        """Make a webhook of the tenant or of a user, as an admin; return its id."""
        body = {"url": url} | ({"user_id": user_id} if user_id else {})
        made = self.request("POST", "/webhooks", body)
        assert made.status == 201, made.text
        return str(made.body["webhook"]["id"])

    def promote(self, target: "Member", new_role: str, **more: Any) -> Response:
        return self.request("POST", f"/users/{target.id}/promote", {"new_role": new_role}, **more)


@dataclass
class Session:
    """A session of a tenant's user."""

    access_token: str
    refresh_token: str

    @property
    def id(self) -> str:
        claims: dict[str, str] = jwt.decode(self.access_token, options={"verify_signature": False})
        return claims["sid"]

    def request(self, method: str, path: str, body: Any = None, **more: Any) -> Response:
        return gateway.request(method, path, self.access_token, body, **more)


@dataclass
class Tenant:
    """A tenant with its first admin."""

    id: str
    name: str
    admin: Member
    members: list[Member] = field(default_factory=list)
    #: Sessions of its users, as far as a test keeps them.
    sessions: list[Session] = field(default_factory=list)
    #: The ids of its webhooks, as far as a test keeps them.
    webhooks: list[str] = field(default_factory=list)

    def add(self, role: str, email: str | None = None, **more: str) -> Member:
        """Create another user over the API, as the first admin; `more` are further fields of the body."""
        email = email or f"user-{next(_emails)}@example.com"
        created = self.admin.request("POST", "/users", {"email": email, "password": PASSWORD, "role": role, **more})
        assert created.status == 201, created.text
        user = created.body["user"]
        member = Member(user["id"], self.id, email, role, user["token"])
        self.members.append(member)
        return member

    def add_device_and_session(self, member: Member) -> None:
        device = devices.register_device(self.id, member.id, "phone", clock.now())
        devices.start_session(self.id, member.id, device, clock.now())


def register(name: str, **more: str) -> Tenant:
    """Register a tenant; `more` are further fields of the body."""
    email = f"owner-{next(_emails)}@example.com"
    body = {"tenant_name": name, "email": email, "password": PASSWORD, **more}
    made = gateway.request("POST", "/register", MASTER_TOKEN, body)
    assert made.status == 201, made.text
    user, tenant_id = made.body["user"], made.body["tenant"]["id"]
    return Tenant(tenant_id, name, Member(user["id"], tenant_id, email, "admin", user["token"]))


#: The seconds until the timeout with which a deletion is accepted but has no time to sweep.
NO_TIME_TO_SWEEP = executors.RESERVE_SECONDS


def delete_tenant(tenant_id: str, credential: str = MASTER_TOKEN, query: str = "", **more: Any) -> Response:
    return gateway.request("DELETE", f"/global/tenants/{tenant_id}{query}", credential, **more)


def run_maintenance(seconds: float = 60.0) -> dict[str, Any]:
    """Run maintenance once; return its report."""
    report: dict[str, Any] = gateway.invoke("run_maintenance", gateway.event_of("run_maintenance"), seconds)
    return report


def waiting_messages() -> list[str]:
    """Receive and delete all messages in the queue; return their bodies."""
    found: list[str] = []
    queue = config.config().sweep_queue_url
    while True:
        answer = queues._sqs_client().receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        if not answer.get("Messages"):
            return found
        for message in answer["Messages"]:
            queues._sqs_client().delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            found.append(message["Body"])


def work(bodies: list[str], seconds: float = 60.0) -> list[dict[str, str]]:
    """Invoke the worker with the messages; return the failed ones that it reports."""
    event = gateway.event_of("sweep_tenant")
    [record] = event["Records"]
    event["Records"] = [{**record, "messageId": str(number), "body": body} for number, body in enumerate(bodies)]
    answer = gateway.invoke("sweep_tenant", event, seconds)
    failed: list[dict[str, str]] = answer["batchItemFailures"]
    return failed


def run_workers() -> None:
    """Run the worker until the queue has no message about a slice."""
    while bodies := waiting_messages():
        assert work(bodies) == []


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch, aws: None) -> MovedClock:
    """The clock that the code sees. The test moves it."""
    moved = MovedClock()
    monkeypatch.setattr(clock, "now", moved.now)
    return moved


@pytest.fixture
def acme(aws: None) -> Tenant:
    return register("Acme")


@pytest.fixture
def globex(aws: None) -> Tenant:
    return register("Globex")


@dataclass
class Holder:
    """The holder of a platform account."""

    id: int
    email: str
    access_token: str
    refresh_token: str = ""

    @property
    def session_id(self) -> str:
        claims: dict[str, str] = jwt.decode(self.access_token, options={"verify_signature": False})
        return claims["sid"]

    def request(self, method: str, path: str, body: Any = None, **more: Any) -> Response:
        return gateway.request(method, path, self.access_token, body, **more)

    @property
    def principal(self) -> dict[str, str]:
        return gateway.authorize(self.access_token) or {}


def make_account(role: PlatformRole = PlatformRole.CLIENT, email: str | None = None) -> Holder:
    """An account with a session."""
    email = email or f"account-{next(_emails)}@example.com"
    call = principals.RequestContext(principals.Principal(principals.PrincipalType.SYSTEM, "operator"), clock.now())
    account = account_creation.create_account(call, account_creation.NewAccount(email, PASSWORD, "Ada", "Byron", role))
    answer = gateway.request("POST", "/v1/api/auth/login", body={"email": email, "password": PASSWORD})
    assert answer.status == 200, answer.text
    return Holder(account.id, email, answer.body["accessToken"], answer.body["refreshToken"])


@pytest.fixture
def superadmin(aws: None) -> Holder:
    return make_account(PlatformRole.SUPERADMIN)


def table() -> list[dict[str, Any]]:
    """All items of the table, in the order of their keys. Only tests scan without a limit."""
    pages = _aws("dynamodb").get_paginator("scan").paginate(TableName="rolecall")
    items = [expressions.deserialize_item(item) for page in pages for item in page["Items"]]
    return sorted(items, key=lambda item: (item["pk"], item["sk"]))


def table_without_audit() -> list[dict[str, Any]]:
    """All items that a refused request must not change: without the audit trail and the counts of failed logins."""
    return [item for item in table() if not item["pk"].startswith(("AUDIT#", "ATTEMPTS#"))]


@contextmanager
def unchanged() -> Iterator[None]:
    """Assert that the block leaves the table unchanged, except for the audit trail."""
    before = table_without_audit()
    yield
    assert table_without_audit() == before


def audit_of(scope: str) -> list[dict[str, Any]]:
    """The audit entries of a tenant, or of the platform, oldest first."""
    return [item for item in table() if item["pk"] == keys.audit_entry(scope, "").pk]


def metrics_in(output: str) -> dict[str, float]:
    """Sums of the metrics in a function's output (CloudWatch's embedded metric format), by name."""
    sums: dict[str, float] = {}
    for line in output.splitlines():
        entry = json.loads(line)
        for metric in entry.get("_aws", {}).get("CloudWatchMetrics", [{}])[0].get("Metrics", []):
            sums[metric["Name"]] = sums.get(metric["Name"], 0) + sum(entry[metric["Name"]])
    return sums


def assert_every_invariant_holds() -> None:
    """The check of the whole table finds nothing. The time of an earlier invocation may be over, so it gets its own."""
    deadline.set_time_left(60)
    assert [found for page, _ in invariants.check_table(None, reserve_seconds=1) for found in page] == []
