"""Messages generated from `protos/swath/v1`; never edited. `swath.wire` turns them into values."""
