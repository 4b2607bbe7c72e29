"""Shows where a training step's time goes: a table of operators for each model and backend.

Measured by each backend's own profiler, on the processor; each table says what its profiler cannot
tell. Shares are those of the step under the profiler, which slows it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkError, WorkerError
from benchmarks.presets import PROFILED

BATCH = 64
CALLS = 20
SHOWN = 12
HEADING = "# Training by operator"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the models and the numbers."""
    add = parser.add_argument
    add("profiled", nargs="+", metavar="MODEL", help="names, patterns, file.py:Class")
    add("--batch", type=int, default=BATCH, metavar="N", help="batch size (default: %(default)s)")
    add("--calls", type=int, default=CALLS, metavar="N", help="profiled steps (%(default)s)")
    shown = "operators of a table; 0 for all (%(default)s)"
    add("--top", type=int, default=SHOWN, metavar="N", help=shown)
    add(
        "--subjects",
        nargs="+",
        default=list(PROFILED),
        metavar="NAME",
        help="that train models of the zoo: names or patterns (default: one for each backend)",
    )
    add("--threads", type=int, metavar="N", help="of every subject (default: all cores)")
    add("--out", type=Path, metavar="FILE", help="also write the tables, as Markdown, ….md")


def run(args: argparse.Namespace) -> int:
    """Prints the tables; the exit code is 1 where a profile failed.

    Raises:
        BenchmarkError: A name is unknown, a number is out of bounds, or nothing can be profiled.
    """
    from benchmarks.options import RunOptions, check_bounds, select_models
    from benchmarks.records.environment import sentence
    from benchmarks.report.tables import Table
    from benchmarks.skipped import sentences
    from benchmarks.subjects import select
    from benchmarks.workers.pool import WorkerPool
    from benchmarks.workers.signals import interrupted_by_signals
    from benchmarks.workload.temporary import temporary_folder
    from export.machine import cores
    from zoo.files import write_atomically

    threads = len(cores()) if args.threads is None else args.threads
    check_bounds("threads", [threads], least=1, most=len(cores()))
    check_bounds("batch", [args.batch], least=1)
    check_bounds("calls", [args.calls], least=1)
    check_bounds("top", [args.top], least=0)
    _check_output(args.out)
    models = select_models(args.profiled)
    able, skipped = select(args.subjects)
    _check_trained(able)
    print("".join(f"{s}\n" for s in sentences(skipped)), end="", file=sys.stderr)
    options = RunOptions(models, able, threads=threads)
    tables: list[Table] = []
    errors: list[str] = []
    with (
        interrupted_by_signals(),
        temporary_folder() as folder,
        WorkerPool(options, folder) as pool,
    ):
        for where, found in _profiles(options, pool, args.batch, args.calls):
            if isinstance(found, WorkerError):
                errors.append(f"{where}: {found}")
                print(f"failed: {errors[-1]}", file=sys.stderr)
                continue
            tables.append(table(where, found, args.top))
            print(f"{tables[-1].text()}\n{found['untold']}\n", flush=True)
    if args.out is not None and tables:
        words = ["zoo bench profile", *args.profiled, f"--batch {args.batch}"]
        words += [f"--calls {args.calls}", f"--threads {threads}"]
        parts = [HEADING, "", sentence(" ".join(words)), ""]
        parts += [made.markdown() for made in tables]
        parts += [f"Failed: {error}\n" for error in errors]
        print(write_atomically(args.out, "\n".join(parts)), file=sys.stderr)
    return int(bool(errors))


def table(where: str, found: dict[str, Any], top: int = 0) -> Any:
    """A profile as a table, the rest in one row.

    Args:
        where: The model, subject and batch size.
        found: Of `benchmarks.profilers.profile_step`.
        top: The rows that are shown; 0 for all.
    """
    from benchmarks.report.tables import Table, seconds

    operators = list(found["operators"].items())
    total = sum(spent for _, (_, spent) in operators)
    top = top or len(operators)
    shown, rest = operators[:top], [spent for _, spent in operators[top:]]
    if rest:
        together = [sum(column) for column in zip(*rest, strict=True)]
        shown = [*shown, (f"{len(rest)} others", together)]
    rows = [
        [name, f"{calls:.4g}", seconds(spent), f"{spent / total:.1%}"]
        for name, (calls, spent) in shown
    ]
    title = f"{where}: {seconds(found['step'])}, under the profiler {seconds(found['profiled'])}"
    note = f"Calls and time of one training step, all its phases. {found['untold']}"
    return Table(title, note, ["operator", "calls", "time", "share"], rows)


def _profiles(
    options: Any, pool: Any, batch: int, calls: int
) -> Iterator[tuple[str, dict[str, Any] | WorkerError]]:
    """Yields each model and subject in words, with the profile or its error."""
    from benchmarks.tasks import TRAIN, Task

    for number, model in enumerate(options.models):
        folder = str(pool.folder / f"model-{number}")
        try:
            pool.reference.call(
                "prepare", folder=folder, model=model, settings={}, workloads=[TRAIN]
            )
        except WorkerError as error:
            yield model, error
            continue
        task = {**vars(Task(model, TRAIN, batch)), "folder": folder}
        for subject in options.subjects:
            where = f"{model}, {subject.name}, batch {batch}"
            try:
                yield where, pool[subject].call("profile_training", task=task, calls=calls)
            except WorkerError as error:
                yield where, error


def _check_trained(subjects: Sequence[Any]) -> None:
    """Raises where a subject does not train the models of the zoo."""
    from benchmarks.subjects import COMPILED, SUBJECTS

    accepted = [s.name for s in SUBJECTS if s.trains and s.kind == COMPILED]
    for subject in subjects:
        if subject.name not in accepted:
            raise BenchmarkError(
                f"Profiled are subjects that train models of the zoo. Received: {subject.name}. "
                f"Accepted: {', '.join(accepted)}"
            )


def _check_output(path: Path | None) -> None:
    """Raises where tables cannot be written as Markdown, or would replace another text."""
    if path is None:
        return
    if path.suffix != ".md":
        raise BenchmarkError(f"Tables are written as Markdown. Received: {path}. Accepted: ….md")
    if path.exists() and not (path.is_file() and path.read_text().startswith(HEADING)):
        raise BenchmarkError(
            f"Only a profile may be replaced. Received: {path}, which holds something else. "
            "Accepted: another file."
        )
