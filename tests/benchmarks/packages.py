"""The packages that are compared, as Lambda has them: the function's directory, its layer, and the runtime's packages.

Nothing else is on Python's path, because the interpreter starts without its site-packages. The packages of the peers
and of the runtime come from the developers' environment, so all candidates use the same versions.
"""

import compileall
import os
import py_compile
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local import ROOT
from local.deployment import build
from tests.benchmarks.stub import Stub

#: The packages that the Lambda runtime contains. `_OF_PEER` has the requirements of each peer.
_RUNTIME = ("awslambdaric", "boto3")
_OF_PEER = {
    "floor": (),
    "with_fastapi": ("fastapi", "mangum"),
    "with_powertools": ("aws-lambda-powertools", "pydantic"),
}


@dataclass(frozen=True)
class Package:
    """A function as Lambda would have it. `path` is Python's search path, in its order."""

    path: tuple[Path, ...]
    handler: str

    def environment(self, stub: Stub) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, self.path)),
            # /var/task and /opt cannot be written on Lambda either.
            "PYTHONDONTWRITEBYTECODE": "1",
            "LAMBDA_TASK_ROOT": str(self.path[0]),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_ENDPOINT_URL": stub.url,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "TABLE_NAME": "bench",
            "TOKEN_USE_QUEUE_URL": "none",
            "MASTER_TOKEN_SECRET_ARN": "none",
            "CURSOR_KEY_SECRET_ARN": "none",
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "PYDANTIC_DISABLE_PLUGINS": "__all__",
        }


def make_packages(directory: Path) -> dict[str, Package]:
    """Make all packages that are compared, by name; `…_plain` is without bytecode, as `sam build` ships it."""
    runtime = directory / "runtime"
    _copy(_RUNTIME, runtime)
    _compile(runtime)
    with build.build_lock():
        built = build.build_if_changed().parent
    layer = built / "Layer" / "python"
    packages = {
        name: Package((built / folder, layer, runtime), "app.handler")
        for name, folder in (("promote", "PromoteUser"), ("list", "ListUsers"), ("authorizer", "AuthorizeRequest"))
    }
    for peer, brings in _OF_PEER.items():
        task = directory / peer
        _copy(brings, task)
        target = task / "tests" / "benchmarks" / "peers"
        shutil.copytree(ROOT / "tests/benchmarks/peers", target, ignore=shutil.ignore_patterns("__pycache__"))
        if peer == "with_fastapi":
            plain = directory / f"{peer}_plain"
            shutil.copytree(task, plain)
            for plain_peer in (peer, "with_fastapi_token"):
                handler = f"tests/benchmarks/peers/{plain_peer}.handler"
                packages[f"{plain_peer}_plain"] = Package((plain, runtime), handler)
        _compile(task)
        packages[peer] = Package((task, runtime), f"tests/benchmarks/peers/{peer}.handler")
    return packages


def _copy(requirements: Iterable[str], target: Path) -> None:
    """Copy the files that pip would install, without bytecode."""
    target.mkdir(parents=True)
    for name in _with_all_they_need(requirements):
        for file in metadata.files(name) or ():
            if ".." not in file.parts and file.suffix != ".pyc":
                (target / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), target / file)


def _with_all_they_need(requirements: Iterable[str]) -> set[str]:
    found: set[str] = set()
    todo = list(requirements)
    while todo:
        name = canonicalize_name(todo.pop())
        if name not in found:
            found.add(name)
            needs = map(Requirement, metadata.requires(name) or ())
            todo += [
                canonicalize_name(one.name) for one in needs if not one.marker or one.marker.evaluate({"extra": ""})
            ]
    return found


def _compile(directory: Path) -> None:
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    assert compileall.compile_dir(directory, quiet=2, invalidation_mode=mode, stripdir=directory) is not None


def of_the_sources() -> dict[str, Package]:
    """The same functions directly from the repository, with the developers' environment, without a build."""
    environment = Path(str(metadata.distribution("botocore").locate_file("")))
    layer = ROOT / "layers" / "rolecall"
    folders = {"promote": "promote_user", "list": "list_users", "authorizer": "authorize_request"}
    ours = {
        name: Package((ROOT / "functions" / folder, layer, environment), "app.handler")
        for name, folder in folders.items()
    }
    peers = {
        peer: Package((ROOT, environment), f"tests/benchmarks/peers/{peer}.handler")
        for peer in (*_OF_PEER, "with_fastapi_token")
    }
    return ours | peers
