"""The metrics endpoint: `GET /metrics` in the Prometheus text format, on a thread of its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, start_http_server

from swath.errors import Unavailable


class MetricsEndpoint:
    """Serves a registry over HTTP until it is closed."""

    def __init__(
        self, registry: CollectorRegistry, host: str, port: int, flag: str = "--metrics-port"
    ) -> None:
        """Listen on `host`; port 0 takes a free one. `flag` is named in errors.

        Raises:
            Unavailable: the port is taken, or not ours to take.
        """
        try:
            self._server, self._thread = start_http_server(port, addr=host, registry=registry)
        except OSError as problem:
            raise Unavailable(
                f"Metrics cannot be served on {host}:{port}: {problem.strerror}."
                f" Choose another port with {flag}.",
                address=f"{host}:{port}",
            ) from None
        self.port: int = self._server.server_address[1]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
