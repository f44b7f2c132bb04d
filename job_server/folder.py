"""Where a job server keeps what is its own, and where its workers find it: names, nothing else."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from swath.errors import PermissionDenied

FOLDER = "jobs"
"""Folder of the job server inside the data folder."""
SOCKET = "workers.sock"
LONGEST_SOCKET_PATH = 107
"""Bytes of the path of a Unix socket."""


def jobs_folder(data: Path) -> Path:
    """Folder of all that the job server of a data folder keeps."""
    return data / FOLDER


def workers_socket(data: Path) -> Path:
    """The Unix socket on which the job server of a data folder listens for workers.

    In the folder of jobs; where its path would be too long for a socket, in one of this user in the
    system's folder for temporary files.

    Raises:
        PermissionDenied: that folder is there, and belongs to somebody else.
    """
    usual = jobs_folder(data).absolute() / SOCKET
    if len(os.fsencode(usual)) <= LONGEST_SOCKET_PATH:
        return usual
    name = hashlib.sha256(os.fsencode(data.absolute())).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"swath-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.lstat().st_uid != os.getuid():
        raise PermissionDenied(f"The folder {folder} for the socket of workers is not yours.")
    return folder / SOCKET
