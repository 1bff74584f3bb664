"""One process with one warm handler: `{"event": …, "times": n}` a line in, `{"cpu": seconds, "answer": …}` a line out.

The benchmark runs it on the path of a `Package`, with the handler as its argument. `cpu` is the CPU time of this
process, without the time that the storage takes.
"""

import importlib
import json
import os
import sys
import time
from typing import Any
from uuid import uuid4


class Context:
    """The context object that Lambda passes to a function."""

    function_name = "bench"
    function_version = "1"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:bench"

    def __init__(self) -> None:
        self.aws_request_id = str(uuid4())

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def main() -> None:
    module, _, name = sys.argv[1].rpartition(".")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the logs are discarded
    handler: Any = getattr(importlib.import_module(module.replace("/", ".")), name)
    for line in sys.stdin:
        asked = json.loads(line)
        event = json.dumps(asked["event"])
        cpu, answer = 0.0, None
        for _ in range(asked["times"]):
            one, context = json.loads(event), Context()
            start = time.process_time()
            answer = handler(one, context)
            cpu += time.process_time() - start
        print(json.dumps({"cpu": cpu / asked["times"], "answer": answer}), file=answers, flush=True)


if __name__ == "__main__":
    main()
