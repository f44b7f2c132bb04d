"""Images from files: each file is one image, named after it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from engine.catalog.add.candidate import Candidate, CandidateFile, Failure
from engine.catalog.add.when import date_in
from engine.catalog.names import check_id
from swath.errors import SwathError

REMOTE = ("https://", "http://", "s3://")
"""How the addresses start that are no paths."""


def from_files(paths: Iterable[str], date_us: int | None = None) -> list[Candidate | Failure]:
    """One candidate per file or address; its id is the file name without its ending.

    Bands are called by their descriptions where the file has one for each, else b1, b2, ….

    Args:
        date_us: of all of them; absent: what the names or the files say.
    """
    return [_from_file(path, date_us) for path in paths]


def _from_file(path: str, date_us: int | None) -> Candidate | Failure:
    remote = path.startswith(REMOTE)
    stem = PurePosixPath(urlsplit(path).path if remote else path).stem
    href = path if remote else os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 - a path may hold ..
    try:
        image_id = check_id(stem)
    except SwathError as error:
        return Failure(path, error)
    return Candidate(path, image_id, (CandidateFile(href),), date_us, date_in(stem))
