"""The rpcs of users and of workers: each decodes, runs one verb of the store, and encodes."""
