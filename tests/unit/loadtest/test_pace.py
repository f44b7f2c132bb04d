"""When requests are due follows from the schedule alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.pace import Phase, arrivals, duration_s
from swath.errors import InvalidArgument

SECONDS = st.floats(0.0, 20.0)
RATES = st.floats(0.0, 500.0)
PHASES = st.lists(
    st.builds(Phase, SECONDS, RATES, RATES, st.integers(0, 20)), min_size=0, max_size=5
)


def test_a_constant_rate_is_evenly_spaced_from_the_start():
    due = arrivals([Phase(2.0, 50.0, 50.0)])
    assert np.allclose(due, np.arange(100) / 50.0)


def test_a_ramp_has_reached_the_mean_of_its_rates_at_its_end():
    due = arrivals([Phase(10.0, 0.0, 100.0)])
    assert len(due) == 500
    assert due[125] == pytest.approx(5.0)  # half the time, a quarter of the requests


def test_a_burst_is_due_at_once():
    due = arrivals([Phase(1.0, 0.0, 0.0), Phase(0.0, 0.0, 0.0, burst=7)])
    assert due.tolist() == [1.0] * 7


def test_rates_too_low_for_their_phase_are_carried_over():
    due = arrivals([Phase(1.0, 0.5, 0.5)] * 4)
    assert due == pytest.approx([0.0, 2.0])


@given(PHASES)
def test_requests_are_in_order_within_their_time_and_as_many_as_the_rates_say(phases):
    due = arrivals(phases)
    assert (np.diff(due) >= -1e-6).all()
    assert ((due >= 0) & (due <= duration_s(phases) + 1e-6)).all()
    expected = sum(phase.count for phase in phases)
    bursts = sum(phase.burst for phase in phases)
    assert abs(len(due) - bursts - math.ceil(expected - 1e-6)) <= 1


@given(PHASES, st.floats(0.0, 40.0))
def test_those_that_are_due_by_a_time_are_the_integral_of_the_rate(phases, at_s):
    plain = [Phase(p.seconds, p.from_rate, p.to_rate) for p in phases]
    due = arrivals(plain)
    integral, left_s = 0.0, at_s
    for phase in plain:
        within_s = min(left_s, phase.seconds)
        grown = phase.to_rate - phase.from_rate
        share = within_s / phase.seconds if phase.seconds else 0.0
        integral += within_s * (phase.from_rate + grown * share / 2)
        left_s -= within_s
    assert abs(int((due < at_s).sum()) - integral) <= 1 + 1e-6 * (1 + integral)


def test_too_many_are_refused_before_they_are_made():
    with pytest.raises(InvalidArgument):
        arrivals([Phase(1e6, 1e6, 1e6)])


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf])
def test_a_phase_of_no_sensible_length_is_refused(wrong):
    with pytest.raises(InvalidArgument):
        Phase(wrong, 1.0, 1.0)
