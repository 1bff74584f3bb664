"""The function's name in the names of log streams, as on AWS where functions share a log group.

Without it, nothing would tell on this machine which function wrote a line that is no JSON, such as a traceback.
"""

# ruff: noqa: SLF001 (there is no public way to complete it)

from collections.abc import Mapping
from typing import Any

from ministack.services import lambda_svc


def install() -> None:
    """Teach the engine to write the function's name into the names of its log streams."""
    emit = lambda_svc._emit_lambda_logs

    def emit_with_name(function: Mapping[str, Any], *rest: Any, **more: Any) -> None:
        config = function.get("config") or function
        # The version is the one part of a stream's name that comes from the function.
        version = f"{config['FunctionName']}[{config.get('Version', '$LATEST')}]"
        emit({**function, "config": {**config, "Version": version}}, *rest, **more)

    lambda_svc._emit_lambda_logs = emit_with_name
