"""The settings that a scenario may have of servers which are started for it.

They are those of the servers' configuration that are numbers: how much, how many, how long. Where
the servers are and what they read, the generator says itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loadtest.table import require_fields

SETTINGS: Mapping[str, type[Any]] = {
    "age_limit_s": float,
    "answers_bytes": int,
    "attempt_timeout_s": float,
    "cache_bytes": int,
    "drain_s": float,
    "engine_memory_bytes": int,
    "engines": int,
    "expire_s": float,
    "extra_engines": int,
    "heartbeat_s": float,
    "keep_s": float,
    "lease_s": float,
    "max_attempt_timeout_s": float,
    "max_request_s": float,
    "max_waiting": int,
    "max_waiting_bytes": int,
    "max_watchers": int,
    "memory_bytes": int,
    "outstanding_limit": int,
    "pixels_bytes": int,
    "running_limit": int,
    "settle_s": float,
    "silence_s": float,
    "spares": int,
    "stop_grace_s": float,
    "storage_wait_s": float,
    "watch_s": float,
}
"""By name, as the servers have them: the generator knows the client alone, and starts servers as
anyone would, who are not told of a variable that is mistyped."""


def require_settings(settings: Mapping[str, Any]) -> None:
    """Return if servers have such settings, and of such types.

    Raises:
        InvalidArgument: which they have not.
    """
    require_fields(SETTINGS, settings, "table settings")
