"""`make soak`: some minutes of traffic on a stack that is made for it, on this machine only."""

import sys
import tempfile
import time
from pathlib import Path

from local import options
from local.deployment.layer import use_layer_on
from local.deployment.start import start_stack
from local.engine.engine import free_port
from local.progress import step
from tests.load.soak import soak


def main() -> int:
    seconds = options.read_number("SECONDS", 600, range(10, 3601))
    with (
        tempfile.TemporaryDirectory(prefix="rolecall-", ignore_cleanup_errors=True) as folder,
        start_stack(Path(folder), free_port(), step, keep=False) as stack,
    ):
        use_layer_on(stack)
        start = time.monotonic()
        soaked = soak(stack, seconds, owners=3, bystanders=2, large=[150] * max(1, seconds // 120))
        sys.stdout.write(f"{soaked}\n{time.monotonic() - start:.0f} s in all.\n")
    good, bad = "All answers and all items were correct.\n", "Some answers or items were wrong, see above.\n"
    sys.stdout.write(bad if soaked.wrong else good)
    return 1 if soaked.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
