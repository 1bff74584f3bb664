"""The procedures of docs/operations.md, run as they stand, on a stack of their own. Long: part of `make prove`."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.deployment import build
from local.deployment.sam_cli import run_sam
from local.deployment.stack import Stack
from local.deployment.start import start_stack
from local.engine.engine import free_port
from local.environment import architecture, local_environment
from local.http import call
from tests.gateway import ROOT
from tests.pages import blocks

PAGE = ROOT / "docs/operations.md"
#: The end of the page's stack, and so of what is tried.
_LAST = "\n## Deleting the stack\n"

pytestmark = [
    pytest.mark.skipif("ROLECALL_PROVE" not in os.environ, reason="long: make prove runs it"),
    pytest.mark.timeout(1500),
]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="rolecall-") as home, start_stack(Path(home), free_port()) as stack:
        yield stack


@pytest.fixture
def shell(stack: Stack, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """What came of all the blocks that are said to be tried, in the order of the page but the deletion last."""
    text = PAGE.read_text()
    from_line, to_line = (text[: text.index(heading)].count("\n") for heading in (_LAST, "\n## Maintenance\n"))
    tried = [block for block in blocks(PAGE) if block.tried]
    tried.sort(key=lambda block: from_line < block.line < to_line)
    script = "\n".join(f"echo '== {PAGE.name}:{block.line}'\n{block.text}" for block in tried)
    aws = tmp_path / "aws"
    aws.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.aws_command "$@"\n')
    aws.chmod(0o755)
    environment = local_environment(stack.endpoint_url)
    environment |= {"STACK": stack.name, "PATH": f"{tmp_path}:{environment['PATH']}"}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )


def test_a_stack_can_be_pointed_at_a_restored_table(stack: Stack) -> None:
    made = call("POST", f"{stack.api}/register", stack.master_token, _TENANT)
    restored = "restored"
    stack.dynamodb.restore_table_to_point_in_time(
        SourceTableName=stack.table_name, TargetTableName=restored, UseLatestRestorableTime=True
    )
    stack.dynamodb.update_table(
        TableName=restored, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    )
    stream = stack.dynamodb.describe_table(TableName=restored)["Table"]["LatestStreamArn"]
    call("DELETE", f"{stack.api}/global/tenants/{made.json()['tenant']['id']}", stack.master_token)

    with build.build_lock():
        template = build.build_if_changed()
        revised = template.read_text()
        assert "Revision 1" in revised
        other = template.with_name("restored.yaml")
        other.write_text(revised.replace("Revision 1", "Revision 2"))
        run_sam(
            "deploy", "--template-file", str(other), "--parameter-overrides", f"Architecture={architecture()}",
            "Stage=local", f"TableName={restored}", f"TableStreamArn={stream}", endpoint_url=stack.endpoint_url,
        )  # fmt: skip
        other.unlink()

    tenants = call("GET", f"{stack.api}/tenants", stack.master_token).json()["tenants"]
    assert [tenant["name"] for tenant in tenants] == [_TENANT["tenant_name"]], "what the restored table holds"
    token = made.json()["token"]
    assert call("POST", f"{stack.api}/users", token, _USER).status == 201


def test_every_command_that_is_said_to_be_tried_works(shell: subprocess.CompletedProcess[str]) -> None:
    assert shell.returncode == 0, shell.stdout[-3000:] + shell.stderr[-3000:]
    assert re.search(r"TableName=rolecall-restored-\d+ TableStreamArn=arn:aws:dynamodb:\S+/stream/", shell.stdout)
    assert '"violations": 0' in shell.stdout
    assert '"password"' in shell.stdout


_TENANT = {"tenant_name": "Restored", "email": "owner@restored.example.com", "password": "correct horse battery"}
_USER = {"email": "user@restored.example.com", "password": "correct horse battery", "role": "user"}
