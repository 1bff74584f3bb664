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
# It writes its state on the way out, which takes longer the more of it there is.
STOP_SECONDS = 60
_NOT_SAVED = "Persistence: failed to save"


class Engine:
    """MiniStack on 127.0.0.1 (or where `bind` says), with IAM enforced and its state kept under `home`.

    It ends with the process that started it, however that one ends, and saves its state when it ends, unless that is
    not to be kept: then it ends at once.
    """

    def __init__(self, home: Path, port: int, bind: str = "127.0.0.1", *, keep: bool = True) -> None:
        self.home = home
        self.port = port
        self.bind = bind
        self._keep = keep
        self.log = home / "engine.log"
        # `localhost` for SDKs, because requests to 127.0.0.1 belong to the API (see deploy.py).
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
        """Returns when the engine answers. Raises `StackError` if the port is taken or it does not start."""
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
                # A group of its own: Ctrl-C in the terminal reaches us alone, and we stop it in order.
                start_new_session=True,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def check(self) -> None:
        """Raises `StackError` if the engine is no longer there."""
        if self._process is None or self._process.poll() is not None:
            code = self._process.returncode if self._process else None
            raise StackError(f"MiniStack stopped by itself (exit code {code}). Its last words:\n{tail(self.log)}")

    def stop(self) -> None:
        """Saves the state and returns when the engine and every function process of it are gone."""
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
                f"is lost. Its last words:\n{tail(self.log)}"
            ) from None
        finally:
            # Function processes in the middle of an invocation outlive the engine for a moment.
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
                "disk, then `make reset`, as what it did save does not fit together."
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.check()
            with contextlib.suppress(OSError):
                if call("GET", f"{self.endpoint_url}/_ministack/ready", timeout=2).status == HTTPStatus.OK:
                    return
            time.sleep(0.05)
        raise StackError(f"MiniStack did not answer within {START_SECONDS} s. Its last words:\n{tail(self.log)}")


def in_use(port: int) -> bool:
    """Whether something listens on the port on this machine's loopback addresses."""
    try:
        socket.create_connection(("localhost", port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
