"""Where the tables of servers that a load starts are, in somebody's PostgreSQL."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url

from loadtest.schema import own_schema, within
from swath.errors import InvalidArgument


def options(url: str) -> str:
    """As the job server reads them."""
    found = make_url(url).query["options"]
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize("url", ["postgresql://a:b@c:1/d", "postgresql:///d?host=/a/b c"])
def test_names_are_of_the_schema_and_all_else_is_as_it_was(url):
    before, after = make_url(url), make_url(within(url, "mine"))
    assert options(within(url, "mine")) == "-csearch_path=mine"
    assert after.difference_update_query(["options"]) == before


def test_options_that_were_there_stay():
    url = "postgresql://c/d?options=-csearch_path%3Dtheirs%20-cwork_mem%3D1MB"
    said = options(within(url, "mine"))
    assert said == "-csearch_path=theirs -cwork_mem=1MB -csearch_path=mine"


@pytest.mark.parametrize("url", ["sqlite:///x", "jobs.db", "postgresql:/d"])
def test_what_is_no_postgresql_is_refused_before_it_is_asked(url):
    with pytest.raises(InvalidArgument, match="postgresql://"), own_schema(url):
        pass
