"""Tests. A package, so that no other distribution's `tests` stands in for it."""
