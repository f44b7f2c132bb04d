from __future__ import annotations

import pytest

from engine.plan.admit import Limits, admit, estimate
from swath.errors import ResultTooLarge


def test_an_answer_that_is_too_large_says_its_size_and_what_to_call_instead() -> None:
    limits = Limits(result_bytes=1000)
    with pytest.raises(ResultTooLarge, match=r"gives about 1,001 bytes, the limit is 1,000") as no:
        admit(estimate([], limits, 1001), limits)
    assert (no.value.result_bytes, no.value.use) == (1001, "obj.compute(geoctx)")
