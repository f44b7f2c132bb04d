"""Text in, text out: what a graph becomes."""
