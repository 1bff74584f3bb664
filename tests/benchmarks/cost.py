"""`make cost`: what a million calls of each route cost, into docs/cost.json (measured) and docs/cost.md (in dollars).

It calls each route once on the local engine, through the authorizer, and counts the requests to DynamoDB. The engine
reports write units rightly, for single writes, batches and transactions, with their indexes. Its read units are wrong.
So read units are computed from the bytes that were read, by DynamoDB's published rules. Durations are assumed, below,
because the durations of a laptop say nothing about Lambda.
"""

import io
import json
import math
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Lock, local
from typing import Any, Self

import boto3

from local import ROOT
from local.engine.engine import Engine, free_port
from local.environment import ACCESS_KEY, REGION, SECRET_KEY
from rolecall import clock, config, telemetry
from rolecall.auth import token_use
from rolecall.auth.roles import PlatformRole
from rolecall.aws import clients, queues, secrets_manager
from rolecall.clock import rfc3339
from rolecall.storage import dynamodb
from rolecall.webhooks.delivery import Outcome
from tests import gateway
from tests.gateway import Response
from tests.integration.conftest import MASTER_TOKEN, PASSWORD, Member, make_account, register

MEASURED, PAGE = ROOT / "docs/cost.json", ROOT / "docs/cost.md"

#: The region and the date of the prices: on demand, in dollars, without free tiers and without volume discounts.
PRICES_OF = "us-east-1, 2026-11-22"
PRICES = {
    "million write units": 0.625,
    "million read units": 0.125,
    "million REST API requests": 3.50,
    "million Lambda requests": 0.20,
    "GB-second of Lambda on arm64": 0.0000133334,
    "GB of logs taken in": 0.50,
    "GB sent to the internet": 0.09,
    "million calls of Secrets Manager": 5.00,
    "million events put on a bus": 1.00,
    "million requests to SQS": 0.40,
    "alarm and metric that it watches, a month": 0.10,
    "metric by route, and metric of Rolecall's own, a month": 0.30,
    "GB-second of a snapshot that SnapStart keeps": 0.0000015046,
    "GB that SnapStart restores": 0.0001397998,
    "secret, a month": 0.40,
    "KMS key, a month": 1.00,
    "dashboard, a month": 3.00,
    "GB in the table, a month": 0.25,
    "GB of point-in-time recovery, a month": 0.20,
}
#: The assumed milliseconds of a warm function: its own work, each request that it waits for, and hashing a password.
MILLISECONDS = {
    "itself": 3,
    "BatchGetItem": 5,
    "BatchWriteItem": 10,
    "DeleteItem": 6,
    "GetItem": 4,
    "GetSecretValue": 15,
    "PutItem": 6,
    "Query": 6,
    "Scan": 20,
    "TransactWriteItems": 15,
    "UpdateItem": 6,
    "password": 70,
}
#: The bytes of the lines that Lambda itself logs for an invocation, and of the headers of an answer.
_PLATFORM_LOG_BYTES, _HEADER_BYTES = 350, 300
_AUTHORIZER = "authorize_request"
_HASHING = {
    *("register_tenant", "create_user", "log_in_user", "change_password"),
    *("log_in", "create_account", "change_account_password", "reset_account_password"),
}
#: The functions whose stream record invokes the publisher and becomes an event. The record of a login does not.
_CAUSES_EVENT = {
    "promote_user", "promote_users", "update_user", "delete_user", "serve_scim", "change_account_role",
    "ban_account", "unban_account", "enable_account", "disable_account",
}  # fmt: skip
#: The number of users of the tenant that is listed and deleted.
USERS = 25
#: Lambda asks each queue in five connections, each of which waits up to 20 seconds for a message.
_QUEUE_POLLS_A_MONTH = 5 * 3 * 60 * 24 * 30
#: The assumed time in which the receiver of a webhook answers, and the bytes of a delivery with its headers and TLS.
_RECEIVER_SECONDS, _DELIVERY_BYTES = 0.2, 3000
_RUNS_A_MONTH = 12 * 24 * 30
#: The metrics that API Gateway keeps for each route: requests, 4xx, 5xx, latency, latency of the function alone.
_METRICS_OF_A_ROUTE = 5
_SECONDS_A_MONTH = 30 * 24 * 3600
#: The most items that a run of maintenance reads: the number of its pages times their size.
_ITEMS_A_RUN = 20 * 200


