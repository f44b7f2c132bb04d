"""An expression, where, what format and which destination, as the specification of a job."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import metadata
from typing import Any

from swath.client.question import named_options, question
from swath.job import Destination, JobSpec

Format = str | Mapping[str, Any]
"""A name, or a dict of the name as `type` and options; likewise a destination."""


def specification(
    obj: Any,
    geoctx: Any = None,
    format_: Format = "native",
    destination: Format = "download",
    arguments: Mapping[str, Any] | None = None,
) -> JobSpec:
    """What a job is to compute.

    Raises:
        TypeMismatch: parameters without an argument, arguments without a parameter, something
            that is no expression, geocontext, format or destination. All before anything is sent.
    """
    asked = question(obj, geoctx, arguments, format_)
    name, options = named_options(destination, "destination")
    return JobSpec(
        asked.graph,
        asked.geocontext,
        asked.arguments,
        asked.format,
        asked.options,
        Destination(name, options),
        program(),
    )


@cache
def program() -> str:
    """What jobs tell of the program that asked for them: `swath-python/0.1.0`."""
    try:
        return f"swath-python/{metadata.version('swath')}"
    except metadata.PackageNotFoundError:  # a copy of the source that is not installed
        return "swath-python"
