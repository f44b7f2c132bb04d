"""Real processes that are killed, put to sleep and cut off, and a judge of what they promised."""
