"""Runs a private Docker engine with a stand-in for Lambda's base image while a test needs it."""

import contextlib
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import docker
from docker.errors import DockerException

from local import ROOT, tail
from tests.containers import base_image, packages
from tests.containers.packages import Unavailable

STOP_SECONDS = 60


@dataclass(frozen=True)
class Engine:
    """A running engine: `host` is the value for `DOCKER_HOST`, `address` is where containers reach this machine."""

    host: str
    address: str


@contextlib.contextmanager
def running() -> Iterator[Engine]:
    """Yields an engine that has the image and can start containers. Raises `Unavailable` if there can't be one."""
    programs = packages.programs()
    with tempfile.TemporaryDirectory(prefix="rolecall-docker-") as folder, _process(programs, Path(folder)) as engine:
        with contextlib.closing(docker.DockerClient(engine.host)) as client:
            _load_image(client, Path(folder))
            try:
                client.containers.run(base_image.NAME, ["sh", "-c", ":"], remove=True)
            except DockerException as error:
                raise Unavailable(f"Docker can start no container here: {error}") from None
        yield engine


@contextlib.contextmanager
def _process(programs: Path, folder: Path) -> Iterator[Engine]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.containers.docker_process", programs, folder],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Ctrl-C reaches the tests only, which then stop the engine.
        start_new_session=True,
    )
    try:
        assert process.stdout
        assert process.stderr
        if not (address := process.stdout.readline().strip()):
            raise Unavailable(f"no Docker can run here: {process.stderr.read()}{tail(folder / 'docker.log', 3)}")
        yield Engine(f"unix://{folder}/docker.sock", address)
    finally:
        process.communicate(timeout=STOP_SECONDS)


def _load_image(client: Any, folder: Path) -> None:
    files = folder / "image.tar"
    with files.open("wb") as tar:
        base_image.write(tar)
    client.api.import_image_from_file(
        str(files), repository=base_image.REPOSITORY, tag=base_image.TAG, changes=base_image.SETTINGS
    )
    files.unlink()


@contextlib.contextmanager
def forwarding(address: str, port: int) -> Iterator[None]:
    """Forwards connections to the port at that address to the same port at the loopback address."""

    class Connection(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as stack:
                _copy_both_ways(self.request, stack)

    with ThreadingTCPServer((address, port), Connection) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


def _copy_both_ways(one: socket.socket, other: socket.socket) -> None:
    """Copies until one side closes its connection."""
    with selectors.DefaultSelector() as ready, contextlib.suppress(ConnectionError):
        ready.register(one, selectors.EVENT_READ, other)
        ready.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in ready.select():
                assert isinstance(key.fileobj, socket.socket)
                if not (content := key.fileobj.recv(2**16)):
                    return
                key.data.sendall(content)
