"""The op table is total: every row says everything, and every member it promises is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import swath
from swath.graph.type import is_well_formed
from swath.ops import ABSENT, FAMILIES, OPS, REQUIRED, Op
from swath.ops.page import page
from swath.ops.row import FUNCTION

ROOT = Path(__file__).resolve().parents[4]
BARE = {"List", "Tuple", "Dict", "KnownDict", "Function", "ImageCollectionGroupby"}
every_op = pytest.mark.parametrize("op", OPS.values(), ids=lambda op: op.name)


def test_no_two_rows_have_one_name() -> None:
    assert sum(map(len, FAMILIES.values())) == len(OPS)


@every_op
def test_an_op_says_what_it_gives_in_one_sentence(op: Op) -> None:
    assert op.doc.endswith(".")
    assert "\n" not in op.doc


@every_op
def test_a_parameter_says_what_it_means_and_takes(op: Op) -> None:
    for parameter in op.parameters:
        assert parameter.doc
        assert parameter.accepts
        assert all(t.name in BARE or is_well_formed(t) for t in parameter.accepts)


@every_op
def test_parameters_have_names_of_their_own_and_those_with_a_default_come_last(op: Op) -> None:
    names = [parameter.name for parameter in op.parameters]
    single = [p for p in op.parameters if not p.is_many]
    optional = [p.default is not REQUIRED for p in single]
    assert len(set(names)) == len(names)
    assert optional == sorted(optional)


@every_op
def test_a_function_parameter_knows_what_it_is_called_with(op: Op) -> None:
    for parameter in op.parameters:
        assert (FUNCTION in parameter.accepts) == (parameter.calls is not None)


@every_op
def test_a_default_is_of_an_accepted_type(op: Op) -> None:
    for parameter in op.parameters:
        if parameter.default not in (REQUIRED, ABSENT):
            assert parameter.omitted.type in parameter.accepts


@every_op
def test_the_members_that_an_op_provides_are_there(op: Op) -> None:
    for member in op.methods:
        found: object = swath
        for name in member.split("."):
            found = getattr(found, name)
        assert callable(found) or isinstance(found, property)


def test_the_names_are_those_of_the_vocabulary() -> None:
    vocabulary = ROOT.parent / "shared" / "design" / "op_vocabulary.json"
    if not vocabulary.is_file():
        pytest.skip("needs the design pages beside the checkout")
    text = json.loads(vocabulary.read_text())
    known = {row["name"] for rows in text["groups"].values() for row in rows}
    known |= {row["name"] for rows in text["numpy"].values() for row in rows}
    new = {"normalized_difference", "Image.from_array"}
    assert {f"wf.{name}" for name in OPS if name not in new} <= known


def test_the_page_of_ops_is_made_of_the_table() -> None:
    assert (ROOT / "docs" / "ops.md").read_text(encoding="utf-8") == page()


def test_a_default_that_is_a_list_would_not_be_shared_between_calls() -> None:
    kinds = {type(p.default) for op in OPS.values() for p in op.parameters}
    assert not kinds & {list, dict}
