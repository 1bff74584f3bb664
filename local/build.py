"""Builds what `sam deploy` takes to the local engine."""

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local import ROOT, StackError, tail
from local.environment import architecture, local_environment

HOME = ROOT / ".aws-sam" / "local"
SETTINGS = ROOT / "samconfig.toml"
SOURCES = ("functions", "layers")


@dataclass(frozen=True)
class Build:
    """The built template, as the engine can take it, and the fingerprint of everything in it."""

    template: Path
    fingerprint: str

    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = yaml.safe_load(self.template.read_text())
        return content


@contextlib.contextmanager
def exclusively() -> Iterator[None]:
    """One builder at a time in this repository; the build stays as it is until the block ends."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def current() -> Build:
    """The build of the sources as they are; `sam build` runs only if one of them changed."""
    build = Build(HOME / "build" / "local.yaml", _fingerprint())
    done = HOME / "fingerprint"
    if build.template.exists() and done.exists() and done.read_text() == build.fingerprint:
        return build
    done.unlink(missing_ok=True)
    sam("build", "--build-dir", str(HOME / "build"), "--parameter-overrides", f"Architecture={architecture()}")
    template = yaml.safe_load((HOME / "build" / "template.yaml").read_text())
    build.template.write_text(yaml.safe_dump(deployable(template), sort_keys=False))
    done.write_text(build.fingerprint)
    return build


def sam(*arguments: str, endpoint_url: str | None = None) -> None:
    """Runs the SAM CLI with the profile `local`. Raises `StackError` with the end of its output."""
    log = HOME / f"{arguments[0]}.log"
    with log.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "samcli", *arguments, "--config-file", SETTINGS, "--config-env", "local"],
            cwd=ROOT,
            env=local_environment(endpoint_url),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise StackError(f"`sam {arguments[0]}` failed. Its last words:\n{tail(log, 30)}")


def deployable(template: dict[str, Any]) -> dict[str, Any]:
    """The template without what the engine lacks, even under a false condition.

    That is CodeDeploy (locally an alias moves at once), alarms that calculate with several metrics and with
    them the dashboard, which shows them, and what puts a firewall before an API.
    """
    resources = {name: resource for name, resource in template["Resources"].items() if not _lacking(resource)}
    globals_ = template.get("Globals", {}).get("Function", {})
    for properties in (globals_, *(resource.get("Properties", {}) for resource in resources.values())):
        properties.pop("DeploymentPreference", None)
    return template | {"Resources": resources}


def _lacking(resource: dict[str, Any]) -> bool:
    kind: str = resource["Type"]
    return kind in {"AWS::CloudWatch::Dashboard", "AWS::WAFv2::WebACLAssociation"} or (
        kind == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    )


def _fingerprint() -> str:
    digest = hashlib.sha256(architecture().encode())
    files = [ROOT / "template.yaml", SETTINGS, Path(__file__)]
    for source in SOURCES:
        files += sorted(path for path in (ROOT / source).rglob("*") if path.is_file())
    for path in files:
        if "__pycache__" not in path.parts:
            digest.update(os.fsencode(path.relative_to(ROOT)) + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
