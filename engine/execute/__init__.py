"""Runs plans window by window under a budget, and gives results as streams of events."""
