"""The sweep on an engine of its own, with threads; the benchmark at a size that says nothing of speed."""

import pytest

from local import ROOT
from tests.benchmarks import sweep


@pytest.mark.skipif(not (ROOT / "node_modules/dynalite").exists(), reason="needs `npm ci`")
def test_the_sweep_removes_and_counts_everything_with_several_batches_in_flight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "TABLE_NAME"):
        monkeypatch.setenv(name, "")  # what the benchmark sets is gone after the test
    # Each of them asserts that everything has gone, and the sweep that it counted everything.
    assert sweep.speed(200, of_each_user=20, rounds=1)["sweep / bare loop"] > 0
    assert sweep.growth(200, of_each_user=20)["write units/item"] < 1.5
