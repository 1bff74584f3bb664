"""A minute of `make soak`: several tenants at work while others are deleted and maintenance runs."""

import sys

import pytest

from local.deployment.stack import Stack
from tests.load.soak import soak

SECONDS = 60.0


@pytest.mark.usefixtures("layer")
def test_every_answer_is_right_while_tenants_are_deleted_and_maintenance_runs(stack: Stack) -> None:
    soaked = soak(stack, SECONDS, large=[60])

    sys.stdout.write(str(soaked))
    assert not soaked.wrong, soaked
    assert soaked.tenants_deleted
    assert soaked.maintained
