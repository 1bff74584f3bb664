"""Gets Docker from Debian's packages, unpacked into a folder: nothing is installed and no service starts."""

import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from local import ROOT

#: Ignored by git, and made anew with the virtual environment.
FOLDER = ROOT / ".venv" / "docker"
_PACKAGES = ("docker.io", "containerd", "runc")
#: The programs of Docker's engine. The packages hold others, such as the client, which take as much space.
_PROGRAMS = ("dockerd", "docker-proxy", "containerd", "containerd-shim-runc-v2", "runc")
NEEDED = ("apt-get", "dpkg", "dpkg-query", "ip")


class Unavailable(Exception):
    """This machine can run no containers. The message says why."""


def programs() -> Path:
    """Returns the folder with Docker's programs and the libraries that they lack here. Downloads them the first time.

    Raises `Unavailable` if this machine can't have them.
    """
    if platform.system() != "Linux" or os.geteuid() != 0:
        raise Unavailable("containers need root on Linux")
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        raise Unavailable(f"containers need {', '.join(missing)}, as Debian has them")
    if not FOLDER.exists():
        with tempfile.TemporaryDirectory(dir=FOLDER.parent) as folder:
            _download(Path(folder))
            # Renamed when it is complete, so an interruption leaves no incomplete folder.
            Path(folder, "programs").rename(FOLDER)
    return FOLDER


def _download(folder: Path) -> None:
    _get(folder, _PACKAGES)
    if libraries := _missing_libraries(folder):
        _get(folder, libraries)
    for package in folder.glob("*.deb"):
        _run("dpkg", "--extract", package.name, "unpacked", folder=folder)
    made = folder / "programs"
    made.mkdir()
    for path in sorted((folder / "unpacked").rglob("*")):
        if path.is_file() and (_is_program(path) or ".so" in path.suffixes):
            shutil.copy(path, made)


def _is_program(path: Path) -> bool:
    return path.name in _PROGRAMS and path.parent.name in {"bin", "sbin"}


def _get(folder: Path, packages: tuple[str, ...]) -> None:
    # By default it downloads as a user that may not write here.
    command = ("apt-get", "--quiet", "--option", "APT::Sandbox::User=root", "download", *packages)
    try:
        _run(*command, folder=folder)
    except Unavailable:
        # A new machine has no lists of packages yet.
        _run("apt-get", "--quiet", "update", folder=folder)
        _run(*command, folder=folder)


def _missing_libraries(folder: Path) -> tuple[str, ...]:
    """Returns the libraries that Docker's packages depend on and that are not installed."""
    fields = [_run("dpkg", "--field", path.name, "Depends", folder=folder) for path in folder.glob("*.deb")]
    names = {dependency.split()[0] for field in fields for dependency in field.split(",")}
    installed = _run("dpkg-query", "--show", "--showformat", "${binary:Package}\n", folder=folder).split()
    return tuple(
        sorted(name for name in names - {one.partition(":")[0] for one in installed} if name.startswith("lib"))
    )


def _run(*command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise Unavailable(f"`{' '.join(command[:1])}` could not get Docker's packages: {said[-1]}")
    return done.stdout
