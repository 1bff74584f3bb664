"""What `template.yaml` deploys: one function a route, as few permissions as possible, a table that forgets nothing."""

import ast
import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import pytest

from tests import gateway
from tests.dialects import GATEWAY, PLATFORM, TENANT, assert_readable, assert_valid
from tests.gateway import ROOT
from tests.permissions import Permission, granted, limits, listed, statements

FUNCTIONS = sorted(gateway.functions())
AUTHORIZER = "authorize_request"
#: The only functions behind no authorizer: where the credential comes from, and what is no secret.
PUBLIC = {
    "log_in",
    "refresh_session",
    "log_in_user",
    "refresh_user_session",
    "show_docs",
    "get_docs_asset",
    "show_console",
    "get_console_asset",
}
#: Answers what is no route.
ANYTHING_ELSE = "answer_unknown_route"
#: Every endpoint of SCIM, for every method.
SCIM = "serve_scim"
#: Invoked by hand, with AWS rights.
OPERATOR = "run_operation"
READING = {"GetItem", "BatchGetItem"}
BOTH_DIALECTS = {"success", "status", "error", "error_code", "code", "message", "timestamp", "path"}


def _resources(kind: str) -> dict[str, dict[str, Any]]:
    """Name and properties of every resource of a type."""
    found = gateway.template()["Resources"].items()
    return {name: about["Properties"] for name, about in found if about["Type"] == kind}


def _names_in(intrinsic: Any) -> set[str]:
    """The resources that a value refers to."""
    return {name for name in gateway.template()["Resources"] if re.search(rf"\b{name}\b", json.dumps(intrinsic))}


# --- Functions -------------------------------------------------------------------------------------


def test_every_function_is_in_the_template_and_the_other_way_round() -> None:
    assert sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py")) == FUNCTIONS


@pytest.mark.parametrize("route", gateway.routes(), ids=lambda route: route.function)
def test_a_function_s_docstring_begins_with_its_route(route: gateway.Route) -> None:
    docstring = ast.get_docstring(ast.parse((ROOT / "functions" / route.function / "app.py").read_text()))
    assert docstring
    assert docstring.startswith(f"{route.method} {route.path}: ")


def test_the_table_of_routes_in_the_readme_has_every_route_and_no_other() -> None:
    written: list[str] = []
    for row in re.findall(r"^\| (`[A-Z]+.*?) \|", (ROOT / "README.md").read_text(), re.MULTILINE):
        methods: list[str] = []
        for code in re.findall("`([^`]+)`", row):
            *method, path = code.split() if "/" in code else (code, "")
            methods += method
            if path.startswith("/") and not method:  # the same route but for its last word, as in `/unban`
                path = written[-1].split()[1].rpartition("/")[0] + path
            written += [f"{one} {path}" for one in methods if path]
    # The reference and the console have paragraphs above the tables.
    pages = {"GET /docs", "GET /docs/{asset}", "GET /console", "GET /console/{asset}"}
    routes = {f"{one.method} {one.path}" for one in gateway.routes()} - pages
    assert sorted(written) == sorted(routes | {"ANY /scim/v2/…"})


def test_every_function_has_a_sample_event_and_the_other_way_round() -> None:
    made_by_make_run = {ROOT / "events/env.json"}
    files = set((ROOT / "events").iterdir()) - made_by_make_run
    assert files == {gateway.event_file(function) for function in FUNCTIONS}, "each function has a file in events/"


@pytest.mark.parametrize("route", gateway.routes(), ids=lambda route: route.function)
def test_a_sample_event_is_one_of_its_route(route: gateway.Route) -> None:
    event = gateway.event_of(route.function)
    found = route.pattern.fullmatch(event["path"])

    assert (event["httpMethod"], event["resource"]) == (route.method, route.path)
    assert found
    assert (event["pathParameters"] or {}) == found.groupdict()
    assert ("authorizer" in event["requestContext"]) is not route.public


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_one_route_or_one_trigger(function: str) -> None:
    found = len(gateway.functions()[function].get("Events", {}))
    assert found == {AUTHORIZER: 0, OPERATOR: 0, ANYTHING_ELSE: 2, SCIM: 4}.get(function, 1)


