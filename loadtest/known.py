"""Whether there is all that a scenario names, before anything is started or asked."""

from __future__ import annotations

from loadtest.audit import require_audits
from loadtest.beside import start_of
from loadtest.scenario import Scenario
from loadtest.settings import require_settings
from loadtest.work import kind_of


def require_known(scenario: Scenario) -> None:
    """Return if all kinds of work, their options, audits, settings, and what is beside are known.

    Raises:
        InvalidArgument: which is not.
    """
    require_settings(scenario.settings)
    for part in scenario.parts:
        for work in part.work:
            kind_of(work, part.to, scenario.seed)
        for beside in part.beside:
            start_of(beside)
        require_audits(part.audit)
