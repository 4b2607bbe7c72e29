"""What scripts of published results share: cases, schedules, records, and a page.

A script names its cases, and each runs by itself on the backend that `KERAS_BACKEND` names. Its
record is added to a file; a case that the file has on that backend, at that length and seed, is not
run again, and one that was interrupted goes on from its checkpoint in `--runs`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.records.environment import sentence
from zoo.files import write_atomically

KEYS = ("case", "backend", "length", "seed", "draws", "quick")
"""What tells one record from another; only records of `--quick` have the last."""


@dataclass(frozen=True)
class Schedule:
    """How a case is run.

    Attributes:
        length: Epochs, or steps where the case counts steps.
        full: What the length would be on the published schedule.
        seed: Of weights, order and noise.
        draws: Importance samples of a likelihood.
        folder: Where checkpoints are kept; None for nowhere.
        quick: Whether this is a first look, for which a script may make its networks smaller.
    """

    length: int
    full: int
    seed: int = 0
    draws: int = 5000
    folder: Path | None = None
    quick: bool = False

    def fit(self, model: Any, data: Any, *, unit: str = "epochs", **options: Any) -> Any:
        """Trains a model for the length, from its last checkpoint on; returns the history."""
        resume = self.folder is not None and self.folder.exists()
        return model.fit(
            data,
            **({unit: self.length} | options),
            run=self.folder,
            resume=resume,
            verbose=0,
        )

    @contextmanager
    def kept(self) -> Iterator[Path]:
        """A folder beside the checkpoints, or one for the time being where none are kept."""
        if self.folder is None:
            with tempfile.TemporaryDirectory() as name:
                yield Path(name)
        else:
            beside = self.folder.with_name(f"{self.folder.name}-kept")
            beside.mkdir(parents=True, exist_ok=True)
            yield beside

    def scaled(self, at: int) -> int:
        """A place of the full schedule at this length, at least 1."""
        return max(1, round(at * self.length / self.full))


@dataclass(frozen=True)
class Case:
    """One published result.

    Attributes:
        run: Data and schedule → what was found, by name.
        full: Length of the published schedule.
        quick: Length of a first look.
        published: What was published, in words.
        unit: Of the lengths.
    """

    run: Callable[[Any, Schedule], dict[str, float]]
    full: int
    quick: int
    published: str
    unit: str = "epochs"


def page(title: str, about: str, cases: Mapping[str, Case], records: list[dict[str, Any]]) -> str:
    """The records as a page: a row for each case and its seeds, a column for each number."""
    metrics = list(dict.fromkeys(name for record in records for name in record["result"]))
    columns = ["case", "backend", "schedule", *metrics, "published"]
    lines = [f"# {title}", "", about, "", row(columns), "|---" * len(columns) + "|"]
    groups: dict[Any, list[dict[str, Any]]] = {}
    for record in records:
        key = (*(record.get(name) for name in KEYS if name != "seed"), *record["result"])
        groups.setdefault(key, []).append(record)
    for group in groups.values():
        first, case = group[0], cases[group[0]["case"]]
        quick = "quick: " if first.get("quick") else ""
        schedule = quick + schedule_words(
            first["length"], case.full, case.unit, [record["seed"] for record in group]
        )
        found = [numbers([record["result"].get(name) for record in group]) for name in metrics]
        lines.append(row([first["case"], first["backend"], schedule, *found, case.published]))
    conditions = sorted({record["conditions"] for record in records})
    return "\n".join([*lines, "", *conditions]) + "\n"


def schedule_words(length: int, full: int, unit: str, seeds: Sequence[int]) -> str:
    """A length, as a part of the published one where it is shorter, and the seeds."""
    share = "" if length >= full else f" of {full:,}"
    return f"{length:,}{share} {unit}, {seed_words(seeds)}"


def seed_words(seeds: Sequence[int]) -> str:
    """The seeds in words."""
    return f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"


def numbers(values: Sequence[float | None]) -> str:
    """The mean of several seeds, and their least and greatest."""
    known = [value for value in values if value is not None]
    if len(set(known)) < 2:
        return _number(known[0] if known else None)
    ends = f"{_number(min(known))} to {_number(max(known))}"
    return f"{_number(sum(known) / len(known))} ({ends})"


def row(cells: Sequence[str]) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}" if abs(value) < 1 else f"{value:,.2f}"


def main(
    module: str,
    title: str,
    about: str,
    cases: Mapping[str, Case],
    load: Callable[..., Any],
    *,
    doc: str | None,
    reads: bool = True,
    files: Mapping[str, str] | None = None,
    given: list[str] | None = None,
) -> None:
    """Runs the cases that are asked for and not yet recorded.

    Args:
        module: The script, as in `python -m MODULE`.
        title: Of the page.
        about: The page's first words.
        cases: By name.
        load: Reads the file of data, and after it the further files.
        doc: The script's help.
        reads: Whether the script reads a file; others make their data.
        files: Further files that the script reads: the option's name → its help.
        given: The command line; that of the process by default.
    """
    files = files or {}
    parser = _parser(cases, doc, reads, files)
    options = parser.parse_args(given)
    unknown = [name for name in options.cases if name not in cases]
    if unknown:
        parser.error(f"unknown case {', '.join(unknown)}. Accepted: {', '.join(cases)}.")
    import keras

    further = {name: getattr(options, name) for name in files}
    arrays = load(options.data if reads else None, *further.values())
    named = ({"data": options.data} if reads else {}) | further
    data = "".join(f"--{name} {file.name} " for name, file in named.items())
    path = options.out
    records = [] if path is None or not path.exists() else read(path)
    for name in options.cases or cases:
        case = cases[name]
        length = options.length or (case.quick if options.quick else case.full)
        record = {
            "case": name,
            "backend": keras.backend.backend(),
            "length": length,
            "seed": options.seed,
            "draws": options.draws,
        } | ({"quick": True} if options.quick else {})
        if any(all(one.get(key) == record.get(key) for key in KEYS) for one in records):
            print(f"{name}: recorded in {path}")
            continue
        folder = None
        if options.runs is not None:
            told = [str(record[key]) for key in KEYS[:4]] + ["quick"] * options.quick
            folder = options.runs / "-".join(told)
        schedule = Schedule(
            length, case.full, options.seed, options.draws, folder, quick=options.quick
        )
        record["result"] = case.run(arrays, schedule)
        record["conditions"] = sentence(
            f"python -m {module} CASE {data}{'--quick ' * options.quick}--length {length} "
            f"--draws {options.draws} --seed {options.seed}"
        )
        print(json.dumps({name: record["result"]}), flush=True)
        if path is not None:
            # Others may have added theirs meanwhile.
            records = [*(read(path) if path.exists() else []), record]
            write_atomically(path, "".join(f"{json.dumps(one)}\n" for one in records))
    if path is not None and records:  # of joined files, too
        write_atomically(path.with_suffix(".md"), page(title, about, cases, records))


def _parser(
    cases: Mapping[str, Case], doc: str | None, reads: bool, files: Mapping[str, str]
) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"{', '.join(cases)} (all)")
    if reads:
        about = "an .npz file, or what the script says"
        parser.add_argument("--data", type=Path, required=True, help=about)
    for name, about in files.items():
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE", help=about)
    parser.add_argument("--quick", action="store_true", help="a short schedule, for a first look")
    parser.add_argument("--length", type=int, metavar="N", help="epochs or steps (the published)")
    parser.add_argument("--draws", type=int, default=5000, help="importance samples (5000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--runs", type=Path, help="a folder of checkpoints, to go on from")
    parser.add_argument("--out", type=Path, help="a file of records, .jsonl; its page is beside it")
    return parser


def read(path: Path) -> list[dict[str, Any]]:
    """The records of a file."""
    return [json.loads(line) for line in path.read_text().splitlines()]
