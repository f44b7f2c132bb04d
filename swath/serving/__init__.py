"""What both servers need and neither owns: config, errors to status, drain, events, metrics."""
