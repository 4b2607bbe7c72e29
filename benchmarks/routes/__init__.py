"""The direct route beside other converters: `python -m benchmarks.routes`."""
