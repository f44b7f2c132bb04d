"""Messages and services generated from `protos/swath/worker/v1`; never edited."""
