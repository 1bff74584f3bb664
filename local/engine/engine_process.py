"""The engine's own process: MiniStack, completed where the template needs it, and a watch on whoever started it."""

import os
import signal
import sys
import threading

from ministack.app import main

from local.engine import client_requests, gateway_variables, leading_keys, log_streams


def _stop_with_parent() -> None:
    # The other end of standard input is held by the process that started this one. It closes when
    # that process is gone, even after a SIGKILL, and nothing is left running without its owner.
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.argv[1:] = []
    gateway_variables.install()
    leading_keys.install()
    log_streams.install()
    client_requests.install()
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    main()
