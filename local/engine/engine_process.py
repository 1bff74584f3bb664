"""The process that runs MiniStack with our additions. It ends when the process that started it ends."""

import os
import signal
import sys
import threading

from ministack.app import main

from local.engine import client_requests, gateway_variables, leading_keys, log_streams


def _stop_with_parent() -> None:
    # The process that started this one holds the other end of standard input. That end closes when the process ends,
    # even by SIGKILL, and the read returns.
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
