"""Random models through the exporter: `python -m tests.fuzz --seed 0 --count 100 --backend jax`.

A model is a program of steps, drawn from the cases that are declared beside the handlers and from
the layers' cases, so that a new handler is fuzzed at once.
"""
