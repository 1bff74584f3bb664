"""The environment of every process that belongs to a local stack."""

import os
import platform
import sys
from pathlib import Path

from local import ROOT

REGION = "us-east-1"
#: The engine's root credentials. Only the engine accepts them.
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105


def local_environment(endpoint_url: str | None = None) -> dict[str, str]:
    """Returns this process's environment without the developer's own AWS and Python settings.

    With an endpoint, AWS tools and SDKs that run in this environment call that endpoint only.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    bin_dir = str(Path(sys.executable).parent)
    kept |= {
        # First on the path, so that `sam build` finds this interpreter as python3.13.
        "PATH": os.pathsep.join([bin_dir, kept.get("PATH", os.defpath)]),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
        # `make setup` put a file there that stops the SAM CLI from looking for a newer version of itself.
        "__SAM_CLI_APP_DIR": str(ROOT / ".venv" / "sam"),
    }
    if endpoint_url:
        kept["AWS_ENDPOINT_URL"] = endpoint_url
    return kept


def architecture() -> str:
    """Returns the value of the template's parameter `Architecture` for this machine."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"
