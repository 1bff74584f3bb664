"""Makes a stand-in for the base image of Lambda's containers, for machines that can't pull AWS's image.

It holds the Python that runs the tests, Lambda's runtime client and the SDK of the virtual environment, and the
system libraries that they need. The SAM CLI adds the runtime interface emulator, as it does to AWS's image.
"""

import importlib.metadata
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

from local.environment import architecture

REPOSITORY = "public.ecr.aws/lambda/python"
TAG = f"3.13-{architecture()}"
NAME = f"{REPOSITORY}:{TAG}"
#: Dockerfile instructions for the image, beside its files.
SETTINGS = [
    "ENV PATH=/var/lang/bin:/bin LANG=C.UTF-8 LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime",
    "WORKDIR /var/task",
]
_RUNTIME_PACKAGES = (
    "awslambdaric",
    "boto3",
    "botocore",
    "jmespath",
    "python-dateutil",
    "s3transfer",
    "simplejson",
    "six",
    "snapshot-restore-py",
    "urllib3",
)
#: Parts of Python's library that no function needs.
_LEFT_OUT = {"test", "idlelib", "tkinter", "turtledemo", "ensurepip", "pydoc_data", "site-packages", "dist-packages"}
#: Libraries of glibc that wheels for Linux may name (PEP 599, manylinux2014). AWS's image has all of them.
_GLIBC = ("libdl.so.2", "libm.so.6", "libpthread.so.0", "librt.so.1", "libutil.so.1")
#: The SAM CLI runs these while it builds its own image from this one.
_TOOLS = ("sh", "mv", "chmod")
_BOOTSTRAP = """\
#!/var/lang/bin/python3.13
import os, sys
sys.path[:0] = [os.environ["LAMBDA_TASK_ROOT"], "/opt/python"]
os.environ["AWS_EXECUTION_ENV"] = "AWS_Lambda_python3.13"
from awslambdaric.__main__ import main
main(["", os.environ["_HANDLER"]])
"""
_LIBRARY = re.compile(r"^\s*(\S+) => (/\S+) \(", re.MULTILINE)
_LOADER = re.compile(r"^\s*(/\S+) \(", re.MULTILINE)


def write(file: IO[bytes]) -> None:
    """Writes the image's files as a tar archive."""
    python, library = Path(sys.base_prefix, "bin/python3.13"), Path(sysconfig.get_path("stdlib"))
    tools = [Path(found) for name in _TOOLS if (found := shutil.which(name))]
    packages = list(_runtime_files())
    natives = [python, *tools, *library.glob("lib-dynload/*.so"), *(path for path in packages if path.suffix == ".so")]
    with tarfile.open(fileobj=file, mode="w", dereference=True) as image:
        _add_folder(image, "tmp", 0o1777)
        image.add(python, "var/lang/bin/python3.13")
        image.add(library, "var/lang/lib/python3.13", filter=_needed)
        for path in packages:
            image.add(path, f"var/runtime/{path.name}")
        _add_text(image, "var/runtime/bootstrap", _BOOTSTRAP)
        for path in tools:
            image.add(path, f"bin/{path.name}")
        for name, path in _libraries(natives):
            image.add(path, name)


def _needed(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = Path(member.name).name
    return None if name in _LEFT_OUT or name.startswith("config-") else member


def _runtime_files() -> Iterator[Path]:
    """Yields the top-level files and folders of the runtime's packages."""
    for package in _RUNTIME_PACKAGES:
        distribution = importlib.metadata.distribution(package)
        tops = {file.parts[0] for file in distribution.files or [] if file.parts[0] not in {"..", "__pycache__"}}
        yield from (Path(str(distribution.locate_file(top))) for top in sorted(tops))


def _libraries(natives: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Yields the shared libraries that the files need: each one's name in the image, and its path on this machine."""
    found: dict[str, Path] = {}
    for native in natives:
        told = subprocess.run(["ldd", native], capture_output=True, text=True, check=False).stdout
        found |= {f"lib/{name}": Path(path) for name, path in _LIBRARY.findall(told)}
        found |= {loader.lstrip("/"): Path(loader) for loader in _LOADER.findall(told)}
    beside_glibc = [found["lib/libc.so.6"].with_name(name) for name in _GLIBC]
    found |= {f"lib/{path.name}": path for path in beside_glibc if path.exists()}
    yield from found.items()


def _add_folder(image: tarfile.TarFile, name: str, mode: int) -> None:
    folder = tarfile.TarInfo(name)
    folder.type, folder.mode = tarfile.DIRTYPE, mode
    image.addfile(folder)


def _add_text(image: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o755
    image.addfile(member, BytesIO(content))
