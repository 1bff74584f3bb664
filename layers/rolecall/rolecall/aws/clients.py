"""How clients of AWS services are created. All of them are created here, with botocore alone, for a fast cold start.

Four things differ from botocore's defaults. Each takes a measured share of a cold start or of a request:

- orjson parses JSON, and botocore does not search its directories of four hundred service models.
- An attribute value of DynamoDB is passed through unchanged. botocore would copy it member by member.
- Parameters are not validated against the service model before they are sent. The service validates them.
- The user agent is one fixed word. botocore would build a description of the machine for each request.

Lambda's runtime contains botocore, and AWS updates it at any time. The overrides here act only on a client that uses
JSON and calls the methods that are known here. Every other client has botocore's default behaviour. `make prove` tries
the newest botocore.
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

#: The AWS services that the functions call.
_SERVICES = ["dynamodb", "events", "secretsmanager", "sqs"]


def create_client(service: str, **options: Any) -> Any:
    """A new low-level botocore client, which threads may share. `options` are those of `botocore.config.Config`."""
    config = Config(parameter_validation=False, user_agent="rolecall", **options)
    client: Any = _session().create_client(service, config=config)
    # A client of another protocol has a serializer of another class. botocore offers no component for serializers.
    if service == "dynamodb" and type(getattr(client, "_serializer", None)) is JSONSerializer:
        client._serializer = _AttributeValueSerializer()  # noqa: SLF001
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
        return super().load_file(file_path)


class _ServiceModelLoader(Loader):
    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 (the services are the same for each type of model)
        return _SERVICES


class _SharedParserFactory(ResponseParserFactory):
    """Returns one shared parser for all responses of JSON services.

    botocore creates a parser for each response, and each is a reference cycle. The parser keeps no state, so one is
    enough.
    """

    def __init__(self) -> None:
        super().__init__()
        self._shared = {"json": _OrjsonParser()} if type(super().create_parser("json")) is JSONParser else {}

    def create_parser(self, protocol_name: str) -> Any:
        return self._shared.get(protocol_name) or super().create_parser(protocol_name)


# Both classes leave attribute values as they are. That would be wrong for binary values, which the table does not have.
# `rest` and `more` are arguments that another botocore may add. They go to its own method.


class _AttributeValueSerializer(JSONSerializer):
    def _serialize(self, serialized: Any, value: Any, shape: Any, key: Any = None, *rest: Any, **more: Any) -> None:
        value_shape = shape.value if shape.type_name == "map" else shape
        if value_shape.name == "AttributeValue" and not rest and not more:
            serialized[key] = value
        else:
            super()._serialize(serialized, value, shape, key, *rest, **more)  # type: ignore[misc]


class _OrjsonParser(JSONParser):
    def _parse_body_as_json(self, body_contents: Any, *rest: Any, **more: Any) -> Any:
        try:
            return orjson.loads(body_contents)
        except orjson.JSONDecodeError:
            return super()._parse_body_as_json(body_contents, *rest, **more)  # type: ignore[misc]

    def _handle_structure(self, shape: Any, value: Any, *rest: Any, **more: Any) -> Any:
        if shape.name == "AttributeValue":
            return value
        return super()._handle_structure(shape, value, *rest, **more)  # type: ignore[misc]

    def _handle_map(self, shape: Any, value: Any, *rest: Any, **more: Any) -> Any:
        if shape.value.name == "AttributeValue":
            return value
        return super()._handle_map(shape, value, *rest, **more)  # type: ignore[misc]