@dataclass
class Measured:
    """The requests and bytes of one call. Requests are counted by operation, those of the authorizer separately."""

    function: str
    authorizer_requests: dict[str, int] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    read_units: float = 0
    write_units: float = 0
    log_bytes: int = 0
    answer_bytes: int = 0
    #: The items of the table, for a call that scans the whole table.
    items: int = 0


# --- Measuring -------------------------------------------------------------------------------------


class Meter:
    """Counts the requests of the code to DynamoDB and Secrets Manager, from `start` on."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[bool, str]] = Counter()
        self.read_units = self.write_units = 0.0
        self._on = False
        #: The sweep calls from several threads. `aside` is set while a thread makes a request for the meter itself.
        self._lock, self._here = Lock(), local()
        table, secrets = dynamodb.client().meta.events, secrets_manager._client().meta.events
        self._hooks: list[tuple[Any, str, Callable[..., None]]] = [
            (table, "before-parameter-build.dynamodb", self._ask),
            (table, "after-call.dynamodb", self._count),
            (secrets, "after-call.secrets-manager", self._count_secret),
        ]

    def __enter__(self) -> Self:
        for events, name, hook in self._hooks:
            events.register(name, hook)
        return self

    def __exit__(self, *_: object) -> None:
        for events, name, hook in self._hooks:
            events.unregister(name, hook)

    def start(self) -> None:
        self.requests.clear()
        self.read_units = self.write_units = 0.0
        self._on = True

    def stop(self) -> None:
        self._on = False

    def by_operation(self, *, authorizer: bool) -> dict[str, int]:
        return {name: n for (by_authorizer, name), n in sorted(self.requests.items()) if by_authorizer is authorizer}

    def _ask(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if self._on and not getattr(self._here, "aside", False):
            params["ReturnConsumedCapacity"] = "INDEXES"
            context["asked"] = dict(params)

    def _count(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if not self._on or "asked" not in context:
            return
        consumed = parsed.get("ConsumedCapacity", [])
        read = write = 0.0
        if model.name in {"GetItem", "BatchGetItem", "Query", "Scan"}:
            read = self._read(model.name, context["asked"], parsed)
        else:
            write = sum(one["CapacityUnits"] for one in (consumed if isinstance(consumed, list) else [consumed]))
        with self._lock:
            self.requests[gateway.running.get() == _AUTHORIZER, model.name] += 1
            self.read_units += read
            self.write_units += write

    def _count_secret(self, **_: Any) -> None:
        if self._on:
            self.requests[gateway.running.get() == _AUTHORIZER, "GetSecretValue"] += 1

    def _read(self, operation: str, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
        match operation:
            case "GetItem":
                return _read_units(size_of(answer.get("Item", {})), consistent=asked.get("ConsistentRead", False))
            case "BatchGetItem":
                found = [item for items in answer["Responses"].values() for item in items]
                wanted = sum(len(of_table["Keys"]) for of_table in asked["RequestItems"].values())
                sizes = [size_of(item) for item in found] + [0] * (wanted - len(found))
                return sum(_read_units(size, consistent=True) for size in sizes)
            case _:
                # DynamoDB also reads, and bills, the attributes that a projection leaves out.
                whole = {name: asked[name] for name in asked.keys() - {"ProjectionExpression", "Select"}}
                items = answer["Items"] if whole == asked else self._again(whole)
                return _read_units(sum(map(size_of, items)), consistent=asked.get("ConsistentRead", False))

    def _again(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        self._here.aside = True
        try:
            found: list[dict[str, Any]] = dynamodb.client().query(**query)["Items"]
        finally:
            self._here.aside = False
        return found


def _read_units(size: int, *, consistent: bool) -> float:
    """The read units of one read: one for each 4 KB or part of it; half of that for an eventually consistent read."""
    return max(1, math.ceil(size / 4096)) * (1.0 if consistent else 0.5)


def size_of(item: Mapping[str, Mapping[str, Any]]) -> int:
    """The size of an item in bytes, as DynamoDB counts it: the names and the values of its attributes."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S" | "B":
            size = len(content.encode()) if kind == "S" else len(content)
        case "N":
            size = len(content.strip("-").replace(".", "")) // 2 + 2
        case "BOOL" | "NULL":
            size = 1
        case "SS" | "NS" | "BS":
            size = sum(_value_size({kind[0]: one}) for one in content)
        case "L":
            size = 3 + sum(1 + _value_size(one) for one in content)
        case _:
            size = 3 + sum(1 + len(name.encode()) + _value_size(one) for name, one in content.items())
    return size


