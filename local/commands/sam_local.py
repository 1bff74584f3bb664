"""`make invoke`, `make start-api` and `make start-lambda`: the SAM CLI runs functions in Lambda's own container."""

import errno
import json
import os
import shlex
import socket
import sys
from collections.abc import Iterator
from typing import NoReturn

import docker
from docker.errors import DockerException

from local import ROOT, StackError
from local.deployment import running_stack, sources
from local.deployment.containers import container_variables
from local.deployment.stack import Stack
from local.environment import local_environment

_CONNECT_SECONDS = 2


def invoke() -> NoReturn:
    """Invokes the function `FUNCTION` with the event in the file `EVENT`, or with its sample event.

    Raises `StackError` if there is no such function or file.
    """
    stack = running_stack.find()
    function = os.environ.get("FUNCTION", "")
    if not (ROOT / "functions" / function / "app.py").exists():
        raise StackError(
            f"There is no function {function!r}: "
            "FUNCTION is a folder under functions/, as in `make invoke FUNCTION=promote_user`."
        )
    event = ROOT / (os.environ.get("EVENT") or sources.event_file(function))
    if not event.exists():
        raise StackError(f"There is no file {event}: EVENT is a file such as events/promote_user.json.")
    _run_sam(stack, "invoke", sources.logical_id(function), "--event", str(event))


def start_api() -> NoReturn:
    """Serves the API until Ctrl-C, each function in a container."""
    _run_sam(running_stack.find(), "start-api")


def start_lambda() -> NoReturn:
    """Serves Lambda's own interface until Ctrl-C, each function in a container."""
    _run_sam(running_stack.find(), "start-lambda")


def _run_sam(stack: Stack, command: str, *arguments: str) -> NoReturn:
    """Replaces this process by `sam local`, with the options of `ARGS`.

    Raises `StackError` if containers can't reach the stack.
    """
    _check_reachable(stack)
    variables = running_stack.STATE_FOLDER / "env.json"
    variables.write_text(json.dumps(container_variables(stack), indent=2) + "\n")
    os.chdir(ROOT)
    sam = [sys.executable, "-m", "samcli", "local", command, *arguments, "--env-vars", str(variables)]
    os.execve(  # noqa: S606  # nosec B606  # without a shell on purpose
        sys.executable, [*sam, *shlex.split(os.environ.get("ARGS", ""))], local_environment(stack.endpoint_url)
    )


def _check_reachable(stack: Stack) -> None:
    """Raises `StackError` if containers run on this machine and can't reach the stack."""
    for gateway in _gateways():
        try:
            socket.create_connection((gateway, stack.engine.port), _CONNECT_SECONDS).close()
        except OSError as error:
            # Docker Desktop runs containers in a virtual machine. The address is not this machine's then.
            if error.errno == errno.ECONNREFUSED:
                raise StackError(
                    "Containers cannot reach the local stack, which listens on the loopback address only: "
                    "stop it (Ctrl-C), and start it with `make run DOCKER=1`, in a network that you trust."
                ) from None


def _gateways() -> Iterator[str]:
    """Yields the addresses at which containers reach their machine. Yields none if Docker does not answer."""
    try:
        client = docker.from_env(timeout=_CONNECT_SECONDS)
        networks = client.networks.list(names=["bridge"])
        client.close()
    except DockerException:
        return  # the SAM CLI looks for Docker in more places, and says if it finds none
    for network in networks:
        for settings in network.attrs["IPAM"]["Config"] or []:
            if "Gateway" in settings:
                yield settings["Gateway"]
