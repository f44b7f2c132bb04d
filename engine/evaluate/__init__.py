"""Graphs over metadata: what a result is, and which planes of pixels it needs."""
