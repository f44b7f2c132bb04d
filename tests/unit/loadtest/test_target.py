"""What servers that are started for a load are told."""

from __future__ import annotations

from loadtest.target import environment


def test_servers_have_the_settings_that_were_said_and_none_of_those_around(monkeypatch):
    monkeypatch.setenv("SWATH_DATABASE", "postgresql://precious/jobs")
    monkeypatch.setenv("SWATH_MAX_WAITING", "1")
    monkeypatch.setenv("LANG", "C")
    told = environment({"outstanding_limit": 300})
    assert {name: value for name, value in told.items() if name.startswith("SWATH_")} == {
        "SWATH_OUTSTANDING_LIMIT": "300"
    }
    assert told["LANG"] == "C"
