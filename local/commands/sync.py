"""`make sync`: brings the sources onto the stack that runs, with a deployment if one is needed."""

from local.deployment import containers, running_stack, sync
from local.progress import step


def main() -> None:
    """Prints what it brings up to date, or that nothing was outdated."""
    stack = running_stack.find()
    if sync.bring_up_to_date(stack, step):
        containers.write_variables(stack)
    else:
        print("The local stack already runs the sources as they are.")
