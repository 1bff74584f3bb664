"""Which requests the local engine takes for calls of AWS's SDKs, and the address that it sees."""

import pytest

from local.engine.client_requests import is_aws_call, with_true_address

_SIGNED = (b"Authorization", b"AWS4-HMAC-SHA256 Credential=test/20261127/us-east-1/s3/aws4_request, Signature=0")


@pytest.mark.parametrize(
    ("headers", "query", "expected"),
    [
        ([_SIGNED], b"", True),
        ([(b"host", b"x")], b"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0", True),
        ([(b"authorization", b"Bearer AWS4-")], b"", False),
        ([(b"x-note", b"AWS4-HMAC-SHA256")], b"", False),
        ([], b"email=a", False),
    ],
)
def test_a_call_of_an_sdk_is_known_by_its_signature(
    headers: list[tuple[bytes, bytes]], query: bytes, expected: bool
) -> None:
    assert is_aws_call(headers, query) is expected


def test_an_address_that_a_caller_sends_is_replaced() -> None:
    headers = [(b"X-Forwarded-For", b"203.0.113.9"), (b"accept", b"*/*"), (b"x-forwarded-for", b"203.0.113.8")]

    assert with_true_address(headers, "192.0.2.1") == [(b"accept", b"*/*"), (b"x-forwarded-for", b"192.0.2.1")]
