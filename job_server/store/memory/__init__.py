"""Jobs in dicts: the plain model of a store, and the one of tests that need no database.

Not durable, and its verbs look at every job: for thousands of jobs, not for millions.
"""
