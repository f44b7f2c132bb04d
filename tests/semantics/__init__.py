"""One test, at least, for each rule of docs/semantics.md, named after it."""
