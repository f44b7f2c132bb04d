"""Swath computes on satellite imagery."""
