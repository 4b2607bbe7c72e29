"""Two revisions on an uneven machine, by the fastest round of each task over several runs.

Runs of `zoo bench` at both revisions take turns, the same models, subjects and batches in each:

`python -m benchmarks.studies.revisions --before B1.jsonl B2.jsonl --after A1.jsonl A2.jsonl --out
revisions.md`.

`zoo bench compare` holds one run against another with confidence intervals, and fits a machine that
keeps its speed within a run. Where it does not, a fastest round is the least disturbed one.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.records.file import read
from benchmarks.records.schema import Conditions, Row, Timing, first, of_kind
from benchmarks.tasks import PEAK, TRAIN
from zoo.files import write_atomically

Key = tuple[str, str, str, int]
"""Model, workload, subject, batch."""
SHOWN = 8


def fastest(runs: Iterable[Sequence[Row]]) -> dict[Key, float]:
    """Seconds of the fastest round of each task and subject, over all runs."""
    best: dict[Key, float] = {}
    for rows in runs:
        for row in of_kind(rows, Timing):
            key = (row.model, row.workload, row.subject, row.batch)
            best[key] = min(*row.rounds, best.get(key, math.inf))
    return best


def ratios(before: Mapping[Key, float], after: Mapping[Key, float]) -> dict[Key, float]:
    """After over before, for what both measured; more than 1 is slower."""
    return {key: after[key] / before[key] for key in before if key in after}


def table(found: Mapping[Key, float]) -> list[str]:
    """A row for each subject: training steps and uses, and what became slowest."""
    lines = [
        "| subject | kind | tasks | geometric mean | least | most |",
        "|---|---|---|---|---|---|",
    ]
    groups: dict[tuple[str, str], list[float]] = {}
    for (model, workload, subject, _), value in found.items():
        kind = "machine" if model == PEAK else "training" if workload == TRAIN else "uses"
        groups.setdefault((subject, kind), []).append(value)
    for (subject, kind), values in sorted(groups.items()):
        mean = math.exp(sum(map(math.log, values)) / len(values))
        lines.append(
            f"| {subject} | {kind} | {len(values)} | {mean:.2f} | {min(values):.2f} "
            f"| {max(values):.2f} |"
        )
    return lines


def slowest(found: Mapping[Key, float], before: Mapping[Key, float]) -> list[str]:
    """The tasks whose ratio is the highest."""
    lines = ["| task | subject | batch | before, ms | ratio |", "|---|---|---|---|---|"]
    tasks = sorted((key for key in found if key[0] != PEAK), key=lambda key: -found[key])
    for key in tasks[:SHOWN]:
        model, workload, subject, batch = key
        lines.append(
            f"| {model} {workload} | {subject} | {batch} | {before[key] * 1e3:.3g} "
            f"| {found[key]:.2f} |"
        )
    return lines


def machine(conditions: Conditions) -> str:
    """The machine and the versions in a few words."""
    named = ", ".join(f"{name} {number}" for name, number in conditions.versions.items())
    sets = ", ".join(conditions.instructions)
    return f"{conditions.processor}, {conditions.cores} cores, {sets}; {named}"


def page(before: Sequence[Path], after: Sequence[Path]) -> str:
    """The Markdown of the comparison."""
    old, new = [[read(path) for path in paths] for paths in (before, after)]
    best = fastest(old)
    found = ratios(best, fastest(new))
    heads = [first(runs[0]) for runs in (old, new)]
    return "\n".join(
        [
            "# Two revisions of genzoo, before and after\n",
            f"`python -m benchmarks.studies.revisions`, {len(before)} runs of `zoo bench` each, in "
            f"turn; before {heads[0].commit}, after {heads[1].commit}: {machine(heads[1])}.\n",
            "Ratios are after over before, of the fastest round of each task; more than 1 is "
            "slower. The hand-written code and ONNX Runtime are the same in both, and show how far "
            "the machine moved.\n",
            *table(found),
            "\nHighest ratios:\n",
            *slowest(found, best),
            "",
        ]
    )


def main() -> None:
    """Reads both revisions' results and writes the page."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n\n")[0])
    parser.add_argument("--before", nargs="+", type=Path, required=True)
    parser.add_argument("--after", nargs="+", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    write_atomically(args.out, page(args.before, args.after).encode())
    print(args.out)


if __name__ == "__main__":
    main()
