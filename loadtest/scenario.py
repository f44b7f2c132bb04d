"""Scenarios: what load is sent, in which parts, and what it must keep; read from TOML."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from loadtest.imagery import OPTION, Imagery
from loadtest.pace import Phase, count, duration_s
from loadtest.table import made, require_fields
from swath.errors import InvalidArgument

Where = Literal["inspect", "jobs", "echo"]
WHERE: tuple[Where, ...] = ("inspect", "jobs", "echo")


NEEDS = ("local", "imagery", "jobs")
NAME = re.compile(r"[A-Za-z0-9_-]+")
IN_A_NAME = "letters, digits, _ and -"
"""It begins the names of figures and of files."""
PHASE = {"seconds": float, "rate": float, "from": float, "to": float, "burst": int}
"""What a phase has in TOML."""


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of request."""

    kind: str
    """A name of `loadtest.work`."""
    weight: float = 1.0
    """How often it comes, beside the others of its part."""
    owner: str = ""
    """Who sends it, by the name of a token; empty: whoever the target says."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of the kind."""


@dataclass(frozen=True, slots=True)
class Part:
    """Load of one shape, whose figures stand by themselves."""

    name: str
    to: Where
    """Which server gets it. `echo`: the bare server that answers with as many bytes."""
    work: tuple[Work, ...]
    phases: tuple[Phase, ...] = ()
    """When requests are due."""
    callers: int = 0
    """More than 0: so many ask again as soon as they are answered, for as long as the phases last:
    how much a server can do, not how long it takes."""
    warm_up: tuple[Phase, ...] = ()
    """The same work before it, which is not counted."""
    timeout_s: float = 10.0
    """Deadline of each call."""
    processes: int = 1
    """Client processes that share the load."""
    beside: tuple[str, ...] = ()
    """What goes on meanwhile: names of `loadtest.beside`."""
    audit: tuple[str, ...] = ()
    """What the job server's own list is held against afterwards: names of `loadtest.audit`."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What one figure may be at most or must be at least."""

    figure: str
    """`part.figure`."""
    at_most: float | None = None
    at_least: float | None = None
    over: str = ""
    """A figure to divide by, so that machines do not count."""
    minus: str = ""
    """A figure to subtract."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Parts that run one after the other, again and again, and what they must keep."""

    name: str
    about: str
    parts: tuple[Part, ...]
    limits: tuple[Limit, ...]
    rounds: int = 1
    """How often the parts take turns, so that what disturbs one disturbs the others, too."""
    seed: int = 1
    needs: tuple[str, ...] = ()
    """What the target must have: `local` (a server that was started here), `imagery`, `jobs`."""
    imagery: Imagery | None = None
    """The image that it asks about, where that is on the target already; absent: one is made on
    servers that are started for the load."""
    owners: tuple[str, ...] = ()
    """Who sends the work: each has a token of its own."""
    workers: int | None = None
    """Of servers that are started for it; absent: as many as the command says."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Of servers that are started for it, by the names of their configuration."""


def names() -> list[str]:
    """The scenarios that come with Swath."""
    folder = resources.files("loadtest") / "scenarios"
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir())


def load(which: str) -> Scenario:
    """A scenario: a path, or a name of `names`.

    Raises:
        InvalidArgument: there is none, or what is wrong with it.
    """
    text = _text(which)
    try:
        return parse(tomllib.loads(text))
    except tomllib.TOMLDecodeError as problem:
        raise InvalidArgument(f"{which} is not TOML: {problem}") from None
    except InvalidArgument as problem:
        raise InvalidArgument(f"{which}: {problem.problem}") from None


def parse(table: Mapping[str, Any]) -> Scenario:
    """The scenario that a TOML table says.

    Raises:
        InvalidArgument: an unknown key, a missing one, or a value that cannot be.
    """
    given = dict(table)
    imagery = _imagery(given.pop("imagery", None))
    parts = tuple(_part(part, imagery) for part in _list(given.pop("part", [])))
    limits = tuple(made(Limit, limit, "budget") for limit in _list(given.pop("budget", [])))
    given |= {"parts": parts, "limits": limits, "imagery": imagery}
    scenario: Scenario = made(Scenario, given, "scenario")
    _check(scenario)
    return scenario


