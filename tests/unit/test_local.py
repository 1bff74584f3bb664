"""The local stack without starting one: what it notices, and what it says when something is in the way."""

import contextlib
import errno
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import click
import pytest
from samcli.commands.local.invoke.cli import cli as local_invoke
from samcli.commands.local.lib.local_lambda import LocalLambdaRunner
from samcli.commands.local.start_api.cli import cli as local_start_api
from samcli.commands.local.start_lambda.cli import cli as local_start_lambda
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider
from watchdog.observers import Observer

from local import ROOT, StackError
from local.__main__ import COMMANDS, main
from local.commands import reset, run
from local.deployment import build, containers, running_stack, saved_state, source_watch, sources, sync
from local.deployment.sources import LAYER_PACKAGE, TEMPLATE
from local.deployment.stack import Stack
from local.engine.engine import Engine, free_port
from rolecall import deadline
from tests import gateway


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_stack, "STATE_FOLDER", tmp_path / "home")


# --- What is in the way of a command ---------------------------------------------------------------


@pytest.mark.parametrize("command", sorted({*COMMANDS, "operate x"} - {"run", "reset", "operate", "release"}))
def test_what_needs_a_stack_says_how_to_start_one(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command.split()) == 1
    assert capsys.readouterr().err == "No local stack is running: start one with `make run` in another terminal.\n"


@pytest.mark.parametrize("text", ["80", "65536", "http", "-1", "30 91", "٣٠٩١"])
def test_a_port_that_is_none_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(StackError, match=f"^PORT must be a whole number from 1024 to 65535, not '{text}'.$"):
        run.run()


def test_a_taken_port_comes_with_another_to_take(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StackError, match=rf"^Port {port} is in use: .*`make run PORT={port + 1}`.$"):
            Engine(tmp_path, port).start()


def test_of_two_stacks_on_one_home_the_second_is_refused() -> None:
    with running_stack.lock_state_folder("stop it"):
        for command in (run.run, reset.main):
            with pytest.raises(StackError, match=r"^A local stack is running from this directory: "):
                command()


def test_a_stack_is_found_once_it_is_announced_and_not_after_its_end() -> None:
    stack = Stack(Engine(running_stack.STATE_FOLDER, free_port()))
    for _ in range(2):
        with running_stack.lock_state_folder("stop it"):
            with pytest.raises(StackError, match="still starting"):
                running_stack.find()
            running_stack.announce(stack)
            assert running_stack.find().engine.port == stack.engine.port
    with pytest.raises(StackError, match="start one"):
        running_stack.find()


def test_a_damaged_state_is_named_and_not_half_used(capsys: pytest.CaptureFixture[str]) -> None:
    state = running_stack.STATE_FOLDER / "state"
    state.mkdir(parents=True)
    (state / "s3.json").write_text("{}")
    (state / "dynamodb.json").write_text('{"tables": {')

    assert main(["run"]) == 1

    assert capsys.readouterr().err.startswith("The saved state is damaged (dynamodb.json is no JSON): `make reset`")


def test_what_an_interrupted_first_start_left_is_forgotten_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_engine(*_: Any, **__: Any) -> Any:
        raise StackError("no engine")

    monkeypatch.setattr(run, "start_stack", no_engine)

    def state_after_a_start() -> list[str]:
        state.mkdir(parents=True, exist_ok=True)
        (state / "dynamodb.json").write_text("{}")
        with pytest.raises(StackError, match="no engine"):
            run.run()
        return [path.name for path in state.glob("*")]

    state = running_stack.STATE_FOLDER / "state"
    with pytest.raises(StackError, match="no engine"):
        run.run()
    assert state_after_a_start() == []
    saved_state.finish_first_start()
    assert state_after_a_start() == ["dynamodb.json"]


def test_a_state_that_could_not_be_saved_is_told(tmp_path: Path) -> None:
    engine = Engine(tmp_path, free_port())
    engine.log.write_text("ERROR Persistence: failed to save dynamodb: [Errno 28] No space left on device\n")

    with pytest.raises(StackError, match=r"could not save its state \(dynamodb: \[Errno 28\] No space left"):
        engine._check_saved()


