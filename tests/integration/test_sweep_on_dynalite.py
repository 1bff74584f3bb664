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
    [row] = sweep.measure([500])
    assert row["write units/item, besides"] < 0.5