type Call = Callable[[], Response]


def _one_change_of(user: Member) -> dict[str, Any]:
    return {"changes": [{"user_id": user.id, "new_role": "manager"}]}


def scenario(name: str) -> Iterator[tuple[str, Call]]:  # noqa: PLR0915 (one line for each route)
    """One typical call of each route: it succeeds, and everything that can be cached is cached.

    Yields the name of the route's function and the call. For a further call of the same function, what is special about
    it follows after a colon. Preparations between two calls are not measured.
    """

    def request(method: str, path: str, credential: str | None, body: Any = None, **more: Any) -> Call:
        return lambda: gateway.request(method, path, credential, body, **more)

    # This login is long before the measured one. A login in the same second would write fewer changes.
    boss, someone = make_account(PlatformRole.SUPERADMIN), make_account()
    login = {"email": f"{name}@example.com", "password": PASSWORD}
    once = {"headers": {"Idempotency-Key": name}}
    yield "register_tenant", request("POST", "/register", MASTER_TOKEN, {"tenant_name": name, **login}, **once)
    tenant = register(f"{name} again")
    admin = tenant.admin.token
    users = [tenant.add("user", f"{name}-{number}@example.com") for number in range(USERS - 2)]
    user = f"/users/{users[0].id}"
    new = {"email": f"{name}-new@example.com", "password": PASSWORD, "role": "user"}
    yield "create_user", request("POST", "/users", admin, new, **once)
    yield "list_users", request("GET", "/users", admin)
    yield "get_user", request("GET", user, admin)
    yield "promote_user", request("POST", f"{user}/promote", admin, {"new_role": "manager"})
    end = {"new_role": "manager", "until": rfc3339(clock.now() + timedelta(hours=1))}
    yield "promote_user: until", request("POST", f"/users/{users[2].id}/promote", admin, end)
    yield "promote_users", request("POST", "/users/promote", admin, _one_change_of(users[1]))
    yield "update_user", request("PUT", user, admin, {"active": False})
    yield "update_user: email", request("PUT", user, admin, {"email": f"{name}-renamed@example.com"})
    yield "rotate_token", request("POST", f"{user}/token", admin)
    own = {"email": tenant.admin.email, "password": PASSWORD}
    yield "log_in_user", request("POST", "/login", None, own)
    session = tenant.admin.log_in()
    refresh = {"refresh_token": session.refresh_token}
    yield "refresh_user_session", request("POST", "/login/refresh", None, refresh)
    change = {"current_password": PASSWORD, "new_password": f"{PASSWORD} {name}"}
    yield "change_password", request("PUT", f"/users/{tenant.admin.id}/password", session.access_token, change)
    yield "log_out_user", request("POST", "/logout", session.access_token, refresh)
    hook = {"url": "https://example.com/hooks/rolecall"}
    yield "create_webhook", request("POST", "/webhooks", admin, hook)
    yield "list_webhooks", request("GET", "/webhooks", admin)
    webhook = gateway.request("POST", "/webhooks", admin, hook).body["webhook"]["id"]
    yield "rotate_webhook_secret", request("POST", f"/webhooks/{webhook}/secret", admin)
    yield "send_webhook_test", request("POST", f"/webhooks/{webhook}/test", admin)
    yield "delete_webhook", request("DELETE", f"/webhooks/{webhook}", admin)
    yield "list_audit", request("GET", f"/audit?limit={USERS}", admin)
    scim_user = gateway.scim_request("POST", "/Users", admin, {"userName": f"{name}-scim@example.com"}).body["id"]
    deactivate = {"Operations": [{"op": "Replace", "path": "active", "value": "False"}]}
    yield "serve_scim", lambda: gateway.scim_request("PATCH", f"/Users/{scim_user}", admin, deactivate)
    yield "delete_user", request("DELETE", f"/users/{users[-1].id}", admin)
    yield "list_tenants", request("GET", "/tenants", MASTER_TOKEN)
    one = f"/global/tenants/{tenant.id}"
    yield "get_tenant", request("GET", one, MASTER_TOKEN)
    yield "update_tenant", request("PUT", one, MASTER_TOKEN, {"deletion_protection": True})
    gateway.request("PUT", one, MASTER_TOKEN, {"deletion_protection": False})
    gateway.request("DELETE", f"{one}?grace_days=7", MASTER_TOKEN)
    yield "restore_tenant", request("POST", f"{one}/restore", MASTER_TOKEN)
    yield "delete_tenant", request("DELETE", one, MASTER_TOKEN, seconds=28)
    yield "get_deletion", request("GET", f"{one}/deletion", MASTER_TOKEN)

    credentials = {"email": someone.email, "password": PASSWORD}
    yield "log_in", request("POST", "/v1/api/auth/login", None, credentials)
    refresh = {"refreshToken": someone.refresh_token}
    yield "refresh_session", request("POST", "/v1/api/auth/refresh", None, refresh)
    other = make_account()
    change = {"currentPassword": PASSWORD, "newPassword": f"{PASSWORD} {name}"}
    yield "change_account_password", request("PUT", "/v1/api/auth/password", other.access_token, change)
    yield "log_out", request("POST", "/v1/api/auth/logout", other.access_token, {"refreshToken": other.refresh_token})
    accounts, account = "/v1/api/superadmin/users", f"/v1/api/superadmin/users/{someone.id}"
    made = {"email": f"{name}-made@example.com", "password": PASSWORD, "firstName": "Ada", "lastName": "Byron"}
    yield "create_account", request("POST", accounts, boss.access_token, made)
    yield "list_accounts", request("GET", accounts, boss.access_token)
    yield "get_account", request("GET", account, boss.access_token)
    yield "change_account_role", request("PUT", f"{account}/role", boss.access_token, {"newRole": "ADMIN"})
    for what in ("ban", "unban", "disable", "enable"):
        body = {"reason": "measured"}
        yield f"{what}_account", request("PUT", f"{account}/{what}", boss.access_token, body)
    yield "reset_account_password", request("POST", f"{account}/password", boss.access_token)
    yield "list_account_history", request("GET", f"{account}/history", boss.access_token)


