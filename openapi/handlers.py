"""What the document takes from the functions: their routes and their docstrings."""

import importlib
from typing import Any, cast

from rolecall.http.routes import Route


def handler_of(function: str) -> Route[Any]:
    """Returns the route of a function: its family, its guard, the model of its body, its query parameters."""
    return cast("Route[Any]", importlib.import_module(f"functions.{function}.app").handler.__self__)


def summary_of(function: str) -> str:
    """Returns the sentence of a function's docstring, as in `POST /users/{id}/promote: change the role of …`."""
    text = (importlib.import_module(f"functions.{function}.app").__doc__ or "").partition("\n\n")[0]
    sentence = " ".join(text.split()).partition(": ")[2]
    return (sentence[:1].upper() + sentence[1:]).removesuffix(".")
