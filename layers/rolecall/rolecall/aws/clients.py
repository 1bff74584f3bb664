"""How the functions' clients of AWS are made: all in one way, quickly, and from botocore alone.

Four things differ from botocore's defaults, each for a measured share of a cold start or of a request:

- JSON is read by orjson, and services are not looked for in the directories of all four hundred.
- An attribute of DynamoDB stays as it is, there and back, where botocore would rebuild it member by member.
- Parameters are not checked against the service's model before they are sent: the service does that.
- The user agent is a word, where botocore would put together a description of the machine for each request.

A botocore that no longer calls what is overridden here works as it does by default.
"""

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import orjson
from botocore.config import Config
from botocore.loaders import JSONFileLoader, Loader
from botocore.parsers import JSONParser, ResponseParserFactory
from botocore.serialize import JSONSerializer

#: All that the functions talk to.
_SERVICES = ["dynamodb", "events", "secretsmanager", "sqs"]


def create_client(service: str, **options: Any) -> Any:
    """A low-level client, safe to share by threads; the options are those of `botocore.config.Config`."""
    config = Config(parameter_validation=False, user_agent="rolecall", **options)
    client: Any = _session().create_client(service, config=config)
    if service == "dynamodb":
        client._serializer = _AttributeValueSerializer()  # noqa: SLF001 (botocore has no component for it)
    return client


@cache
def _session() -> botocore.session.Session:
    session = botocore.session.get_session()
    session.register_component("data_loader", _ServiceModelLoader(file_loader=_OrjsonFileLoader()))
    session.register_component("response_parser_factory", _SharedParserFactory())
    return session


class _OrjsonFileLoader(JSONFileLoader):
    def load_file(self, file_path: str) -> Any:
        for extension, opened in ((".json", open), (".json.gz", gzip.open)):
            path = Path(file_path + extension)
            if path.is_file():
                with opened(path, "rb") as file:
                    return orjson.loads(file.read())
        return None


class _ServiceModelLoader(Loader):
    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 (all are of one type)
        return _SERVICES


class _SharedParserFactory(ResponseParserFactory):
    """One parser for all answers, as it keeps nothing of them; botocore makes one for each, and each is a cycle."""

    def __init__(self) -> None:
        super().__init__()
        self._json = _OrjsonParser()

    def create_parser(self, protocol_name: str) -> Any:
        return self._json if protocol_name == "json" else super().create_parser(protocol_name)


class _AttributeValueSerializer(JSONSerializer):
    def _serialize(self, serialized: Any, value: Any, shape: Any, key: Any = None) -> None:
        of = shape.value if shape.type_name == "map" else shape
        if of.name == "AttributeValue":
            serialized[key] = value
        else:
            super()._serialize(serialized, value, shape, key)  # type: ignore[misc]


class _OrjsonParser(JSONParser):
    def _parse_body_as_json(self, body_contents: bytes) -> Any:
        try:
            return orjson.loads(body_contents)
        except orjson.JSONDecodeError:
            return super()._parse_body_as_json(body_contents)  # type: ignore[misc]

    def _handle_structure(self, shape: Any, value: Any) -> Any:
        return value if shape.name == "AttributeValue" else super()._handle_structure(shape, value)  # type: ignore[misc]

    def _handle_map(self, shape: Any, value: Any) -> Any:
        return value if shape.value.name == "AttributeValue" else super()._handle_map(shape, value)  # type: ignore[misc]
