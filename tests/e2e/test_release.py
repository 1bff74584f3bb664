"""`make deploy`, on an engine in the place of AWS and with a small template in the place of ours."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import StackError
from local.commands import release
from local.deployment.stack import Stack
from local.engine.engine import Engine, free_port
from local.environment import local_environment
from tests import gateway

_SETTINGS = """\
version = 0.1
[prod.global.parameters]
stack_name = "small"
parameter_overrides = ["Stage=prod", "Architecture=x86_64"]
[prod.deploy.parameters]
resolve_s3 = true
confirm_changeset = false
fail_on_empty_changeset = false
"""


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """An engine that the command takes for AWS, and a build in which there is nothing but our table."""
    monkeypatch.setattr(release, "BUILD", tmp_path / ".aws-sam/build")
    monkeypatch.setattr(release, "SETTINGS", tmp_path / "samconfig.toml")
    release.BUILD.mkdir(parents=True)
    (tmp_path / "samconfig.toml").write_text(_SETTINGS)
    _write()
    with Engine(tmp_path / "home", free_port()) as engine:
        for name, value in local_environment(engine.endpoint_url).items():
            monkeypatch.setenv(name, value)
        yield Stack(engine, "small")


def _write(**more: Any) -> None:
    ours = gateway.template()
    names = ("Stage", "ProtectTable", "Architecture", "TableName", "TableStreamArn")
    small = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {name: ours["Parameters"][name] for name in names},
        "Conditions": {"IsProtected": ours["Conditions"]["IsProtected"]},
        "Resources": {"Table": ours["Resources"]["Table"], **more},
    }
    (release.BUILD / "template.yaml").write_text(json.dumps(small))


def _events(stack: Stack) -> list[str]:
    """The ways of the stack as a whole, from the first."""
    events = stack.cloudformation.describe_stack_events(StackName=stack.name)["StackEvents"]
    return [one["ResourceStatus"] for one in reversed(events) if one["ResourceType"] == "AWS::CloudFormation::Stack"]


def _is_protected(stack: Stack) -> bool:
    table = stack.dynamodb.describe_table(TableName=stack.physical_id("Table"))["Table"]
    return table["DeletionProtectionEnabled"]


def test_the_first_deployment_protects_the_table_in_a_second_step(small: Stack) -> None:
    release.main("prod")

    assert _is_protected(small)
    assert _events(small)[-3:] == ["CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]

    release.main("prod")
    assert _is_protected(small)


def test_a_first_deployment_that_fails_leaves_nothing_and_can_be_made_again(small: Stack) -> None:
    small.client("events").create_event_bus(Name="taken")
    _write(Bus={"Type": "AWS::Events::EventBus", "DependsOn": "Table", "Properties": {"Name": "taken"}})
    with pytest.raises(StackError, match="make deploy STAGE=prod"):
        release.main("prod")
    assert _events(small)[-1] == "ROLLBACK_COMPLETE"
    assert small.dynamodb.list_tables()["TableNames"] == []

    _write()
    release.main("prod")
    assert _is_protected(small)


def test_nothing_is_sent_that_is_built_for_another_architecture(small: Stack) -> None:
    library = release.BUILD / "Layer/python/orjson.so"
    library.parent.mkdir(parents=True)
    library.write_bytes(b"\x7fELF" + bytes(14) + (0xB7).to_bytes(2, "little"))

    with pytest.raises(StackError, match=r"Layer/python/orjson.so is built for arm64, but Architecture is x86_64"):
        release.main("prod")
    assert small.cloudformation.list_stacks()["StackSummaries"] == []


def test_a_profile_that_is_none_is_told(small: Stack) -> None:
    with pytest.raises(StackError, match="no profile 'production'"):
        release.main("production")