def test_scim_is_one_function_for_every_method_and_only_what_it_supports_is_told_without_a_credential() -> None:
    events = [event["Properties"] for event in gateway.functions()[SCIM]["Events"].values()]
    public = {event["Path"] for event in events if event.get("Auth") == {"Authorizer": "NONE"}}

    assert {event["Method"] for event in events} == {"ANY"}
    assert public == {f"/scim/v2/{name}" for name in ("ServiceProviderConfig", "ResourceTypes", "Schemas")}
    assert [event["Path"] for event in events if "Auth" not in event] == ["/scim/v2/{proxy+}"]


def test_whatever_is_no_route_has_an_answer_of_our_own_that_asks_for_no_credential() -> None:
    events = gateway.functions()[ANYTHING_ELSE]["Events"].values()
    assert {event["Properties"]["Path"] for event in events} == {"/", "/{proxy+}"}
    for event in events:
        assert event["Properties"]["Method"] == "ANY"
        assert event["Properties"]["Auth"] == {"Authorizer": "NONE"}
    assert statements(ANYTHING_ELSE) == []


def test_no_two_functions_share_a_route() -> None:
    taken = [(route.method, route.path) for route in gateway.routes()]
    assert len(set(taken)) == len(taken)


@pytest.mark.parametrize("route", gateway.routes(), ids=lambda route: route.function)
def test_a_function_ends_before_the_gateway_stops_waiting(route: gateway.Route) -> None:
    seconds = gateway.functions()[route.function].get("Timeout")
    assert (seconds or gateway.template()["Globals"]["Function"]["Timeout"]) < 29


# --- Permissions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_permission_is_one_action_on_one_thing(function: str) -> None:
    assert "Role" not in gateway.functions()[function]
    for statement in statements(function):
        assert statement.keys() - {"Condition"} == {"Effect", "Action", "Resource"}
        for action in listed(statement["Action"]):
            assert re.fullmatch(r"(dynamodb|events|secretsmanager|sqs):[A-Za-z]+", action)
        for resource in listed(statement["Resource"]):
            assert "*" not in json.dumps(resource)
            assert _names_in(resource) & {
                "Table",
                "DeadLetters",
                "RoleEvents",
                "SweepQueue",
                "TokenUses",
                "WebhookDeliveries",
                "WebhookEvents",
                *_resources("AWS::SecretsManager::Secret"),
            }


@pytest.mark.parametrize("function", sorted(set(FUNCTIONS) - {"run_maintenance"}))
def test_every_function_has_its_partitions(function: str) -> None:
    # But maintenance, which checks the whole table.
    for statement in statements(function):
        if "dynamodb:" in str(statement["Action"]) and "Stream" not in str(statement["Resource"]):
            (condition,) = statement["Condition"].items()
            assert condition[0] in {"ForAllValues:StringLike", "ForAllValues:StringNotLike"}
            assert limits(statement)


def test_list_users_can_query_an_index_and_read_who_has_lost_a_temporary_role() -> None:
    assert granted("list_users") == {Permission("Query", on_index=True), Permission("BatchGetItem")}


