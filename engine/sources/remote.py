"""Bytes of a remote file by range, kept in a sparse local file that GDAL then reads.

GDAL gets no network: the header readers and the block tables say which bytes a read needs, these
are asked for in few merged requests, and GDAL opens the sparse file. So timeouts, the number of
requests, redirects and the identity of the file are ours to decide.
Source: RFC 9110 (ranges, validators).
"""

from __future__ import annotations

import http.client
import os
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit

from engine.catalog.asset import Identity
from engine.sources.address import RemoteFile
from engine.sources.config import SourceConfig, SourceLimits
from engine.sources.open import Checked, check_header
from engine.sources.ranges import Range, missing, union
from engine.sources.sign import object_url, signed_headers
from engine.sources.tiff_header import TiffHeader
from swath.errors import InvalidSource, SourceChanged, SourceUnavailable, SwathError

FIRST_BYTES = 64 * 1024
"""Asked for at once: the header of nearly every COG fits."""
MERGE_GAP_BYTES = 64 * 1024
"""Pieces at most this far apart are one request: a round trip costs more than these bytes."""
_LEAST_BYTES = 16 * 1024
_SLOWEST_BYTES_PER_S = 32 * 1024
_WHOLE_BYTES = 8 * 1024 * 1024
"""A store that ignores ranges may still send a file of this size whole."""


def check_remote_header(source: RemoteBytes, name: str, limits: SourceLimits) -> Checked:
    """As `check_header`; all that GDAL looks at when it opens the file is then present.

    Raises:
        InvalidSource: also for JPEG 2000, which has no table of its blocks.
    """
    checked = check_header(source, name, limits)
    if not isinstance(checked.header, TiffHeader):
        raise InvalidSource("JPEG 2000 files can be read from local disks only.").at(source=name)
    source.fetch(checked.header.tag_ranges)
    return checked


