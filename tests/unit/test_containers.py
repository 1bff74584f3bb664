"""Where functions can't run in containers, the reason is one sentence, and nothing is downloaded."""

import os
import re
from pathlib import Path

import pytest

from tests.containers import packages
from tests.containers.packages import Unavailable


def test_who_is_not_root_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Unavailable, match=r"^containers need root on Linux$"):
        packages.programs()


def test_what_a_machine_lacks_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"^containers need apt-get, dpkg, dpkg-query, ip, as Debian has them$"):
        packages.programs()


def test_packages_that_cannot_be_had_leave_nothing_half_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(packages, "FOLDER", tmp_path / "venv/docker")
    (tmp_path / "venv").mkdir()
    for name in packages.NEEDED:
        (tmp_path / name).write_text("#!/bin/sh\necho E: no network >&2\nexit 1\n")
        (tmp_path / name).chmod(0o755)

    with pytest.raises(Unavailable, match=re.escape("`apt-get` could not get Docker's packages: E: no network")):
        packages.programs()

    assert list((tmp_path / "venv").iterdir()) == []
