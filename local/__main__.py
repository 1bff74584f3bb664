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

_NOT_LOGGED_IN = (NoCredentialsError, NoRegionError, PartialCredentialsError, ProfileNotFound, SSOError)
# Imported when asked for: each needs other libraries, and a person waits.
COMMANDS = {
    "run": "local.serve:run",
    "sync": "local.serve:take_in",
    "reset": "local.serve:reset",
    "operate": "local.operator:main",
    "logs": "local.logs:main",
    "shell": "local.shell:main",
    "seed": "local.crowd:main",
    "doctor": "local.doctor:main",
}


def main(arguments: list[str]) -> int:
    """The exit code. What goes wrong is told in one sentence, without a traceback."""
    command, *more = arguments
    try:
        pkgutil.resolve_name(COMMANDS[command])(*more)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except EndpointConnectionError as error:
        address = error.kwargs["endpoint_url"]
        print(f"Nothing answers at {address}: if that is the local stack, start it with `make run`.", file=sys.stderr)
        return 1
    except _NOT_LOGGED_IN as error:
        said = str(error).rstrip(".")
        print(f"{said}: log in to AWS, and say with AWS_PROFILE and AWS_REGION who and where.", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"AWS, or the local engine in its place, refused: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read along, as in `make logs | head`, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS}:
            raise
        print(f"{error.filename or 'A file'} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
