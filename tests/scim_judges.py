"""Judges of a SCIM server that others have written: `scim2-tester` and `scim-sanity`."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import CheckResult, check_server, filling
from scim_sanity.probe.runner import run_probe_api


def judge_by_scim2_tester(base_url: str, token: str, **client_options: Any) -> list[CheckResult]:
    """The results of all checks of scim2-tester. It makes users in the token's tenant, and removes them again.

    scim2-tester gives `userName` a random text. Here, a `userName` must be an email, so it gets a random address.
    """
    headers = {"Authorization": f"Bearer {token}"}
    with (
        httpx2.Client(base_url=base_url, headers=headers, timeout=60, **client_options) as client,
        _addresses_as_user_names(),
    ):
        return check_server(SyncSCIMClient(client))


@contextmanager
def _addresses_as_user_names() -> Iterator[None]:
    original = filling.get_random_example_value

    def example(path: Any) -> Any:
        return f"{uuid.uuid4().hex}@example.com" if str(path).endswith("userName") else original(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filling, "get_random_example_value", example)
        yield


def judge_by_scim_sanity(base_url: str, token: str) -> list[dict[str, str]]:
    """The results of all tests of scim-sanity, in its strict mode. It makes users, and removes them again."""
    results: list[dict[str, str]] = run_probe_api(base_url, token=token, strict=True)["results"]
    return results
