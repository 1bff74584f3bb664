"""The commands in the documentation's code blocks."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^( *)```sh( tried)?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)

#: A value in place of a shell variable or substitution. It is valid both as a text and as a number.
_ANYTHING = "1234"


@dataclass(frozen=True)
class Block:
    """One block of shell commands. `tried` says that a test runs it unchanged on the local stack."""

    text: str
    tried: bool
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(
            re.sub(rf"^{found[1]}", "", found[3], flags=re.MULTILINE),
            bool(found[2]),
            text[: found.start()].count("\n") + 1,
        )
        for found in _BLOCK.finditer(text)
    ]


def aws_commands(shell: str) -> list[list[str]]:
    """The words of each `aws` command in a shell script. Variables and substitutions become `_ANYTHING`."""
    found = []
    for start in re.finditer(r"(?:^|[(;{`]|\bdo\b|\n)\s*aws (?=[a-z])", shell):
        text = _until_its_end(shell[start.end() :])
        found.append(shlex.split(_filled_in(text)))
    return found


def _filled_in(text: str) -> str:
    """Replace `$name`, `$(command)` and `$((sum))`, the innermost first."""
    simpler = re.sub(r"\$\w+|\$\{\w+\}|\$\(\([^()]*\)\)|\$\([^()]+\)", _ANYTHING, text)
    return text if simpler == text else _filled_in(simpler)


def _until_its_end(text: str) -> str:
    """The text until the end of the command: an unquoted newline, semicolon, pipe or closing parenthesis."""
    quote, depth = "", 0
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote and text[place - 1] != "\\" else quote
        elif letter in "'\"`":
            if letter == "`":
                return text[:place]
            quote = letter
        elif letter == "(":
            depth += 1
        elif letter == ")" and depth:
            depth -= 1
        elif letter in "\n;|)":
            return text[:place]
    return text
