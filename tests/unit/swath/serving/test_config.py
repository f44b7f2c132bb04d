"""Settings from flags, environment, file and defaults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from swath.errors import InvalidArgument
from swath.serving.config import describe, load


@dataclass(frozen=True)
class Settings:
    port: int = 7
    wait_s: float = 1.5
    is_loud: bool = False
    name: str = "x"
    folder: Path = Path("/tmp")
    roots: tuple[Path, ...] = ()
    prefixes: tuple[str, ...] = ()
    limit: int | None = None


def read(flags=None, environ=None, file=None) -> Settings:
    return load(Settings, "inspect", flags or {}, environ or {}, file)


@pytest.fixture
def toml(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "swath.toml"
        path.write_text(text)
        return path

    return write


def test_without_anything_the_defaults_hold():
    assert read() == Settings()


def test_a_flag_beats_the_environment_which_beats_the_file(toml):
    file = toml("[inspect]\nport = 1\nwait_s = 1\nname = 'file'\n")
    found = read({"port": 3}, {"SWATH_PORT": "2", "SWATH_NAME": "environment"}, file)
    assert (found.port, found.name, found.wait_s) == (3, "environment", 1.0)


def test_a_flag_that_was_not_given_does_not_count():
    assert read({"port": None, "roots": ()}, {"SWATH_PORT": "2"}).port == 2


def test_each_kind_of_setting_is_read_from_text():
    environ = {
        "SWATH_WAIT_S": "0.25",
        "SWATH_IS_LOUD": "yes",
        "SWATH_FOLDER": "/data",
        "SWATH_ROOTS": "/a,/b",
        "SWATH_PREFIXES": "https://x/",
        "SWATH_LIMIT": "5",
    }
    found = read(environ=environ)
    assert found.wait_s == 0.25
    assert found.is_loud is True
    assert found.folder == Path("/data")
    assert found.roots == (Path("/a"), Path("/b"))
    assert found.prefixes == ("https://x/",)
    assert found.limit == 5


def test_lists_come_from_flags_given_twice_and_from_toml_arrays(toml):
    assert read({"prefixes": ("a", "b")}).prefixes == ("a", "b")
    assert read(file=toml("[inspect]\nprefixes = ['c']\n")).prefixes == ("c",)


def test_a_folder_of_the_users_home_is_found():
    assert read({"folder": "~/swath"}).folder == Path.home() / "swath"


@pytest.mark.parametrize("text", ["seven", "7.5", ""])
def test_a_number_that_is_none_names_the_variable(text):
    with pytest.raises(InvalidArgument, match=r"SWATH_PORT must be int"):
        read(environ={"SWATH_PORT": text})


def test_a_number_with_a_fraction_in_the_file_is_no_port(toml):
    with pytest.raises(InvalidArgument, match="port must be int"):
        read(file=toml("[inspect]\nport = 7.5\n"))


def test_an_unknown_setting_in_the_file_is_named(toml):
    with pytest.raises(InvalidArgument, match="prot"):
        read(file=toml("[inspect]\nprot = 1\n"))


def test_tables_of_other_servers_do_not_matter(toml):
    assert read(file=toml("[jobs]\nprot = 1\n")) == Settings()


@pytest.mark.parametrize("text", ["port = 1\n", "[job_server]\nport = 1\n"])
def test_settings_outside_of_the_tables_that_there_are_do_not_go_unnoticed(toml, text):
    with pytest.raises(InvalidArgument, match=r"is no table .* there are: .*\[inspect\]"):
        read(file=toml(text))


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InvalidArgument, match="cannot be read"):
        read(file=tmp_path / "none.toml")


def test_a_file_that_is_no_toml_is_said(toml):
    with pytest.raises(InvalidArgument, match="cannot be read"):
        read(file=toml("= = ="))


def test_what_is_described_reads_back_as_the_same(toml):
    chosen = Settings(port=9, is_loud=True, roots=(Path("/a"), Path("/b")), limit=3)
    assert read(file=toml("[inspect]\n" + describe(chosen))) == chosen
