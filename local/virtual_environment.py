"""Makes the virtual environment .venv of the current folder, for `make`. It runs before anything is installed.

Several `make` may start at once in a fresh clone. One of them makes the environment; the others wait for it.
"""

import fcntl
import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(".venv")
#: `make` compares its time with those of the requirements.
READY = FOLDER / "ready"
#: Beside the folder, because the folder is removed before it is made.
_LOCK = Path(".venv.lock")
_PYTHON = str(FOLDER / "bin" / "python")
SETUP, DEV = Path("requirements/setup.txt"), Path("requirements/dev.txt")
#: The SAM CLI looks for a newer version of itself, unless it looked after this moment in the far future.
_SAM_METADATA = '{"lastVersionCheck": 4102444800.0}\n'


def main() -> int:
    """Returns the exit code of the process."""
    with _lock():
        if is_ready():
            return 0
        try:
            _make()
        except subprocess.CalledProcessError as error:
            # The program has printed what went wrong.
            return error.returncode
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
    return 0


def is_ready() -> bool:
    """Whether the environment was completed after the latest change of the requirements."""
    return READY.exists() and all(READY.stat().st_mtime >= path.stat().st_mtime for path in (SETUP, DEV))


@contextmanager
def _lock() -> Iterator[None]:
    """Only one process makes the environment within the block. Waits for another one, and says so."""
    with _LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("setup: another `make` is making .venv; waiting for it", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make() -> None:
    """Makes the environment anew. Raises `CalledProcessError` if a program fails."""
    print(f"setup: making .venv with Python {platform.python_version()}", flush=True)
    READY.unlink(missing_ok=True)
    try:
        import venv  # noqa: PLC0415 (some systems have it in a package of its own)

        venv.create(FOLDER, clear=True, with_pip=True, symlinks=True)
    except (OSError, ImportError, subprocess.CalledProcessError):
        shutil.rmtree(FOLDER, ignore_errors=True)
        print(
            "This Python cannot make virtual environments: install its venv module "
            "(on Debian and Ubuntu the package python3.13-venv).",
            file=sys.stderr,
        )
        raise subprocess.CalledProcessError(1, "venv") from None
    pip = [_PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--require-hashes"]
    _run(*pip, "--quiet", "-r", str(SETUP))
    packages = sum("==" in line for line in DEV.read_text().splitlines())
    print(f"setup: installing {packages} packages", flush=True)
    uv = [str(FOLDER / "bin" / "uv"), "pip", "install", "--quiet", "--python", _PYTHON, "--require-hashes"]
    try:
        _run(*uv, "-r", str(DEV))
    except (OSError, subprocess.CalledProcessError):
        print("setup: uv failed; installing with pip, which takes some minutes", flush=True)
        _run(*pip, "-r", str(DEV))
    (FOLDER / "sam").mkdir(exist_ok=True)
    (FOLDER / "sam" / "metadata.json").write_text(_SAM_METADATA)
    READY.touch()


def _run(*command: str) -> None:
    # uv uses the Python of the environment, and downloads none.
    subprocess.run(command, check=True, env=os.environ | {"UV_PYTHON_DOWNLOADS": "never"})  # nosec B603  # no argument is from outside


if __name__ == "__main__":
    sys.exit(main())