def test_the_authorizer_can_only_read() -> None:
    assert granted(AUTHORIZER) == {Permission(action) for action in READING}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_can_scan_or_change_the_table_itself(function: str) -> None:
    # But maintenance, which checks the invariants in bounded parts.
    scan = {"Scan"} if function == "run_maintenance" else set()
    assert {action for action, _ in granted(function)} <= READING | scan | {
        "Query",
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "BatchWriteItem",
        "ConditionCheckItem",
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_told_of_the_secrets_that_it_may_use_and_of_no_other(function: str) -> None:
    told = gateway.functions()[function].get("Environment", {}).get("Variables", {})
    usable = [s["Resource"] for s in statements(function) if "secretsmanager:" in str(s["Action"])]

    assert _names_in([value for name, value in told.items() if name.endswith("_SECRET_ARN")]) == _names_in(usable)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_the_operators_function_can_change_a_secret(function: str) -> None:
    actions = {action for statement in statements(function) for action in listed(statement["Action"])}
    changing = {action for action in actions if "secretsmanager:" in action} - {"secretsmanager:GetSecretValue"}
    needed = {"secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"}
    assert changing == (needed if function == OPERATOR else set())


def test_the_settings_of_all_functions_hold_no_secret() -> None:
    everyones = gateway.template()["Globals"]["Function"]["Environment"]["Variables"]
    assert not _names_in(everyones) & _resources("AWS::SecretsManager::Secret").keys()


# --- The table and the secrets ---------------------------------------------------------------------


def test_the_table_can_be_restored_is_encrypted_streams_and_forgets_what_expired() -> None:
    (table,) = _resources("AWS::DynamoDB::Table").values()

    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["DeletionProtectionEnabled"] == {"Fn::If": ["IsProtected", True, False]}
    assert gateway.template()["Resources"]["Table"]["UpdateReplacePolicy"] == "Retain"


def test_the_table_has_the_keys_that_the_code_writes() -> None:
    (table,) = _resources("AWS::DynamoDB::Table").values()
    indexes = {index["IndexName"]: index["KeySchema"] for index in table["GlobalSecondaryIndexes"]}

    assert _key(table["KeySchema"]) == ("pk", "sk")
    for name, schema in indexes.items():
        assert _key(schema) == (f"{name}pk", f"{name}sk")
    assert "gsi1" in indexes


def _key(schema: list[dict[str, str]]) -> tuple[str, ...]:
    assert [part["KeyType"] for part in schema] == ["HASH", "RANGE"]
    return tuple(part["AttributeName"] for part in schema)


@pytest.mark.parametrize("secret", sorted(_resources("AWS::SecretsManager::Secret")))
def test_a_secret_is_generated_and_in_nobodys_hands(secret: str) -> None:
    about = _resources("AWS::SecretsManager::Secret")[secret]

    assert "SecretString" not in about
    assert about["GenerateSecretString"]["PasswordLength"] >= 43  # 256 bits of letters and digits


#: Every edit of one of these blocks makes CloudFormation put a new value into the secret. All master tokens, sessions,
#: cursors or idempotency keys that there are would end. So none is ever changed.
_LETTERS_AND_DIGITS_ONLY = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_GENERATED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "MasterTokenSecret": ("{}", "token", {"ExcludeCharacters": _LETTERS_AND_DIGITS_ONLY}),
    "JwtKeySecret": ('{"kid": "1"}', "key", {"ExcludeCharacters": _LETTERS_AND_DIGITS_ONLY}),
    "CursorKeySecret": ("{}", "key", {"ExcludeCharacters": _LETTERS_AND_DIGITS_ONLY}),
    "IdempotencyKeySecret": ("{}", "key", {"ExcludePunctuation": True}),
    "RedactionKeySecret": ("{}", "key", {"ExcludePunctuation": True}),
    "WebhookKeySecret": ("{}", "key", {"ExcludePunctuation": True}),
}


@pytest.mark.parametrize("secret", _GENERATED)
def test_how_a_secret_is_generated_never_changes(secret: str) -> None:
    template, key, characters = _GENERATED[secret]
    assert _resources("AWS::SecretsManager::Secret")[secret]["GenerateSecretString"] == {
        "SecretStringTemplate": template,
        "GenerateStringKey": key,
        "PasswordLength": 64,
        **characters,
    }


def test_every_secret_is_held_to_how_it_was_generated_first() -> None:
    assert _GENERATED.keys() == _resources("AWS::SecretsManager::Secret").keys()


def test_no_parameter_is_a_secret() -> None:
    assert not [name for name in gateway.template()["Parameters"] if re.search("(?i)secret|token|password|key", name)]


# --- The API ---------------------------------------------------------------------------------------


def _api() -> dict[str, Any]:
    (api,) = _resources("AWS::Serverless::Api").values()
    return api


def test_every_route_but_login_refresh_and_the_reference_goes_through_the_authorizer() -> None:
    auth = _api()["Auth"]
    (name,) = auth["Authorizers"]

    assert auth["DefaultAuthorizer"] == name
    assert auth["Authorizers"][name]["FunctionArn"] == {"Fn::Sub": "${AuthorizeRequest.Arn}:live"}
    assert {route.function for route in gateway.routes() if route.public} == PUBLIC


def test_a_change_counts_from_the_next_request_on_unless_someone_decides_otherwise() -> None:
    (authorizer,) = _api()["Auth"]["Authorizers"].values()
    assert authorizer["Identity"] == {
        "Headers": ["Authorization"],
        "ReauthorizeEvery": {"Ref": "AuthorizerCacheSeconds"},
    }
    assert gateway.template()["Parameters"]["AuthorizerCacheSeconds"]["Default"] == 0


