"""Benchmarks: the same weights and inputs on every backend and in ONNX Runtime, round by round.

`python -m benchmarks` does what `zoo bench` does. Importing this package imports no backend.
"""
