"""Runs with fake subjects, which take seconds."""

import io

from benchmarks.measure.offers import offers
from benchmarks.measure.progress import ProgressBar
from benchmarks.measure.run import BenchmarkRun
from benchmarks.options import RunOptions
from benchmarks.plan import resolve
from benchmarks.records.environment import conditions
from benchmarks.records.file import Results
from benchmarks.records.schema import Failure, Timing, of_kind
from benchmarks.subjects import COMPILED, Subject
from benchmarks.workers.pool import WorkerPool
from benchmarks.workload.temporary import temporary_folder


def fake(name="steady", target="Sleeper", *, kind=COMPILED, **options):
    """A subject that a fake runs; it stands for Keras on a backend."""
    return Subject(name, f"tests.benchmarks.fakes:{target}", kind, options, backend="jax")


def options(subjects, models=("first",), **changes):
    """The options of a short run."""
    chosen = {"batches": (1,), "rounds": 7, "round_seconds": 0.01, "cold": 0, "threads": 1}
    chosen |= {"peaks": False} | changes
    return RunOptions(list(models), list(subjects), **chosen)


def run(path, subjects, *, bar=None, budget=None, **changes):
    """Runs fakes on fake models and returns the results."""
    return carry_out(options(subjects, **changes), path, bar, budget)


def carry_out(chosen, path, bar=None, budget=None):
    """Runs what options request and returns the results."""
    with temporary_folder() as folder, WorkerPool(chosen, folder) as pool:
        plan = resolve(chosen, offers(chosen, pool))
        made = conditions(plan.to_json(), threads=chosen.threads)
        with Results(path, made) as results:
            bar = bar or ProgressBar(io.StringIO())
            BenchmarkRun(plan, pool, results, bar, budget=budget).run()
    return results


def timings(results):
    """Subject → its row, of a run with one task."""
    return {row.subject: row for row in of_kind(results.rows, Timing)}


def failures(results):
    """Subject → its error, of a run with one task."""
    return {row.subject: row.error for row in of_kind(results.rows, Failure)}
