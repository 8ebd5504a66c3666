"""Contestants that ``tests.benchmarks.speed`` times: one file a job, each contestant in a process of its own."""
