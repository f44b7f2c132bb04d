"""What requests are: one class for each kind, by name."""

from __future__ import annotations

from loadtest.scenario import Work
from loadtest.work.jobs import Create, Get, Job, PersistentJob
from loadtest.work.kind import Kind
from loadtest.work.questions import Constant, Metadata, Ndvi, Whole
from swath.errors import InvalidArgument

KINDS: dict[str, type[Kind]] = {
    "constant": Constant,
    "metadata": Metadata,
    "ndvi": Ndvi,
    "whole": Whole,
    "job": Job,
    "create": Create,
    "persistent_job": PersistentJob,
    "get": Get,
}


def kind_of(work: Work, to: str, seed: int) -> Kind:
    """The kind that a scenario names; its choices follow from the seed.

    Raises:
        InvalidArgument: there is none of that name.
    """
    if work.kind not in KINDS:
        raise InvalidArgument(f"There is no work {work.kind!r}; there are: {', '.join(KINDS)}.")
    return KINDS[work.kind](work, to, seed)
