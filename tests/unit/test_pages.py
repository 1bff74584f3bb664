"""The commands in docs/operations.md are ones that exist. `tests/e2e/test_operations.py` runs them."""

import pytest

from tests import aws_command
from tests.gateway import ROOT
from tests.pages import aws_commands, blocks

PAGE = ROOT / "docs/operations.md"
COMMANDS = [command for block in blocks(PAGE) for command in aws_commands(block.text)]


def test_the_commands_of_the_page_are_found() -> None:
    assert len(COMMANDS) > 20
    assert sum(block.tried for block in blocks(PAGE)) > 15


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_a_command_and_its_options_are_known_to_aws(command: list[str]) -> None:
    aws_command.parse(command)


@pytest.mark.parametrize(
    "command",
    [
        "dynamo list-backups",
        "dynamodb list-backup",
        "dynamodb list-backups --table name",
        "dynamodb create-backup --table-name name",
        "dynamodb wait table-gone --table-name name",
        "dynamodb list-backups --limit all",
    ],
)
def test_a_mistake_in_a_command_is_found(command: str) -> None:
    with pytest.raises((aws_command.UnknownCommand, ValueError)):
        aws_command.parse(command.split())
