"""`python -m openapi`: writes `docs/openapi.json` and `docs/errors.md`."""

from local import ROOT
from openapi import catalogue, document, failures


def files() -> dict[str, str]:
    """What is made, by its path in the repository."""
    return {
        "docs/openapi.json": document.to_text(),
        "docs/errors.md": catalogue.to_markdown(failures.operations_by_error_code()),
    }


if __name__ == "__main__":
    for path, text in files().items():
        (ROOT / path).write_text(text)
        print(f"{path}: {len(text.encode()) / 1024:.0f} KiB")
