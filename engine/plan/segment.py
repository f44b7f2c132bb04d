"""From planes to steps: elementwise planes fused into programs, the rest one step each.

A plane is *held* (its pixels are kept for a while) when it is an output, is read by a step that is
not elementwise, or is one image used with many; every other elementwise plane lives only inside a
program, in registers. Programs are made as large as their planes are connected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from engine.evaluate.plane import (
    FoldPlane,
    MapPlane,
    Plane,
    ReadPlane,
    ReducePlane,
    ScalarPlane,
    StackPlane,
    TakePlane,
    arguments,
    topological,
)
from engine.evaluate.program import Program, Step


@dataclass(frozen=True, slots=True)
class Compute:
    """One program over held planes."""

    program: Program
    inputs: tuple[Plane, ...]
    scalars: tuple[ScalarPlane, ...]
    outputs: tuple[Plane, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """Reductions that are fed part of the images after part."""

    inputs: tuple[Plane, ...]
    """Planes of one image that every part uses."""
    outputs: tuple[ReducePlane, ...]
    parts: tuple[Schedule, ...]
    """Each makes the arguments of all reductions, in order, for its part of the images."""


Task = Compute | Stream | ReadPlane | StackPlane | TakePlane | ReducePlane | FoldPlane
"""One unit of execution; all but `Compute` and `Stream` give the plane that they are."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Tasks in order, when each plane may be forgotten, and what is held meanwhile."""

    wanted: tuple[Plane, ...]
    tasks: tuple[Task, ...]
    forget: tuple[tuple[Plane, ...], ...]
    """For each task, the held planes that nothing needs after it."""
    pixel_bytes: int
    """Most bytes held at once for each pixel of a window."""


def outputs_of(task: Task) -> tuple[Plane, ...]:
    """The held planes that a task makes."""
    return task.outputs if isinstance(task, Compute | Stream) else (task,)


def inputs_of(task: Task) -> tuple[Plane, ...]:
    """The held planes that a task needs."""
    return task.inputs if isinstance(task, Compute | Stream) else arguments(task)


Needs = Callable[[Plane], Sequence[Plane]]


def tasks_for(
    wanted: Sequence[Plane], needs: Needs, given: Iterable[Plane], streams: Sequence[Stream]
) -> list[Task]:
    """Tasks that make `wanted`, in an order that holds few planes at a time.

    Args:
        needs: the planes that a plane is made of, here.
        given: planes that are there already. streams: how some reductions are made.
    """
    order = topological(wanted, needs)
    there = {id(p) for p in given}
    held = _held(order, wanted, needs) | there
    makers: dict[int, Task] = {}
    for plane in order:
        if not isinstance(plane, MapPlane | ScalarPlane) and id(plane) not in there:
            makers[id(plane)] = plane
    for stream in streams:
        makers |= {id(p): stream for p in stream.outputs}
    for members in _groups([p for p in order if id(p) not in there], held, needs):
        compute = _program(members, held)
        makers |= {id(p): compute for p in members}
    return _depth_first(wanted, makers)


def _held(order: Sequence[Plane], wanted: Iterable[Plane], needs: Needs) -> set[int]:
    held = {id(p) for p in wanted}
    for plane in order:
        for arg in needs(plane):
            if isinstance(arg, ScalarPlane):
                continue
            if (
                not isinstance(plane, MapPlane)
                or not isinstance(arg, MapPlane)
                or (arg.count == 1 and plane.count > 1)
            ):
                held.add(id(arg))
    return held


def _levels(order: Sequence[Plane], needs: Needs) -> dict[int, int]:
    """How many steps that are not elementwise lie below each plane."""
    levels: dict[int, int] = {}
    for plane in order:
        below = max((levels.get(id(a), 0) for a in needs(plane)), default=-1)
        is_flat = isinstance(plane, MapPlane | ScalarPlane)
        levels[id(plane)] = max(below, 0) if is_flat else below + 1
    return levels


