"""`make reset`: removes the state of the local stack."""

import shutil

from local.deployment import running_stack


def main() -> None:
    """Removes the state folder. Raises `StackError` while a stack runs on it."""
    if running_stack.STATE_FOLDER.exists():
        with running_stack.lock_state_folder("stop it (Ctrl-C) first"):
            shutil.rmtree(running_stack.STATE_FOLDER)
    print("The local state is removed; the next `make run` starts with new demo data.")
