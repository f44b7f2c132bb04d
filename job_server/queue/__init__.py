"""What runs the store's verbs: threads that group commits, retry rules, changes, housekeeping."""
