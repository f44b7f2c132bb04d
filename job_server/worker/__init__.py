"""A worker: a process that takes one job at a time from the job server, and runs it in children.

The **parent** (`parent`, `attempt`, `calls`, ...) speaks with the server: it claims, heartbeats,
uploads, commits. It knows nothing of pixels and imports nothing that does, so neither a crash nor
a library that holds the interpreter keeps it from its heartbeats.

The **children** (`child`, `computation`, `evaluation`) compute, one job at a time, and speak with
their parent alone, in the frames of `frames`.
"""
