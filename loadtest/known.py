"""Whether there is all that a scenario names, before anything is started or asked."""

from __future__ import annotations

from loadtest.audit import require_audits
from loadtest.beside import start_of
from loadtest.scenario import Scenario
from loadtest.settings import require_settings
from loadtest.work import kind_of
from swath.errors import InvalidArgument


def require_known(scenario: Scenario) -> None:
    """Return if all kinds of work, their options, audits, settings, and what is beside are known.

    Raises:
        InvalidArgument: which is not; or a kind needs what the scenario does not.
    """
    require_settings(scenario.settings)
    for part in scenario.parts:
        for work in part.work:
            kind = kind_of(work, part.to, scenario.seed)
            _require_needed(scenario, f"part {part.name}: {work.kind}", kind.NEEDS)
        for beside in part.beside:
            start_of(beside)
        require_audits(part.audit)


def _require_needed(scenario: Scenario, what: str, need: str) -> None:
    """Servers that are started have no image and no worker where the scenario needs none."""
    if not need or need in scenario.needs or (need == "imagery" and scenario.imagery is not None):
        return
    way_out = f'say needs = ["{need}"]'
    if need == "imagery":
        way_out += ", or in a table [imagery] which image the target has"
    raise InvalidArgument(f"{what} asks for {need}: {way_out}.")
