"""The source files that a build is made of, in parts: each part has a digest, so that a change of it is noticed.

A part is the folder of a function, the layer's own package, or everything else. Changed code of the first two can be
copied into the build and pushed to the engine. Everything else needs `sam build` and a deployment.
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local import ROOT
from local.environment import architecture

#: The part that is the layer's own package.
LAYER_PACKAGE = "layers/rolecall/rolecall"
#: The part that is everything else, named after the template.
TEMPLATE = "template.yaml"
SETTINGS = ROOT / "samconfig.toml"
FOLDERS = ("functions", "layers")


def digests() -> dict[str, str]:
    """Returns the digest of each part as its files are now."""
    hashes: defaultdict[str, Any] = defaultdict(lambda: hashlib.sha256(architecture().encode()))
    for path in files():
        name = path.relative_to(ROOT)
        hashes[_part_of(name)].update(os.fsencode(name) + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return {part: digest.hexdigest() for part, digest in hashes.items()}


def files() -> Iterator[Path]:
    """Yields every file that a build is made of."""
    yield from (ROOT / TEMPLATE, SETTINGS, ROOT / "local" / "deployment" / "build.py")
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def watched_folders() -> dict[Path, bool]:
    """Returns the folders that hold the files, and for each whether it is meant with all folders below it."""
    return {
        ROOT: False,
        ROOT / "local" / "deployment": False,
        **{ROOT / folder: True for folder in FOLDERS},
    }


def logical_id(folder: str) -> str:
    """Returns a function's name in the template: `PromoteUser` for `functions/promote_user`."""
    return "".join(word[:1].upper() + word[1:] for word in Path(folder).name.split("_"))


def event_file(function: str) -> Path:
    """Returns the sample event of `functions/<function>`."""
    # The scheduled function's event is named after what it does.
    return ROOT / "events" / f"{'maintenance' if function == 'run_maintenance' else function}.json"


def _part_of(name: Path) -> str:
    if name.is_relative_to(LAYER_PACKAGE):
        return LAYER_PACKAGE
    folder = Path(*name.parts[:2])
    # Only `sam build` can install the packages that a function requires for itself.
    if folder.parts[0] == "functions" and not (ROOT / folder / "requirements.txt").exists():
        return str(folder)
    return TEMPLATE
