"""The errors of benchmarks: one line each."""

from zoo.errors import ZooError


class BenchmarkError(ZooError):
    """A benchmark that cannot be run, read or compared."""

    exit_code = 2


class WrongOutput(BenchmarkError):
    """Outputs that differ from the reference's; their subject is not timed."""


class WorkerError(BenchmarkError):
    """A worker that failed, died or timed out."""
