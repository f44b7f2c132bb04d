"""The job server: create → queue → claim → run → commit → watch, crash-safe at every step."""
