"""Compiled kernels and what runs on them: elementwise programs, reductions, warps, masks."""
