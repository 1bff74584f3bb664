"""The function's name in the names of log streams, as on AWS when functions share a log group.

Without it, a line that is no JSON, such as one of a traceback, would not show which function wrote it.
"""

# ruff: noqa: SLF001 (MiniStack has no public way to add this)

from collections.abc import Mapping
from typing import Any

from ministack.services import lambda_svc


def install() -> None:
    """Makes the engine write the function's name into the names of its log streams."""
    emit = lambda_svc._emit_lambda_logs

    def emit_with_name(function: Mapping[str, Any], *rest: Any, **more: Any) -> None:
        config = function.get("config") or function
        # MiniStack takes only the version from the function, so the name goes in front of it.
        version = f"{config['FunctionName']}[{config.get('Version', '$LATEST')}]"
        emit({**function, "config": {**config, "Version": version}}, *rest, **more)

    lambda_svc._emit_lambda_logs = emit_with_name
