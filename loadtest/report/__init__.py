"""Reports of a run: one document, as JSON, as a table, as a page, as a part of the README."""