def test_a_file_that_cannot_be_written_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere")

    running_stack.STATE_FOLDER.mkdir()
    monkeypatch.setattr(shutil, "rmtree", full)
    assert main(["reset"]) == 1
    assert capsys.readouterr().err == "/somewhere cannot be written: No space left on device.\n"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "Unable to locate credentials: log in to AWS, and say with AWS_PROFILE"),
        ({"AWS_PROFILE": "nobody"}, "The config profile (nobody) could not be found: log in to AWS, and say with"),
        (
            {"AWS_ENDPOINT_URL": "http://localhost:9", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
            | {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_MAX_ATTEMPTS": "1"},
            "Nothing answers at http://localhost:9/: if that is the local stack, start it with `make run`.",
        ),
    ],
    ids=["credentials", "profile", "answer"],
)
def test_what_is_missing_for_a_stack_on_aws_is_named(
    environment: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name, value in {"STACK": "rolecall", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    assert main(["doctor"]) == 1

    told = capsys.readouterr().err
    assert told.startswith(said)
    assert told.count("\n") == 1


# --- make ------------------------------------------------------------------------------------------


def start_make(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    for name in ("Makefile", "requirements", "local", "package-lock.json"):
        if not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        ["make", *arguments], cwd=folder, env=plain | environment, stdout=pipe, stderr=pipe, text=True
    )


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    with start_make(folder, *arguments, **environment) as started:
        stdout, stderr = started.communicate()
    return subprocess.CompletedProcess(started.args, started.returncode, stdout, stderr)


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """A folder in which make takes this environment for its own."""
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


def test_a_refusal_is_one_sentence_and_no_success(ready: Path) -> None:
    done = make(ready, "operator", ROLECALL_HOME=str(ready / "none"))

    assert done.stdout == ""
    assert done.stderr == (
        "Say which operation, as in `make operator ARGS='create_superadmin email=root@example.com'`.\n"
    )
    assert done.returncode == -signal.SIGPIPE


def test_a_python_of_another_version_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    done = make(tmp_path, "setup", "PYTHON=/nowhere/python")

    assert done.stdout == ""
    assert done.stderr == (
        "Python 3.13 is needed and '/nowhere/python' is not it: install it, "
        "or say where it is with PYTHON=/path/to/python3.13.\n"
    )
    assert done.returncode
    assert not (tmp_path / ".venv").exists()


def test_of_two_set_ups_at_once_the_second_waits_and_leaves_the_environment_of_the_first(tmp_path: Path) -> None:
    # Given a set-up that goes on
    (tmp_path / ".venv").mkdir()
    lines: list[str] = []
    with (tmp_path / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        # When another one starts, then it says that it waits
        with start_make(tmp_path, "setup", PYTHON=sys.executable) as second:
            assert second.stdout
            lines.append(second.stdout.readline())
            assert lines == ["setup: another `make` is making .venv; waiting for it\n"]
            assert second.poll() is None

            # When the first one is done, then the second finds everything there
            (tmp_path / ".venv/made by the first").touch()
            (tmp_path / ".venv/ready").touch()
            fcntl.flock(lock, fcntl.LOCK_UN)
            lines += second.stdout.readlines()

    assert second.returncode == 0
    assert (tmp_path / ".venv/made by the first").exists()
    assert len(lines) == 1


def test_without_npm_the_sentence_says_what_to_install(ready: Path) -> None:
    tools = ready / "tools"
    tools.mkdir()
    for tool in ("sh", "make"):
        (tools / tool).symlink_to(shutil.which(tool) or tool)

    done = make(ready, "bench-deletion", PATH=str(tools))

    assert done.stderr.startswith("npm is needed for this: install Node.js")
    assert done.stderr.count("\n") == 1


# --- What is brought onto the stack ----------------------------------------------------------------


PARTS = {"functions/get_user": "1", "functions/promote_user": "1", LAYER_PACKAGE: "1", TEMPLATE: "1"}


@pytest.mark.parametrize(
    ("current", "outdated", "can_push"),
    [
        (PARTS, [], True),
        (PARTS | {"functions/get_user": "2"}, ["functions/get_user"], True),
        (PARTS | {LAYER_PACKAGE: "2"}, [LAYER_PACKAGE], True),
        (PARTS | {TEMPLATE: "2"}, [TEMPLATE], False),
        (PARTS | {"functions/new": "1"}, ["functions/new"], False),
        ({name: "1" for name in PARTS if name != "functions/get_user"}, ["functions/get_user"], False),
    ],
)
def test_code_alone_is_pushed_and_the_rest_deployed(
    current: dict[str, str], outdated: list[str], can_push: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sync, "ROOT", tmp_path)
    for part in current:
        (tmp_path / part).mkdir(parents=True)
    deployed = sync.DeployedParts(dict(PARTS))

    assert deployed.outdated(current) == outdated
    assert sync.can_push(deployed, outdated) is can_push


def test_every_source_belongs_to_one_part() -> None:
    parts = sources.digests()

    folders = {f"functions/{path.name}" for path in (ROOT / "functions").iterdir() if (path / "app.py").exists()}
    built_whole = {folder for folder in folders if (ROOT / folder / "requirements.txt").exists()}
    assert set(parts) == (folders - built_whole) | {LAYER_PACKAGE, TEMPLATE}


def test_a_functions_folder_tells_its_name_in_the_template() -> None:
    for name, resource in gateway.template()["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            assert sources.logical_id(resource["Properties"]["CodeUri"]) == sources.logical_id(name) == name


def test_what_does_not_compile_is_named_and_not_pushed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sync, "ROOT", tmp_path)
    (tmp_path / "f").mkdir()
    (tmp_path / "f/app.py").write_text("fine = 1\ndef (")

    with pytest.raises(
        StackError, match=r"^f/app.py, line 2: invalid syntax. The stack still runs the code that it had.$"
    ):
        sync._check_syntax(["f"])


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder whose files are the sources."""
    (tmp_path / "app.py").write_text("1")
    monkeypatch.setattr(
        sources, "files", lambda: iter([*tmp_path.glob("*.py"), tmp_path / "an editor is replacing this"])
    )
    monkeypatch.setattr(sources, "watched_folders", lambda: {tmp_path: True})
    return tmp_path


def test_a_saved_file_is_noticed_once_and_waiting_for_it_costs_nothing(watched: Path) -> None:
    with contextlib.closing(source_watch.SourceWatch()) as watch:
        assert watch.has_reports
        assert not watch.wait(0.3)
        (watched / "app.py").write_text("22")
        assert watch.wait(10)
        (watched / "new.py").write_text("1")
        assert watch.wait(10)
        (watched / "new.py").unlink()
        assert watch.wait(10)
        (watched / "__pycache__").mkdir()
        (watched / "__pycache__/app.pyc").write_text("")
        assert not watch.wait(0.3)

        before = time.process_time()
        assert not watch.wait(1)
        assert time.process_time() - before < 0.02


def test_without_reports_of_the_system_a_saved_file_is_noticed_too(
    watched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limit_reached(_: object) -> None:
        raise OSError(errno.ENOSPC, "inotify watch limit reached")

    monkeypatch.setattr(Observer, "start", limit_reached)
    with contextlib.closing(source_watch.SourceWatch()) as watch:
        assert not watch.wait(0.1)
        (watched / "app.py").write_text("22")
        assert [watch.wait(0.1), watch.wait(0.1)] == [True, False]


def test_the_watched_folders_hold_every_source() -> None:
    folders = sources.watched_folders()

    for path in sources.files():
        assert path.parent in folders or any(folders.get(parent) for parent in path.parents), path


# --- sam local -------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [local_invoke, local_start_api, local_start_lambda], ids=lambda one: one.name)
def test_the_sam_cli_finds_what_it_needs_in_the_profile(
    command: click.Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / "samconfig.toml", tmp_path)
    shutil.copytree(ROOT / "events", tmp_path / "events")
    (tmp_path / containers.VARIABLES_FILE.relative_to(ROOT)).touch()  # as `make run` does
    monkeypatch.chdir(tmp_path)
    sam = click.Context(click.Group("sam"), info_name="sam")
    of_sam = click.Context(click.Group("local"), parent=sam, info_name="local")
    arguments = ["PromoteUser", "--event", "events/promote_user.json"] if command is local_invoke else []

    read = command.make_context(command.name, arguments, parent=of_sam).params

    assert tmp_path / read["template_file"] == tmp_path / build.CONTAINER_TEMPLATE.relative_to(ROOT)
    assert ROOT / read["env_vars"] == containers.VARIABLES_FILE
    assert read["add_host"] == {containers.HOST: "host-gateway"}


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A stack that `make run` seems to serve."""
    monkeypatch.setattr(running_stack, "find", lambda: Stack(Engine(tmp_path, 1)))


@pytest.mark.parametrize("function", ["", "promote", "PromoteUser"])
def test_a_function_that_does_not_exist_is_named(
    found: None, function: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FUNCTION", function)
    assert main(["invoke"]) == 1
    assert capsys.readouterr().err == (
        f"There is no function {function!r}: "
        "FUNCTION is a folder under functions/, as in `make invoke FUNCTION=promote_user`.\n"
    )


def test_an_event_that_does_not_exist_is_named(
    found: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FUNCTION", "promote_user")
    monkeypatch.setenv("EVENT", "events/nothing.json")
    assert main(["invoke"]) == 1
    assert capsys.readouterr().err == (
        f"There is no file {ROOT / 'events/nothing.json'}: EVENT is a file such as events/promote_user.json.\n"
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of SAM about itself
def test_a_container_gets_no_credentials_of_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "of the shell")
    monkeypatch.setattr(Stack, "functions", lambda _: {})

    variables = containers.container_variables(Stack(Engine(tmp_path, 1)))

    for _, environment in container_environments(variables, tmp_path):
        assert "of the shell" not in environment.values()
        assert environment["AWS_SESSION_TOKEN"] == ""


def container_environments(variables: dict[str, dict[str, str]], folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """What the SAM CLI itself would give to each function's container."""
    template = folder / "template.yaml"
    template.write_text(json.dumps(containers.with_declared_variables(gateway.template())))
    stacks, _ = SamLocalStackProvider.get_stacks(str(template))
    functions = SamFunctionProvider(stacks)
    runner = LocalLambdaRunner(None, functions, str(folder), str(folder), env_vars_values=variables)
    for function in functions.get_all():
        yield function.name, runner._make_env_vars(function).resolve()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of SAM about itself
def test_a_container_gets_every_variable_that_the_template_gives_and_reaches_this_machine(tmp_path: Path) -> None:
    told = {name for resource in gateway.template()["Resources"].values() for name in _variables(resource)}
    everything = {"AWS_ENDPOINT_URL": "http://host.docker.internal:1"} | dict.fromkeys(told, "told")

    given = dict(container_environments({"Parameters": everything}, tmp_path))

    assert set(given) == {sources.logical_id(folder) for folder in gateway.functions()}
    for name, environment in given.items():
        own = _variables(gateway.template()["Resources"][name])
        assert environment.items() >= dict.fromkeys(own, "told").items()
        assert environment["AWS_ENDPOINT_URL"] == "http://host.docker.internal:1"


def _variables(resource: dict[str, Any]) -> dict[str, Any]:
    variables: dict[str, Any] = resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
    return variables if resource["Type"] == "AWS::Serverless::Function" else {}


def test_the_variables_file_is_not_for_the_repository() -> None:
    assert "/events/env.json" in (ROOT / ".gitignore").read_text().split()
    assert json.loads((ROOT / "events/promote_user.json").read_text())


@pytest.mark.parametrize("api", ["http://127.0.0.1:1", "127.0.0.1:3091", "https://nowhere.invalid"])
def test_where_nothing_answers_is_told_in_one_sentence(
    api: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("API", api)
    assert main(["delete-tenant", "20d848ac-f7c8-4387-850c-b4efa89b4747"]) == 1
    assert capsys.readouterr().err == (
        f"Nothing answers at {api}: start it with `make run`, or give its address, as in API=https://example.com.\n"
    )


def test_a_table_out_of_reach_is_told_as_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TABLE", "nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    deadline.set_time_left(0)  # what an earlier command in this process may leave
    assert main(["doctor"]) == 1
    assert "say with AWS_PROFILE and AWS_DEFAULT_REGION who and where" in capsys.readouterr().err
