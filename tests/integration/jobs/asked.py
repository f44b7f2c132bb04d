"""Requests that tests send."""

from __future__ import annotations

from typing import Any

import swath as wf
from swath.job import JobSpec
from swath.types import build_graph
from swath.v1 import jobs_pb2 as pb
from swath.wire.job_request import CreateJob, encode_create

SQUARE = {"bounds": (500000, 4999000, 501000, 5000000), "bounds_crs": "EPSG:32633"}


def create_of(expression: Any, **spec: Any) -> pb.CreateJobRequest:
    """The request to compute an expression; further fields of its spec as keywords."""
    request = CreateJob(JobSpec(build_graph(expression), **spec))
    return pb.CreateJobRequest.FromString(encode_create(request))


def number(value: int = 3, **fields: Any) -> pb.CreateJobRequest:
    """The request to add one to a number; fields of the request as keywords."""
    request = create_of(wf.Int(value) + 1)
    for name, given in fields.items():
        if name == "labels":
            request.labels.update(given)
        else:
            setattr(request, name, given)
    return request
