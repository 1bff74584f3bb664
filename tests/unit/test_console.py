"""The web console: its types, its own tests, and that what is served was built from its source."""

import subprocess
from pathlib import Path

import pytest

from local import ROOT

_ASSETS, _PAGE = ROOT / "functions/get_console_asset/assets", ROOT / "functions/show_console/page.html"

#: The most bytes that the scripts and the style sheet may have together. API Gateway doesn't compress them.
_MOST_BYTES = 160_000

needs_npm = pytest.mark.skipif(not (ROOT / "console/node_modules/.bin/vite").exists(), reason="needs npm")


def _npm(*arguments: str) -> None:
    ran = subprocess.run(
        ["npm", "--prefix", "console", "run", "--silent", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@needs_npm
def test_the_types_fit_the_api() -> None:
    _npm("check")


@needs_npm
def test_the_tests_of_the_console_pass() -> None:
    _npm("test")


@needs_npm
def test_the_served_files_are_built_from_the_source(tmp_path: Path) -> None:
    _npm("build", "--", "--logLevel", "warn", "--outDir", str(tmp_path))

    assert _contents(_ASSETS) == _contents(tmp_path / "console"), "run `make console`"
    assert _PAGE.read_bytes() == (tmp_path / "index.html").read_bytes(), "run `make console`"


def test_the_page_stays_below_its_size_limit() -> None:
    sizes = {path.name: path.stat().st_size for path in _ASSETS.iterdir() if path.suffix in {".js", ".css"}}

    assert sizes
    assert sum(sizes.values()) <= _MOST_BYTES, sizes


def test_the_page_names_each_file_that_is_served_and_no_other() -> None:
    page = _PAGE.read_text()

    assert {path.name for path in _ASSETS.iterdir() if path.name not in page} == set()
    assert page.count("./console/") == len(list(_ASSETS.iterdir()))
