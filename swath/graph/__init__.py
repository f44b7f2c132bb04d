"""Expressions as flat graphs: their types, checks, canonical bytes and text."""
