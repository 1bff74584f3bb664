"""Builds what `sam deploy` takes: `make build` for AWS, `make run` for the local engine.

`python -m local.build <directory>` finishes what `sam build` has put there.
"""

import compileall
import contextlib
import fcntl
import hashlib
import json
import os
import py_compile
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local import ROOT, StackError, containers, tail
from local.environment import architecture, local_environment

HOME = ROOT / ".aws-sam" / "local"
SETTINGS = ROOT / "samconfig.toml"
SOURCES = ("functions", "layers")
# The parts that sources come in: each function's folder, our package in the layer, and what is neither.
PACKAGE = "layers/rolecall/rolecall"
TEMPLATE = "template.yaml"
#: The template for `sam local`.
CONTAINER = HOME / "build" / "container.yaml"
_DONE = HOME / "digests.json"

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
    # argon2 needs cffi's compiled part alone, email-validator asks no name server
    "cffi",
    "cffi-*",
    "dns",
    "dnspython-*",
    "pycparser",
    "pycparser-*",
)


@dataclass(frozen=True)
class Build:
    """The built template, as the engine can take it."""

    template: Path

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
    """The build of the sources as they are; what is code alone is copied, `sam build` does the rest."""
    build = Build(HOME / "build" / "local.yaml")
    sources, built = parts(), _built()
    if build.template.exists() and built == sources:
        return build
    _DONE.unlink(missing_ok=True)
    if build.template.exists() and built.keys() == sources.keys() and built[TEMPLATE] == sources[TEMPLATE]:
        for part in (part for part in sources if sources[part] != built[part]):
            shutil.rmtree(folder(part), ignore_errors=True)
            shutil.copytree(ROOT / part, folder(part), ignore=shutil.ignore_patterns("__pycache__"))
            _compile(folder(part))
    else:
        sam("build", "--build-dir", str(HOME / "build"), "--parameter-overrides", f"Architecture={architecture()}")
        finish(HOME / "build")
        template = yaml.safe_load((HOME / "build" / "template.yaml").read_text())
        template = deployable(template)
        build.template.write_text(yaml.safe_dump(template, sort_keys=False))
        CONTAINER.write_text(yaml.safe_dump(containers.declaring(template), sort_keys=False))
    _DONE.write_text(json.dumps(sources))
    return build


def finish(directory: Path) -> None:
    """Leaves out what no function imports, and adds the bytecode of the rest; may be repeated.

    Raises `StackError` for a source that does not compile.
    """
    for pattern in LEFT_OUT:
        for path in directory.glob(f"Layer/python/{pattern}"):
            shutil.rmtree(path)
    for built in (path for path in directory.iterdir() if path.is_dir()):
        _compile(built)


def _compile(built: Path) -> None:
    """Without bytecode every cold start compiles all that it imports.

    It is not checked against its source, whose time of change does not survive the package.
    """
    top = next(path for path in (built, *built.parents) if (path.parent / "template.yaml").exists())
    compiled = compileall.compile_dir(
        built,
        quiet=1,
        force=True,
        stripdir=top,
        prependdir="/opt" if top.name == "Layer" else "/var/task",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        raise StackError(f"Something in {built} is no Python that compiles; see above.")


def folder(part: str) -> Path:
    """Where a part of the sources is in the build."""
    return HOME / "build" / (Path("Layer", "python", "rolecall") if part == PACKAGE else logical_id(part))


def logical_id(part: str) -> str:
    """A function's name in the template: `PromoteUser` for `functions/promote_user`."""
    return "".join(word[:1].upper() + word[1:] for word in Path(part).name.split("_"))


def _built() -> dict[str, str]:
    """The digests of what was built; none while there is no whole build."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        built: dict[str, str] = json.loads(_DONE.read_text())
        return built
    return {}


def log(command: str) -> Path:
    """Where `sam` writes what that command says."""
    return HOME / f"{command}.log"


def sam(*arguments: str, endpoint_url: str | None = None) -> None:
    """Runs the SAM CLI with the profile `local`. Raises `StackError` with the end of its output."""
    with log(arguments[0]).open("wb") as output:
        done = subprocess.run(  # nosec B603  # no argument is from outside
            [sys.executable, "-m", "samcli", *arguments, "--config-file", SETTINGS, "--config-env", "local"],
            cwd=ROOT,
            env=local_environment(endpoint_url),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise StackError(f"`sam {arguments[0]}` failed. Its last words:\n{tail(log(arguments[0]), 30)}")


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


def source_files() -> Iterator[Path]:
    """Every file that a build is made of."""
    yield from (ROOT / TEMPLATE, SETTINGS, ROOT / "local" / "build.py")
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def parts() -> dict[str, str]:
    """The digest of the sources by part: a function's folder, `PACKAGE`, and `TEMPLATE` for all that is neither."""
    digests: defaultdict[str, Any] = defaultdict(lambda: hashlib.sha256(architecture().encode()))
    for path in source_files():
        name = path.relative_to(ROOT)
        digests[_part(name)].update(os.fsencode(name) + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return {part: digest.hexdigest() for part, digest in digests.items()}


def _part(name: Path) -> str:
    if name.is_relative_to(PACKAGE):
        return PACKAGE
    folder = Path(*name.parts[:2])
    # A function with packages of its own has to be built.
    if folder.parts[0] == "functions" and not (ROOT / folder / "requirements.txt").exists():
        return str(folder)
    return TEMPLATE


if __name__ == "__main__":
    finish(Path(sys.argv[1]))
