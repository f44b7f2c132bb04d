"""Engine processes: disposable, forked processes that do the Python work the event loop must not.

A `Pool` keeps two lanes of them and a warm spare. Each runs one request at a time and writes its
answer into slots of shared memory, which the event loop reads when the client is ready for more.
"""

from inspect_server.engines.board import BoardShape
from inspect_server.engines.computation import Computation, Factory, Reading
from inspect_server.engines.crew import CrewConfig, Lane
from inspect_server.engines.pool import Pool, QueueConfig
from inspect_server.engines.process import EngineSpec, State
from inspect_server.engines.run import Run, Task

__all__ = [
    "BoardShape",
    "Computation",
    "CrewConfig",
    "EngineSpec",
    "Factory",
    "Lane",
    "Pool",
    "QueueConfig",
    "Reading",
    "Run",
    "State",
    "Task",
]
