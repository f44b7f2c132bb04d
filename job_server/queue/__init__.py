"""What runs the store's verbs: a thread that groups commits, retry rules, changes, housekeeping."""
