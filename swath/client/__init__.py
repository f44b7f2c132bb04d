"""Talking to the servers: what `inspect`, `compute`, `Job` and `wf.catalog` do."""

from swath.client import catalog
from swath.client.compute import compute
from swath.client.inspect import InspectClient, estimate, inspect, validate
from swath.client.job import Job
from swath.client.jobs import JobClient

__all__ = [
    "InspectClient",
    "Job",
    "JobClient",
    "catalog",
    "compute",
    "estimate",
    "inspect",
    "validate",
]
