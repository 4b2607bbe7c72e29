"""Studies that train arms on several seeds: resumable lines of results, and a table of them."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.records.environment import sentence
from zoo.files import write_atomically

RESULTS = Path(__file__).resolve().parents[1] / "results"
Row = dict[str, Any]
Arm = Mapping[str, Any]


def run(
    name: str,
    arms: Sequence[Arm],
    train: Callable[[Arm, int, bool], Mapping[str, float]],
    *,
    title: str,
    conditions: str,
    reading: str,
    about: str,
) -> int:
    """Trains every arm with every seed, and writes `results/name.jsonl` and `.md`.

    A line is written after each training; one that is there already is not trained again, so that
    a study is resumed, or goes on to more seeds.

    Args:
        name: Of the study, and of its files.
        arms: The arms of the comparison: the columns that tell them apart.
        train: `train(arm, seed, quick)` → measures.
        title: Of the page.
        conditions: Sentences on data, networks, budgets and measures.
        reading: The conclusion from the table.
        about: For `--help`.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--quick", action="store_true", help="one seed and a tenth of the steps")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="how many (5)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="the folder of the results")
    options = parser.parse_args()
    stem = options.out / (f"{name}-quick" if options.quick else name)
    lines = stem.with_suffix(".jsonl")
    rows = [json.loads(line) for line in lines.read_text().splitlines()] if lines.exists() else []
    for seed in range(1 if options.quick else options.seeds):
        for arm in arms:
            if any(row["arm"] == dict(arm) and row["seed"] == seed for row in rows):
                continue
            start = time.perf_counter()
            measures = {k: round(float(v), 4) for k, v in train(arm, seed, options.quick).items()}
            seconds = round(time.perf_counter() - start, 1)
            rows.append({"arm": dict(arm), "seed": seed, **measures, "seconds": seconds})
            print(json.dumps(rows[-1]), flush=True)
            with lines.open("a") as file:
                file.write(json.dumps(rows[-1]) + "\n")
    command = f"python -m benchmarks.studies.{name}" + (" --quick" if options.quick else "")
    text = f"# {title}\n\n{sentence(command)}\n\n{conditions}\n\n{table(rows)}\n\n{reading}\n"
    write_atomically(stem.with_suffix(".md"), text)
    print(text)
    return 0


def table(rows: Sequence[Row]) -> str:
    """Markdown: a row for each arm; of each measure the mean and the deviation over the seeds."""
    arms = list({json.dumps(row["arm"]): row["arm"] for row in rows}.values())
    columns = list(dict.fromkeys(key for arm in arms for key in arm))
    measures = list(dict.fromkeys(k for row in rows for k in row if k not in ("arm", "seed")))
    lines = [
        f"| {' | '.join([*columns, 'seeds', *measures])} |",
        "|" + "---|" * (len(columns) + 1 + len(measures)),
    ]
    for arm in arms:
        own = [row for row in rows if row["arm"] == arm]
        cells = [str(arm.get(column, "")) for column in columns] + [str(len(own))]
        for measure in measures:
            values = [row[measure] for row in own if measure in row]
            cells.append(_cell(values, plain=measure == "seconds"))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(values: Sequence[float], *, plain: bool) -> str:
    if not values:
        return "–"
    if plain:
        return f"{np.mean(values):.0f}"
    spread = f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
    return f"{np.mean(values):.3f}{spread}"
