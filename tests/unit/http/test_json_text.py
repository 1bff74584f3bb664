"""A body is JSON in UTF-8 with each field once; what is anything else is refused in words that say what to send."""

import base64
import json
from typing import Any

import pytest

from rolecall.errors import FieldError, UnsupportedMediaType, ValidationFailed
from rolecall.http import json_text


def _event(body: str | bytes = "{}", *types: str, encoding: str | None = None, repeated: bool = False) -> Any:
    headers: dict[str, str | None] = {"Content-type": types[-1]} if types else {}
    if encoding is not None:
        headers["content-Encoding"] = encoding
    is_bytes = isinstance(body, bytes)
    return {
        "headers": headers,
        "multiValueHeaders": {"CONTENT-TYPE": list(types)} if repeated else None,
        "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": is_bytes,
    }


@pytest.mark.parametrize(
    "parameters",
    [
        "",
        ";",
        ";charset=utf-8",
        "; charset=UTF-8",
        '; charset="Utf-8"',
        "; charset=utf8",
        '; CHARSET="\\utf-8"',
        " ; charset = utf-8 ",
        "; version=1; charset=utf-8",
        '; profile="a; charset=latin1"',
        "; charset=utf-8; charset=UTF-8",
    ],
)
def test_utf_8_may_be_declared_in_any_spelling(parameters: str) -> None:
    json_text.check_media_type(_event("{}", f"application/json{parameters}"))
    json_text.check_media_type(_event("{}", f"Application/JSON{parameters}"))


@pytest.mark.parametrize(
    "parameters",
    [
        "; charset=iso-8859-1",
        "; charset=ISO-8859-1",
        ';charset="latin1"',
        "; Charset='utf-8'",
        "; charset=utf-16",
        "; charset=us-ascii",
        "; charset=utf-7",
        "; charset=",
        '; charset=""',
        "; charset=utf-8; charset=latin1",
        "; charset=latin1; charset=utf-8",
        "; charset*=utf-8''latin1",
        "; charset*0=latin; charset*1=1",
        "; version=1; charset=windows-1252",
        '; profile="a"; charset=cp037',
        "; charset=utf-8, application/json; charset=latin1",
    ],
)
def test_another_charset_is_refused(parameters: str) -> None:
    with pytest.raises(UnsupportedMediaType) as raised:
        json_text.check_media_type(_event("{}", f"application/json{parameters}"))
    assert raised.value.message == "send the body in UTF-8: leave the charset out, or say charset=utf-8"


@pytest.mark.parametrize("media_type", ["text/plain", "application/json+x", "application", "", "json; charset=utf-8"])
def test_another_media_type_is_refused(media_type: str) -> None:
    with pytest.raises(UnsupportedMediaType, match="application/json"):
        json_text.check_media_type(_event("{}", media_type))


@pytest.mark.parametrize("types", [("application/json", "text/plain"), ("text/plain", "application/json")])
def test_of_several_content_types_each_counts(types: tuple[str, str]) -> None:
    with pytest.raises(UnsupportedMediaType):
        json_text.check_media_type(_event("{}", *types, repeated=True))


@pytest.mark.parametrize("encoding", ["identity", "Identity", "", "identity, identity"])
def test_no_content_coding_may_be_declared(encoding: str) -> None:
    json_text.check_media_type(_event("{}", encoding=encoding))


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "deflate", "zstd", "x-gzip", "identity, gzip", "utf-8"])
def test_a_content_coding_is_refused(encoding: str) -> None:
    with pytest.raises(UnsupportedMediaType, match="Content-Encoding"):
        json_text.check_media_type(_event("{}", encoding=encoding))


def test_the_refusal_of_a_content_coding_says_what_to_send() -> None:
    with pytest.raises(UnsupportedMediaType) as raised:
        json_text.check_media_type(_event("{}", encoding="gzip"))
    assert raised.value.message == "send the body without a Content-Encoding: gzip and others are not read here"


def test_a_header_that_comes_twice_with_the_same_right_value_is_accepted() -> None:
    json_text.check_media_type(_event("{}", "application/json", "application/json", repeated=True))


def test_a_request_without_a_body_has_no_bytes() -> None:
    for event in ({}, {"body": None}, {"body": "", "isBase64Encoded": True}):
        assert json_text.decode_body_bytes(event) == b""


