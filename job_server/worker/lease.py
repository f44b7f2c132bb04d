"""What a worker knows of its right to a job: how long it surely has it, and what to tell of it."""

from __future__ import annotations

from dataclasses import dataclass

from swath.errors import LeaseLost
from swath.v1 import jobs_pb2
from swath.worker.v1 import worker_pb2 as pb


@dataclass(slots=True)
class HeldLease:
    """A lease as its holder sees it, on the holder's own monotonic clock.

    It counts from when a renewal was *sent*, so it ends here no later than at the server: a worker
    that was stopped or cut off gives up by itself.
    """

    lease: pb.Lease
    length_s: float
    until_s: float
    stage: jobs_pb2.Stage = jobs_pb2.STAGE_UNSPECIFIED
    """What the job does now; unspecified: the server knows."""
    steps_done: int | None = None
    """Absent: the server knows."""
    is_lost: bool = False
    """Whether the server said so."""

    @classmethod
    def of(cls, task: pb.Assignment, now_s: float) -> HeldLease:
        """The lease that came with a task."""
        return cls(task.lease, task.lease_s, now_s + task.lease_s)

    def heard(
        self, directive: pb.HeartbeatResponse.Directive, beat: pb.Beat, sent_s: float, now_s: float
    ) -> None:
        """The answer to a heartbeat that was sent then has come.

        One that comes when the lease is over renews nothing: the worker has given up.
        """
        if directive == pb.HeartbeatResponse.DIRECTIVE_LEASE_LOST:
            self.is_lost = True
        if self.is_live(now_s):
            self.until_s = max(self.until_s, sent_s + self.length_s)
            self._told(beat)

    def is_live(self, now_s: float) -> bool:
        """Whether the job is surely still this worker's."""
        return not self.is_lost and now_s < self.until_s

    def require(self, now_s: float) -> None:
        """Raise LeaseLost where it is not."""
        if not self.is_live(now_s):
            raise LeaseLost(f"The lease of job {self.lease.job} has ended.", job_id=self.lease.job)

    def beat(self) -> pb.Beat:
        """What a heartbeat tells of it."""
        beat = pb.Beat(lease=self.lease, stage=self.stage)
        if self.steps_done is not None:
            beat.steps_done = self.steps_done
        return beat

    def _told(self, beat: pb.Beat) -> None:
        """The server knows now what a heartbeat told, unless there is newer news.

        It is not told again: a heartbeat that overtakes a piece must not take progress back.
        """
        if self.stage == beat.stage:
            self.stage = jobs_pb2.STAGE_UNSPECIFIED
        if self.steps_done == beat.steps_done:
            self.steps_done = None
