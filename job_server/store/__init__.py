"""Jobs at rest: one schema on SQLite and PostgreSQL, and a model in memory. The only SQL here."""
