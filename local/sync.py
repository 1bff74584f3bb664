"""Brings changed sources onto a stack: code in a second or two, everything else by a deployment.

Code goes to the functions directly, as `sam sync --code` does it, and nothing else is touched: the data
stays. CloudFormation knows nothing of that, so what was pushed is noted, in the engine's state, and is
pushed again after a deployment.
"""

import io
import json
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local import ROOT, StackError, build, deploy
from local.build import PACKAGE, TEMPLATE
from local.progress import Step

if TYPE_CHECKING:
    from local.stack import Stack

NOTE = "local/deployed"
LAYER = "Layer"
_AT_A_TIME = 8


@dataclass
class Deployed:
    """What a stack runs: the digests of its sources by part, and the parts that were pushed."""

    parts: dict[str, str] = field(default_factory=dict)
    pushed: list[str] = field(default_factory=list)

    @classmethod
    def on(cls, stack: "Stack") -> "Deployed":
        """Nothing, for an engine without the stack."""
        return cls(**json.loads(stack.recall(NOTE) or "{}"))

    def remember(self, stack: "Stack") -> None:
        stack.remember(NOTE, json.dumps({"parts": self.parts, "pushed": self.pushed}))

    def outdated(self, sources: dict[str, str]) -> list[str]:
        """The parts that are not what the sources are."""
        return sorted(part for part in sources.keys() | self.parts.keys() if sources.get(part) != self.parts.get(part))


def bring_up_to_date(stack: "Stack", step: Step) -> list[str]:
    """The stack runs the sources as they are; returns the parts that it did not before.

    Raises `StackError` for sources that don't compile, build or deploy; what ran before goes on.
    """
    with build.exclusively():
        deployed, sources = Deployed.on(stack), build.parts()
        outdated = deployed.outdated(sources)
        if not outdated:
            return []
        _check_syntax(outdated)
        if can_push(deployed, outdated):
            with step(f"push {_names(outdated)}", build.log("build")):
                build.current()
                # Noted first: an interrupted push is made again.
                Deployed(deployed.parts, sorted({*deployed.pushed, *outdated})).remember(stack)
                _push(stack, outdated)
            pushed = sorted({*deployed.pushed, *outdated})
        else:
            with step("build functions and layer", build.log("build")):
                built = build.current()
            with step(f"deploy template.yaml as stack {stack.name}", build.log("deploy")):
                deploy.deploy(stack, built)
                _push(stack, pushed := [part for part in deployed.pushed if part in sources])
        Deployed(sources, pushed).remember(stack)
        return outdated


def needs_deployment(stack: "Stack") -> bool:
    """Whether more is outdated than code."""
    deployed = Deployed.on(stack)
    return not can_push(deployed, deployed.outdated(build.parts()))


def can_push(deployed: Deployed, outdated: Iterable[str]) -> bool:
    """Whether the outdated parts are code of which the stack has an older form."""
    return all(part != TEMPLATE and part in deployed.parts and (ROOT / part).is_dir() for part in outdated)


def _push(stack: "Stack", parts: Iterable[str]) -> None:
    if not parts:
        return
    physical = stack.functions()
    for part in parts:
        if part == PACKAGE:
            _push_layer(stack, list(physical.values()))
        else:
            name = physical[build.logical_id(part)]
            stack.lambda_.update_function_code(FunctionName=name, ZipFile=_zip(build.folder(part)))
            _release(stack, name)


def _push_layer(stack: "Stack", functions: list[str]) -> None:
    made = stack.lambda_.publish_layer_version(LayerName=LAYER, Content={"ZipFile": _zip(build.HOME / "build" / LAYER)})

    def use(name: str) -> None:
        layers = stack.lambda_.get_function_configuration(FunctionName=name).get("Layers", [])
        arns = [layer["Arn"] for layer in layers]
        used = [made["LayerVersionArn"] if f":layer:{LAYER}:" in arn else arn for arn in arns]
        if used != arns:
            stack.lambda_.update_function_configuration(FunctionName=name, Layers=used)
            _release(stack, name)

    # The engine ends the function's process each time, which it waits for.
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        list(pool.map(use, functions))


def _release(stack: "Stack", name: str) -> None:
    """Calls that go to an alias of the function run its code as it is now."""
    aliases = stack.lambda_.list_aliases(FunctionName=name)["Aliases"]
    if aliases:
        version = stack.lambda_.publish_version(FunctionName=name)["Version"]
        for alias in aliases:
            stack.lambda_.update_alias(FunctionName=name, Name=alias["Name"], FunctionVersion=version)


def _zip(folder: Path) -> bytes:
    content = io.BytesIO()
    # Stored, not compressed: it travels within this machine.
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return content.getvalue()


def _check_syntax(parts: Iterable[str]) -> None:
    for part in parts:
        for path in sorted((ROOT / part).rglob("*.py")):
            try:
                compile(path.read_bytes(), path, "exec")
            except (SyntaxError, ValueError) as error:
                where = f"{path.relative_to(ROOT)}, line {getattr(error, 'lineno', None) or 1}"
                raise StackError(
                    f"{where}: {getattr(error, 'msg', error)}. The stack still runs what it had."
                ) from None


def _names(parts: list[str]) -> str:
    """`promote_user, get_user and 3 more`."""
    names = ["the layer" if part == PACKAGE else Path(part).name for part in parts]
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")  # noqa: PLR2004


class Watch:
    """Notices that sources were saved, by their times and sizes."""

    def __init__(self) -> None:
        self._seen = _stamps()

    def changed(self) -> bool:
        """Whether anything was saved, made or removed since the last call."""
        before, self._seen = self._seen, _stamps()
        return before != self._seen


def _stamps() -> dict[Path, Any]:
    stamps = {}
    for path in build.source_files():
        try:
            found = path.stat()
        except FileNotFoundError:
            continue  # an editor is at work
        stamps[path] = found.st_mtime_ns, found.st_size
    return stamps
