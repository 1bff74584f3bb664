"""The sweep on dynalite, with threads: the benchmark with so few items that its times mean nothing."""

import pytest

from local import ROOT
from tests.benchmarks import sweep


@pytest.mark.skipif(not (ROOT / "node_modules/dynalite").exists(), reason="needs `npm ci`")
def test_the_sweep_removes_and_counts_everything_with_several_batches_in_flight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "TABLE_NAME"):
        monkeypatch.setenv(name, "")  # restores the variables after the test that the benchmark sets
    # Each candidate asserts that no item is left, and the sweep also that it counted every item.
    assert sweep.speed(200, of_each_user=20, rounds=1)["sweep / bare loop"] > 0
    assert sweep.growth(200, of_each_user=20)["write units/item"] < 1.5
