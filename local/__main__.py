"""`python -m local <command>`: what the local targets of the Makefile do."""

import errno
import os
import pkgutil
import sys

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
)

from local import StackError
from rolecall.errors import ServiceUnavailable

_NO_CREDENTIALS = (NoCredentialsError, NoRegionError, PartialCredentialsError, ProfileNotFound, SSOError)
#: A command's module is imported only when the command is given, because some of their libraries import slowly.
COMMANDS = {
    "run": "local.commands.run:run",
    "sync": "local.commands.sync:main",
    "reset": "local.commands.reset:main",
    "operate": "local.commands.operate:main",
    "logs": "local.commands.logs:main",
    "shell": "local.commands.shell:main",
    "seed": "local.commands.seed:main",
    "doctor": "local.commands.doctor:main",
    "release": "local.commands.release:main",
    "delete-tenant": "local.commands.delete_tenant:main",
    "promote": "local.commands.promote:main",
    "invoke": "local.commands.sam_local:invoke",
    "start-api": "local.commands.sam_local:start_api",
    "start-lambda": "local.commands.sam_local:start_lambda",
}


def main(arguments: list[str]) -> int:
    """Runs a command and returns the exit code. An expected failure is printed as one sentence, without a traceback."""
    command, *more = arguments
    try:
        pkgutil.resolve_name(COMMANDS[command])(*more)
    except KeyboardInterrupt:
        print(file=sys.stderr)
    except BrokenPipeError:
        # The reader of the output has ended, as in `make logs | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except ServiceUnavailable as error:
        # The layer raises this for every failure of AWS. A developer needs the cause.
        cause = error.__cause__
        print(_sentence(cause if isinstance(cause, BotoCoreError | ClientError) else error), file=sys.stderr)
        return 1
    except (StackError, BotoCoreError, ClientError, OSError) as error:
        print(_sentence(error), file=sys.stderr)
        return 1
    return 0


def _sentence(error: Exception) -> str:
    """Returns the message for an expected failure. Raises any other error again."""
    match error:
        case EndpointConnectionError():
            address = error.kwargs["endpoint_url"]
            return f"Nothing answers at {address}: if that is the local stack, start it with `make run`."
        case _ if isinstance(error, _NO_CREDENTIALS):
            said = str(error).rstrip(".")
            return f"{said}: log in to AWS, and say with AWS_PROFILE and AWS_DEFAULT_REGION who and where."
        case BotoCoreError() | ClientError():
            return f"AWS, or the local engine in its place, refused: {error}"
        case OSError():
            if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS}:
                raise error
            return f"{error.filename or 'A file'} cannot be written: {error.strerror}."
        case _:
            return str(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