@pytest.mark.parametrize(
    "body",
    [
        '{"a": "Ren\ufffd"}',
        '{"a": "Ren\\ufffd"}',
        '{"a": "Ren\\uFFFD"}',
        '{"\ufffd": 1}',
        '{"\\ufffd": 1}',
        '{"a": [{"b": ["\\ufffd"]}]}',
        b'{"a": "Ren\xe9"}',
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\xc0\x80"}',
        b'{"a": "\xef\xbf\xbd"}',
        b"\xff\xfe{\x00}\x00",
        b"\x00{\x00}",
    ],
)
def test_what_is_no_utf_8_is_named(body: str | bytes) -> None:
    # The last one is UTF-16, and good UTF-8 too.
    expected = "JSON object" if body == b"\x00{\x00}" else "not UTF-8"
    with pytest.raises(ValidationFailed, match=expected):
        json_text.parse_object_without_duplicate_names(json_text.decode_body_bytes(_event(body)))


@pytest.mark.parametrize(
    "escaped", ["\\ud800", "\\uDBFF", "\\udc00", "\\udfff", "\\ud800\\ud800", "\\udc00\\ud800", "x\\ud83d"]
)
@pytest.mark.parametrize("template", ['{"a": "%s"}', '{"%s": 1}', '{"a": [{"b": "%s"}]}'])
def test_half_of_a_surrogate_pair_is_named(escaped: str, template: str) -> None:
    with pytest.raises(ValidationFailed, match="surrogate"):
        json_text.parse_object_without_duplicate_names((template % escaped).encode())


def test_half_of_a_surrogate_pair_is_named_where_it_is_not_escaped() -> None:
    with pytest.raises(ValidationFailed, match="surrogate"):
        json_text.decode_body_bytes(_event('{"a": "\ud800"}'))


@pytest.mark.parametrize("body", ['{"a": "\\\\ufffd"}', '{"a": "\\ud83d\\ude00"}', '{"a": "😀"}', b'{"a": "\xc3\xa9"}'])
def test_what_only_looks_like_it_is_taken(body: str | bytes) -> None:
    raw = json_text.decode_body_bytes(_event(body))
    assert json_text.parse_object_without_duplicate_names(raw) == json.loads(raw)


@pytest.mark.parametrize("body", ["\ufeff{}", b"\xef\xbb\xbf{}"])
def test_a_byte_order_mark_is_accepted_once(body: str | bytes) -> None:
    assert json_text.parse_object_without_duplicate_names(json_text.decode_body_bytes(_event(body))) == {}
    with pytest.raises(ValidationFailed, match="JSON object"):
        json_text.parse_object_without_duplicate_names(json_text.decode_body_bytes(_event(body * 2)))


def test_what_is_no_base64_is_no_object() -> None:
    with pytest.raises(ValidationFailed, match="JSON object"):
        json_text.decode_body_bytes({"body": "%", "isBase64Encoded": True})


@pytest.mark.parametrize(
    ("body", "twice"),
    [
        ('{"role": "user", "role": "admin"}', "role"),
        ('{"role": "user", "role": "user"}', "role"),
        ('{"role": "user", "r\\u006fle": "admin"}', "role"),
        ('{"role": null, "email": 1, "\\u0072ole": null}', "role"),
        ('{"a": {"b": 1, "b": 2}}', "b"),
        ('{"a": [[], {"b": {"c": 1, "c": 2}}]}', "c"),
        ('{"": 1, "": 2}', ""),
        ('{"a": {"x": 1}, "a": {"x": 2}}', "a"),
        ('{"a": {"b": 1, "b": 2}, "a": 1}', "b"),
        ('{"a":' * 1000 + '{"b": 1, "b": 2}' + "}" * 1000, "b"),
    ],
)
def test_a_field_given_twice_is_refused_at_any_depth(body: str, twice: str) -> None:
    with pytest.raises(ValidationFailed) as raised:
        json_text.parse_object_without_duplicate_names(body.encode())
    assert raised.value.fields == (FieldError(twice, "must be given once"),)


def test_a_name_may_come_again_in_another_object() -> None:
    body = '{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}'
    assert json_text.parse_object_without_duplicate_names(body.encode()) == json.loads(body)


def test_a_number_of_many_digits_is_no_trouble() -> None:
    assert (
        json_text.parse_object_without_duplicate_names(b'{"a": 0.' + b"1" * 10_000 + b', "b": 1' + b"0" * 300 + b"}")[
            "b"
        ]
        == 1e300
    )