def measure() -> dict[str, Measured]:
    """Measure every route of the scenario twice, with the environment's settings; return the second measurements."""
    with Meter() as meter:
        return _measure(meter)


def _measure(meter: Meter) -> dict[str, Measured]:
    found = {}
    for name in ("first", "second"):
        for function, call in scenario(name):
            output = io.StringIO()
            with _logs_into(output), redirect_stdout(output):
                meter.start()
                answer = call()
                meter.stop()
            if answer.status >= 300:
                raise RuntimeError(f"{function} answered {answer.status}: {answer.text}")
            found[function] = Measured(
                function.partition(":")[0],
                meter.by_operation(authorizer=True),
                meter.by_operation(authorizer=False),
                meter.read_units,
                meter.write_units,
                len(output.getvalue().encode()),
                len(answer.text.encode()),
            )
    meter.start()
    gateway.invoke("run_maintenance", {}, seconds=240)
    meter.stop()
    requests = meter.by_operation(authorizer=False)
    found["run_maintenance"] = Measured("run_maintenance", {}, requests, meter.read_units, meter.write_units)
    found["run_maintenance"].items = dynamodb.client().scan(TableName="rolecall", Select="COUNT")["Count"]
    return found


@contextmanager
def _logs_into(output: io.StringIO) -> Iterator[None]:
    """Write the logs to `output`. The logger keeps its own reference to standard output, so that is replaced."""
    handlers: list[Any] = telemetry.logger.handlers
    streams = [handler.setStream(output) for handler in handlers]
    try:
        yield
    finally:
        for handler, stream in zip(handlers, streams, strict=True):
            handler.setStream(stream)


