"""The layer's code in this process, working on a stack as it does inside a function."""

import os

from local.deployment.stack import Stack
from rolecall import telemetry


def use_layer_on(stack: Stack) -> None:
    """From now on the layer in this process reads and writes the stack's table."""
    os.environ |= stack.environment("LogIn", "RegisterTenant")
    telemetry.logger.setLevel("WARNING")
