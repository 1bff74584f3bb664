"""Runs a Docker engine until its standard input is closed, and leaves nothing behind.

`python -m tests.containers.docker_process <programs> <folder>` starts the engine, which listens at `docker.sock` in the
folder. Then it prints the address at which containers reach this machine. The process that started it holds the other
end of the pipe that is its standard input, so the engine also ends when that process is killed.

The engine and its containers have a process namespace and a mount namespace of their own. One signal therefore ends
them all. Their mounts, images and files disappear with them, and so does what Docker writes into /etc, /opt and /run.
Only the network bridge and the control group belong to the machine. Both are removed at the end.
"""

import contextlib
import ipaddress
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

START_SECONDS = 60
STOP_SECONDS = 10
#: Reserved for benchmarks (RFC 2544), so no network of this machine uses it.
_ADDRESSES = ipaddress.IPv4Network("198.18.0.0/15")
_CONTROL_GROUPS = Path("/sys/fs/cgroup")
#: Puts everything that Docker writes into memory. Over /etc and /opt it lays a layer that takes the writes.
_ENTER = """
mount -t tmpfs -o mode=711 tmpfs "$1"
for name in etc opt; do
    mkdir -p "$1/$name/upper" "$1/$name/work"
    mount -t overlay -o "lowerdir=/$name,upperdir=$1/$name/upper,workdir=$1/$name/work" overlay "/$name"
done
mount -t tmpfs -o mode=755 tmpfs /run
shift
exec "$@"
"""


def main(programs: Path, folder: Path) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    name = f"rolecall{os.getpid()}"
    with _bridge(name) as address, _control_group(name), _engine(programs, folder, name) as engine:
        _wait_for_engine(engine, folder / "docker.sock")
        print(address, flush=True)  # noqa: T201 (for the process that started it)
        sys.stdin.buffer.read()


@contextlib.contextmanager
def _bridge(name: str) -> Iterator[str]:
    """Makes a network for containers, without a route to other machines. Yields this machine's address in it."""
    subnet = random.choice(list(_ADDRESSES.subnets(new_prefix=28)))
    address = str(next(subnet.hosts()))
    _run("ip", "link", "add", name, "type", "bridge")
    try:
        _run("ip", "address", "add", f"{address}/{subnet.prefixlen}", "dev", name)
        _run("ip", "link", "set", name, "up")
        yield address
    finally:
        _run("ip", "link", "delete", name)


@contextlib.contextmanager
def _control_group(name: str) -> Iterator[None]:
    """Removes the control group of that name at the end, with those that the engine made in it."""
    try:
        yield
    finally:
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and list(_CONTROL_GROUPS.glob(f"**/{name}")):
            for group in sorted(_CONTROL_GROUPS.glob(f"**/{name}/**/"), reverse=True):
                # The kernel refuses while it still ends the group's processes.
                with contextlib.suppress(OSError):
                    group.rmdir()
            time.sleep(0.1)


@contextlib.contextmanager
def _engine(programs: Path, folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    memory = folder / "memory"
    memory.mkdir()
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    settings = {
        "--host": f"unix://{folder}/docker.sock",
        "--data-root": f"{memory}/data",
        "--exec-root": f"{memory}/exec",
        "--pidfile": f"{memory}/pid",
        "--bridge": name,
        "--iptables": "false",
        "--ip6tables": "false",
        "--userland-proxy-path": f"{programs}/docker-proxy",
        "--exec-opt": "native.cgroupdriver=cgroupfs",
        "--cgroup-parent": f"/{name}",
    }
    dockerd = [f"{programs}/dockerd", *(f"{option}={value}" for option, value in settings.items())]
    # The kernel also ends all of it if this process is killed.
    command = ["setpriv", "--pdeathsig", "KILL", *unshare, "sh", "-e", "-c", _ENTER, "sh", str(memory), *dockerd]
    environment = {"PATH": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin", "LD_LIBRARY_PATH": str(programs)}
    with (folder / "docker.log").open("wb") as log:
        engine = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
    try:
        yield engine
    finally:
        _end(engine)


def _end(unshare: subprocess.Popen[bytes]) -> None:
    """Kills the first process of the namespace; the kernel then ends all others in it."""
    with contextlib.suppress(OSError):
        first = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children").read_text()
        os.kill(int(first or unshare.pid), signal.SIGKILL)
    unshare.wait()


def _wait_for_engine(engine: subprocess.Popen[bytes], address: Path) -> None:
    """Returns when the engine answers. Raises `SystemExit` if it doesn't."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and engine.poll() is None:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(address))
            return
        time.sleep(0.05)
    sys.exit("dockerd does not answer. The end of its log:")


def _run(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"`{' '.join(command)}` failed: {done.stderr.strip()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