@contextmanager
def _engine() -> Iterator[None]:
    """Run the local engine with the template's table, and set the environment variables that the functions need."""
    with tempfile.TemporaryDirectory(prefix="rolecall-") as home, Engine(Path(home), free_port()) as engine:
        os.environ |= {
            "AWS_ENDPOINT_URL": engine.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "TABLE_NAME": "rolecall",
            "SWEEP_CONCURRENCY": "1",
        }
        session = boto3.Session(region_name=REGION)
        about = gateway.template()["Resources"]["Table"]["Properties"]
        names = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
        session.client("dynamodb").create_table(TableName="rolecall", **{name: about[name] for name in names})
        keys = {
            name: {"key": name[0] * 64} for name in ("CURSOR_KEY", "IDEMPOTENCY_KEY", "REDACTION_KEY", "WEBHOOK_KEY")
        }
        secrets = {"MASTER_TOKEN": {"token": MASTER_TOKEN}, "JWT_KEY": {"kid": "1", "key": "J" * 64}, **keys}
        for name, content in secrets.items():
            made = session.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(content))
            os.environ[f"{name}_SECRET_ARN"] = made["ARN"]
        for name in ("SWEEP", "TOKEN_USE", "WEBHOOK_DELIVERIES"):
            os.environ[f"{name}_QUEUE_URL"] = session.client("sqs").create_queue(QueueName=name)["QueueUrl"]
        os.environ["EVENT_BUS_NAME"] = session.client("events").create_event_bus(Name="events")["EventBusArn"]
        for cached in (
            config.config,
            clients._shared_session,
            dynamodb.client,
            queues._sqs_client,
            token_use._sqs_client_without_retries,
            secrets_manager._client,
        ):
            cached.cache_clear()
        yield


# --- In dollars ------------------------------------------------------------------------------------


def _gigabytes(function: str) -> float:
    about, template = gateway.functions()[function], gateway.template()
    size = about.get("MemorySize", template["Globals"]["Function"]["MemorySize"])
    return float(template["Parameters"][size["Ref"]]["Default"]) / 1024


def _milliseconds(function: str, requests: Mapping[str, int]) -> float:
    waiting = sum(MILLISECONDS[operation] * number for operation, number in requests.items())
    return MILLISECONDS["itself"] + waiting + (MILLISECONDS["password"] if function in _HASHING else 0)


def _lambda(function: str, requests: Mapping[str, int]) -> float:
    """The price of a million invocations in dollars, for Lambda alone."""
    seconds = _milliseconds(function, requests) / 1000
    return (
        PRICES["million Lambda requests"]
        + 1e6 * seconds * _gigabytes(function) * PRICES["GB-second of Lambda on arm64"]
    )


def _dynamodb(measured: Measured) -> float:
    return measured.write_units * PRICES["million write units"] + measured.read_units * PRICES["million read units"]


def _rest(measured: Measured, invocations: int) -> float:
    """The price of a million calls in dollars for logs, data sent, secrets and events."""
    logs = (measured.log_bytes + invocations * _PLATFORM_LOG_BYTES) * 1e6 / 1e9 * PRICES["GB of logs taken in"]
    sent = (measured.answer_bytes + _HEADER_BYTES) * 1e6 / 1e9 * PRICES["GB sent to the internet"]
    secrets = sum(requests.get("GetSecretValue", 0) for requests in (measured.requests, measured.authorizer_requests))
    told = 0.0
    if measured.function in _CAUSES_EVENT:
        told = _lambda("publish_role_event", {}) + PRICES["million events put on a bus"]
    return logs + sent + secrets * PRICES["million calls of Secrets Manager"] + told


def _dollars(route: gateway.Route, measured: Measured) -> tuple[float, float, float, float]:
    functions = _lambda(route.function, measured.requests)
    if not route.public:
        functions += _lambda(_AUTHORIZER, measured.authorizer_requests)
    return (
        _dynamodb(measured),
        functions,
        PRICES["million REST API requests"],
        _rest(measured, 1 if route.public else 2),
    )


