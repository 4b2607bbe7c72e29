"""Measurements: runs, tasks, cold starts, correctness, timing and statistics."""
