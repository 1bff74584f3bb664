"""Builds what `sam deploy` deploys: for AWS (`make build`) and for the local engine (`make run`).

`python -m local.deployment.build <folder>` finishes what `sam build` wrote into the folder.
"""

import compileall
import contextlib
import fcntl
import json
import py_compile
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from local import ROOT, StackError
from local.deployment import containers, sources
from local.deployment.sam_cli import BUILD_FOLDER, run_sam
from local.deployment.sources import LAYER_PACKAGE, TEMPLATE
from local.environment import architecture

#: The built template for the local engine, and the one for `sam local`.
ENGINE_TEMPLATE = BUILD_FOLDER / "build" / "local.yaml"
CONTAINER_TEMPLATE = BUILD_FOLDER / "build" / "container.yaml"
_DIGESTS_FILE = BUILD_FOLDER / "digests.json"

_UTILITIES = "aws_lambda_powertools/utilities"
#: Half of the layer's size: parts of its packages that no function imports.
UNUSED_PACKAGE_PARTS = (
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
    "pydantic/color.py",
    "pydantic/deprecated",
    "pydantic/experimental",
    "pydantic/mypy.py",
    "pydantic/v1",
    # argon2 needs only the compiled part of cffi. email-validator is told not to ask a name server.
    "cffi",
    "cffi-*",
    "dns",
    "dnspython-*",
    "pycparser",
    "pycparser-*",
)


@contextlib.contextmanager
def build_lock() -> Iterator[None]:
    """No other process builds in this repository within the block. Waits for one that does."""
    BUILD_FOLDER.mkdir(parents=True, exist_ok=True)
    with (BUILD_FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build_if_changed() -> Path:
    """Builds the sources as they are, and returns the template of the build. The caller holds the lock.

    If only code has changed since the last build, the code is copied; otherwise `sam build` runs.
    """
    current, built = sources.digests(), _built_digests()
    if ENGINE_TEMPLATE.exists() and built == current:
        return ENGINE_TEMPLATE
    _DIGESTS_FILE.unlink(missing_ok=True)
    if ENGINE_TEMPLATE.exists() and built.keys() == current.keys() and built[TEMPLATE] == current[TEMPLATE]:
        for part in (part for part in current if current[part] != built[part]):
            shutil.rmtree(built_folder(part), ignore_errors=True)
            shutil.copytree(ROOT / part, built_folder(part), ignore=shutil.ignore_patterns("__pycache__"))
            _compile(built_folder(part))
    else:
        folder = BUILD_FOLDER / "build"
        run_sam("build", "--build-dir", str(folder), "--parameter-overrides", f"Architecture={architecture()}")
        finish_build(folder)
        template = without_unsupported(yaml.safe_load((folder / "template.yaml").read_text()))
        ENGINE_TEMPLATE.write_text(yaml.safe_dump(template, sort_keys=False))
        CONTAINER_TEMPLATE.write_text(yaml.safe_dump(containers.with_declared_variables(template), sort_keys=False))
    _DIGESTS_FILE.write_text(json.dumps(current))
    return ENGINE_TEMPLATE


def finish_build(folder: Path) -> None:
    """Removes the parts of packages that no function imports, and adds bytecode to the rest. It may be repeated.

    Raises `StackError` for a source that does not compile.
    """
    for pattern in UNUSED_PACKAGE_PARTS:
        for path in folder.glob(f"Layer/python/{pattern}"):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    for built in (path for path in folder.iterdir() if path.is_dir()):
        _compile(built)


def built_folder(part: str) -> Path:
    """Returns the folder of the build that holds a part of the sources."""
    inside = Path("Layer", "python", "rolecall") if part == LAYER_PACKAGE else sources.logical_id(part)
    return BUILD_FOLDER / "build" / inside


def without_unsupported(template: dict[str, Any]) -> dict[str, Any]:
    """Returns the template without what the engine can't deploy, even under a condition that is false.

    These are: gradual deployments by CodeDeploy (locally an alias moves at once), alarms that calculate with several
    metrics, the dashboard that shows these alarms, and the association of a firewall with the API. A queue's
    greatest concurrency must be a number: the engine takes a parameter's value for a text, and would run nothing.
    """
    resources = {name: resource for name, resource in template["Resources"].items() if not _is_unsupported(resource)}
    function_defaults = template.get("Globals", {}).get("Function", {})
    for properties in (function_defaults, *(resource.get("Properties", {}) for resource in resources.values())):
        properties.pop("DeploymentPreference", None)
        for event in properties.get("Events", {}).values():
            if isinstance(event["Properties"].get("ScalingConfig", {}).get("MaximumConcurrency"), dict):
                del event["Properties"]["ScalingConfig"]
    return template | {"Resources": resources}


def _is_unsupported(resource: dict[str, Any]) -> bool:
    kind: str = resource["Type"]
    return kind in {"AWS::CloudWatch::Dashboard", "AWS::WAFv2::WebACLAssociation"} or (
        kind == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    )


def _compile(folder: Path) -> None:
    """Adds bytecode to a folder of the build: without it, every cold start compiles all that it imports.

    Python does not check the bytecode against the time of its source, because packaging changes that time.
    """
    top = next(path for path in (folder, *folder.parents) if (path.parent / "template.yaml").exists())
    is_compiled = compileall.compile_dir(
        folder,
        quiet=1,
        force=True,
        stripdir=top,
        prependdir="/opt" if top.name == "Layer" else "/var/task",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    if not is_compiled:
        raise StackError(f"A Python file in {folder} does not compile; see above.")


def _built_digests() -> dict[str, str]:
    """Returns the digests of the sources that were built, or none if no build was completed."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        built: dict[str, str] = json.loads(_DIGESTS_FILE.read_text())
        return built
    return {}


if __name__ == "__main__":
    finish_build(Path(sys.argv[1]))
