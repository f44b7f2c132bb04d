"""A scenario is not run on a target that lacks what it needs."""

from __future__ import annotations

from typing import Any

import pytest

from loadtest.link import Address
from loadtest.run import run
from loadtest.scenario import parse
from loadtest.target import Target
from swath.errors import InvalidArgument
from tests.unit.loadtest.test_scenario import PLAIN

ONE = PLAIN["part"][0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"needs": ["local"]}, "leave out --target"),
        ({"needs": ["jobs"]}, "--jobs"),
        ({"owners": ["ada"]}, "--owner ada"),
        ({"settings": {"lease_s": 2.0}}, "lease_s = 2.0"),
        ({"part": [{**ONE, "to": "jobs", "work": [{"kind": "constant"}]}]}, "--jobs"),
    ],
)
def test_what_a_remote_target_lacks_is_said(more: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidArgument, match=said):
        run(parse({**PLAIN, **more}), Target(Address("127.0.0.1:1")), lambda _: None)
