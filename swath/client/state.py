"""What was last heard of a job: how far it is, how it ended, and when. Nobody is asked for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime, timedelta

from swath.errors import SwathError
from swath.graph.type import Type
from swath.job import JobInfo, Progress, Stage, Status
from swath.wire.packed import from_microseconds


class State(ABC):
    """Properties of whatever has heard of a job."""

    __slots__ = ()

    @property
    def id(self) -> str:
        """32 hexadecimal characters."""
        return self.info.id

    @property
    def type(self) -> Type | None:
        """Type of the result, such as `List[Image]`; None: the server does not say."""
        return self.info.type

    @property
    def result_type(self) -> str | None:
        """The same as text; None: the server does not say."""
        return None if self.type is None else str(self.type)

    @property
    def labels(self) -> dict[str, str]:
        """Texts of your choosing; `update` changes them."""
        return dict(self.info.labels)

    @property
    @abstractmethod
    def info(self) -> JobInfo:
        """Everything that was last heard of it, as a plain value."""

    @property
    def stage(self) -> Stage:
        """Where it is in its life."""
        return self.info.stage

    @property
    def status(self) -> Status:
        """How it ended; `Status.UNSPECIFIED` until it is done."""
        return self.info.status

    @property
    def done(self) -> bool:
        """Whether it has ended, however it did."""
        return self.info.is_done

    @property
    def cancelled(self) -> bool:
        """Whether it ended as cancelled."""
        return self.info.status is Status.CANCELLED

    @property
    def progress(self) -> Progress:
        """Steps that are done, and all of them."""
        return self.info.progress

    @property
    def error(self) -> SwathError | None:
        """Why it failed, as the class that was raised; while it is tried again, why it did last."""
        return self.info.error

    @property
    def created_datetime(self) -> datetime:
        """When it was created. UTC, as all times here."""
        return from_microseconds(self.info.created_us)

    @property
    def updated_datetime(self) -> datetime:
        """When it changed last."""
        return from_microseconds(self.info.updated_us)

    @property
    def expires_datetime(self) -> datetime | None:
        """When its result is removed; None: never, or it is not done."""
        us = self.info.expires_us
        return None if us is None else from_microseconds(us)

    @property
    def runtime(self) -> timedelta | None:
        """From the start of its first attempt until it was done, or changed last. None: not begun.

        Waiting between attempts is in it.
        """
        info = self.info
        if info.started_us is None:
            return None
        ended_us = info.updated_us if info.finished_us is None else info.finished_us
        return timedelta(microseconds=ended_us - info.started_us)
