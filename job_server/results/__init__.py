"""Where the bytes of results are: a folder of the local disk, and a model in memory."""
