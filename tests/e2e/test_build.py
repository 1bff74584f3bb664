"""What is deployed: bytecode for all of it, and nothing missing that only a developer's machine has."""

import importlib.util
import io
import marshal
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

from local.deployment import build
from local.deployment.stack import Stack

_IMPORT_ALL = """
import importlib, os, pkgutil, runpy, sys
import rolecall
from rolecall.errors import ValidationFailed
for app in sys.argv[1:]:
    sys.path.insert(0, os.path.dirname(app))  # as on Lambda: the packages of a function lie beside it
    handler = runpy.run_path(app)["handler"]
    del sys.path[0]
    model = getattr(getattr(handler, "__self__", None), "body", None)
    if model:
        try:
            model.parse(b'{"nothing": ""}')
        except ValidationFailed as error:
            assert error.fields[-1].message == "is not a known field"
assert "boto3" not in sys.modules, "boto3 slows every cold start"
for module in pkgutil.walk_packages(rolecall.__path__, "rolecall."):
    importlib.import_module(module.name)
import argon2, email_validator, jwt
argon2.PasswordHasher(1, 8, 1).hash("x")
email_validator.validate_email("j\\u00f6rg@b\\u00fccher.example.com", check_deliverability=False)
jwt.decode(jwt.encode({}, "k" * 32), "k" * 32, ["HS256"])
"""


@pytest.fixture(scope="module")
def built() -> Path:
    with build.build_lock():
        return build.build_if_changed().parent


def test_every_module_has_its_bytecode(built: Path) -> None:
    modules = list(built.glob("**/*.py"))

    lacking = [path for path in modules if not Path(importlib.util.cache_from_source(path)).exists()]

    assert len(modules) > 200
    assert lacking == []


def test_bytecode_is_never_checked_against_its_source_and_names_no_directory_of_this_machine(built: Path) -> None:
    for path in (built / "PromoteUser/app.py", built / "Layer/python/rolecall/storage/writes.py"):
        content = Path(importlib.util.cache_from_source(path)).read_bytes()
        assert int.from_bytes(content[4:8], "little") == 0b01  # hash-based, unchecked
        code = marshal.loads(content[16:])  # noqa: S302 (our own)
        assert code.co_filename in {"/var/task/app.py", "/opt/python/rolecall/storage/writes.py"}


def test_the_functions_and_the_layer_work_with_nothing_beside_them_but_the_runtime(built: Path, tmp_path: Path) -> None:
    """On the local engine the developers' environment would fill a gap that Lambda would not."""
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    packages = Path(importlib.util.find_spec("botocore").origin or "").parents[1]  # type: ignore[union-attr]
    for name in ("boto3", "botocore", "s3transfer", "dateutil", "jmespath", "six.py", "urllib3"):
        (runtime / name).symlink_to(packages / name)
    apps = sorted(str(path) for path in built.glob("*/app.py"))
    path = f"import sys; sys.path[:0] = {[str(built / 'Layer/python'), str(runtime)]!r}\n"
    done = subprocess.run(
        [sys.executable, "-S", "-I", "-B", "-W", "error", "-c", path + _IMPORT_ALL, *apps],
        env={"AWS_DEFAULT_REGION": "eu-west-1", "TABLE_NAME": "t"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(apps) > 30
    assert done.returncode == 0, done.stderr


def test_bytecode_arrives_with_the_deployment(stack: Stack) -> None:
    function = stack.lambda_.get_function(FunctionName=stack.physical_id("PromoteUser"))
    layer = stack.lambda_.get_layer_version_by_arn(Arn=function["Configuration"]["Layers"][0]["Arn"])

    for package, module in (
        (function["Code"]["Location"], "__pycache__/app.cpython-313.pyc"),
        (layer["Content"]["Location"], "python/rolecall/storage/__pycache__/writes.cpython-313.pyc"),
    ):
        with urllib.request.urlopen(package) as answer:  # noqa: S310 (the engine says where)
            assert module in zipfile.ZipFile(io.BytesIO(answer.read())).namelist()
