"""The template's functions and routes, as the document and the tests read them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from samcli.yamlhelper import yaml_parse

from local import ROOT


@cache
def template() -> dict[str, Any]:
    """`template.yaml`, with intrinsic functions in their long form."""
    return cast("dict[str, Any]", yaml_parse((ROOT / "template.yaml").read_text()))


@dataclass(frozen=True)
class Route:
    """A route of the API. `function` is the folder of its function; a `public` route has no authorizer."""

    method: str
    path: str
    function: str
    public: bool

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))


@cache
def functions() -> Mapping[str, dict[str, Any]]:
    """Returns the properties of each function, by its folder."""
    found = {}
    for resource in template()["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            found[Path(resource["Properties"]["CodeUri"]).name] = resource["Properties"]
    return found


@cache
def routes() -> list[Route]:
    """Returns every route of the API."""
    """The routes of the API, without what answers everything that is no route."""
    found = []
    for folder, properties in functions().items():
        for source in properties.get("Events", {}).values():
            if source["Type"] == "Api" and source["Properties"]["Method"] != "ANY":
                about = source["Properties"]
                public = about.get("Auth", {}).get("Authorizer") == "NONE"
                found.append(Route(about["Method"], about["Path"], folder, public))
    return found


def route_of(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Returns the route that a request reaches with its path parameters, or None if there is none."""
    for route in routes():
        if route.method == method and (found := route.pattern.fullmatch(path)):
            return route, found.groupdict()
    return None


@cache
def gateway_responses() -> Mapping[str, Any]:
    """Returns the responses that API Gateway makes by itself, by their types."""
    (api,) = (one for one in template()["Resources"].values() if one["Type"] == "AWS::Serverless::Api")
    return cast("dict[str, Any]", api["Properties"]["GatewayResponses"])
