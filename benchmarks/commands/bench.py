"""Times every subject on the same weights and inputs, each in a process of its own.

Subjects are the compiled and the eager native backends, ONNX Runtime, and other installed engines;
a subject whose outputs differ from the reference is not timed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import Any

from benchmarks.commands import profile
from benchmarks.errors import BenchmarkError
from benchmarks.presets import PRESETS, USUAL
from benchmarks.records.paths import check_path
from benchmarks.tasks import TRAIN

EXAMPLES = """\
examples:
  zoo bench --quick --out results.jsonl
  zoo bench --models "*gan*" --workloads sample --batches 1 64
  zoo bench --gpu --out gpu.jsonl
  zoo bench --models my_models.py:MyVAE --subjects "onnxruntime" "jax-*"
  zoo bench report results.jsonl
  zoo bench profile vae dcgan --batch 64
"""

SLOWER = 1.05
"""How many times slower a subject must be, with confidence, to count as a regression."""

REPORT = """\
Makes tables of results. They are printed, and written beside the file of results as Markdown
(….md) and as a page with plots (….html), which replace existing reports.
"""
COMPARE = """\
Finds subjects that became slower or faster at a task between two runs, with confidence and relative
to the machine's own speed. Exits with 1 if any became slower.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the benchmark's commands and the options of a run."""
    add = parser.add_argument
    add(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"results, ….jsonl; continued ({_default('output')})",
    )
    hidden = argparse.SUPPRESS
    add("-o", "--output", dest="out", type=Path, default=hidden, help=hidden)
    presets = parser.add_mutually_exclusive_group()
    presets.add_argument(
        "--quick",
        dest="preset",
        action="store_const",
        const="quick",
        default=USUAL,
        help="three models, fewer subjects: some minutes",
    )
    presets.add_argument(
        "--gpu",
        dest="preset",
        action="store_const",
        const="gpu",
        default=USUAL,
        help="on a GPU, in 40 minutes: three models, training in float32 and bfloat16, ONNX "
        "Runtime with IO binding, CUDA graphs, TensorRT; with --device cpu a trial of it",
    )
    add(
        "--models",
        nargs="+",
        metavar="NAME",
        help="names, patterns, file.py:Class (default: all)",
    )
    add("--subjects", nargs="+", metavar="NAME", help="names or patterns (default: all usual ones)")
    add(
        "--workloads",
        nargs="+",
        metavar="NAME",
        help=f"{TRAIN}, or uses of the models (default: {TRAIN}, uses of distinct parts)",
    )
    add(
        "--batches",
        nargs="+",
        type=int,
        metavar="N",
        help=f"batch sizes ({_default('batches')})",
    )
    add(
        "--rounds",
        type=int,
        metavar="N",
        help=f"rounds of each task ({_default('rounds')})",
    )
    add(
        "--round-seconds",
        type=float,
        default=0.07,
        metavar="S",
        help="of a round (default: %(default)s)",
    )
    add(
        "--minutes",
        type=float,
        metavar="N",
        help="time of the run, spread over its tasks; the same command continues "
        f"({_default('minutes')})",
    )
    add(
        "--cold",
        type=int,
        metavar="N",
        help=f"models that are started cold ({_default('cold')})",
    )
    add("--threads", type=int, metavar="N", help="of every subject (default: all cores)")
    add(
        "--device",
        choices=("cpu", "gpu"),
        help=f"of every subject ({_default('device')})",
    )
    add("--overwrite", action="store_true", help="replace the results that exist")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=False)
    report = commands.add_parser(
        "report", help="make tables and a page of results", description=REPORT
    )
    report.add_argument("results", type=Path, metavar="RESULTS", help="the ….jsonl of a run")
    compare = commands.add_parser(
        "compare", help="find subjects that became slower", description=COMPARE
    )
    compare.add_argument("before", type=Path, metavar="BEFORE", help="the ….jsonl of a run")
    compare.add_argument("after", type=Path, metavar="AFTER", help="the ….jsonl of a later run")
    compare.add_argument(
        "--slower",
        type=float,
        default=SLOWER,
        metavar="X",
        help="the least ratio of times that counts, above 1 (default: %(default)s)",
    )
    profile.add_arguments(
        commands.add_parser(
            "profile", help="show the operators of training steps", description=profile.__doc__
        )
    )


def _default(name: str) -> str:
    """An option's default and, where they differ, those of the other presets."""
    usual = _shown(getattr(PRESETS[USUAL], name))
    others = {preset: _shown(getattr(PRESETS[preset], name)) for preset in PRESETS}
    return f"default: {usual}" + "".join(
        f"; --{preset}: {value}" for preset, value in others.items() if value != usual
    )


def _shown(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else "none" if value is None else str(value)


def run(args: argparse.Namespace) -> int:
    """Runs the command; the exit code is 1 where there are regressions.

    Raises:
        BenchmarkError: The command line or a file of results cannot be used.
    """
    if args.command == "report":
        return _report(args.results)
    if args.command == "compare":
        return _compare(args)
    if args.command == "profile":
        return profile.run(args)
    return _measure(args)


def _measure(args: argparse.Namespace) -> int:
    from benchmarks.measure.offers import offers
    from benchmarks.measure.run import BenchmarkRun
    from benchmarks.measure.time_budget import TimeBudget
    from benchmarks.options import from_arguments
    from benchmarks.plan import resolve
    from benchmarks.records.environment import conditions
    from benchmarks.records.file import Results
    from benchmarks.report import publish
    from benchmarks.skipped import sentences
    from benchmarks.workers.devices import require_gpu, without_absent
    from benchmarks.workers.pool import WorkerPool
    from benchmarks.workers.signals import interrupted_by_signals
    from benchmarks.workload.temporary import temporary_folder

    options = from_arguments(args)
    budget = TimeBudget(options.minutes)
    output = args.out or PRESETS[args.preset].output
    check_path(output)
    try:
        with (
            interrupted_by_signals(),
            temporary_folder() as folder,
            WorkerPool(options, folder) as pool,
        ):
            require_gpu(pool)
            options = without_absent(options, pool)
            plan = resolve(options, offers(options, pool))
            print("".join(f"{s}\n" for s in sentences(plan.skipped)), end="", file=sys.stderr)
            made = conditions(plan.to_json(), threads=options.threads, device=options.device)
            with Results(output, made, overwrite=args.overwrite) as results:
                left = BenchmarkRun(plan, pool, results, budget=budget).run()
                publish(results.rows, output)
                if left:
                    time = f"tasks left after {options.minutes:g} minutes: {left}"
                    print(f"{time}; the same command continues {output}", file=sys.stderr)
                return 0
    except KeyboardInterrupt:
        print(f"interrupted; the same command continues {output}", file=sys.stderr)
        return 130


def _report(path: Path) -> int:
    from benchmarks.records.file import read
    from benchmarks.report import publish

    check_path(path)
    publish(read(path), path)
    return 0


def _compare(args: argparse.Namespace) -> int:
    from benchmarks.records.file import read
    from benchmarks.report.compare import compare, table

    if not 1 < args.slower < inf:
        raise BenchmarkError(
            f"slower must be a ratio above 1. Received: {args.slower}. Accepted: such as {SLOWER}"
        )
    changes = compare(read(args.before), read(args.after), slower=args.slower)
    print(table(changes))
    return int(any(change.verdict == "slower" for change in changes.rows))
