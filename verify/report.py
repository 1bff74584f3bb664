"""What a person sees of a walk."""

from collections import Counter
from collections.abc import Iterable
from typing import TextIO

from verify.results import Result, Verdict

_COLOURS = {Verdict.RIGHT: "32", Verdict.WRONG: "1;31", Verdict.UNKNOWN: "33"}


class Report:
    """Prints a row for each result as it comes, and the sum at the end."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._colour = out.isatty()
        self.results: list[Result] = []

    def add(self, results: Iterable[Result]) -> None:
        """Print the results while they come."""
        for one in results:
            self.results.append(one)
            verdict = f"{one.verdict:<8}"
            if self._colour:
                verdict = f"\033[{_COLOURS[one.verdict]}m{verdict}\033[0m"
            note = f"  {one.note}" if one.note else ""
            self.say(f"{verdict} {one.seconds:5.1f} s  {one.title}{note}")

    def end(self, seconds: float) -> int:
        """Print the sum, and what is wrong once more. Returns the exit code: 1 if anything is wrong."""
        wrong = [one for one in self.results if one.verdict is Verdict.WRONG]
        counts = Counter(one.verdict for one in self.results)
        self.say("")
        for one in wrong:
            self.say(f"wrong: {one.title}  {one.note}")
        said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)
        self.say(f"{said}, in {seconds:.0f} s.")
        return 1 if wrong else 0

    def say(self, line: str) -> None:
        """Print a line."""
        print(line, file=self._out, flush=True)
