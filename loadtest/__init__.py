"""Open-loop load on both servers, with latency budgets and an exit status."""
