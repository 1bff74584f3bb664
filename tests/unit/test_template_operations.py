"""What an operator relies on: alarms with runbooks, gradual deployment, what outlives the stack, the limits."""

import copy
import graphlib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
import yaml
from samcli.lib.providers.api_provider import ApiProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider
from samcli.lib.translate.sam_template_validator import SamTemplateValidator
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from local.deployment.build import without_unsupported
from rolecall.webhooks import fan_out, receivers
from tests import gateway
from tests.gateway import ROOT
from tests.permissions import listed

OPERATIONS = (ROOT / "docs/operations.md").read_text()
_GRADUAL = "Canary10Percent5Minutes"
#: CloudFormation's limits, of a template.
_MOST_RESOURCES, _MOST_PARAMETERS, _MOST_OUTPUTS, _MOST_BYTES = 500, 200, 200, 1_000_000
#: CloudWatch's limit, of an alarm that calculates.
_MOST_METRICS_OF_AN_ALARM = 10
#: The functions that the stack must have room for, the resources that it may then have, and what they share beside
#: today's resources: queues, alarms, secrets and the like of what is still to come.
_FUNCTIONS_TO_COME, _RESOURCES_THEN, _SHARED_TO_COME = 55, 420, 20
#: Lambda's control plane takes 15 requests a second, so no more deployments than this begin at once.
_MOST_AT_ONCE = 10


def _resources(kind: str) -> dict[str, dict[str, Any]]:
    found = gateway.template()["Resources"].items()
    return {name: resource for name, resource in found if resource["Type"] == kind}


_FUNCTION = "AWS::Serverless::Function"
FUNCTIONS = sorted(_resources(_FUNCTION))
ALARMS = sorted(_resources("AWS::CloudWatch::Alarm"))


