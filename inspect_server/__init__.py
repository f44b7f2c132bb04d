"""The inspect server: computes a request now, streams the answer back, remembers nothing."""
