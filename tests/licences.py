"""`python -m tests.licences`: docs/licences.md, the licences of what is deployed."""

import json
import re
import subprocess
from pathlib import Path

from packaging.requirements import Requirement

from local import ROOT

PAGE = ROOT / "docs/licences.md"
#: What may ship: licences that ask for no more than to be named. MPL-2.0 (orjson) asks for the source of its own
#: files where someone changed them, and nobody did.
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
VIEWER = ROOT / "functions/get_docs_asset/requirements.txt"

_HEAD = """# Licences

What is deployed beside Rolecall's own code, and under which licence; `make licences` writes this page from the
layer's and the functions' locked requirements. `make build` leaves out what nothing imports of it. boto3 comes with the
Lambda runtime. What develops and tests Rolecall does not ship.

| package | version | licence | home |
| --- | --- | --- | --- |
"""


def locked(requirements: Path) -> dict[str, str]:
    """The packages of a lock file that Lambda gets, and their versions."""
    found = {}
    for line in re.findall(r"^\w.*?(?= \\$)", requirements.read_text(), re.MULTILINE):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate():
            [pinned] = requirement.specifier
            found[requirement.name] = pinned.version
    return found


def page() -> str:
    """The page as it should be."""
    command = ["pip-licenses", "--format=json", "--with-urls", "--packages", *locked(LAYER)]
    listed = subprocess.run(
        [ROOT / ".venv/bin" / command[0], *command[1:]], check=True, capture_output=True, text=True
    ).stdout
    rows = [(one["Name"], one["Version"], one["License"], one["URL"]) for one in json.loads(listed)]
    # One function ships two files and their licence out of this package, and none of its Python.
    [(name, version)] = locked(VIEWER).items()
    viewer = f"Swagger UI, from {name}"
    rows.append((viewer, version, "Apache-2.0", "https://github.com/swagger-api/swagger-ui"))
    rows.sort(key=lambda row: row[0].lower().replace("_", "-"))
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    PAGE.write_text(page())
