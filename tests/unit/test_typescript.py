"""The definitions for TypeScript: current, and good for a program that changes a role."""

import subprocess

import pytest

from local import ROOT

pytestmark = pytest.mark.skipif(
    not (ROOT / "node_modules/.bin/tsc").exists(), reason="needs npm: install Node.js, then run `make unit` again"
)


def _npm(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["npm", "run", "--silent", script], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_definitions_are_current() -> None:
    made = _npm("typescript")

    assert made.returncode == 0, made.stderr
    assert made.stdout == (ROOT / "clients/typescript/rolecall.d.ts").read_text(), "run `make typescript`"


def test_the_sample_fits_them_and_every_misuse_does_not() -> None:
    checked = _npm("typecheck")
    assert checked.returncode == 0, checked.stdout