def _alarm(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", _resources("AWS::CloudWatch::Alarm")[name]["Properties"])


@cache
def _translated(deployment: str, description: str = "") -> dict[str, Any]:
    """What SAM makes of the template for CloudFormation; a description stands for another build of the layer."""
    template = copy.deepcopy(gateway.template())
    if description:
        template["Resources"]["Layer"]["Properties"]["Description"] = description
    validator = SamTemplateValidator.__new__(SamTemplateValidator)
    validator.sam_template = template
    validator._replace_local_codeuri()
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    made = translator.translate(sam_template=template, parameter_values={"Deployment": deployment})
    return cast("dict[str, Any]", made)


def _made(kind: str, deployment: str = _GRADUAL) -> dict[str, Any]:
    found = _translated(deployment)["Resources"].items()
    return {name: resource for name, resource in found if resource["Type"] == kind}


# --- Alarms and their runbooks ---------------------------------------------------------------------


def _watched(alarm: str) -> list[dict[str, Any]]:
    """The metrics that an alarm looks at, each with its statistic."""
    about = _alarm(alarm)
    if "Metrics" not in about:
        return [{**about, "Stat": about.get("Statistic") or about["ExtendedStatistic"]}]
    metrics = [_with_every_condition_true(one) for one in about["Metrics"]]
    return [{**one["MetricStat"]["Metric"], **one["MetricStat"]} for one in metrics if "MetricStat" in one]


def _with_every_condition_true(value: dict[str, Any]) -> dict[str, Any]:
    """Returns a value of the template as it is in a stack in which its condition holds."""
    return value["Fn::If"][1] if "Fn::If" in value else value


@cache
def _errors_alarms() -> dict[str, list[str]]:
    """For each function the alarms that look at its errors."""
    found: dict[str, list[str]] = {}
    for alarm in ALARMS:
        for metric in _watched(alarm):
            if (metric["Namespace"], metric["MetricName"], metric["Stat"]) == ("AWS/Lambda", "Errors", "Sum"):
                (dimension,) = metric["Dimensions"]
                found.setdefault(dimension["Value"]["Ref"], []).append(alarm)
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_has_one_alarm_for_its_errors(function: str) -> None:
    found = _errors_alarms()
    assert function in found, "add it to the alarm for errors of its subject in template.yaml, such as UserErrorsAlarm"
    (alarm,) = found[function]
    assert (_alarm(alarm)["Threshold"], _alarm(alarm)["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert _alarm(alarm)["EvaluationPeriods"] == 1


@pytest.mark.parametrize("alarm", [alarm for alarm in ALARMS if "Metrics" in _alarm(alarm)])
def test_an_alarm_that_calculates_adds_up_as_many_metrics_as_cloudwatch_allows(alarm: str) -> None:
    metrics = [_with_every_condition_true(one) for one in _alarm(alarm)["Metrics"]]
    (result,) = (one for one in metrics if one.get("ReturnData", True))
    ids = [one["Id"] for one in metrics]

    assert result["Expression"] == "SUM(METRICS())"
    assert len(_watched(alarm)) <= _MOST_METRICS_OF_AN_ALARM
    assert len({metric["Period"] for metric in _watched(alarm)}) == 1
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[a-z][a-z0-9_]*", one) for one in ids)


def test_the_alarm_and_the_dashboard_look_at_throttles_of_the_table_and_of_every_index() -> None:
    (table,) = _resources("AWS::DynamoDB::Table").values()
    places = {None, *(index["IndexName"] for index in table["Properties"]["GlobalSecondaryIndexes"])}
    wanted = {(metric, place) for metric in ("ReadThrottleEvents", "WriteThrottleEvents") for place in places}

    watched = {
        (one["MetricName"], {each["Name"]: each["Value"] for each in one["Dimensions"]}.get("GlobalSecondaryIndexName"))
        for one in _watched("TableThrottledAlarm")
    }
    (panel,) = (
        one for one in _dashboard()[1] if one["properties"].get("title", "").startswith("Throttled by the table")
    )
    # A row is a namespace, a metric, and then a name and a value for each dimension.
    shown = {(row[1], row[5] if len(row) > 5 else None) for row in panel["properties"]["metrics"]}

    assert watched == wanted
    assert shown == wanted


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_tells_someone_when_it_goes_off_and_when_it_is_over(alarm: str) -> None:
    assert _alarm(alarm)["AlarmActions"] == _alarm(alarm)["OKActions"] == [{"Ref": "AlarmTopic"}]


@pytest.mark.parametrize("alarm", ALARMS)
def test_silence_is_good_news_but_for_what_must_be_heard_of(alarm: str) -> None:
    expected = "breaching" if alarm == "MaintenanceMissingAlarm" else "notBreaching"
    assert _alarm(alarm)["TreatMissingData"] == expected


#: What CloudWatch is sure to count of the failures whose status the gateway changes, which it counts as 4XX.
_SEEN_BY = {
    "AUTHORIZER_FAILURE": {"AuthorizerErrorsAlarm", "ThrottledAlarm"},
    "INTEGRATION_FAILURE": {"ThrottledAlarm", *(alarm for alarms in _errors_alarms().values() for alarm in alarms)},
    "INTEGRATION_TIMEOUT": {alarm for alarms in _errors_alarms().values() for alarm in alarms},
}


def test_a_failure_whose_status_the_gateway_changes_is_seen_by_alarms_on_lambda() -> None:
    (api,) = _resources("AWS::Serverless::Api").values()
    changed = {
        kind
        for kind, response in api["Properties"]["GatewayResponses"].items()
        if int(response.get("StatusCode", 0)) >= 500
    }

    assert changed == _SEEN_BY.keys()
    for alarms in _SEEN_BY.values():
        assert {metric["Namespace"] for alarm in alarms for metric in _watched(alarm)} == {"AWS/Lambda"}


def test_the_access_log_is_off_and_has_no_credential_path_or_query_string() -> None:
    (api,) = _resources("AWS::Serverless::Api").values()
    condition, setting, otherwise = api["Properties"]["AccessLogSetting"]["Fn::If"]
    variables = set(re.findall(r"\$context\.([\w.]+)", setting["Format"]))

    assert gateway.template()["Parameters"]["AccessLog"]["Default"] == "false"
    assert gateway.template()["Conditions"][condition] == {"Fn::Equals": [{"Ref": "AccessLog"}, "true"]}
    assert otherwise == {"Ref": "AWS::NoValue"}
    assert json.loads(setting["Format"]).keys() > {"request_id", "route", "status", "gateway_response"}
    assert not variables & {"path", "requestOverride.path", "identity.apiKey", "identity.userArn"}
    assert not [name for name in variables if "header" in name or "querystring" in name]


def _anchors(text: str) -> list[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def _named_section(alarm: str) -> str:
    found = re.search(r"Runbook: docs/operations\.md#([\w-]+)$", _alarm(alarm)["AlarmDescription"])
    assert found, f"{alarm} names no section of the runbook"
    return found[1]


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_names_its_section_of_the_runbook(alarm: str) -> None:
    assert _anchors(OPERATIONS).count(_named_section(alarm)) == 1


def test_the_section_of_function_errors_names_each_of_its_alarms() -> None:
    section = OPERATIONS[OPERATIONS.index("\n### Function errors\n") :].split("\n### ")[1]
    named = {name for name in re.findall(r"`(\w+Alarm)`", section) if name != "RequestsFailedAlarm"}

    assert named == {alarm for alarm in ALARMS if _named_section(alarm) == "function-errors"}


def test_every_section_of_the_runbook_is_of_an_alarm() -> None:
    runbook = OPERATIONS[OPERATIONS.index("\n## Alarms\n") :].split("\n## ")[1]
    assert sorted(_anchors(runbook)) == sorted({_named_section(alarm) for alarm in ALARMS})


@pytest.mark.parametrize("queue", sorted(_resources("AWS::SQS::Queue")))
def test_a_queue_has_a_dead_letter_queue_and_that_has_an_alarm(queue: str) -> None:
    watched = {
        dimension["Value"]["Fn::GetAtt"][0]
        for alarm in ALARMS
        for dimension in _alarm(alarm).get("Dimensions", [])
        if dimension["Name"] == "QueueName"
    }
    redrive = _resources("AWS::SQS::Queue")[queue]["Properties"].get("RedrivePolicy")

    assert watched == {"SweepDeadLetters", "DeadLetters", "WebhookDeadLetters"}
    assert (redrive["deadLetterTargetArn"]["Fn::GetAtt"][0] if redrive else queue) in watched


def test_what_is_not_from_a_queue_has_a_place_for_what_fails_too() -> None:
    about = gateway.functions()
    (schedule,) = about["run_maintenance"]["Events"].values()
    (stream,) = about["publish_role_event"]["Events"].values()
    dead_letters = {"Fn::GetAtt": ["DeadLetters", "Arn"]}

    assert schedule["Properties"]["DeadLetterConfig"]["Arn"] == dead_letters
    assert stream["Properties"]["DestinationConfig"]["OnFailure"]["Destination"] == dead_letters


def test_an_event_for_webhooks_that_cannot_be_queued_is_retried_for_a_day_and_then_kept() -> None:
    [rule] = _resources("AWS::Events::Rule").values()
    [target] = rule["Properties"]["Targets"]

    assert rule["Properties"]["EventBusName"] == {"Ref": "RoleEvents"}
    assert rule["Properties"]["EventPattern"]["source"] == ["rolecall"]
    assert set(rule["Properties"]["EventPattern"]["detail-type"]) == fan_out.DELIVERY_TYPES.keys()
    assert target["Arn"] == {"Fn::GetAtt": ["WebhookEvents", "Arn"]}
    assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["WebhookDeadLetters", "Arn"]}
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}


@pytest.mark.parametrize("function", ["deliver_webhook", "queue_webhook_deliveries"])
def test_a_message_about_webhooks_stays_hidden_while_its_function_runs(function: str) -> None:
    [source] = gateway.functions()[function]["Events"].values()
    queue = _resources("AWS::SQS::Queue")[source["Properties"]["Queue"]["Fn::GetAtt"][0]]["Properties"]
    seconds = gateway.functions()[function].get("Timeout", gateway.template()["Globals"]["Function"]["Timeout"])

    assert queue["VisibilityTimeout"] >= 6 * seconds
    assert queue["MessageRetentionPeriod"] == 14 * 86400
    assert source["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_there_is_time_for_two_attempts_at_a_webhook_in_one_invocation() -> None:
    assert gateway.functions()["deliver_webhook"]["Timeout"] > 2 * receivers.TOTAL_SECONDS + 3


def test_only_the_local_stack_can_allow_local_webhooks() -> None:
    variables = gateway.functions()["deliver_webhook"]["Environment"]["Variables"]

    assert variables["ALLOW_LOCAL_WEBHOOKS"] == {"Fn::If": ["AllowsLocalWebhooks", "true", "false"]}
    assert gateway.template()["Conditions"]["AllowsLocalWebhooks"] == {
        "Fn::And": [
            {"Fn::Equals": [{"Ref": "Stage"}, "local"]},
            {"Fn::Equals": [{"Ref": "AllowLocalWebhooks"}, "true"]},
        ]
    }
    assert gateway.template()["Parameters"]["AllowLocalWebhooks"]["Default"] == "false"
    assert not {"AllowLocalWebhooks"} & (_profile("dev").keys() | _profile("prod").keys())


def test_audit_entries_leave_the_table_only_on_request() -> None:
    (stream,) = gateway.functions()["publish_role_event"]["Events"].values()
    [conditional] = [one["Fn::If"] for one in stream["Properties"]["FilterCriteria"]["Filters"] if "Fn::If" in one]

    assert gateway.template()["Parameters"]["AuditStream"]["Default"] == "false"
    assert gateway.template()["Conditions"]["HasAuditStream"] == {"Fn::Equals": [{"Ref": "AuditStream"}, "true"]}
    assert conditional[0] == "HasAuditStream"
    assert conditional[2] == {"Ref": "AWS::NoValue"}
    assert "AUDIT#" in conditional[1]["Pattern"]
    assert not any("AUDIT#" in one.get("Pattern", "") for one in stream["Properties"]["FilterCriteria"]["Filters"])


def test_role_events_are_retried_for_as_long_as_the_stream_keeps_the_record() -> None:
    (stream,) = gateway.functions()["publish_role_event"]["Events"].values()

    # -1 means without limit. Otherwise an outage of EventBridge that outlasts the attempts loses events.
    assert stream["Properties"]["MaximumRetryAttempts"] == -1
    assert stream["Properties"]["MaximumRecordAgeInSeconds"] == -1
    assert stream["Properties"]["BisectBatchOnFunctionError"] is True
    assert stream["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def _words(*suffixes: str) -> set[str]:
    """All text in the layer's and the functions' source that stands in a call of one of these."""
    sources = [*(ROOT / "layers/rolecall/rolecall").rglob("*.py"), *(ROOT / "functions").glob("*/app.py")]
    calls = "|".join(re.escape(suffix) for suffix in suffixes)
    return {name for path in sources for name in re.findall(rf"(?:{calls})\(f?\"([^\"]+)\"", path.read_text())}


def test_the_metrics_that_alarms_look_at_are_counted_in_this_stacks_name() -> None:
    everyones = gateway.template()["Globals"]["Function"]["Environment"]["Variables"]
    own = [_alarm(alarm) for alarm in ALARMS if _alarm(alarm).get("Namespace") == "Rolecall"]

    assert own
    assert everyones["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
    for alarm in own:
        assert alarm["MetricName"] in _words("count_metric")
        assert alarm["Dimensions"] == [{"Name": "service", "Value": {"Ref": "AWS::StackName"}}]


def test_the_topic_of_the_alarms_is_encrypted_with_a_key_that_cloudwatch_may_use() -> None:
    (key,) = _resources("AWS::KMS::Key").values()
    (topic,) = _resources("AWS::SNS::Topic").values()

    assert topic["Properties"]["KmsMasterKeyId"] == {"Ref": "AlarmTopicKey"}
    assert key["Properties"]["EnableKeyRotation"] is True
    (allowed,) = (
        statement["Action"]
        for statement in key["Properties"]["KeyPolicy"]["Statement"]
        if statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    )
    assert allowed == ["kms:Decrypt", "kms:GenerateDataKey"]


# --- The dashboard ---------------------------------------------------------------------------------


#: Critical events' metrics, which `deletion.completion` has in a table.
_DELETION_METRICS = {"TenantDeletionScheduled", "TenantRestored", "TenantDeletionAccepted", "TenantDeleted"}


def _dashboard() -> tuple[str, list[dict[str, Any]]]:
    """Its source, and its widgets as CloudWatch gets them, with each variable's name in the place of its value."""
    (dashboard,) = _resources("AWS::CloudWatch::Dashboard").values()
    source, variables = dashboard["Properties"]["DashboardBody"]["Fn::Sub"]
    assert set(variables) == {"table", "console_functions"}
    of_console = _with_every_condition_true(variables["console_functions"])["Fn::Sub"]
    source = source.replace("${console_functions}", of_console)
    return source, json.loads(re.sub(r"\$\{([^}]+)\}", r"\1", source))["widgets"]


def test_the_dashboard_is_made_of_what_is_there() -> None:
    source, widgets = _dashboard()
    named = {name.partition(".")[0] for name in re.findall(r"\$\{(\w[^}:]*)\}", source)}

    assert len(widgets) > 10
    assert named - {"table"} <= gateway.template()["Resources"].keys()
    assert all(widget["x"] + widget["width"] <= 24 for widget in widgets)
    for widget in widgets:
        for row in widget["properties"].get("metrics", []):
            if row[0] == "Rolecall":
                assert row[1] in _words("count_metric") | _DELETION_METRICS, row[1]


def test_the_dashboard_shows_every_function_and_every_alarm_of_the_whole() -> None:
    _, widgets = _dashboard()
    shown = {widget["properties"].get("title"): json.dumps(widget["properties"]) for widget in widgets}

    for title in ("Errors by function", "Throttles by function", "Longest by function (ms)"):
        assert sorted(re.findall(r'"label": "(\w+)"', shown[title])) == FUNCTIONS, (
            f"a row for each function in `{title}`"
        )
    assert "SOURCE 'Logs' | fields" in shown["Last errors"]
    whole = {name for name in ALARMS if name.endswith("Alarm")}
    assert set(re.findall(r'"(\w+)\.Arn"', shown["Alarms"])) == whole


# --- Permissions -----------------------------------------------------------------------------------


def _wildcards(node: Any) -> Iterator[int]:
    """The lines on which an action or a resource of a policy has a wildcard."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value in {"Action", "NotAction", "Resource", "NotResource"}:
                yield from (leaf.start_mark.line for leaf in _leaves(value) if "*" in leaf.value)
            else:
                yield from _wildcards(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _wildcards(value)


def _leaves(node: Any) -> Iterator[Any]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _leaves(value)
    else:
        for _, value in node.value:
            yield from _leaves(value)


def test_no_action_or_resource_is_a_wildcard_without_a_reason_beside_it() -> None:
    text = (ROOT / "template.yaml").read_text()
    lines = text.splitlines()
    found = sorted(_wildcards(yaml.compose(text, yaml.SafeLoader)))

    assert [lines[line] for line in found if "#" not in lines[line]] == []
    assert len(found) == 3  # all of them of the key of the alarms' topic


def test_sam_adds_no_policy_but_those_that_a_log_a_queue_a_stream_and_codedeploy_need() -> None:
    roles = _made("AWS::IAM::Role").values()
    managed = {
        arn["Fn::Sub"] if isinstance(arn, dict) else arn
        for role in roles
        for arn in role["Properties"].get("ManagedPolicyArns", [])
    }

    assert {arn.rpartition("/")[2] for arn in managed} == {
        "AWSLambdaBasicExecutionRole",
        "AWSLambdaSQSQueueExecutionRole",
        "AWSLambdaDynamoDBExecutionRole",
        "AWSCodeDeployRoleForLambda",
    }


# --- Deployment ------------------------------------------------------------------------------------


def _writers() -> set[str]:
    """The functions whose routes change something, by their names in the template."""
    writing = {route.function for route in gateway.routes() if route.method != "GET"} | {"serve_scim"}
    return {name for name, about in _resources(_FUNCTION).items() if _folder(about) in writing}


def _folder(function: dict[str, Any]) -> str:
    return Path(function["Properties"]["CodeUri"]).name


GRADUAL = sorted({"AuthorizeRequest", *_writers()})


def test_the_authorizer_and_the_routes_that_write_are_deployed_step_by_step() -> None:
    assert _made("AWS::CodeDeploy::DeploymentGroup").keys() == {f"{function}DeploymentGroup" for function in GRADUAL}


@pytest.mark.parametrize("function", GRADUAL)
def test_a_new_version_is_taken_back_when_the_alarm_of_its_function_goes_off(function: str) -> None:
    about = _made("AWS::CodeDeploy::DeploymentGroup")[f"{function}DeploymentGroup"]["Properties"]
    watched = [alarm["Name"]["Ref"] for alarm in about["AlarmConfiguration"]["Alarms"]]
    alias = _translated(_GRADUAL)["Resources"][f"{function}Aliaslive"]

    assert watched == ["RequestsFailedAlarm", *_errors_alarms()[function]]
    assert "DEPLOYMENT_STOP_ON_ALARM" in about["AutoRollbackConfiguration"]["Events"]
    assert alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["DeploymentGroupName"] == {
        "Ref": f"{function}DeploymentGroup"
    }


def test_deployments_come_in_waves_that_codedeploy_can_take_and_the_authorizers_is_the_first() -> None:
    waves = Counter(_wave(function) for function in GRADUAL)

    assert _wave("AuthorizeRequest") == 1
    assert waves[1] == 1
    assert max(waves.values()) <= _MOST_AT_ONCE
    # Each wave takes the minutes of `Deployment`, so a reader wants to know how many there are.
    assert f"there are {('no', 'one', 'two', 'three', 'four', 'five', 'six')[max(waves)]} waves" in " ".join(
        OPERATIONS.split()
    )


def _wave(function: str) -> int:
    """1 for a function that waits for no other's deployment, else one more than that of the function it waits for."""
    waits_for = listed(_made("AWS::Lambda::Function")[function].get("DependsOn", []))
    aliases = [name.removesuffix("Aliaslive") for name in waits_for if name.endswith("Aliaslive")]
    return 1 + max((_wave(name) for name in aliases), default=0)


def test_every_way_of_deployment_is_known_to_the_mapping_and_only_one_is_at_once() -> None:
    ways = gateway.template()["Parameters"]["Deployment"]["AllowedValues"]
    gradual = {way: row["Gradual"] for way, row in gateway.template()["Mappings"]["Deployment"].items()}

    assert list(gradual) == ways
    assert {way for way in ways if gradual[way] == "false"} == {"AllAtOnce"}
    assert not _made("AWS::CodeDeploy::DeploymentGroup", "AllAtOnce")
    assert len(_made("AWS::Lambda::Alias", "AllAtOnce")) == len(FUNCTIONS)


def test_whoever_calls_a_function_calls_its_alias() -> None:
    callers = [
        *(source["Properties"]["FunctionName"] for source in _made("AWS::Lambda::EventSourceMapping").values()),
        *(schedule["Properties"]["Target"]["Arn"] for schedule in _made("AWS::Scheduler::Schedule").values()),
        *(permission["Properties"]["FunctionName"] for permission in _made("AWS::Lambda::Permission").values()),
        *re.findall(r"functions/\$\{[^/]*/", json.dumps(_made("AWS::ApiGateway::RestApi"))),
    ]
    assert len(callers) > 2 * len(gateway.routes())
    for caller in callers:
        text = caller if isinstance(caller, str) else next(iter(caller.values()))
        assert "Aliaslive" in text or text in {"${AuthorizeRequest.Arn}:live", "functions/${__FunctionArn__}/"}


@pytest.mark.filterwarnings("ignore")
def test_sam_local_finds_the_authorizer_of_every_route_that_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # It ignores an authorizer whose ARN it does not understand, and lets everyone in.
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    stacks, _ = SamLocalStackProvider.get_stacks(str(ROOT / "template.yaml"))
    asked = {route.function_name: route.authorizer_object for route in ApiProvider(stacks).api.routes}
    names = {Path(about["Properties"]["CodeUri"]).name: name for name, about in _resources(_FUNCTION).items()}

    for route in gateway.routes():
        authorizer = asked[names[route.function]]
        assert (authorizer is None) is route.public
        assert authorizer is None or authorizer.lambda_name == "AuthorizeRequest"


def test_a_change_of_the_layer_alone_makes_a_new_version_of_every_function() -> None:
    before = {name for name in _translated(_GRADUAL)["Resources"] if "Version" in name}
    after = {name for name in _translated(_GRADUAL, "another build")["Resources"] if "Version" in name}

    assert len(before) == len(after) == len(FUNCTIONS)
    assert not before & after


def test_the_local_engine_gets_a_template_without_what_it_lacks() -> None:
    given = without_unsupported(copy.deepcopy(gateway.template()))
    text = json.dumps(given["Globals"]) + json.dumps(given["Resources"])
    lacking = {name for name in ALARMS if "Metrics" in _alarm(name)}

    assert "DeploymentPreference" not in text
    taken_out = gateway.template()["Resources"].keys() - given["Resources"].keys()
    assert lacking
    assert taken_out == lacking | {"Dashboard", "FirewallAssociation"}


def test_old_versions_are_removed() -> None:
    # SAM would keep them, and a version with SnapStart has its price for as long as it is there.
    versions = _made("AWS::Lambda::Version")
    assert len(versions) == len(FUNCTIONS)
    assert {version["DeletionPolicy"] for version in versions.values()} == {"Delete"}


#: The roles of functions with several kinds of transactions, which have no partition in common but the audit trails.
_KINDS_OF_TRANSACTIONS = {"RunOperationRole": 2}


@pytest.mark.parametrize("profile", ["dev", "prod"])
def test_what_a_function_may_do_in_a_transaction_is_in_one_statement_of_its_role(profile: str) -> None:
    """AWS does not promise to judge each action of a transaction by the partitions of its own items alone.

    A function with two kinds of transactions has one statement for each kind. The integration tests check each action
    of each transaction against single statements, with the partitions of the whole transaction.
    """
    in_transactions = {"dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
    roles = _made("AWS::IAM::Role", _profile(profile)["Deployment"])

    assert len([name for name in roles if name.removesuffix("Role") in FUNCTIONS]) == len(FUNCTIONS)
    for name, role in roles.items():
        policies = [policy["PolicyDocument"]["Statement"] for policy in role["Properties"].get("Policies", [])]
        allowing = [one for policy in policies for one in policy if in_transactions & set(listed(one["Action"]))]
        assert len(allowing) <= _KINDS_OF_TRANSACTIONS.get(name, 1), name


@pytest.mark.parametrize(("profile", "groups"), [("dev", 0), ("prod", len(GRADUAL))])
def test_a_profile_makes_the_deployment_groups_and_the_log_groups_that_it_is_meant_to(
    profile: str, groups: int
) -> None:
    deployment = _profile(profile)["Deployment"]
    assert len(_made("AWS::CodeDeploy::DeploymentGroup", deployment)) == groups
    assert _made("AWS::Logs::LogGroup", deployment).keys() == {"Logs", "AccessLogs"}


@pytest.mark.parametrize("profile", ["dev", "prod"])
def test_the_stack_stays_within_cloudformations_limits_when_it_has_grown(profile: str) -> None:
    template = _translated(_profile(profile)["Deployment"])
    more = max(0, _FUNCTIONS_TO_COME - len(FUNCTIONS))

    expected = len(template["Resources"]) + more * _price_of_a_function(template) + (_SHARED_TO_COME if more else 0)
    grown = _FUNCTIONS_TO_COME / len(FUNCTIONS)

    assert expected < _RESOURCES_THEN < _MOST_RESOURCES
    assert grown * len(json.dumps(template)) < 0.75 * _MOST_BYTES
    assert len(template["Parameters"]) < 0.75 * _MOST_PARAMETERS
    assert len(template["Outputs"]) < 0.75 * _MOST_OUTPUTS


def _price_of_a_function(template: dict[str, Any]) -> int:
    """The resources of the dearest route: what SAM makes of it, and what the template adds for it alone."""
    names = template["Resources"].keys()
    routes = {name for name, about in _resources(_FUNCTION).items() if about["Properties"].get("Events")}
    # A name may begin with another one, as `LogInUser` with `LogIn`: a resource belongs to the longest.
    owners = [[route for route in routes if re.match(rf"{route}(?![a-z])", name)] for name in names]
    return max(Counter(max(found, key=len) for found in owners if found).values())


def test_no_resource_waits_for_itself() -> None:
    resources = _translated(_GRADUAL)["Resources"]
    sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
    for name, resource in resources.items():
        sorter.add(name, *(set(_referred(resource)) & resources.keys()))
    sorter.prepare()


def _referred(node: Any) -> Iterator[str]:
    """The names that a resource refers to, by `Ref`, `Fn::GetAtt`, `Fn::Sub` and `DependsOn`."""
    if isinstance(node, dict):
        yield from listed(node.get("DependsOn", []))
        yield from listed(node.get("Ref", []))
        yield from listed(node.get("Fn::GetAtt", []))[:1]
        yield from re.findall(r"\$\{(\w+)", json.dumps(node.get("Fn::Sub", "")))
    for one in node.values() if isinstance(node, dict) else listed(node):
        if isinstance(one, dict | list):
            yield from _referred(one)


def test_two_stacks_of_an_account_share_no_name() -> None:
    named = {
        "Name",
        "FunctionName",
        "QueueName",
        "TableName",
        "TopicName",
        "LogGroupName",
        "DashboardName",
        "AlarmName",
    }
    for kind in (
        "AWS::Lambda::Function",
        "AWS::SQS::Queue",
        "AWS::DynamoDB::Table",
        "AWS::SNS::Topic",
        "AWS::Logs::LogGroup",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::Events::EventBus",
        "AWS::Scheduler::Schedule",
        "AWS::SecretsManager::Secret",
        "AWS::WAFv2::WebACL",
    ):
        for name, resource in _made(kind).items():
            for given in named & resource["Properties"].keys():
                assert "AWS::StackName" in json.dumps(resource["Properties"][given]), (
                    f"{name} is called the same in every stack"
                )


# --- What outlives the stack -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["AWS::DynamoDB::Table", "AWS::Logs::LogGroup"])
def test_the_table_and_the_logs_outlive_their_stack_and_are_in_the_way_of_no_later_one(kind: str) -> None:
    # In every stage: CloudFormation has no condition for it, and what was kept can still be deleted.
    for name, resource in _resources(kind).items():
        assert (name, resource["DeletionPolicy"]) == (name, "RetainExceptOnCreate")
        assert (name, resource["UpdateReplacePolicy"]) == (name, "Retain")
        # A name of ours would make the next stack fail.
        assert not {"TableName", "LogGroupName"} & resource["Properties"].keys()


def test_all_functions_log_into_one_group_that_forgets() -> None:
    logging = {json.dumps(about["Properties"]["LoggingConfig"]) for about in _made("AWS::Lambda::Function").values()}

    assert logging == {'{"LogGroup": {"Ref": "Logs"}}'}
    assert _resources("AWS::Logs::LogGroup")["Logs"]["Properties"] == {"RetentionInDays": {"Ref": "LogRetentionDays"}}


def test_prod_protects_its_table_against_deletion_and_deploys_step_by_step() -> None:
    settings = _profile("prod")
    (table,) = _resources("AWS::DynamoDB::Table").values()

    assert settings["Stage"] == "prod"
    assert settings["Deployment"] != "AllAtOnce"
    assert table["Properties"]["DeletionProtectionEnabled"] == {"Fn::If": ["IsProtected", True, False]}
    assert gateway.template()["Conditions"]["IsProtected"] == {
        "Fn::And": [{"Fn::Equals": [{"Ref": "Stage"}, "prod"]}, {"Fn::Equals": [{"Ref": "ProtectTable"}, "true"]}]
    }
    assert gateway.template()["Parameters"]["ProtectTable"]["Default"] == "true"
    # `sam deploy` would keep a parameter's last value if it were not named, which is `false` for the first deployment.
    assert settings["ProtectTable"] == "true"


# --- Parameters and profiles -----------------------------------------------------------------------


def _profile(name: str) -> dict[str, str]:
    """The parameters that a profile of `samconfig.toml` gives."""
    about = tomllib.loads((ROOT / "samconfig.toml").read_text())[name]
    # Only what is under `global` reaches `sam build` too, which needs to know the architecture.
    assert [name for name, command in about.items() if "parameter_overrides" in command["parameters"]] == ["global"]
    return dict(word.split("=", 1) for word in about["global"]["parameters"]["parameter_overrides"])


@pytest.mark.parametrize("profile", ["dev", "prod"])
def test_a_profile_gives_parameters_that_the_template_has_and_allows(profile: str) -> None:
    parameters = gateway.template()["Parameters"]
    for name, value in _profile(profile).items():
        allowed = [str(one) for one in parameters[name].get("AllowedValues", [value])]
        assert value in allowed


def test_the_workers_that_take_seconds_leave_half_of_a_new_accounts_concurrency_to_callers() -> None:
    concurrency = {
        name: mapping["Properties"]["ScalingConfig"]["MaximumConcurrency"]
        for name, mapping in _made("AWS::Lambda::EventSourceMapping").items()
        if "ScalingConfig" in mapping["Properties"]
    }
    parameters = gateway.template()["Parameters"]

    # The last two take milliseconds. 2 is the least that Lambda allows.
    assert concurrency == {
        "SweepTenantSlices": {"Ref": "DeletionConcurrency"},
        "DeliverWebhookQueue": {"Ref": "WebhookConcurrency"},
        "RecordTokenUseQueue": 2,
        "QueueWebhookDeliveriesQueue": 2,
    }
    assert parameters["DeletionConcurrency"]["Default"] + parameters["WebhookConcurrency"]["Default"] <= 10 / 2


def test_every_parameter_has_a_safe_default_and_is_explained() -> None:
    table = OPERATIONS[OPERATIONS.index("\n## Parameters\n") :].split("\n## ")[1]
    explained = dict(re.findall(r"^\| `(\w+)` \| `?([^`|]*?)`? \|", table, re.MULTILINE))

    parameters = gateway.template()["Parameters"]
    assert explained == {name: str(about["Default"]) for name, about in parameters.items()}
