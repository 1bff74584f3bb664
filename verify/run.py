"""How a walk goes: one check after the other, then the removal of what they made."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from verify.check import Check
from verify.report import Report
from verify.results import Result, Unknown, Verdict, Wrong
from verify.walk import Walk

#: A walk takes about a minute on AWS. What is not begun after this many seconds is not tried.
MOST_SECONDS = 420.0
_DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"}


def walk_through(walk: Walk, checks: Sequence[Check], report: Report) -> int:
    """Run the checks and remove what they made, whatever happens. Returns the exit code."""
    began = time.monotonic()
    interrupted = False
    try:
        report.add(take(walk, checks))
    except KeyboardInterrupt:
        interrupted = True
        report.say("\nInterrupted: removing what the walk has made. Interrupt again to leave it.")
    finally:
        report.add(clean_up(walk))
    code = report.end(time.monotonic() - began)
    return 1 if interrupted else code


def take(walk: Walk, checks: Iterable[Check]) -> Iterator[Result]:
    """Run the checks in order; yields what comes of each."""
    end = time.monotonic() + MOST_SECONDS
    for one in checks:
        if time.monotonic() > end:
            yield Result(one.title, Verdict.UNKNOWN, f"Not tried, because {MOST_SECONDS:.0f} seconds were up.")
        else:
            yield _judge(walk, one.title, lambda one=one: one.run(walk))  # type: ignore[misc]


def clean_up(walk: Walk) -> Iterator[Result]:
    """Remove what the checks have made, the newest first; yields what comes of each removal."""
    for what, undo in walk.removals():

        def remove(undo: Callable[[], object] = undo) -> str:
            undo()
            return ""

        yield _judge(walk, f"{what} is gone.", remove)


def _judge(walk: Walk, title: str, run: Callable[[], str]) -> Result:
    began = time.monotonic()
    try:
        verdict, note = Verdict.RIGHT, run()
    except Wrong as wrong:
        verdict, note = Verdict.WRONG, str(wrong)
    except Unknown as unknown:
        verdict, note = Verdict.UNKNOWN, str(unknown)
    except ClientError as error:
        verdict, note = _of_aws(error)
    except (BotoCoreError, OSError) as error:
        verdict, note = Verdict.UNKNOWN, f"AWS did not answer ({type(error).__name__})."
    except Exception as error:  # noqa: BLE001 (one check that can't go on must not keep the others from running)
        # Mostly an answer that is not formed as it should be. Its content may hold a secret, so it is not shown.
        asked = f"; last asked: {walk.heard[-1].what}" if walk.heard else ""
        verdict, note = Verdict.WRONG, f"The check could not go on ({type(error).__name__}{asked})."
    return Result(title, verdict, walk.without_secrets(note), time.monotonic() - began)


def _of_aws(error: ClientError) -> tuple[Verdict, str]:
    code = error.response["Error"]["Code"]
    if code in _DENIED:
        return Verdict.UNKNOWN, f"The credentials in the environment do not allow {error.operation_name}."
    return Verdict.WRONG, f"AWS answered {error.operation_name} with {code}."