def _delivery_dollars() -> float:
    """The price of a million deliveries in dollars: of events with one webhook each, which succeed at once.

    An event goes through two queues, each with a request to send, to receive and to delete. Messages are counted alone,
    although up to ten come in one request. DynamoDB has two queries for the webhooks, two for their copies and the read
    of the webhook; the success is written once a minute.
    """
    queue_requests = 2 * 3 * PRICES["million requests to SQS"]
    functions = _lambda("queue_webhook_deliveries", {"Query": 4}) + _lambda("deliver_webhook", {"GetItem": 1})
    # A receiver takes some time to answer.
    functions += 1e6 * _RECEIVER_SECONDS * _gigabytes("deliver_webhook") * PRICES["GB-second of Lambda on arm64"]
    logs = 2 * (_PLATFORM_LOG_BYTES + 400) * 1e6 / 1e9 * PRICES["GB of logs taken in"]
    sent = _DELIVERY_BYTES * 1e6 / 1e9 * PRICES["GB sent to the internet"]
    return queue_requests + functions + 5 * PRICES["million read units"] + logs + sent


def render(found: Mapping[str, Measured]) -> str:
    """The text of docs/cost.md."""
    rows = []
    # SCIM is one function for many requests. A deactivation stands for all of them.
    routes = (*gateway.routes(), gateway.Route("PATCH", "/scim/v2/Users/{id}", "serve_scim", public=False))
    calls = [(route, name) for route in routes for name in found if name.partition(":")[0] == route.function]
    for route, name in calls:
        measured, special = found[name], name.partition(": ")[2]
        call = f"`{route.method} {route.path}`" + (f" ({special})" if special else "")
        dollars = _dollars(route, measured)
        requests = Counter(measured.requests) + Counter(measured.authorizer_requests)
        asked = sum(number for operation, number in requests.items() if operation != "GetSecretValue")
        amounts = " | ".join(f"{amount:.2f}" for amount in dollars)
        rows.append(
            f"| {call} | {asked} | {measured.read_units:g} | {measured.write_units:g} "
            f"| {amounts} | **{sum(dollars):.2f}** |"
        )
    prices = "\n".join(f"| {what} | {price:.10f}".rstrip("0").rstrip(".") + " |" for what, price in PRICES.items())
    times = "\n".join(f"| {what} | {number} |" for what, number in MILLISECONDS.items())
    return _PAGE.format(
        rows="\n".join(rows),
        delivery=_delivery_dollars(),
        prices=prices,
        times=times,
        users=USERS,
        of=PRICES_OF,
        monthly=_monthly_costs(found),
    )


def _monthly_costs(found: Mapping[str, Measured]) -> str:
    """The table rows with the monthly costs of a stack without calls."""
    resources = gateway.template()["Resources"].values()
    kinds = Counter(resource["Type"] for resource in resources)
    alarms = [resource["Properties"] for resource in resources if resource["Type"] == "AWS::CloudWatch::Alarm"]
    looked_at = sum(max(1, len(alarm.get("Metrics", [])) - 1) for alarm in alarms)
    runs = _RUNS_A_MONTH / 1e6
    idle = runs * (
        _lambda("run_maintenance", {"Query": 6, "GetItem": 1, "UpdateItem": 1, "Scan": 1})
        + 10 * PRICES["million read units"]
    )
    measured, counted, functions, routes = found["run_maintenance"], _counted(), gateway.functions(), gateway.routes()
    busy = runs * measured.read_units / measured.items * _ITEMS_A_RUN * PRICES["million read units"]
    sources = [source for about in functions.values() for source in about.get("Events", {}).values()]
    asked = sum(source["Type"] == "SQS" for source in sources)
    rows = {
        f"{len(alarms)} alarms, which watch {looked_at} metrics": looked_at
        * PRICES["alarm and metric that it watches, a month"],
        f"{kinds['AWS::SecretsManager::Secret']} secrets": kinds["AWS::SecretsManager::Secret"]
        * PRICES["secret, a month"],
        f"{len(counted)} metrics of Rolecall's own, in the hours in which they are counted; at most": len(counted)
        * PRICES["metric by route, and metric of Rolecall's own, a month"],
        f"{_METRICS_OF_A_ROUTE} metrics of each of {len(routes)} routes (`RouteMetrics`), in the hours with a call; "
        "at most": len(routes) * _METRICS_OF_A_ROUTE * PRICES["metric by route, and metric of Rolecall's own, a month"],
        f"SnapStart, if it is on: the snapshots of {len(functions)} functions": sum(map(_gigabytes, functions))
        * _SECONDS_A_MONTH
        * PRICES["GB-second of a snapshot that SnapStart keeps"],
        f"{asked} queues that Lambda asks for messages": asked
        * _QUEUE_POLLS_A_MONTH
        / 1e6
        * PRICES["million requests to SQS"],
        "the key of the alarms' topic": kinds["AWS::KMS::Key"] * PRICES["KMS key, a month"],
        "the dashboard (an account's first three are free)": kinds["AWS::CloudWatch::Dashboard"]
        * PRICES["dashboard, a month"],
        "maintenance every five minutes, of an empty table": idle,
        f"maintenance, from {_ITEMS_A_RUN:,} items in the table on": idle + busy,
    }
    return "\n".join(f"| {what} | {amount:.2f} |" for what, amount in rows.items())


