"""The settings that a scenario may have are those of the servers."""

from __future__ import annotations

import typing

from inspect_server.config import InspectConfig
from job_server.config import JobConfig
from job_server.worker.config import WorkerConfig
from loadtest.settings import SETTINGS

SERVERS = (InspectConfig, JobConfig, WorkerConfig)


def test_they_are_all_numbers_of_the_servers_but_the_ports():
    fields = {name: kind for cls in SERVERS for name, kind in typing.get_type_hints(cls).items()}
    numbers = {name: kind for name, kind in fields.items() if kind in (int, float)}
    assert {n: kind for n, kind in numbers.items() if not n.endswith("_port")} == SETTINGS
