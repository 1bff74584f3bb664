"""`make run`: serves the stack, prints its logs, and pushes code that is saved."""

import contextlib
import signal
import time
from types import FrameType
from typing import NoReturn

from local import StackError, options
from local.demo.demo_file import recall_seeds, remember_seeds, write_demo_file
from local.demo.document import Seeds, render_demo
from local.demo.refresh import refresh_demo_data
from local.demo.seed import TENANT_PLANS, create_demo_data
from local.deployment import containers, running_stack, saved_state, sync
from local.deployment.function_logs import FunctionLogs
from local.deployment.source_watch import SourceWatch
from local.deployment.stack import Stack
from local.deployment.start import start_stack
from local.progress import console, step

_LOG_POLL_SECONDS = 1.0


def run() -> None:
    """Serves the stack until SIGINT or SIGTERM. Raises `StackError` if it can't start."""
    port = options.read_port()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, _interrupt)
    with running_stack.lock_state_folder("use it, or stop it (Ctrl-C) first"):
        saved_state.check_saved_state()
        try:
            _serve(port)
        except KeyboardInterrupt:
            next_run = (
                "the next `make run` starts with new demo data"
                if saved_state.is_first_start_unfinished()
                else "the next `make run` continues with this data"
            )
            print(f"\nStopped; {next_run}.")


def _serve(port: int) -> None:
    # On Linux a container can't reach the loopback address of its host.
    bind = "0.0.0.0" if options.is_on("DOCKER") else "127.0.0.1"  # noqa: S104
    with start_stack(running_stack.STATE_FOLDER, port, step, bind=bind) as stack:
        seeds = _demo_data(stack)
        saved_state.finish_first_start()
        demo = write_demo_file(stack, seeds)
        containers.write_variables(stack)
        running_stack.announce(stack)
        console.print(
            f"\n{render_demo(demo)}\n\n"
            "All of this is in .local/demo.json. Code that you save under functions/ or layers/ is pushed at once.\n"
            "Ctrl-C stops. Logs of the functions:\n",
            markup=False,
        )
        _follow(stack)


def _demo_data(stack: Stack) -> Seeds:
    """Returns the demo data: created on an empty stack, else as the stack holds it now."""
    known = recall_seeds(stack)
    with step("create the demo data" if known is None else "check the demo data"):
        seeds = create_demo_data(stack) if known is None else refresh_demo_data(stack, known)
        remember_seeds(stack, seeds)
    for plan in TENANT_PLANS:
        if plan.name not in {tenant["name"] for tenant in seeds["tenants"]}:
            print(f"  {plan.name} is not among the demo's tenants: its name or its admin's email is taken.")
    return seeds


def _follow(stack: Stack) -> None:
    """Prints what the functions log and pushes code that is saved, until the engine stops or a signal arrives."""
    logs = FunctionLogs(stack, time.time())
    with contextlib.closing(SourceWatch()) as watch:
        while True:
            stack.engine.check()
            for line in logs.new_lines():
                print(line, flush=True)
            if watch.wait(_LOG_POLL_SECONDS):
                _push_saved_code(stack)


def _push_saved_code(stack: Stack) -> None:
    """Pushes what was saved if it is code. A deployment takes longer, so it waits for `make sync`."""
    try:
        if sync.needs_deployment(stack):
            print("What you saved needs a deployment: run `make sync` in another terminal.", flush=True)
        else:
            sync.bring_up_to_date(stack, step)
    except StackError as error:
        console.print(str(error), style="red", markup=False)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    # Further signals are ignored, so that the engine can save its state.
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, signal.SIG_IGN)
    raise KeyboardInterrupt
