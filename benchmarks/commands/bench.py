"""Times every subject on the same weights and inputs, each in a process of its own.

Subjects are the compiled and the eager native backends, ONNX Runtime, and what else is installed;
what computes something else than the reference is not timed.
"""

from __future__ import annotations

import argparse
import sys
from math import inf
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.plan import WORKLOADS
from benchmarks.planning import plan, subject_patterns
from benchmarks.records.paths import refuse_place

EXAMPLES = """\
examples:
  zoo bench --quick --output results.jsonl
  zoo bench --models "*gan*" --workloads generate --batches 1 64
  zoo bench report results.jsonl
"""
OUTPUT = Path("bench.jsonl")
QUICK_OUTPUT = Path("bench-quick.jsonl")

SLOWER = 1.05
"""How many times slower a subject must be, with confidence, to count as a regression."""

REPORT = """\
Makes tables of results. They are printed, and written beside the file of results as Markdown
(….md) and as a page with plots (….html), which replace reports that are there already.
"""
COMPARE = """\
Finds what became slower or faster between two runs: which subjects at which tasks, with
confidence, and relative to the machine's own speed. Exits with 1 if anything became slower.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the benchmark's commands and the options of a run."""
    add = parser.add_argument
    names = f"default: {OUTPUT}; quick: {QUICK_OUTPUT}"
    add("-o", "--output", type=Path, metavar="FILE", help=f"results, ….jsonl; continued ({names})")
    add("--quick", action="store_true", help="three models, fewer subjects: some minutes")
    add("--models", nargs="+", metavar="NAME", help="names or patterns (default: all for images)")
    add("--subjects", nargs="+", metavar="NAME", help="names or patterns (default: all installed)")
    add("--workloads", nargs="+", choices=WORKLOADS, metavar="NAME", help=", ".join(WORKLOADS))
    add(
        "--batches",
        nargs="+",
        type=int,
        metavar="N",
        help="batch sizes (default: 1 8 64; quick: 1 64)",
    )
    add("--rounds", type=int, metavar="N", help="rounds of each task (default: 11; quick: 7)")
    add(
        "--round-seconds",
        type=float,
        default=0.07,
        metavar="S",
        help="of a round (default: %(default)s)",
    )
    add("--cold", type=int, metavar="N", help="models started cold (default: 2; quick: 1)")
    add("--threads", type=int, metavar="N", help="of every subject (default: the cores there are)")
    add(
        "--device",
        choices=("cpu", "gpu"),
        default="cpu",
        help="of every subject (default: %(default)s)",
    )
    add("--overwrite", action="store_true", help="starts anew where the output exists")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=False)
    report = commands.add_parser(
        "report", help="makes tables and a page of results", description=REPORT
    )
    report.add_argument("results", type=Path, metavar="RESULTS", help="the ….jsonl of a run")
    compare = commands.add_parser("compare", help="finds what became slower", description=COMPARE)
    compare.add_argument("before", type=Path, metavar="BEFORE", help="the ….jsonl of a run")
    compare.add_argument("after", type=Path, metavar="AFTER", help="that of a later run")
    compare.add_argument(
        "--slower",
        type=float,
        default=SLOWER,
        metavar="X",
        help="counts what takes at least X times as long, a ratio above 1 (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Does what the command line says; the exit code is 1 where there are regressions.

    Raises:
        BenchmarkError: The command line or a file of results cannot be used.
    """
    if args.command == "report":
        return _report(args.results)
    if args.command == "compare":
        return _compare(args)
    return _measure(args)


def _measure(args: argparse.Namespace) -> int:
    from benchmarks.measure.run import Session
    from benchmarks.records.environment import conditions
    from benchmarks.records.file import Results
    from benchmarks.skipped import omissions, refuse_nothing, sentences
    from benchmarks.subjects import SUBJECTS, choose
    from benchmarks.workers.devices import refuse_absent_gpu
    from benchmarks.workers.signals import interrupted_by_signals

    planned = plan(args)
    output = args.output or (QUICK_OUTPUT if args.quick else OUTPUT)
    refuse_place(output)
    subjects = {name: SUBJECTS[name] for name in planned.subjects}
    refuse_nothing(planned, subjects, dict.fromkeys(planned.models, WORKLOADS))
    omitted = omissions(planned, subjects, choose(subject_patterns(args))[1])
    print("".join(f"{line}\n" for line in sentences(omitted)), end="", file=sys.stderr)
    try:
        with interrupted_by_signals():
            refuse_absent_gpu(planned, subjects)
            with Results(output, conditions(planned), overwrite=args.overwrite) as results:
                Session(planned, subjects, results, omitted=omitted).run()
                return _report(output)
    except KeyboardInterrupt:
        print(f"interrupted; the same command goes on from {output}", file=sys.stderr)
        return 130


def _report(path: Path) -> int:
    from benchmarks.report import write

    refuse_place(path)
    written, text = write(path)
    print(text)
    print("\n".join(str(file) for file in written), file=sys.stderr)
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
