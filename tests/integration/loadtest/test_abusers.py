"""What abusers send follows from the seed of the round, as all that is left to chance does."""

from __future__ import annotations

import random

from loadtest.beside.abusers import MALFORMED_BYTES
from loadtest.link import Address
from loadtest.pace import Phase
from loadtest.run import run
from loadtest.scenario import Part, Scenario, Work
from loadtest.target import Target
from tests.integration.loadtest.answering import answering


def first_malformed(seed: int) -> bytes:
    dice = random.Random(seed)
    return dice.randbytes(dice.randrange(MALFORMED_BYTES))


def test_each_round_has_abuse_of_its_own_which_its_seed_says():
    beside = Part(
        "one", "inspect", (Work("constant"),), (Phase(0.2, 0.0, 0.0),), 1, beside=("abusers",)
    )
    requests: set[bytes] = set()
    with answering(requests.add) as address:
        run(Scenario("x", "", (beside,), (), rounds=2, seed=7), Target(Address(address)), print)
    assert {first_malformed(7), first_malformed(8)} <= requests
    assert first_malformed(1) not in requests
