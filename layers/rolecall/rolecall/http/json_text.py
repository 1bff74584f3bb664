"""The bytes of a request's body, and the JSON object in them.

A body is JSON in UTF-8 without a content coding. API Gateway replaces bytes that are not UTF-8 with U+FFFD. Nobody can
tell afterwards which bytes were sent, so every body that contains U+FFFD is refused, even if the caller sent it.
"""

import base64
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import orjson

from rolecall.errors import FieldError, UnsupportedMediaType, ValidationFailed
from rolecall.text_rules import REPLACEMENT

_NOT_AN_OBJECT = "the body must be a JSON object"

_NOT_UTF_8 = "the body has bytes or characters that are not UTF-8 (U+FFFD stands for them): send JSON in UTF-8"

_LONE_SURROGATE = "the body has half of a surrogate pair, such as \\ud800: send both halves, or the character itself"

#: A parameter of a media type, such as `charset=utf-8` (RFC 9110, section 5.6.6). The pattern also accepts malformed
#: parameters that a lenient reader would accept.
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')

_QUOTED_PAIR = re.compile(r"\\(.)")


def check_media_type(event: Mapping[str, Any], media_types: Collection[str] = ("application/json",)) -> None:
    """Raises `UnsupportedMediaType` for a body that is declared as anything else than JSON in plain UTF-8.

    `media_types` are the names under which JSON is accepted, in lower case.
    """
    for content_type in _all_values_of_header(event, "content-type"):
        _check_content_type(content_type, media_types)
    for codings in _all_values_of_header(event, "content-encoding"):
        if {coding.strip().lower() for coding in codings.split(",")} - {"", "identity"}:
            raise UnsupportedMediaType("send the body without a Content-Encoding: gzip and others are not read here")


def _check_content_type(content_type: str, media_types: Collection[str]) -> None:
    """Raises `UnsupportedMediaType` for another media type than these, or another charset than UTF-8."""
    if content_type.partition(";")[0].strip().lower() not in media_types:
        raise UnsupportedMediaType
    for name, value in _PARAMETER.findall(content_type):
        # RFC 2231 allows to write the parameter `charset` as `charset*` or in pieces such as `charset*0`. All these
        # forms count as `charset`.
        if name.partition("*")[0].lower() == "charset" and _unquote_parameter_value(value).lower() not in {
            "utf-8",
            "utf8",
        }:
            raise UnsupportedMediaType("send the body in UTF-8: leave the charset out, or say charset=utf-8")


def _unquote_parameter_value(value: str) -> str:
    """The value without quotation marks and the backslashes in them."""
    value = value.strip()
    return _QUOTED_PAIR.sub(r"\1", value[1:-1]).strip() if value.startswith('"') else value


def _all_values_of_header(event: Mapping[str, Any], lower_case_name: str) -> list[str]:
    """All values that a header was sent with, some of them twice. `headers` alone holds only the last one."""
    headers, repeated = event.get("headers") or {}, event.get("multiValueHeaders") or {}
    values = [value for name, value in headers.items() if name.lower() == lower_case_name]
    values += [
        value for name, several in repeated.items() if name.lower() == lower_case_name for value in several or ()
    ]
    return [value for value in values if value is not None]


def decode_body_bytes(event: Mapping[str, Any]) -> bytes:
    """The body's bytes without a byte order mark. Raises `ValidationFailed` for malformed Base64 or a lone surrogate.

    Whether the bytes are UTF-8 is not checked here. An event without a body gives no bytes.
    """
    text = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            raw = base64.b64decode(text, validate=True)
        except ValueError:
            raise ValidationFailed(message=_NOT_AN_OBJECT) from None
    else:
        try:
            raw = text.encode()
        except UnicodeEncodeError:
            raise ValidationFailed(message=_LONE_SURROGATE) from None
    # A byte order mark before the JSON text is removed. RFC 8259, section 8.1, allows a receiver to ignore it.
    return raw.removeprefix(b"\xef\xbb\xbf")


def parse_object_without_duplicate_names(raw: bytes) -> dict[str, Any]:
    """The JSON object. Raises `ValidationFailed` for other bytes, for U+FFFD, and for a name that occurs twice."""
    try:
        text = raw.decode()
        found = orjson.loads(text)
    except UnicodeDecodeError:
        raise ValidationFailed(message=_NOT_UTF_8) from None
    except orjson.JSONDecodeError as error:
        raise ValidationFailed(message=_LONE_SURROGATE if "surrogate" in error.msg else _NOT_AN_OBJECT) from None
    if not isinstance(found, dict):
        raise ValidationFailed(message=_NOT_AN_OBJECT)
    # orjson silently keeps the last of several fields with the same name. So Python's parser reads the text again and
    # refuses duplicate names.
    _NAME_CHECKER.decode(text)
    if (REPLACEMENT in text or "\\ufffd" in text.lower()) and any(
        REPLACEMENT in one for one in _names_and_texts_at_any_depth(found)
    ):
        raise ValidationFailed(message=_NOT_UTF_8)
    return found


def _refuse_duplicate_names(pairs: list[tuple[str, Any]]) -> None:
    """Raises `ValidationFailed` with one message for each name that occurs twice in one JSON object."""
    if len(dict(pairs)) < len(pairs):
        twice = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
        raise ValidationFailed(*(FieldError(name, "must be given once") for name in twice))


#: A JSON decoder that is used only to find names that are given twice. It reads integers as `str`, because Python
#: limits the digits of an `int`.
_NAME_CHECKER = json.JSONDecoder(object_pairs_hook=_refuse_duplicate_names, parse_int=str)


def _names_and_texts_at_any_depth(found: Any) -> Iterator[str]:
    """Every name and text in a JSON value. Uses a list instead of recursion, because the value may be nested deeply."""
    waiting = [found]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one
