"""Runs a scenario on a target: the parts in turns, each by client processes of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

from loadtest import told
from loadtest.audit import audited
from loadtest.beside import Beside, start_of
from loadtest.client import Orders, decode_used, told_file
from loadtest.clients import ready, work_off
from loadtest.echo import echoing
from loadtest.figures import PartResult, Round
from loadtest.imagery import Imagery
from loadtest.known import require_known
from loadtest.paint import paint
from loadtest.probe import answer_bytes
from loadtest.records import joined, read
from loadtest.resources import Watch
from loadtest.scenario import Part, Scenario
from loadtest.target import Target
from loadtest.work import kind_of
from swath.errors import InvalidArgument

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of a scenario gave."""

    scenario: Scenario
    results: tuple[PartResult, ...]
    is_whole: bool
    """Whether it was not interrupted."""


def run(scenario: Scenario, target: Target, say: Say) -> Outcome:
    """All parts, in turns. Ctrl-C ends the part, and what was measured until then is given.

    Raises:
        InvalidArgument: the target lacks what the scenario needs. Unavailable: it does not answer.
    """
    require_known(scenario)
    _check(scenario, target)
    found: dict[str, list[Round]] = {}
    is_whole = True
    with ExitStack() as open_:
        try:
            target = _with_imagery(scenario, target, say)
            target = open_.enter_context(_with_echo(scenario, target))
            folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="swath-load-")))
            for part, number in _turns(scenario):
                say(f"{part.name}, round {number + 1} of {scenario.rounds}")
                one = run_part(part, target, scenario.seed + number, folder)
                found.setdefault(part.name, []).append(one)
                if not one.is_whole:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            is_whole = False
    results = tuple(
        PartResult(part, tuple(found[part.name])) for part in scenario.parts if part.name in found
    )
    return Outcome(scenario, results, is_whole)


def _turns(scenario: Scenario) -> Iterator[tuple[Part, int]]:
    """Each part with the number of its round; every other round goes backwards."""
    for number in range(scenario.rounds):
        for part in scenario.parts if number % 2 == 0 else scenario.parts[::-1]:
            yield part, number


def run_part(part: Part, target: Target, seed: int, folder: Path) -> Round:
    """One round of one part; after Ctrl-C, what there is of it.

    Raises:
        SwathError: a client process did not get ready or failed, and what it said.
        KeyboardInterrupt: Ctrl-C before anything was sent.
    """
    files = [folder / f"{part.name}-{share}.npz" for share in range(part.processes)]
    orders = [
        Orders(part, target.address, seed, share, part.processes, str(file))
        for share, file in enumerate(files)
    ]
    watch = Watch(target.pids if part.to != "echo" else ())
    with ready(orders) as clients, ExitStack() as going_on:
        besides = [_begin(name, target, seed, going_on) for name in part.beside]
        with watch:
            done = work_off(part, clients)
    further = {name: value for one in besides for name, value in one.figures().items()}
    heard = [one for file in files for one in told.read(told_file(file))]
    further |= audited(part.audit, target.address, heard)
    used = tuple(decode_used(file) for file in files)
    records = joined([read(file) for file in files])
    return Round(records, used, watch.growth(done.start_s), further, done.is_whole)


def _begin(name: str, target: Target, seed: int, going_on: ExitStack) -> Beside:
    start, argument = start_of(name)
    return going_on.enter_context(start(target, argument, seed))


@contextmanager
def _with_echo(scenario: Scenario, target: Target) -> Iterator[Target]:
    """The target, with a bare server where a part asks for one: of answers of the same size."""
    wants = next((part for part in scenario.parts if part.to == "echo"), None)
    if wants is None:
        yield target
        return
    size_bytes = answer_bytes(wants.work[0], target.address, wants.timeout_s)
    with echoing(size_bytes) as address:
        yield replace(target, address=replace(target.address, echo=address))


def _with_imagery(scenario: Scenario, target: Target, say: Say) -> Target:
    """The target with the image that the scenario asks about, which is made where there is none."""
    if scenario.imagery is not None:
        return replace(target, imagery=scenario.imagery)
    if "imagery" not in scenario.needs:
        return target
    say("imagery")
    paint(target, target.imagery, scenario.seed)
    return target


def _check(scenario: Scenario, target: Target) -> None:
    if "local" in scenario.needs and not target.is_local:
        raise InvalidArgument(
            f"{scenario.name} stops and kills servers: leave out --target, and it starts its own."
        )
    for owner in scenario.owners:
        if owner not in target.address.owners:
            raise InvalidArgument(f"{scenario.name} needs a token: say it with --owner {owner}=...")
    if scenario.settings and not target.is_local:
        say = ", ".join(f"{name} = {value}" for name, value in scenario.settings.items())
        raise InvalidArgument(
            f"{scenario.name} is for servers with {say}: leave out --target, and it starts them."
        )
    if "jobs" in scenario.needs and not target.address.jobs:
        raise InvalidArgument(f"{scenario.name} needs a job server: say where it is with --jobs.")
    for part in scenario.parts:
        for where in {kind_of(work, part.to, 0).where for work in part.work} - {"echo"}:
            if not getattr(target.address, where):
                option = "--jobs" if where == "jobs" else "--target"
                raise InvalidArgument(f"{part.name} asks the {where} server: say it with {option}.")
    if "imagery" in scenario.needs and scenario.imagery is None and not target.is_local:
        fields_ = ", ".join(f.name for f in fields(Imagery))
        raise InvalidArgument(
            f"{scenario.name} asks about an image: copy it, and say in a table [imagery] which one"
            f" of the target, and where it lies: {fields_}."
        )
