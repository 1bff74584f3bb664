"""What the template must keep to, so that nothing of a tenant escapes its deletion."""

from typing import Any

from tests import gateway

#: Services that keep data of their own. The sweep knows one table; each further store needs a sweep.
_STORES = (
    "AWS::DynamoDB::",
    "AWS::S3::",
    "AWS::RDS::",
    "AWS::OpenSearch",
    "AWS::ElastiCache::",
    "AWS::Kinesis",
    "AWS::EFS::",
    "AWS::Cognito::",
    "AWS::Timestream::",
    "AWS::Neptune::",
    "AWS::DocDB::",
    "AWS::Redshift",
)


def _resources(prefix: str | tuple[str, ...]) -> dict[str, dict[str, Any]]:
    found = gateway.template()["Resources"].items()
    return {name: resource for name, resource in found if resource["Type"].startswith(prefix)}


def test_there_is_one_store_and_it_is_the_swept_table() -> None:
    assert list(_resources(_STORES)) == ["Table"], "a further store needs a sweep of its own"


def test_every_index_is_over_the_swept_table_and_goes_with_its_items() -> None:
    # An index holds what the table holds, and loses what the table loses. So no index holds tenant data outside of
    # the sweep, as long as the sweep goes by the table's own key.
    table = _resources("AWS::DynamoDB::")["Table"]["Properties"]
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]
    assert {index["IndexName"] for index in table["GlobalSecondaryIndexes"]} == {"gsi1", "gsi2", "gsi3", "gsi4"}
    assert "LocalSecondaryIndexes" not in table
    assert "Replicas" not in table


def test_only_role_events_leave_the_table() -> None:
    sources = [
        (folder, source["Type"])
        for folder, properties in gateway.functions().items()
        for source in properties.get("Events", {}).values()
        if source["Type"] in {"DynamoDB", "Kinesis"}
    ]
    # They tell what happened to whom, and are kept by nobody here.
    assert sources == [("publish_role_event", "DynamoDB")], "what a stream carries away outlives the deletion"
    assert not _resources(("AWS::Pipes::", "AWS::DMS::"))


def test_a_new_queue_is_looked_at_for_what_it_holds() -> None:
    # None of them holds more of a tenant than ids, and of an event its roles and its reason, for two weeks at most.
    assert _resources("AWS::SQS::").keys() - _resources("AWS::SQS::QueuePolicy").keys() == {
        *("SweepQueue", "SweepDeadLetters", "TokenUses", "DeadLetters"),
        *("WebhookEvents", "WebhookDeliveries", "WebhookDeadLetters"),
    }


def test_only_the_rule_of_webhooks_may_send_from_outside_into_a_queue() -> None:
    policies = _resources("AWS::SQS::QueuePolicy").values()
    [rule] = _resources("AWS::Events::Rule")
    queues = {queue["Ref"] for policy in policies for queue in policy["Properties"]["Queues"]}

    assert queues == {"WebhookEvents", "WebhookDeadLetters"}
    for policy in policies:
        [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        assert statement["Action"] == "sqs:SendMessage"
        assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [rule, "Arn"]}}}


def test_a_slice_that_keeps_failing_ends_in_a_dead_letter_queue_with_an_alarm() -> None:
    queue = _resources("AWS::SQS::")["SweepQueue"]["Properties"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    worker = gateway.functions()["sweep_tenant"]
    assert queue["VisibilityTimeout"] >= 6 * worker["Timeout"]
    assert worker["Events"]["Slices"]["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert set(_resources("AWS::CloudWatch::Alarm")) >= {"DeletionStalledAlarm", "SweepDeadLettersAlarm"}
