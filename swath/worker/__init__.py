"""The contract between the job server and its workers; nothing a user needs."""