class RemoteBytes:
    """An open remote file; not for use by two threads at once.

    Raises (on opening and reading):
        InvalidSource: no such file, no access, or a store without ranges.
        SourceUnavailable: the store fails, is slow or cuts the answer short.
        SourceChanged: the file changed while it was read.
    """

    def __init__(self, file: RemoteFile, config: SourceConfig) -> None:
        self._file, self._config = file, config
        is_s3 = file.url.startswith("s3://")
        self._access = config.s3 if is_s3 else None
        self._url = object_url(file.url, config.s3) if is_s3 else file.url
        self._connection: http.client.HTTPConnection | None = None
        self._have: list[Range] = []
        self.requests = 0
        self._spill = tempfile.NamedTemporaryFile(  # noqa: SIM115 - closed by close()
            prefix="swath-", suffix=".part"
        )
        self.identity = Identity(0, 0)
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> RemoteBytes:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection and the sparse file back."""
        if self._connection is not None:
            self._connection.close()
        self._spill.close()

    @property
    def path(self) -> str:
        """The sparse file: holds what was asked for, zeros elsewhere."""
        return self._spill.name

    @property
    def size(self) -> int:
        """Length of the remote file in bytes."""
        return self.identity.size

    @property
    def held_bytes(self) -> int:
        """Bytes fetched so far, which the sparse file takes on disk."""
        return sum(end - start for start, end in self._have)

    def read(self, offset: int, count: int) -> bytes:
        """The bytes there are in [offset, offset + count)."""
        end = min(offset + count, self.size)
        if missing([(offset, end)], self._have):
            self.fetch([(offset, max(end, offset + _LEAST_BYTES))])
        return os.pread(self._spill.fileno(), max(0, end - offset), offset)

    def fetch(self, wanted: Iterable[Range]) -> None:
        """Make the bytes of `wanted` present in the sparse file."""
        inside = [(max(0, start), min(end, self.size)) for start, end in wanted]
        for start, end in union(missing(inside, self._have), MERGE_GAP_BYTES):
            self._keep(start, self._get(start, end))

    def _keep(self, start: int, body: bytes) -> None:
        os.pwrite(self._spill.fileno(), body, start)
        self._have = union([*self._have, (start, start + len(body))])

    def _begin(self) -> None:
        response = self._ask(0, FIRST_BYTES)
        total = _total_of(response)
        body = self._body(response, FIRST_BYTES if total is None else min(FIRST_BYTES, total))
        self.identity = _identity_of(response, len(body) if total is None else total)
        self._spill.truncate(self.size)
        self._keep(0, body)

    def _get(self, start: int, end: int) -> bytes:
        response = self._ask(start, end)
        total = _total_of(response)
        if total is None or _identity_of(response, total) != self.identity:
            response.close()
            raise self._error(SourceChanged("The file changed while it was being read."))
        return self._body(response, end - start)

    def _ask(self, start: int, end: int) -> http.client.HTTPResponse:
        parts = urlsplit(self._url)
        target = quote(parts.path or "/", safe="/%~!$&'()*+,;=:@")
        if parts.query:
            target += "?" + quote(parts.query, safe="/%~!$&'()*+,;=:@?")
        headers = {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
        if self._access is not None:
            headers = signed_headers(self._url, headers, self._access, datetime.now(UTC))
        response = self._send(target, headers)
        self._check_status(response, start)
        return response

    def _send(self, target: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        try:
            if self._connection is not None:
                try:
                    return self._roundtrip(self._connection, target, headers)
                except (http.client.HTTPException, ConnectionError):
                    # The store closed the idle connection, as it may at any time.
                    self._connection.close()
            self._connection = self._connect()
            return self._roundtrip(self._connection, target, headers)
        except (OSError, http.client.HTTPException) as error:
            raise self._unavailable(error) from error

    def _roundtrip(
        self, connection: http.client.HTTPConnection, target: str, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        self.requests += 1
        connection.request("GET", target, headers=headers)
        return connection.getresponse()

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self._url)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        return kind(parts.hostname or "", parts.port, timeout=self._config.timeout_s)

    def _check_status(self, response: http.client.HTTPResponse, start: int) -> None:
        status = response.status
        if status == 206 and _start_of(response) == start:
            return
        if status == 200 and start == 0 and 0 <= (response.length or -1) <= _WHOLE_BYTES:
            return
        response.close()
        raise self._error(_status_error(status))

    def _body(self, response: http.client.HTTPResponse, count: int) -> bytes:
        if response.status == 200:
            count = response.length or 0
        give_up = time.monotonic() + self._config.timeout_s + count / _SLOWEST_BYTES_PER_S
        pieces: list[bytes] = []
        try:
            while piece := response.read1(256 * 1024):
                pieces.append(piece)
                if time.monotonic() > give_up:
                    raise TimeoutError("it sends too slowly")
        except (OSError, http.client.HTTPException) as error:
            response.close()
            raise self._unavailable(error) from error
        # Reading to the end does not end the exchange in http.client before Python 3.12.
        response.close()
        body = b"".join(pieces)
        if len(body) != count:
            raise self._error(SourceUnavailable("The store cut its answer short."))
        return body

    def _unavailable(self, error: Exception) -> SwathError:
        if isinstance(error, TimeoutError):
            text = f"The store did not answer within {self._config.timeout_s:g} s."
        else:
            text = f"The store could not be read: {type(error).__name__}."
        return self._error(SourceUnavailable(text))

    def _error(self, error: SwathError) -> SwathError:
        return error.at(source=self._file.name)


def _status_error(status: int) -> SwathError:
    if status in (404, 410):
        return InvalidSource("There is no such file.")
    if status in (401, 403):
        return InvalidSource(f"The store refuses access to the file (HTTP {status}).")
    if 300 <= status < 400:
        return InvalidSource("The store redirects elsewhere; name the final address instead.")
    if status in (200, 206):
        return InvalidSource("The store does not serve byte ranges, which reading needs.")
    if status == 416:
        return InvalidSource("It is empty.")
    return SourceUnavailable(f"The store failed (HTTP {status}).")


def _start_of(response: http.client.HTTPResponse) -> int | None:
    text = response.getheader("Content-Range", "")
    first = text.removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdecimal() else None


def _total_of(response: http.client.HTTPResponse) -> int | None:
    """Length of the whole file; None when the answer is the whole file."""
    text = response.getheader("Content-Range", "").rpartition("/")[2]
    return int(text) if response.status == 206 and text.isdecimal() else None


def _identity_of(response: http.client.HTTPResponse, size: int) -> Identity:
    changed = response.getheader("Last-Modified", "")
    try:
        mtime_ns = int(parsedate_to_datetime(changed).timestamp()) * 10**9 if changed else 0
    except ValueError:
        mtime_ns = 0
    return Identity(size, mtime_ns, response.getheader("ETag", ""))
