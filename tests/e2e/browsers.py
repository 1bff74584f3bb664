"""A real browser for the tests of pages: Debian's Chromium, driven by Playwright."""

import shutil

import pytest

#: What a browser is called on Debian, on other Linuxes, and where macOS keeps it.
CHROMIUM = next(
    (
        found
        for name in (
            "chromium",
            "chromium-browser",
            "google-chrome",
            "/Applications/Chromium.app/Contents/MacOS/Chromium",
        )
        if (found := shutil.which(name))
    ),
    None,
)
#: A test asks nothing of the browser's maker, and runs where there is neither a screen nor a sandbox.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: on Debian, `apt-get install chromium`")
SECONDS = 60_000.0  # the engine may be busy with other tests