def _groups(order: Sequence[Plane], held: set[int], needs: Needs) -> list[list[MapPlane]]:
    """Held elementwise planes that one program can make together."""
    levels = _levels(order, needs)
    leader: dict[int, int] = {}

    def find(key: int) -> int:
        while leader.setdefault(key, key) != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    for plane in order:
        if isinstance(plane, MapPlane):
            for arg in plane.args:
                if not isinstance(arg, ScalarPlane):
                    leader[find(id(arg))] = find(id(plane))
    found: dict[tuple[int, int, int], list[MapPlane]] = {}
    for plane in order:
        if isinstance(plane, MapPlane) and id(plane) in held:
            key = (levels[id(plane)], plane.count, find(id(plane)))
            found.setdefault(key, []).append(plane)
    return list(found.values())


def _program(members: Sequence[MapPlane], held: set[int]) -> Compute:
    """The program that makes `members` from held planes and numbers."""
    own = {id(m) for m in members}
    inputs: dict[int, Plane] = {}
    scalars: dict[tuple[int, str], ScalarPlane] = {}
    body: list[MapPlane] = []
    for plane in _inside(members, held, own):
        body.append(plane)
        for arg in plane.args:
            if isinstance(arg, ScalarPlane):
                scalars[id(arg), _scalar_dtype(plane, arg)] = arg
            elif not isinstance(arg, MapPlane) or (id(arg) in held and id(arg) not in own):
                inputs[id(arg)] = arg
    places = {key: i for i, key in enumerate(inputs)}
    numbers = {key: len(inputs) + i for i, key in enumerate(scalars)}
    steps = []
    for position, plane in enumerate(body):
        args = tuple(_place(plane, a, places, numbers) for a in plane.args)
        steps.append(Step(plane.op, args, plane.compute))
        places[id(plane)] = len(inputs) + len(scalars) + position
    program = Program(
        tuple(p.dtype for p in inputs.values()),
        tuple(dtype for _, dtype in scalars),
        tuple(steps),
        tuple(places[id(m)] for m in members),
    )
    return Compute(program, tuple(inputs.values()), tuple(scalars.values()), tuple(members))


def _scalar_dtype(plane: MapPlane, arg: ScalarPlane) -> str:
    """A number takes the dtype of the step that uses it (D4); conditions stay as they are."""
    is_condition = plane.op == "where" and plane.args[0] is arg
    return arg.dtype if is_condition or plane.compute == "exact" else plane.compute


def _place(
    plane: MapPlane,
    arg: Plane,
    places: dict[int, int],
    numbers: dict[tuple[int, str], int],
) -> int:
    if isinstance(arg, ScalarPlane):
        return numbers[id(arg), _scalar_dtype(plane, arg)]
    return places[id(arg)]


def _inside(members: Sequence[MapPlane], held: set[int], own: set[int]) -> list[MapPlane]:
    """Planes computed in the program, each after its arguments."""
    order: list[MapPlane] = []
    seen: set[int] = set()
    pending = [(m, False) for m in reversed(members)]
    while pending:
        plane, ready = pending.pop()
        if ready:
            order.append(plane)
        elif id(plane) not in seen:
            seen.add(id(plane))
            pending.append((plane, True))
            pending.extend(
                (arg, False)
                for arg in reversed(plane.args)
                if isinstance(arg, MapPlane) and (id(arg) not in held or id(arg) in own)
            )
    return order


def _depth_first(wanted: Sequence[Plane], makers: dict[int, Task]) -> list[Task]:
    order: list[Task] = []
    seen: set[int] = set()
    pending: list[tuple[Task, bool]] = [(makers[id(p)], False) for p in reversed(wanted)]
    while pending:
        task, ready = pending.pop()
        if ready:
            order.append(task)
        elif id(task) not in seen:
            seen.add(id(task))
            pending.append((task, True))
            needs = [makers[id(p)] for p in reversed(inputs_of(task)) if id(p) in makers]
            pending.extend((n, False) for n in needs)
    return order
