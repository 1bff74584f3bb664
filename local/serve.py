"""What `make run`, `make sync` and `make reset` do."""

import json
import shutil
import signal
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from local import StackError, containers, demo, home, sync
from local.logs import Logs
from local.progress import console, step
from local.seed import seed
from local.stack import Stack, up

SEEDS = "local/seeds"
_LOOKS_A_SECOND = 4


def run() -> None:
    """Serves the stack, follows its logs and takes in what is saved, until a signal ends it."""
    port = home.port()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, _interrupt)
    with home.to_itself("use it, or stop it (Ctrl-C) first"):
        _check_state()
        try:
            _serve(port)
        except KeyboardInterrupt:
            kept = (
                "the next `make run` starts afresh" if _unfinished().exists() else "`make run` starts from here again"
            )
            print(f"\nStopped; {kept}.")


def _serve(port: int) -> None:
    # On Linux a container reaches no address of its host that is only the host's own.
    bind = "0.0.0.0" if home.switch("DOCKER") else "127.0.0.1"  # noqa: S104
    with up(home.HOME, port, step, bind=bind) as stack:
        seeds = _seeds(stack)
        _unfinished().unlink(missing_ok=True)
        document = write_demo(stack, seeds)
        containers.write(stack)
        home.announce(stack)
        console.print(
            f"\n{demo.page(document)}\n\n"
            "All of this is in .local/demo.json. What you save under functions/ or layers/ is taken in at once.\n"
            "Ctrl-C stops. Logs of the functions:\n",
            markup=False,
        )
        _follow(stack)


def take_in() -> None:
    """Brings the sources as they are onto the stack that runs."""
    stack = home.running()
    if sync.bring_up_to_date(stack, step):
        containers.write(stack)
    else:
        print("The local stack runs the sources as they are.")


def reset() -> None:
    """Forgets the state. Refuses while a stack runs on it."""
    if home.HOME.exists():
        with home.to_itself("stop it (Ctrl-C) first"):
            shutil.rmtree(home.HOME)
    print("The local state is forgotten; `make run` starts afresh.")


def write_demo(stack: Stack, seeds: demo.Seeds) -> demo.Demo:
    """Writes `.local/demo.json`, for its owner alone, and returns what is in it."""
    document: demo.Demo = {
        "api": stack.api,
        "endpoint_url": stack.endpoint_url,
        "table": stack.table_name,
        "master_token": stack.master_token,
        **seeds,
    }
    path = home.HOME / "demo.json"
    home.private(path)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return document


def _follow(stack: Stack) -> None:
    log, watch = Logs(stack, time.time()), sync.Watch()
    while True:
        stack.engine.check()
        for line in log.new_lines():
            print(line, flush=True)
        for _ in range(_LOOKS_A_SECOND):
            if watch.changed():
                _take_in_code(stack)
            time.sleep(1 / _LOOKS_A_SECOND)


def _take_in_code(stack: Stack) -> None:
    """What was saved, if it is code: anything else takes longer, and is asked for."""
    try:
        if sync.needs_deployment(stack):
            print("What was saved needs a deployment: `make sync` makes one.", flush=True)
        else:
            sync.bring_up_to_date(stack, step)
    except StackError as error:
        console.print(str(error), style="red", markup=False)


def _check_state() -> None:
    """Raises `StackError` for a state of which the engine would silently leave out a part."""
    state = home.HOME / "state"
    if _unfinished().exists():
        # Half the demo data is of no use, and would be in the way of the next attempt.
        shutil.rmtree(state, ignore_errors=True)
    saved = sorted(state.glob("*.json"))
    if not saved:
        _unfinished().touch()
    for path in saved:
        try:
            json.loads(path.read_bytes())
        except ValueError:
            raise StackError(
                f"The saved state is damaged ({path.name} is no JSON): "
                "`make reset` forgets it, and the next `make run` starts afresh."
            ) from None


def _unfinished() -> Path:
    """There from the first start on, until the demo data is whole."""
    return home.HOME / "unfinished"


def _seeds(stack: Stack) -> demo.Seeds:
    known = stack.recall(SEEDS)
    if known is None:
        with step("seed the demo data"):
            known = json.dumps(seed(stack))
            stack.remember(SEEDS, known)
    seeds: demo.Seeds = json.loads(known)
    return seeds


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    # Once is enough: what follows is the orderly stop, which saves the state.
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, signal.SIG_IGN)
    raise KeyboardInterrupt
