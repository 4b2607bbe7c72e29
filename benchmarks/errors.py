"""The errors that a benchmark raises on purpose: one line each."""


class BenchmarkError(Exception):
    """A benchmark that cannot be run, read or compared as asked."""


class WrongOutput(BenchmarkError):
    """A subject that computes something else than the reference: its time means nothing."""


class WorkerError(BenchmarkError):
    """A worker that failed, died or did not answer in time."""
