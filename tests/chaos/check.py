"""The judge: reads a history and says which promises were broken. Pure; it asks nobody.

Each rule is a function of the facts that gives a sentence for each breach. Read together they are
the promises of the job server, as far as one can see them from outside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.chaos.history import Event, of

DONE, SUCCESS, FAILURE, CANCELLED = (
    "STAGE_DONE",
    "STATUS_SUCCESS",
    "STATUS_FAILURE",
    "STATUS_CANCELLED",
)
READS = ("created", "got", "cancelled")
"""Answers that tell a job as it is, each at a time between its begin and its end."""
MOST_CRASHES = 3
ENDED_OUTCOMES = ("OUTCOME_FAILURE", "OUTCOME_CANCELLED")
REPEATABLE = ("fail", "fail as cancelled")
"""What is answered, and changes nothing, where the attempt ended so."""


@dataclass(frozen=True)
class Facts:
    """A history, in the ways in which rules look at it."""

    events: Sequence[Event]
    right: Mapping[str, str]
    """Digest of the right value of each work; what is not in it must fail."""
    reasons: Mapping[str, str]
    """Of the work that must fail: with what."""

    @cached_property
    def created(self) -> dict[str, Event]:
        """The first acknowledgement of each job."""
        found: dict[str, Event] = {}
        for event in of(self.events, "created"):
            found.setdefault(event["job"], event)
        return found

    @cached_property
    def deleted(self) -> set[str]:
        """Jobs that somebody asked to delete."""
        return {event["job"] for event in of(self.events, "deleting")}

    @cached_property
    def finals(self) -> dict[str, Event]:
        """What is in the store at the end."""
        return {event["job"]: event for event in of(self.events, "final")}

    @cached_property
    def seen(self) -> dict[str, list[Event]]:
        """All that was told of each job, by anybody."""
        found: dict[str, list[Event]] = defaultdict(list)
        for event in of(self.events, *READS, "told"):
            found[event["job"]].append(event)
        return found


def violations(facts: Facts) -> list[str]:
    """A sentence for each broken promise; none: all were kept."""
    return [f"{rule.__name__}: {said}" for rule in RULES for said in rule(facts)]


def acknowledged_jobs_are_there(facts: Facts) -> Iterator[str]:
    """I1: no acknowledged job is lost."""
    for job in facts.created:
        if job not in facts.finals and job not in facts.deleted:
            yield f"job {job} was acknowledged and is gone"
    for event in of(facts.events, "missing"):
        if event["job"] not in facts.deleted:
            yield f"job {event['job']} was not found"


def deleted_jobs_stay_deleted(facts: Facts) -> Iterator[str]:
    """What was removed does not come back."""
    for event in of(facts.events, "deleted"):
        if event["job"] in facts.finals:
            yield f"job {event['job']} was deleted and is there"


def a_request_is_one_job(facts: Facts) -> Iterator[str]:
    """I5, I1: a repeated create is the same job, also where no answer came."""
    jobs: dict[tuple[str, str], set[str]] = defaultdict(set)
    for event in of(facts.events, "created"):
        jobs[event["owner"], event["request"]].add(event["job"])
    for event in facts.finals.values():
        if not event["is_resubmitted"]:
            jobs[event["owner"], event["request"]].add(event["job"])
    for (owner, request), found in jobs.items():
        if len(found) > 1:
            yield f"request {request} of {owner} became {len(found)} jobs"


def jobs_belong_to_requests(facts: Facts) -> Iterator[str]:
    """A job that nobody asked for is not there."""
    asked = {(event["owner"], event["request"]) for event in of(facts.events, "asked")}
    for job, event in facts.finals.items():
        if (event["owner"], event["request"]) not in asked:
            yield f"job {job} was asked for by nobody"


def jobs_end_once(facts: Facts) -> Iterator[str]:
    """I2: who is told that a job is done is told for ever the same end."""
    for job, events in facts.seen.items():
        everything = [*events, *([facts.finals[job]] if job in facts.finals else [])]
        ends = {(one["status"], one["finished_us"]) for one in everything if one["stage"] == DONE}
        if len(ends) > 1:
            yield f"job {job} ended {len(ends)} times: {sorted(map(str, ends))}"
        first = min((one["revision"] for one in everything if one["stage"] == DONE), default=None)
        for one in everything:
            if first is not None and one["revision"] >= first and one["stage"] != DONE:
                yield f"job {job} was done at revision {first} and {one['stage']} after it"


def a_revision_is_one_state(facts: Facts) -> Iterator[str]:
    """A revision that was told once never means something else: it was durable before."""
    what = ("stage", "status", "updated_us", "finished_us", "cancel_requested")
    for job, events in facts.seen.items():
        states: dict[int, set[tuple[object, ...]]] = defaultdict(set)
        for event in [*events, *([facts.finals[job]] if job in facts.finals else [])]:
            states[event["revision"]].add(tuple(event[name] for name in what))
        for revision, found in states.items():
            if len(found) > 1:
                yield f"revision {revision} of job {job} was {sorted(map(str, found))}"


def reads_go_forward(facts: Facts) -> Iterator[str]:
    """What began after an answer had come is not older than that answer."""
    for job, events in facts.seen.items():
        reads = [event for event in events if event["verb"] in READS]
        newest = 0
        ends = sorted(reads, key=lambda event: event["ended"])
        index = 0
        for event in sorted(reads, key=lambda event: event["began"]):
            while index < len(ends) and ends[index]["ended"] <= event["began"]:
                newest = max(newest, ends[index]["revision"])
                index += 1
            if event["revision"] < newest:
                yield f"job {job} went back from revision {newest} to {event['revision']}"
        if job in facts.finals:
            last = max(event["revision"] for event in events)
            if facts.finals[job]["revision"] < last:
                yield f"job {job} was told at revision {last} and is older at the end"


def watches_go_forward(facts: Facts) -> Iterator[str]:
    """I8: within a stream revisions grow; it begins after what was seen; its last is the end."""
    streams: dict[str, list[Event]] = defaultdict(list)
    for event in of(facts.events, "told"):
        streams[event["stream"]].append(event)
    for stream, events in streams.items():
        last = events[0]["after"]
        for event in events:
            is_repeated_end = event is events[0] and event["stage"] == DONE
            if event["revision"] <= last and not (is_repeated_end and event["revision"] == last):
                yield f"stream {stream} told revision {event['revision']} after {last}"
            last = event["revision"]
    for event in of(facts.events, "stream_ended"):
        told = streams.get(event["stream"], [])
        if not told or told[-1]["stage"] != DONE:
            yield f"stream {event['stream']} ended before job {event['job']} was done"


def cancelled_stays_cancelled(facts: Facts) -> Iterator[str]:
    """Whose cancellation was acknowledged before its end ends as cancelled."""
    for event in of(facts.events, "cancelled"):
        final = facts.finals.get(event["job"])
        if event["stage"] != DONE and not event["cancel_requested"]:
            yield f"job {event['job']}: the cancellation was acknowledged and not noted"
        if final is not None and event["stage"] != DONE and final["status"] != CANCELLED:
            yield f"job {event['job']} was cancelled and ended as {final['status']}"


def every_job_ends(facts: Facts) -> Iterator[str]:
    """I6: once faults stop, every job comes to its end."""
    if not of(facts.events, "settled"):
        yield "jobs were not done in time after the faults had stopped"
    for job, event in facts.finals.items():
        if event["stage"] != DONE:
            yield f"job {job} is {event['stage']} at the end"


def ends_are_right(facts: Facts) -> Iterator[str]:
    """A job fails for what is wrong with it, or because it lost its worker so often as allowed."""
    works = {event["job"]: event["work"] for event in of(facts.events, "created")}
    for job, event in facts.finals.items():
        work, status = works.get(job), event["status"]
        if status == SUCCESS and work in facts.reasons:
            yield f"job {job} succeeded, and {work} cannot"
        if status == CANCELLED and not event["cancel_requested"]:
            yield f"job {job} was cancelled by nobody"
        if status == FAILURE and not _may_fail(facts, work, event):
            yield f"job {job} ({work}) failed with {event['reason']} after {event['attempts']}"


def _may_fail(facts: Facts, work: str | None, final: Event) -> bool:
    if final["reason"] == "ENGINE_CRASHED":
        crashes: int = final["losses"][0]
        return crashes >= MOST_CRASHES and len(final["attempts"]) >= MOST_CRASHES
    if work is None:
        return final["reason"] in facts.reasons.values()
    return final["reason"] == facts.reasons.get(work)


def fences_grow(facts: Facts) -> Iterator[str]:
    """I4: each attempt has a greater fence; only the last one may have ended the job well."""
    for job, event in facts.finals.items():
        fences = [fence for fence, _ in event["attempts"]]
        if fences != sorted(set(fences)) or (fences and fences[-1] != event["fence"]):
            yield f"job {job} at fence {event['fence']} had attempts {event['attempts']}"
        wins = [fence for fence, outcome in event["attempts"] if outcome == "OUTCOME_SUCCESS"]
        if wins != ([event["fence"]] if event["status"] == SUCCESS else []):
            yield f"job {job} ({event['status']}) had attempts {event['attempts']}"


def stale_workers_change_nothing(facts: Facts) -> Iterator[str]:
    """I4: whoever had lost its lease was refused, whatever it tried."""
    for event in of(facts.events, "stale"):
        final = facts.finals.get(event["job"])
        outcomes = dict(map(tuple, final["attempts"])) if final else {}
        act, fence = event["act"], event["fence"]
        is_repeated = act in REPEATABLE and outcomes.get(fence) in ENDED_OUTCOMES
        if event["is_accepted"] and not is_repeated:
            yield f"{act} of job {event['job']} under the stale fence {fence} was done"
    for event in of(facts.events, "committed"):
        final = facts.finals.get(event["job"])
        if final and (final["status"], final["fence"]) != (SUCCESS, event["fence"]):
            yield (
                f"a worker committed job {event['job']} under fence {event['fence']}, and it is"
                f" {final['status']} under {final['fence']}"
            )


def a_success_has_one_whole_result(facts: Facts) -> Iterator[str]:
    """I3: exactly successes have a result; its bytes are all there, and right."""
    works = {event["job"]: event["work"] for event in of(facts.events, "created")}
    for job, event in facts.finals.items():
        result = event["result"]
        if (event["status"] == SUCCESS) != (result is not None):
            yield f"job {job} ({event['status']}) has the result {result}"
        elif result is not None:
            if result["bytes"] != result["bytes_said"]:
                yield f"job {job} has {result['bytes']} of {result['bytes_said']} bytes"
            right = facts.right.get(works.get(job, ""))
            if right is not None and result["digest"] != right:
                yield f"the result of job {job} ({works[job]}) is wrong"
    for event in of(facts.events, "result"):
        right = facts.right.get(works.get(event["job"], ""))
        if event["digest"] != right:
            yield f"a download of job {event['job']} was wrong"
    for event in of(facts.events, "no_result"):
        if event["job"] not in facts.deleted:
            yield f"job {event['job']} succeeded, and later had no result: {event['reason']}"


def quotas_are_exact(facts: Facts) -> Iterator[str]:
    """I5: counters are within limits whenever seen, and those of the jobs at the end."""
    for event in of(facts.events, "quota"):
        if not 0 <= event["outstanding"] <= event["limit"]:
            yield f"{event['owner']} had {event['outstanding']} jobs of {event['limit']}"
    for event in of(facts.events, "recount"):
        if event["wrong"]:
            yield f"the counters of {event['wrong']} were wrong"
    for event in of(facts.events, "usage"):
        live = [
            final
            for final in facts.finals.values()
            if final["owner"] == event["owner"] and final["stage"] != DONE
        ]
        if event["outstanding"] != len(live) or (not live and event["running"]):
            yield f"{event['owner']} has {len(live)} jobs and the counters {event}"


def nothing_is_left_over(facts: Facts) -> Iterator[str]:
    """I9: after the sweep there is no object that nothing names, and none is missing."""
    for event in of(facts.events, "objects"):
        if event["orphans"] or event["missing"] or event["staged"]:
            yield f"orphans {event['orphans']}, missing {event['missing']}, {event['staged']}"
    for job, event in facts.finals.items():
        if event["stage"] == DONE and event["status"] != SUCCESS and event["pieces"]:
            yield f"job {job} ({event['status']}) still has {event['pieces']} pieces"


def the_database_is_whole(facts: Facts) -> Iterator[str]:
    """Case 6: nothing that was killed left a damaged database."""
    found = of(facts.events, "integrity")
    if not found:
        yield "nobody looked"
    for event in found:
        for problem in event["problems"]:
            yield str(problem)


def errors_are_told_as_they_are(facts: Facts) -> Iterator[str]:
    """No fault of the world is told as one of ours; a server that is asked to stop ends well."""
    for event in of(facts.events, "error"):
        yield f"{event['act']} ended with {event['reason']}: {event['said']}"
    for event in of(facts.events, "internal"):
        yield f"{event['log']}: {event['event']} said {event['said']}"
    for event in of(facts.events, "server_stopped"):
        if event["status"]:
            yield f"a server that was asked to stop ended with status {event['status']}"


RULES: tuple[Callable[[Facts], Iterator[str]], ...] = (
    acknowledged_jobs_are_there,
    deleted_jobs_stay_deleted,
    a_request_is_one_job,
    jobs_belong_to_requests,
    jobs_end_once,
    a_revision_is_one_state,
    reads_go_forward,
    watches_go_forward,
    cancelled_stays_cancelled,
    every_job_ends,
    ends_are_right,
    fences_grow,
    stale_workers_change_nothing,
    a_success_has_one_whole_result,
    quotas_are_exact,
    nothing_is_left_over,
    the_database_is_whole,
    errors_are_told_as_they_are,
)
