"""The catalog's SQLite store: the only SQL of the engine."""