GATEWAY_RESPONSES = sorted(_api()["GatewayResponses"])


FILLED_IN = {
    "context.authorizer.denied_at": "2026-06-15T12:00:00Z",
    "context.requestTime": "15/Jun/2026:12:00:00 +0000",
    "context.path": "/users",
}


def _body(response: str) -> dict[str, Any]:
    """The body as API Gateway fills it in."""
    ((media_type, text),) = _api()["GatewayResponses"][response]["ResponseTemplates"].items()
    assert media_type == "application/json"
    for variable, value in FILLED_IN.items():
        text = text.replace(f"${variable}", value)
    assert "$" not in text
    return cast("dict[str, Any]", json.loads(text))


@pytest.mark.parametrize("response", GATEWAY_RESPONSES)
def test_what_the_gateway_answers_itself_satisfies_both_dialects(response: str) -> None:
    body = _body(response)

    assert body.keys() == BOTH_DIALECTS
    # API Gateway counts a changed status as 4XX, so the one that an alarm is to see keeps AWS's own.
    assert body["status"] == _api()["GatewayResponses"][response].get("StatusCode", 500)
    assert ("StatusCode" in _api()["GatewayResponses"][response]) is (response != "DEFAULT_5XX")
    assert body["error"] == HTTPStatus(body["status"]).phrase
    assert body["error_code"] == body["code"]
    assert body["success"] is False
    assert body["path"] == "/users"
    for dialect in (TENANT, PLATFORM):
        assert_readable(body, dialect)
    assert_valid(body, GATEWAY)


@pytest.mark.parametrize("response", GATEWAY_RESPONSES)
def test_what_the_gateway_answers_itself_has_the_headers_of_every_answer(response: str) -> None:
    headers = _api()["GatewayResponses"][response]["ResponseParameters"]["Headers"]

    assert headers["Cache-Control"] == "'no-store'"
    assert headers["X-Request-Id"] == "context.requestId"
    assert ("Retry-After" in headers) is (_body(response)["status"] in {429, 503})


@pytest.mark.parametrize(
    ("response", "status", "code"),
    [
        ("ACCESS_DENIED", 401, "UNAUTHORIZED"),
        ("UNAUTHORIZED", 401, "UNAUTHORIZED"),
        ("MISSING_AUTHENTICATION_TOKEN", 404, "NOT_FOUND"),
        ("THROTTLED", 429, "RATE_LIMITED"),
        ("AUTHORIZER_FAILURE", 503, "SERVICE_UNAVAILABLE"),
        ("DEFAULT_5XX", 500, "INTERNAL_ERROR"),
    ],
)
def test_the_gateways_own_answers_have_the_contracts_codes(response: str, status: int, code: str) -> None:
    body = _body(response)
    assert (body["status"], body["code"]) == (status, code)


def test_a_denial_is_the_same_whatever_it_was_for() -> None:
    denied, missing = (
        {name: value for name, value in _body(response).items() if name != "timestamp"}
        for response in ("ACCESS_DENIED", "UNAUTHORIZED")
    )
    assert denied == missing


# --- Without a caller ------------------------------------------------------------------------------


def test_maintenance_runs_every_five_minutes_and_never_beside_itself() -> None:
    about = gateway.functions()["run_maintenance"]
    (schedule,) = about["Events"].values()

    assert schedule["Type"] == "ScheduleV2"
    assert schedule["Properties"]["ScheduleExpression"] == "rate(5 minutes)"
    assert about["Timeout"] < 300
    assert "DeadLetterConfig" in schedule["Properties"]


def test_no_file_of_the_layer_is_named_like_a_function() -> None:
    modules = {path.stem for path in Path(ROOT / "layers/rolecall/rolecall").rglob("*.py")}
    assert modules.isdisjoint(FUNCTIONS)


def test_the_page_of_the_reference_asks_for_the_very_version_of_the_viewer_that_is_built() -> None:
    """Browsers keep it by that address."""
    page = (ROOT / "functions/show_docs/app.py").read_text()
    required = (ROOT / "functions/get_docs_asset/requirements.txt").read_text()
    (pinned,) = re.findall(r"^drf-spectacular-sidecar==(\S+)", required, re.MULTILINE)

    assert set(re.findall(r"\?v=([^\"]+)", page)) == {pinned}
