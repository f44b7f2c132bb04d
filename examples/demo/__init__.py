"""The demo: a server, three questions of real imagery, their answers and two pictures."""
