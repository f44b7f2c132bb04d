"""The demo: three questions of real imagery, two pictures of the answers, and fifty jobs."""
