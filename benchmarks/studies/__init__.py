"""Studies of single questions, each a module to run: `python -m benchmarks.studies.NAME`."""
