"""Brings changed sources onto a stack: code in a second or two, everything else by a deployment.

Code is sent to the functions directly, as `sam sync --code` does it, and the data stays. CloudFormation knows nothing
of that, so the parts that were pushed are noted in the engine's state, and are pushed again after each deployment.
"""

import io
import json
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from local import ROOT, StackError
from local.deployment import build, sources
from local.deployment.deploy import deploy
from local.deployment.sam_cli import BUILD_FOLDER, log_file
from local.deployment.sources import LAYER_PACKAGE, TEMPLATE
from local.deployment.stack import Stack
from local.progress import Step

#: The layer's name in the template.
LAYER = "Layer"
_NOTE = "local/deployed"
_FUNCTIONS_AT_A_TIME = 8
_NAMES_SHOWN = 2


@dataclass
class DeployedParts:
    """The parts of the sources that a stack runs, by their digests, and which of them were pushed."""

    digests: dict[str, str] = field(default_factory=dict)
    pushed: list[str] = field(default_factory=list)

    @classmethod
    def recall(cls, stack: Stack) -> "DeployedParts":
        """Returns what `remember` noted, and no parts for an engine on which nothing is deployed."""
        noted = json.loads(stack.recall(_NOTE) or "{}")
        return cls(noted.get("parts", {}), noted.get("pushed", []))

    def remember(self, stack: Stack) -> None:
        """Notes this in the engine's state."""
        stack.remember(_NOTE, json.dumps({"parts": self.digests, "pushed": self.pushed}))

    def outdated(self, current: dict[str, str]) -> list[str]:
        """Returns the parts that were changed, added or removed since."""
        parts = current.keys() | self.digests.keys()
        return sorted(part for part in parts if current.get(part) != self.digests.get(part))


def bring_up_to_date(stack: Stack, step: Step) -> list[str]:
    """Makes the stack run the sources as they are; returns the parts that were outdated.

    Raises `StackError` for sources that don't compile, build or deploy. The stack then runs what it ran before.
    """
    with build.build_lock():
        deployed, current = DeployedParts.recall(stack), sources.digests()
        outdated = deployed.outdated(current)
        if not outdated:
            return []
        _check_syntax(outdated)
        if can_push(deployed, outdated):
            with step(f"push {_names(outdated)}", log_file("build")):
                build.build_if_changed()
                pushed = sorted({*deployed.pushed, *outdated})
                # Noted before the push: an interrupted push leaves the parts outdated and so is repeated.
                DeployedParts(deployed.digests, pushed).remember(stack)
                _push(stack, outdated)
        else:
            with step("build functions and layer", log_file("build")):
                template = build.build_if_changed()
            with step(f"deploy template.yaml as stack {stack.name}", log_file("deploy")):
                deploy(stack, template)
                pushed = [part for part in deployed.pushed if part in current]
                _push(stack, pushed)
        DeployedParts(current, pushed).remember(stack)
        return outdated


def needs_deployment(stack: Stack) -> bool:
    """Whether something is outdated that can't be pushed."""
    deployed = DeployedParts.recall(stack)
    return not can_push(deployed, deployed.outdated(sources.digests()))


def can_push(deployed: DeployedParts, outdated: Iterable[str]) -> bool:
    """Whether each outdated part is code of which the stack runs an older version."""
    return all(part != TEMPLATE and part in deployed.digests and (ROOT / part).is_dir() for part in outdated)


def _push(stack: Stack, parts: Iterable[str]) -> None:
    """Sends the built code of the parts to the stack's functions."""
    if not parts:
        return
    functions = stack.functions()
    for part in parts:
        if part == LAYER_PACKAGE:
            _push_layer(stack, list(functions.values()))
        else:
            name = functions[sources.logical_id(part)]
            stack.lambda_.update_function_code(FunctionName=name, ZipFile=_zip(build.built_folder(part)))
            _publish_to_aliases(stack, name)


def _push_layer(stack: Stack, functions: list[str]) -> None:
    """Publishes the built layer as a new version, and makes every function that has the layer use it."""
    content = _zip(BUILD_FOLDER / "build" / LAYER)
    published = stack.lambda_.publish_layer_version(LayerName=LAYER, Content={"ZipFile": content})

    def use_new_version(name: str) -> None:
        layers = stack.lambda_.get_function_configuration(FunctionName=name).get("Layers", [])
        old = [layer["Arn"] for layer in layers]
        new = [published["LayerVersionArn"] if f":layer:{LAYER}:" in arn else arn for arn in old]
        if new != old:
            stack.lambda_.update_function_configuration(FunctionName=name, Layers=new)
            _publish_to_aliases(stack, name)

    # The engine ends the function's process for each change and waits until it has ended.
    with ThreadPoolExecutor(_FUNCTIONS_AT_A_TIME) as executor:
        list(executor.map(use_new_version, functions))


def _publish_to_aliases(stack: Stack, name: str) -> None:
    """Publishes the function as it is now, and moves its aliases to that version."""
    aliases = stack.lambda_.list_aliases(FunctionName=name)["Aliases"]
    if aliases:
        version = stack.lambda_.publish_version(FunctionName=name)["Version"]
        for alias in aliases:
            stack.lambda_.update_alias(FunctionName=name, Name=alias["Name"], FunctionVersion=version)


def _zip(folder: Path) -> bytes:
    content = io.BytesIO()
    # Not compressed, because it stays on this machine.
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return content.getvalue()


def _check_syntax(parts: Iterable[str]) -> None:
    """Raises `StackError` for the first Python file that does not compile."""
    for part in parts:
        for path in sorted((ROOT / part).rglob("*.py")):
            try:
                compile(path.read_bytes(), path, "exec")
            except (SyntaxError, ValueError) as error:
                where = f"{path.relative_to(ROOT)}, line {getattr(error, 'lineno', None) or 1}"
                message = getattr(error, "msg", error)
                raise StackError(f"{where}: {message}. The stack still runs the code that it had.") from None


def _names(parts: list[str]) -> str:
    """`promote_user, get_user and 3 more`."""
    names = ["the layer" if part == LAYER_PACKAGE else Path(part).name for part in parts]
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
