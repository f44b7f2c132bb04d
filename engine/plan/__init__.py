"""From planes to a plan: tasks, windows, what they cost, and whether that is admitted."""
