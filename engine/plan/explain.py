"""A plan as text for people: its tasks in order, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.evaluate.plane import FoldPlane, Plane, ReadPlane, ReducePlane, StackPlane, arguments
from engine.plan.plan import Plan
from engine.plan.segment import Compute, Schedule, Stream, Task


def explain(plan: Plan) -> str:
    """One line for each task, with the planes it makes and needs as %numbers; then the windows."""
    rows, cols = plan.window
    names: dict[int, str] = {}
    lines = list(_lines(plan.schedule, names, ""))
    wanted = " ".join(names[id(p)] for p in plan.wanted)
    size = f"{rows} × {cols} of {plan.grid.shape.y} × {plan.grid.shape.x} pixels"
    windows = f"windows of {size}, {plan.schedule.pixel_bytes} bytes a pixel"
    return "\n".join([*lines, f"give {wanted}", windows])


def _lines(schedule: Schedule, names: dict[int, str], indent: str) -> Iterator[str]:
    for task in schedule.tasks:
        if isinstance(task, Stream):
            yield from _stream(task, names, indent)
            continue
        made = task.outputs if isinstance(task, Compute) else (task,)
        text = _task(task, names)
        yield f"{indent}{_named(made, names)} = {text}"


def _stream(task: Stream, names: dict[int, str], indent: str) -> Iterator[str]:
    first = task.parts[0]
    yield f"{indent}in {len(task.parts)} parts of {_images(first.wanted[0].count)}:"
    inner = dict(names)
    yield from _lines(first, inner, indent + "  ")
    given = iter(first.wanted)
    for reduction in task.outputs:
        args = " ".join(inner[id(next(given))] for _ in reduction.args)
        yield f"{indent}  feed {args} to {reduction.kind}"
    kinds = " ".join(r.kind for r in task.outputs)
    yield f"{indent}{_named(task.outputs, names)} = {kinds} of what was fed"


def _named(planes: Sequence[Plane], names: dict[int, str]) -> str:
    for plane in planes:
        names.setdefault(id(plane), f"%{len(names)}")
    return " ".join(names[id(p)] for p in planes)


def _task(task: Task, names: dict[int, str]) -> str:
    if isinstance(task, ReadPlane):
        return f"read {_images(task.count)} as {task.dtype}, {task.resampling}"
    if isinstance(task, Compute):
        steps = " ".join(step.op for step in task.program.steps)
        return f"compute {steps} from {_names(task.inputs, names) or 'numbers'}"
    verb = {ReducePlane: "reduce", FoldPlane: "fold bands", StackPlane: "stack"}.get(
        type(task), "take"
    )
    kind = f" {task.kind}" if isinstance(task, ReducePlane | FoldPlane) else ""
    assert not isinstance(task, Stream)
    return f"{verb}{kind} of {_names(arguments(task), names)}"


def _names(planes: Sequence[Plane], names: dict[int, str]) -> str:
    return " ".join(names[id(p)] for p in planes)


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"
