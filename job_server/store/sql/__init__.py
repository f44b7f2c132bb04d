"""The verbs of the store in SQL: one file each, the same statements on SQLite and PostgreSQL."""
