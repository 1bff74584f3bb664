"""What comes in is pinned, what ships may ship, and nothing secret is in the repository."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from detect_secrets.core import baseline
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.filters.regex import should_exclude_file
from detect_secrets.settings import transient_settings
from packaging.requirements import Requirement

from local import ROOT
from tests import licences

LOCKS = sorted(
    str(path.relative_to(ROOT))
    for folder in ("requirements", "layers/rolecall", "functions")
    for path in (ROOT / folder).rglob("*.txt")
    if path.parent.name == "requirements" or path.name == "requirements.txt"
)
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def _locked(path: str) -> dict[str, tuple[Requirement, frozenset[str]]]:
    """Each package of a lock file, as it is required and with which hashes; fails for anything else in it."""
    text = re.sub(r"#.*", "", (ROOT / path).read_text()).replace("\\\n", " ")
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        requirement = Requirement(_HASH.sub("", line).strip())
        found[f"{requirement.name} {requirement.marker or ''}"] = (requirement, frozenset(_HASH.findall(line)))
    return found


def test_the_locks_are_found() -> None:
    assert {"requirements/dev.txt", "requirements/setup.txt", "layers/rolecall/requirements.txt"} < set(LOCKS)


@pytest.mark.parametrize("path", LOCKS)
def test_each_requirement_is_one_version_with_hashes_from_wherever_one_installs(path: str) -> None:
    for requirement, hashes in _locked(path).values():
        assert [one.operator for one in requirement.specifier] == ["=="], requirement
        assert "*" not in str(requirement.specifier), requirement
        assert requirement.url is None, requirement
        assert hashes, requirement


def test_what_is_tested_is_what_is_deployed() -> None:
    layer = _locked("layers/rolecall/requirements.txt") | _locked("functions/deliver_webhook/requirements.txt")
    developers = _locked("requirements/dev.txt")
    versions = {requirement.name: (requirement.specifier, hashes) for requirement, hashes in developers.values()}

    assert {name: (one.specifier, hashes) for one, hashes in layer.values() if (name := one.name)} == {
        one.name: versions.get(one.name) for one, _ in layer.values()
    }


@pytest.mark.parametrize("path", ["package-lock.json", "console/package-lock.json"])
def test_each_package_of_npm_has_its_hash_and_no_address(path: str) -> None:
    packages = json.loads((ROOT / path).read_text())["packages"]
    del packages[""]

    assert packages
    assert [name for name, one in packages.items() if not one.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, one in packages.items() if "resolved" in one] == []


def test_the_page_of_licences_is_current() -> None:
    assert licences.PAGE.read_text() == licences.page(), "run `make licences`"


def test_the_built_console_names_each_package_that_is_in_it() -> None:
    [script] = (ROOT / "functions/get_console_asset/assets").glob("packages-*.js")
    [notice] = re.findall(r"\A/\*(.*?)\*/", script.read_text(), re.DOTALL)

    names = {name for name, _, _ in licences.of_the_console()}
    assert {name for name in names if f"{name}, (c)" not in notice} == set()
    assert {licence for _, _, licence in licences.of_the_console()} == {"MIT"}
    # What a dependency of these brings is in the built files too.
    packages = json.loads(licences.CONSOLE_LOCK.read_text())["packages"]
    brought = {name for one in names for name in packages[f"node_modules/{one}"].get("dependencies", {})}
    # It is types alone.
    assert brought - names == {"openapi-typescript-helpers"}


def test_every_licence_lets_it_ship() -> None:
    rows = [line.split(" | ") for line in licences.PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    found = {row[0].removeprefix("| "): row[2] for row in rows if row[0] != "| ---"}

    deployed = [*licences.locked(licences.LAYER), *licences.locked(licences.SIGNER), *licences.of_the_console()]
    assert len(found) == len(deployed) + 1
    assert {name: licence for name, licence in found.items() if licence not in licences.ALLOWED} == {}


def _secrets(root: Path, paths: list[str], known: dict[str, object]) -> set[tuple[str, str, str]]:
    """File, type and hash of whatever looks like a secret."""
    with transient_settings(known):
        found = SecretsCollection(root=str(root))
        for path in paths:
            if not should_exclude_file(path):
                found.scan_file(path)
    # A test's password is nobody's; ruff does not look for those in tests either.
    return {
        (path, secret.type, secret.secret_hash)
        for path, secret in found
        if not (path.startswith("tests/") and secret.type == "Secret Keyword")
    }


def test_nothing_looks_like_a_secret_that_nobody_has_looked_at() -> None:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("git says what is in the repository")
    known = baseline.load_from_file(str(ROOT / ".secrets.baseline"))
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout

    found = _secrets(ROOT, [path for path in tracked.splitlines() if (ROOT / path).is_file()], known)

    assert found - {(path, secret.type, secret.secret_hash) for path, secret in baseline.load(known)} == set(), (
        "run `make secrets`"
    )


def test_a_secret_would_be_found(tmp_path: Path) -> None:
    known = baseline.load_from_file(str(ROOT / ".secrets.baseline"))
    (tmp_path / "app.py").write_text(f'key = "{"AKIA" + "Z7Q4W2E6R8T1Y3U5"}"\npassword = "{"hunter2" + "hunter3"}"\n')

    assert {kind for _, kind, _ in _secrets(tmp_path, ["app.py"], known)} == {"AWS Access Key", "Secret Keyword"}


def test_each_finding_was_judged() -> None:
    findings = json.loads((ROOT / ".secrets.baseline").read_text())["results"]

    assert [path for path, ones in findings.items() for one in ones if one.get("is_secret") is not False] == []
