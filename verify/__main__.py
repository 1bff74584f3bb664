"""`python -m verify`: what `make verify` does."""

import os
import signal
import sys
import tomllib
from types import FrameType
from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from local import ROOT, StackError
from local.deployment import running_stack
from verify.checks import CHECKS
from verify.report import Report
from verify.run import walk_through
from verify.stack import DeployedStack
from verify.walk import Walk


def main() -> int:
    """Walk over the stack that `STACK` names, or that the profile `STAGE` of samconfig.toml does.

    Returns 1 if something is wrong, if the walk was interrupted, or if there is no such stack.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        stack = _find_stack()
        report = Report(sys.stdout)
        report.say(f"{stack.name} at {stack.api}\n")
        return walk_through(Walk(stack), CHECKS, report)
    except (StackError, BotoCoreError, ClientError) as error:
        print(f"The walk could not begin: {error}", file=sys.stderr)
        return 1


def _find_stack() -> DeployedStack:
    """Returns the stack that the environment asks for. Raises `StackError` if it names none."""
    api = os.environ.get("API")
    if name := os.environ.get("STACK"):
        return DeployedStack(name, api)
    stage = os.environ.get("STAGE", "dev")
    if stage == "local":
        running = running_stack.find()
        os.environ |= running.environment()
        return DeployedStack(running.name, api)
    try:
        name = tomllib.loads((ROOT / "samconfig.toml").read_text())[stage]["global"]["parameters"]["stack_name"]
    except KeyError:
        raise StackError(f"samconfig.toml names no stack for the profile {stage!r}: say STAGE=… or STACK=….") from None
    return DeployedStack(name, api)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
