"""Tests over loopback, with real servers and real clients."""