def _text(which: str) -> str:
    path = Path(which)
    if path.suffix != ".toml":
        if which not in names():
            there = ", ".join(names())
            raise InvalidArgument(f"There is no scenario {which!r}; there are: {there}.")
        return (resources.files("loadtest") / "scenarios" / f"{which}.toml").read_text("utf-8")
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise InvalidArgument(f"{which} cannot be read: {problem}.") from None


def _imagery(table: Any) -> Imagery | None:
    if table is None:
        return None
    _require(isinstance(table, dict), "imagery is a table")
    found: Imagery = made(Imagery, table, "table imagery")
    return found


def _part(table: Mapping[str, Any], imagery: Imagery | None) -> Part:
    given = dict(table)
    given["work"] = tuple(_work(work, imagery) for work in _list(given.get("work", [])))
    given["phases"] = tuple(_phase(phase) for phase in _list(given.pop("phase", [])))
    given["warm_up"] = tuple(_phase(phase) for phase in _list(given.get("warm_up", [])))
    part: Part = made(Part, given, "part")
    return part


def _work(table: Mapping[str, Any], imagery: Imagery | None) -> Work:
    work: Work = made(Work, table, "work")
    if imagery is None:
        return work
    return replace(work, options={OPTION: asdict(imagery), **work.options})


def _phase(table: Mapping[str, Any]) -> Phase:
    """`rate` or `from` and `to`, `seconds`, `burst`."""
    require_fields(PHASE, table, "phase")
    for key, value in table.items():
        is_some = math.isfinite(value) and value >= 0
        _require(is_some, f"{key} of a phase is 0 or more, not {value!r}.")
    rate = table.get("rate", 0.0)
    return Phase(
        table.get("seconds", 0.0),
        table.get("from", rate),
        table.get("to", rate),
        table.get("burst", 0),
    )


def _list(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InvalidArgument("part, phase, work, warm_up and budget are arrays of tables")
    return value


def _check(scenario: Scenario) -> None:
    named = [part.name for part in scenario.parts]
    _require(bool(NAME.fullmatch(scenario.name)), f"a name has {IN_A_NAME}: {scenario.name!r}")
    _require(bool(named), "it has no part")
    _require(len(set(named)) == len(named), "two parts have one name")
    _require(scenario.rounds >= 1, "rounds is 1 or more")
    _require(scenario.workers is None or scenario.workers >= 0, "workers is 0 or more")
    _require(set(scenario.needs) <= set(NEEDS), f"needs are of {', '.join(NEEDS)}")
    for part in scenario.parts:
        _check_part(part, scenario.owners)
    for limit in scenario.limits:
        one = (limit.at_most is None) != (limit.at_least is None)
        _require(one, f"the budget of {limit.figure} is at_most or at_least")
        for figure in filter(None, (limit.figure, limit.over, limit.minus)):
            of = figure.partition(".")[0]
            _require(of in named, f"the budget of {figure}: there is no part {of!r}")


def _check_part(part: Part, owners: Sequence[str]) -> None:
    name = f"part {part.name}"
    _require(bool(NAME.fullmatch(part.name)), f"a name has {IN_A_NAME}: {part.name!r}")
    _require(part.to in WHERE, f"{name}: to is one of {', '.join(WHERE)}")
    _require(bool(part.work) and bool(part.phases), f"{name} needs work and phases")
    _require(part.timeout_s > 0, f"{name}: timeout_s is more than 0")
    _require(part.processes >= 1, f"{name}: processes is 1 or more")
    _require(part.callers >= 0, f"{name}: callers is 0 or more")
    _require(all(w.weight > 0 for w in part.work), "a weight is more than 0")
    asks = duration_s(part.phases) if part.callers else count(part.phases)
    _require(asks > 0, f"{name} asks nothing: its phases have no rate, no burst, and no callers")
    count((*part.warm_up, *part.phases))
    for owner in {work.owner for work in part.work} - {"", *owners}:
        _require(False, f"{name}: {owner!r} is none of the owners")


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise InvalidArgument(what)


def repeated(scenario: Scenario, rounds: int) -> Scenario:
    """The same with another number of rounds.

    Raises:
        InvalidArgument: it is less than 1.
    """
    changed = replace(scenario, rounds=rounds)
    _check(changed)
    return changed
