"""Runs with fake subjects, which take seconds."""

import io

from benchmarks.measure.progress import ProgressBar
from benchmarks.measure.run import Session
from benchmarks.plan import Plan
from benchmarks.records.file import Results
from benchmarks.subjects import COMPILED, Subject


def fake(name="Sleeper", *, kind=COMPILED, **options):
    """A subject that a fake runs; it stands for Keras on a backend."""
    return Subject(f"tests.benchmarks.fakes:{name}", kind, options, backend="jax")


def plan(subjects, models=("first",), **options):
    chosen = {"batches": (1,), "rounds": 7, "round_seconds": 0.01, "cold": 0, "threads": 1}
    return Plan(list(models), list(subjects), **(chosen | options))


def run(path, subjects, *, bar=None, **options):
    """Runs fakes on fake models and returns the results."""
    planned = plan(subjects, **options)
    with Results(path, {"plan": {"models": list(planned.models)}}) as results:
        Session(planned, subjects, results, bar or ProgressBar(io.StringIO())).run()
    return results


def timings(results):
    """Subject → its row, of a run with one task."""
    return {row["subject"]: row for row in results.rows if row["kind"] == "time"}
