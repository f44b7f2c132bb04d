"""Talking to the servers: what `inspect`, `estimate` and `wf.catalog` do."""

from swath.client import catalog
from swath.client.inspect import InspectClient, estimate, inspect, validate

__all__ = ["InspectClient", "catalog", "estimate", "inspect", "validate"]