def _counted() -> set[str]:
    """The names of the metrics that the layer and the functions count."""
    sources = [*(ROOT / "layers/rolecall/rolecall").rglob("*.py"), *(ROOT / "functions").glob("*/app.py")]
    literal = {name for path in sources for name in re.findall(r'count_metric\("(\w+)"', path.read_text())}
    return literal | {outcome.value for outcome in Outcome}


_PAGE = """\
# Cost

`make cost` writes this page; do not edit it. It calls every route on the local engine and counts the requests to
DynamoDB. The measurements are in `cost.json`, the prices and assumptions in `tests/benchmarks/cost.py`.

Dollars for **a million calls** ({of}; on demand, arm64, default memory, without free tiers).
A call is one that succeeds, in a tenant of {users} users. Lists and the deletion of a tenant cost more in a larger
tenant. The authorizer is included: it is a function of its own and runs at each call. Its reads are the price for
roles and credentials that end at once. The master token is read from Secrets Manager at each use. This is 5 $ of the
total of its routes. SCIM is measured with a deactivation. `POST /users/promote` is measured with one change. Each
further change costs as much as the requests and write units of a promotion, without API Gateway and authorizer.

| route | requests to DynamoDB | read units | write units | DynamoDB | Lambda | API Gateway | the rest | **total** |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

*The rest* is logs, secrets, events and data sent to the internet. The figures leave out:

- cold starts, each a few tenths of a second of Lambda;
- refused requests: a 401 costs the gateway and the authorizer, an unknown path costs the gateway and a short function,
  a 429 of the gateway costs only its request;
- the storage of the table.

A million deliveries to webhooks cost **{delivery:.2f}** beside the request that caused them, if each event has one
webhook and its receiver answers within a fifth of a second. Another webhook of the tenant costs about half of it more.
A failed attempt costs as much as a delivery. A receiver that does not answer costs ten seconds of Lambda for each
attempt. A failing webhook has at most one attempt at a time.

## A month without calls

| | $ |
| --- | --- |
{monthly}

A deployment with SnapStart keeps the snapshots of the previous versions until it has succeeded. Then it removes them.
Each restore of a snapshot costs too, in proportion to the memory of its function: 0.00007 $ with 512 MB.

## Assumptions

The local engine reports write units. Read units are computed from the bytes that were read. Logs are the lines that the
functions write at level INFO. A change of a role, an activation, a deactivation and a deletion also invoke the
publisher of role events. This is counted as one invocation and one event. Durations are assumed, not measured. The
duration of a warm function is the sum of

| | ms |
| --- | --- |
{times}

| price | $ |
| --- | --- |
{prices}
"""


def load() -> dict[str, Measured]:
    """The committed measurements."""
    return {name: Measured(**values) for name, values in json.loads(MEASURED.read_text()).items()}


def main() -> None:
    with _engine(), _logs_into(io.StringIO()), redirect_stdout(io.StringIO()):
        found = measure()
    MEASURED.write_text(json.dumps({name: asdict(one) for name, one in found.items()}, indent=2) + "\n")
    PAGE.write_text(render(found))
    print(f"{PAGE.relative_to(ROOT)}: {len({one.function for one in found.values()}) - 1} routes")  # noqa: T201


if __name__ == "__main__":
    main()
