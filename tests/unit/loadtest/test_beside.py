"""What goes on beside a part is known by name, and says what is wrong with its argument."""

from __future__ import annotations

import pytest

from loadtest.beside import STARTS, start_of
from loadtest.link import Address
from loadtest.program import running
from loadtest.scenario import load, names
from loadtest.target import Target
from swath.errors import InvalidArgument, SwathError

NOWHERE = Target(Address("127.0.0.1:1", "127.0.0.1:1"))


def test_an_argument_comes_after_a_colon():
    assert start_of("large_job:2") == (STARTS["large_job"], "2")
    assert start_of("abusers") == (STARTS["abusers"], "")


def test_an_unknown_name_lists_those_that_there_are():
    with pytest.raises(InvalidArgument, match="large_job"):
        start_of("small_job")


@pytest.mark.parametrize("name", ["large_job:many", "abusers:-1"])
def test_an_argument_that_is_no_number_is_refused_before_anything_is_sent(name):
    start, argument = start_of(name)
    with pytest.raises(InvalidArgument, match="no number"), start(NOWHERE, argument, 1):
        pass


@pytest.mark.parametrize("name", names())
def test_the_scenarios_of_swath_name_only_what_there_is(name):
    for part in load(name).parts:
        for beside in part.beside:
            start_of(beside)


def test_a_program_that_never_says_that_it_has_begun_is_an_error_and_is_ended(monkeypatch):
    monkeypatch.setattr("loadtest.program.BEGIN_S", 0.2)
    stuck = "import threading; threading.Event().wait()"
    with pytest.raises(SwathError, match="failed"), running("-c", stuck):
        pass
