"""Values to the bytes of a format."""
