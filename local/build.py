"""Builds what `sam deploy` takes: `make build` for AWS, `make run` for the local engine.

`python -m local.build <directory>` finishes what `sam build` has put there.
"""

import compileall
import contextlib
import fcntl
import hashlib
import os
import py_compile
import shutil
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

_UTILITIES = "aws_lambda_powertools/utilities"
#: What packages bring into the layer and nothing here imports: half of its size.
LEFT_OUT = (
    "aws_lambda_powertools/event_handler",
    f"{_UTILITIES}/auth_alpha",
    f"{_UTILITIES}/batch",
    f"{_UTILITIES}/circuit_breaker",
    f"{_UTILITIES}/data_classes",
    f"{_UTILITIES}/data_masking",
    f"{_UTILITIES}/feature_flags",
    f"{_UTILITIES}/kafka",
    f"{_UTILITIES}/parameters",
    f"{_UTILITIES}/parser",
    f"{_UTILITIES}/streaming",
    f"{_UTILITIES}/validation",
    # argon2 needs cffi's compiled part alone, email-validator asks no name server, pydantic reads no model of its v1
    "cffi",
    "cffi-*",
    "dns",
    "dnspython-*",
    "pycparser",
    "pycparser-*",
    "pydantic/v1",
)


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
    finish(HOME / "build")
    template = yaml.safe_load((HOME / "build" / "template.yaml").read_text())
    build.template.write_text(yaml.safe_dump(deployable(template), sort_keys=False))
    done.write_text(build.fingerprint)
    return build


def finish(directory: Path) -> None:
    """Leaves out what no function imports, and adds the bytecode of the rest; may be repeated.

    Without bytecode every cold start compiles all that it imports. It is not checked against its source, whose
    time of change does not survive the package. Raises `StackError` for a source that does not compile.
    """
    for pattern in LEFT_OUT:
        for path in directory.glob(f"Layer/python/{pattern}"):
            shutil.rmtree(path)
    for built in (path for path in directory.iterdir() if path.is_dir()):
        compiled = compileall.compile_dir(
            built,
            quiet=1,
            force=True,
            stripdir=built,
            prependdir="/opt" if built.name == "Layer" else "/var/task",
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        if not compiled:
            raise StackError(f"Something in {built} is no Python that compiles; see above.")


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


if __name__ == "__main__":
    finish(Path(sys.argv[1]))
