"""The errors that a benchmark raises on purpose: one line each."""

from zoo.errors import ZooError


class BenchmarkError(ZooError):
    """A benchmark that cannot be run, read or compared as asked."""

    exit_code = 2


class WrongOutput(BenchmarkError):
    """A subject that computes something else than the reference: its time means nothing."""


class WorkerError(BenchmarkError):
    """A worker that failed, died or did not answer in time."""
