"""What the clients of AWS do differently from botocore's own, as far as no other test sees it."""

import pytest
from botocore.model import Shape
from botocore.parsers import JSONParser

from rolecall.aws import clients


@pytest.mark.parametrize("body", [b"<html>Service Unavailable</html>", b"", b'{"message": "cut off'])
def test_an_error_that_is_no_json_is_still_an_error(body: bytes) -> None:
    answer = {"headers": {}, "status_code": 503, "body": body}

    nothing = Shape("Nothing", {"type": "structure"})

    told = clients._SharedParserFactory().create_parser("json").parse(answer, nothing)

    assert told == JSONParser().parse(answer, nothing)
    assert told["ResponseMetadata"]["HTTPStatusCode"] == 503


def test_one_parser_serves_all_answers() -> None:
    parsers = clients._SharedParserFactory()
    assert parsers.create_parser("json") is parsers.create_parser("json")
