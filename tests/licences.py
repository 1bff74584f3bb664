"""`python -m tests.licences`: writes docs/licences.md with the licences of all deployed packages."""

import json
import re
import subprocess
from pathlib import Path

from packaging.requirements import Requirement

from local import ROOT

PAGE = ROOT / "docs/licences.md"
#: The licences that a deployed package may have. They require only that the licence is included. MPL-2.0 (orjson) also
#: requires the source of changed files, and Rolecall changes none.
ALLOWED = {
    "Apache-2.0",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT License",
    "MIT License; MIT No Attribution License (MIT-0)",
    "MIT-0",
    "MPL-2.0 AND (Apache-2.0 OR MIT)",
    "PSF-2.0",
    "The Unlicense (Unlicense)",
}
LAYER = ROOT / "layers/rolecall/requirements.txt"
SIGNER = ROOT / "functions/deliver_webhook/requirements.txt"
VIEWER = ROOT / "functions/get_docs_asset/requirements.txt"
CONSOLE = ROOT / "console/package.json"
CONSOLE_LOCK = ROOT / "console/package-lock.json"

#: The homes of packages that do not name theirs.
_HOME_PAGES = {
    "standardwebhooks": "https://www.standardwebhooks.com",
    "preact": "https://preactjs.com",
    "@tanstack/query-core": "https://github.com/TanStack/query",
    "openapi-fetch": "https://github.com/openapi-ts/openapi-typescript",
}

_HEAD = """# Licences

These packages are deployed with Rolecall's own code. `make licences` writes this page from the locked requirements of
the layer and of the functions, and from the lock file of the web console. `make build` leaves out the modules that
nothing imports. boto3 is part of the Lambda runtime. Packages for development and tests are not deployed.

| package | version | licence | home |
| --- | --- | --- | --- |
"""


def locked(requirements: Path) -> dict[str, str]:
    """The packages of a lock file that are deployed to Lambda, with their versions."""
    found = {}
    for line in re.findall(r"^\w.*?(?= \\$)", requirements.read_text(), re.MULTILINE):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate():
            [pinned] = requirement.specifier
            found[requirement.name] = pinned.version
    return found


def of_the_console() -> list[tuple[str, str, str]]:
    """The name, version and licence of each package from npm whose code is in the built web console."""
    packages = json.loads(CONSOLE_LOCK.read_text())["packages"]
    found = {name: packages[f"node_modules/{name}"] for name in json.loads(CONSOLE.read_text())["dependencies"]}
    return [(name, one["version"], one["license"]) for name, one in found.items()]


def page() -> str:
    """The text of the page for the current lock files."""
    command = ["pip-licenses", "--format=json", "--with-urls", "--packages", *locked(LAYER), *locked(SIGNER)]
    listed = subprocess.run(
        [ROOT / ".venv/bin" / command[0], *command[1:]], check=True, capture_output=True, text=True
    ).stdout
    rows = [
        (one["Name"], one["Version"], one["License"], _HOME_PAGES.get(one["Name"], one["URL"]))
        for one in json.loads(listed)
    ]
    # One function contains two files of this package and their licence, but none of its Python code.
    [(name, version)] = locked(VIEWER).items()
    viewer = f"Swagger UI, from {name}"
    rows.append((viewer, version, "Apache-2.0", "https://github.com/swagger-api/swagger-ui"))
    rows += [
        (f"{name}, in the console", version, licence, _HOME_PAGES[name]) for name, version, licence in of_the_console()
    ]
    rows.sort(key=lambda row: row[0].lower().replace("_", "-"))
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    PAGE.write_text(page())
