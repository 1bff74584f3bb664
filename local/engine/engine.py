"""Starts and stops MiniStack."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

from local import ROOT, StackError, tail
from local.environment import local_environment
from local.http import call

#: The host at which the engine serves the API. The AWS services answer at `localhost`.
API_HOST = "127.0.0.1"
START_SECONDS = 60
#: MiniStack saves its state when it stops. The more state, the longer that takes.
STOP_SECONDS = 60
_NOT_SAVED = "Persistence: failed to save"


class Engine:
    """A MiniStack process that listens at the address `bind` and enforces IAM. Its state and log are under `home`.

    It ends with the process that started it, however that one ends. With `keep` it saves its state when it ends;
    without, it ends at once.
    """

    def __init__(self, home: Path, port: int, bind: str = "127.0.0.1", *, keep: bool = True) -> None:
        self.home = home
        self.port = port
        self.bind = bind
        self._keep = keep
        self.log = home / "engine.log"
        # SDKs use `localhost`: MiniStack sends what comes to 127.0.0.1 to the API.
        self.endpoint_url = f"http://localhost:{port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Starts MiniStack and waits until it answers. Raises `StackError` if it can't or if the port is taken."""
        if in_use(self.port):
            raise StackError(
                f"Port {self.port} is in use: stop what listens there, or pick another port with PORT=…, "
                f"for example `make run PORT={self.port + 1}`."
            )
        scratch = self.home / "tmp"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        environment = local_environment(self.endpoint_url) | {
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": self.bind,
            "AUTH": "true",
            "PERSIST_STATE": "1" if self._keep else "0",
            "STATE_DIR": str(self.home / "state"),
            "TMPDIR": str(scratch),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # nosec B603  # no argument is from outside
                [sys.executable, "-m", "local.engine.engine_process"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A session of its own, so that Ctrl-C in the terminal does not stop it before this process does.
                start_new_session=True,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def check(self) -> None:
        """Raises `StackError` if the engine has stopped by itself."""
        if self._process is None or self._process.poll() is not None:
            code = self._process.returncode if self._process else None
            raise StackError(f"MiniStack stopped by itself (exit code {code}). The end of its log:\n{tail(self.log)}")

    def stop(self) -> None:
        """Stops the engine, which saves its state, and waits until it and its function processes have ended.

        Raises `StackError` if the state was not saved.
        """
        process, self._process = self._process, None
        if process is None:
            return
        if self._keep:
            process.terminate()
        else:
            process.kill()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise StackError(
                f"MiniStack did not stop within {STOP_SECONDS} s and was killed, so what changed since its start "
                f"is lost. The end of its log:\n{tail(self.log)}"
            ) from None
        finally:
            # A function process that runs an invocation would live on for a moment.
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            if process.stdin:
                process.stdin.close()
        if self._keep:
            self._check_saved()

    def _check_saved(self) -> None:
        failed = [line for line in self.log.read_text(errors="replace").splitlines() if _NOT_SAVED in line]
        if failed:
            raise StackError(
                f"MiniStack could not save its state ({failed[0].partition(_NOT_SAVED)[2].strip()}): make room on the "
                "disk, then run `make reset`, because the saved parts do not fit together."
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.check()
            with contextlib.suppress(OSError):
                if call("GET", f"{self.endpoint_url}/_ministack/ready", timeout=2).status == HTTPStatus.OK:
                    return
            time.sleep(0.05)
        raise StackError(f"MiniStack did not answer within {START_SECONDS} s. The end of its log:\n{tail(self.log)}")


def in_use(port: int) -> bool:
    """Whether something listens at the port of this machine's loopback address."""
    try:
        socket.create_connection(("localhost", port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """Returns a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
