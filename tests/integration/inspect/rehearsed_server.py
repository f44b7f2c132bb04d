"""A whole inspect server, as `swath serve` runs it, on rehearsed computations: a program."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import nullcontext
from functools import partial

from inspect_server.config import InspectConfig
from inspect_server.engines import EngineSpec
from inspect_server.server import InspectServer
from swath.errors import SwathError
from swath.serving.config import load
from swath.serving.lifetime import serve_until_signalled
from tests.integration.inspect import rehearsed_rpcs

FACTORY = "tests.integration.inspect.rehearsed_rpcs:factory"


def say_ready(server: InspectServer) -> None:
    """What the tests wait for."""
    print(server.port, server.metrics_port, flush=True)


def main() -> int:
    """Serve with the settings of the environment."""
    config = load(InspectConfig, "inspect", {}, os.environ).validate()
    spec = EngineSpec(FACTORY, memory_bytes=config.engine_memory_bytes)
    here = partial(rehearsed_rpcs.factory, {}, lambda source: nullcontext())
    try:
        return asyncio.run(serve_until_signalled(InspectServer(config, spec, here), say_ready))
    except SwathError as error:
        sys.stderr.write(f"swath: {error}\n")
        return 1


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    os._exit(status)
