"""The file `.local/demo.json`: the credentials of the demo data, and where to use them."""

import json

from local.demo.document import Demo, Seeds
from local.deployment import running_stack
from local.deployment.stack import Stack

_NOTE = "local/seeds"


def recall_seeds(stack: Stack) -> Seeds | None:
    """Returns what `remember_seeds` kept in the stack's own state, if it kept something."""
    text = stack.recall(_NOTE)
    if text is None:
        return None
    seeds: Seeds = json.loads(text)
    return seeds


def remember_seeds(stack: Stack, seeds: Seeds) -> None:
    """Keeps the seeds in the stack's own state, so that they are lost when the data is."""
    stack.remember(_NOTE, json.dumps(seeds))


def write_demo_file(stack: Stack, seeds: Seeds) -> Demo:
    """Writes `.local/demo.json`, which only its owner may read, and returns its content."""
    demo: Demo = {
        "api": stack.api,
        "endpoint_url": stack.endpoint_url,
        "table": stack.table_name,
        "master_token": stack.master_token,
        **seeds,
    }
    path = running_stack.STATE_FOLDER / "demo.json"
    running_stack.make_private(path)
    path.write_text(json.dumps(demo, indent=2, ensure_ascii=False) + "\n")
    return demo
