"""Whose turn it is: stride scheduling between owners of equal weight, by one number for each.

The owner with the lowest pass goes next. Serving one takes it to the front: one beyond its own
pass, but never behind the furthest owner, so that nobody saves up turns while it has no work, is at
its limit or waits for a retry, and a new owner waits for at most one job of each other. Stores hold
the pass as `owner.vt`; in SQL the rule is the same expression.
"""

from __future__ import annotations


def after(own: int, furthest: int) -> int:
    """Pass of an owner after a job of it was handed out; `furthest` is the highest of all owners.

    Source: stride scheduling, Waldspurger and Weihl 1995, with stride 1 and the re-entry of an idle
    client moved to the moment when it is served.
    """
    return max(own + 1, furthest)
