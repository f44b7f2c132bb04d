"""When each plane is made and forgotten, and how many bytes that holds for each pixel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from engine.evaluate.plane import Plane, ReadPlane, ReducePlane, arguments, topological
from engine.plan.segment import Schedule, Stream, Task, inputs_of, outputs_of, tasks_for
from engine.plan.stream import Cone, cones

MASK_BYTES = 1
READ_SCRATCH_BYTES = 24
"""Per pixel of a file being read: coordinates, native values and mask, before they are held."""
READERS = 2
"""Files of a window that are read at a time."""
TOTALS_BYTES = 24
"""Per pixel of a reduction that is fed: a few float64 and a count."""


def schedule(
    wanted: Sequence[Plane], is_streaming: bool = True, given: Sequence[Plane] = ()
) -> Schedule:
    """The tasks that make `wanted`.

    Args:
        is_streaming: feed reductions of many images part by part.
        given: planes that are there already, and stay.
    """
    there = {id(p) for p in given}
    order = topological(wanted, lambda p: () if id(p) in there else arguments(p))
    found = cones(order, wanted) if is_streaming else []
    streams = [_stream(c) for c in found]
    replaced = {id(p): s.inputs for s in streams for p in s.outputs}

    def needs(plane: Plane) -> Sequence[Plane]:
        return () if id(plane) in there else replaced.get(id(plane), arguments(plane))

    tasks = tasks_for(wanted, needs, given, streams)
    forget = _last_uses(tasks, [*wanted, *given])
    return Schedule(tuple(wanted), tuple(tasks), tuple(forget), _most_held(tasks, forget))


def _stream(cone: Cone) -> Stream:
    parts = tuple(schedule(p, is_streaming=False, given=cone.inputs) for p in cone.parts)
    return Stream(cone.inputs, cone.reductions, parts)


def together(found: Schedule) -> Iterator[tuple[Sequence[Task], tuple[Plane, ...]]]:
    """Tasks that are done at once, in order, and what may be forgotten after them.

    Reads that follow each other are, as long as nothing is forgotten between them: then no more is
    held at once than if they were done one by one.
    """
    reads: list[Task] = []
    for task, done in zip(found.tasks, found.forget, strict=True):
        if not isinstance(task, ReadPlane):
            if reads:
                yield reads, ()
            reads = []
            yield (task,), done
        elif done:
            yield [*reads, task], done
            reads = []
        else:
            reads.append(task)
    if reads:
        yield reads, ()


def reads_of(found: Schedule) -> list[ReadPlane]:
    """All reading tasks, those of streamed parts too."""
    reads = [t for t in found.tasks if isinstance(t, ReadPlane)]
    parts = [p for t in found.tasks if isinstance(t, Stream) for p in t.parts]
    return [*reads, *(r for p in parts for r in reads_of(p))]


def _last_uses(tasks: Sequence[Task], wanted: Sequence[Plane]) -> list[tuple[Plane, ...]]:
    seen = {id(p) for p in wanted}
    forget: list[tuple[Plane, ...]] = []
    for task in reversed(tasks):
        done = []
        for plane in (*inputs_of(task), *outputs_of(task)):
            if id(plane) not in seen:
                seen.add(id(plane))
                done.append(plane)
        forget.append(tuple(done))
    return forget[::-1]


def itemsize(plane: Plane) -> int:
    """Bytes of one value."""
    return np.dtype(plane.dtype).itemsize


def _held_bytes(plane: Plane) -> int:
    """Bytes for each pixel of a plane with its mask, all images."""
    return plane.count * (itemsize(plane) + MASK_BYTES)


def _most_held(tasks: Sequence[Task], forget: Sequence[tuple[Plane, ...]]) -> int:
    """The peak, per pixel, over the tasks."""
    now = most = 0
    for task, done in zip(tasks, forget, strict=True):
        now += sum(_held_bytes(p) for p in outputs_of(task))
        most = max(most, now + _scratch_bytes(task))
        now -= sum(_held_bytes(p) for p in done)
    return most


def _scratch_bytes(task: Task) -> int:
    if isinstance(task, ReadPlane):
        return READ_SCRATCH_BYTES * READERS
    if isinstance(task, Stream):
        most = max(p.pixel_bytes for p in task.parts)
        return most + TOTALS_BYTES * len(task.outputs)
    if isinstance(task, ReducePlane):
        # A median gathers the samples once more; the others hold a float64 and a count.
        samples = sum(a.count * itemsize(a) for a in task.args)
        return samples if task.kind == "median" else 24
    return 0
