"""Runs the SAM CLI with the profile `local` of samconfig.toml."""

import subprocess
import sys
from pathlib import Path

from local import ROOT, StackError, tail
from local.deployment.sources import SETTINGS
from local.environment import local_environment

#: Everything that local builds write.
BUILD_FOLDER = ROOT / ".aws-sam" / "local"


def run_sam(*arguments: str, endpoint_url: str | None = None) -> None:
    """Runs `sam` with the arguments, the first of which is the command. Its output goes to the command's log file.

    Raises `StackError` with the end of the log if it fails.
    """
    with log_file(arguments[0]).open("wb") as log:
        done = subprocess.run(  # nosec B603  # no argument is from outside
            [sys.executable, "-m", "samcli", *arguments, "--config-file", SETTINGS, "--config-env", "local"],
            cwd=ROOT,
            env=local_environment(endpoint_url),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise StackError(f"`sam {arguments[0]}` failed. The end of its output:\n{tail(log_file(arguments[0]), 30)}")


def log_file(command: str) -> Path:
    """Returns the file that holds the output of the latest `sam <command>`."""
    return BUILD_FOLDER / f"{command}.log"
