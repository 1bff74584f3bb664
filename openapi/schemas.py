"""The JSON Schemas of the document, made by pydantic from the models of request bodies and of answers."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from openapi import answers, deliveries
from openapi.handlers import handler_of
from openapi.routes import OPERATIONS, Schema


def reference_to(model: type[BaseModel]) -> Schema:
    """Returns a reference to the schema of a model in the document."""
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _models() -> Iterable[type[BaseModel]]:
    for function, about in OPERATIONS.items():
        body = handler_of(function).body
        if body:
            yield body
        for answer in about.answers.values():
            yield from answer.models
    yield from (delivery.model for delivery in deliveries.DELIVERIES.values())
    yield from (answers.TenantError, answers.PlatformError, answers.GatewayError)


@cache
def schemas() -> dict[str, Schema]:
    """Returns the schema of each model, and of each type that models share, by name."""
    _, generated = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(_models())], ref_template="#/components/schemas/{model}"
    )
    found: dict[str, Schema] = _without_titles_and_null_defaults(generated["$defs"])
    return dict(sorted(found.items()))


def _without_titles_and_null_defaults(node: Any) -> Any:
    """Returns a schema without titles, which repeat the names, and without null as the default of an absent field."""
    if isinstance(node, list):
        return [_without_titles_and_null_defaults(one) for one in node]
    if not isinstance(node, dict):
        return node
    properties = node.get("properties")
    kept = {
        name: _without_titles_and_null_defaults(one)
        for name, one in node.items()
        if name not in {"title", "examples", "properties"}
    }
    if "examples" in node:
        kept["examples"] = node["examples"]
    if kept.get("default", ...) is None:
        del kept["default"]
    if properties is not None:
        kept["properties"] = {name: _without_titles_and_null_defaults(one) for name, one in properties.items()}
    return kept


def example_of(schema: Schema) -> Any:
    """Returns an example of a schema, made of the first example of each field."""
    if "$ref" in schema and "examples" not in schema:
        return example_of(schemas()[schema["$ref"].rpartition("/")[2]])
    if "examples" in schema:
        return schema["examples"][0]
    for word in ("const", "default"):
        if word in schema:
            return schema[word]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        return [example_of(schema["items"])]
    if "properties" in schema:
        return {name: example_of(one) for name, one in schema["properties"].items() if _is_in_examples(name)}
    raise ValueError(f"no example for {schema}")


def _is_in_examples(name: str) -> bool:
    # The examples of lists show the last page.
    return name not in {"next_cursor", "nextCursor"}


def json_content(examples: Mapping[str, Any], options: list[Schema]) -> dict[str, Any]:
    """Returns OpenAPI's media type object for a body that has one of the schemas, with its examples by name."""
    schema = options[0] if len(options) == 1 else {"oneOf": options}
    if len(examples) == 1:
        [example] = examples.values()
        return {"schema": schema, "example": example}
    return {"schema": schema, "examples": {name: {"value": value} for name, value in examples.items()}}
