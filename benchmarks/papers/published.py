"""The page that compares the records of the scripts of published results with their bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.papers.bars import Bar, Measure, Run, Verdict, holds, lacking, runs, verdict
from benchmarks.papers.schedule import Case, numbers, read, row, schedule_words, seed_words

RESULTS = Path(__file__).resolve().parents[1] / "results"
PAGE = RESULTS / "published.md"
SCRIPTS = (
    "keras_examples",
    "vae",
    "vamp_vae",
    "iwae",
    "vq_vae",
    "principal_components",
    "anomaly",
    "bigan",
    "clustering",
    "modes",
    "stacked_mnist",
)
"""The scripts in the order of the page."""
COLUMNS = ("result", "published", "ours", "control", "schedule", "bar")
ORDER: tuple[Verdict, ...] = ("holds", "holds in part", "does not hold", "not run", "none set")
ABOUT = """\
Made by `make docs`, or `python -m benchmarks.papers`, from the records beside it and the bars of
the scripts in `benchmarks/papers`; machines, versions, commits and commands are on the linked
pages. Numbers of several seeds are their mean, and in brackets the least and the greatest; a
control of fewer seeds than ours names them. A schedule that is shorter than the published one is
marked as **shortened**, with its share: its verdict may change on the whole schedule. A bar *holds
in part* where backends or seeds that it is for have not run, or where it holds on some backends
alone; *none set*: no limit is set. Where nothing was run, the command that runs it takes the place
of the schedule; the script's help describes the files that it reads."""


def page(results: Path = RESULTS, scripts: Mapping[str, Any] | None = None) -> str:
    """The page in Markdown: a row for each bar.

    Args:
        results: The folder of the records.
        scripts: Name → module with `CASES` and `BARS`; by default all scripts.
    """
    if scripts is None:
        scripts = {name: import_module(f"benchmarks.papers.{name}") for name in SCRIPTS}
    lines, verdicts, shortened = [], Counter[Verdict](), Counter[Verdict]()
    for name, script in scripts.items():
        for bar in script.BARS:
            cells, outcome, short = _cells(name, bar, script, results)
            lines.append(row(cells))
            verdicts[outcome] += 1
            shortened[outcome] += short
    counts = ", ".join(
        f"{verdicts[one]} *{one}*" + (f" ({shortened[one]} shortened)" if shortened[one] else "")
        for one in ORDER
        if verdicts[one]
    )
    head = ["# Published numbers, and ours", "", ABOUT, "", f"Verdicts: {counts}.", ""]
    table = [row(COLUMNS), "|---" * len(COLUMNS) + "|", *lines]
    return "\n".join([*head, *table]) + "\n"


def _cells(name: str, bar: Bar, script: Any, results: Path) -> tuple[list[str], Verdict, bool]:
    """The cells of a bar's row, its verdict, and whether it is that of a shortened schedule."""
    stem = bar.records or name
    path = results / f"{stem}.jsonl"
    records = read(path) if path.exists() else []
    case = script.CASES[bar.cases[0]]
    full = bar.length or case.full
    shorter = [
        other.length or script.CASES[other.cases[0]].full
        for other in script.BARS
        if (other.cases, other.records) == (bar.cases, bar.records)
    ]
    above = max((length for length in shorter if length < full), default=0)
    found = runs(bar, records, full, above)
    cells = [
        f"{bar.what} ([{stem}]({stem}.md))" if records else bar.what,
        f"{bar.published} ({bar.source})",
        _by_backend(found, lambda run: _named(bar.ours, run)) or "not run",
        _by_backend(found, lambda run: _named(bar.control, run)),
        _schedule(bar, case, full, found) or f"`{command(name, bar, case)}`",
        _outcome(bar, found, full),
    ]
    return cells, verdict(bar, found), _is_short(found, full)


def command(name: str, bar: Bar, case: Case) -> str:
    """The shell's command that runs a bar's cases and its controls, each backend and seed.

    It runs them at the full length of the script's schedule, or at the bar's where that is shorter.

    Args:
        name: The script.
        bar: The bar.
        case: One of its cases.
    """
    cases = dict.fromkeys(
        case for one in (*bar.ours.values(), *bar.control.values()) for case in one.cases
    )
    words = [f"python -m benchmarks.papers.{name}", *cases]
    words += [bar.inputs] if bar.inputs else []
    if bar.length is not None and bar.length < case.full:
        words.append(f"--length {bar.length}")
    if bar.draws not in (None, 5000):
        words.append(f"--draws {bar.draws}")
    words.append(f"--out benchmarks/results/{bar.records or name}.jsonl")
    if bar.backends:
        words.insert(0, "KERAS_BACKEND=$backend")
    if bar.seeds > 1:
        words.append("--seed $seed")
    line = " ".join(words)
    if bar.backends:
        line = _loop("backend", bar.backends, line)
    return _loop("seed", map(str, range(bar.seeds)), line) if bar.seeds > 1 else line


def _loop(variable: str, values: Iterable[str], body: str) -> str:
    return f"for {variable} in {' '.join(values)}; do {body}; done"


def _named(measures: Mapping[str, Measure], run: Run) -> str:
    return "; ".join(f"{name} {_of_seeds(number, run)}" for name, number in measures.items())


def _of_seeds(number: Measure, run: Run) -> str:
    """A number, with its seeds where they are not all of the run."""
    seeds = run.seeds(number)
    if not seeds:
        return "not run"
    some = f" of {seed_words(seeds)}" if len(seeds) < len(run.results) else ""
    return f"{numbers(run.values(number))}{some}"


def _by_backend(found: Sequence[Run], describe: Callable[[Run], str]) -> str:
    """The description of each backend's run."""
    words = {run.backend: describe(run) for run in found}
    return "<br>".join(f"{backend}: {text}" for backend, text in words.items() if text)


def _schedule(bar: Bar, case: Case, full: int, found: Sequence[Run]) -> str:
    def describe(run: Run) -> str:
        words = schedule_words(run.length, full, case.unit, list(run.results))
        if run.length < full:
            words = f"**shortened** to {100 * run.length / full:.2g} %: {words}"
        if _has_fewer_draws(bar, run):
            words += f"; {run.draws:,} of {bar.draws:,} importance samples"
        return words

    words = _by_backend(found, describe)
    return f"{words}<br>{bar.differs}" if bar.differs and words else words


def _has_fewer_draws(bar: Bar, run: Run) -> bool:
    return bar.draws is not None and run.draws < bar.draws


def _is_short(found: Sequence[Run], full: int) -> bool:
    return any(run.length < full for run in found)


def _outcome(bar: Bar, found: Sequence[Run], full: int) -> str:
    """The limits, and whether they hold."""
    outcome = verdict(bar, found)
    if not bar.limits:
        return outcome
    words = f"{'; '.join(map(str, bar.limits))}: **{outcome}**"
    if not found:
        return words
    held = [run.backend for run in found if holds(bar, run)]
    notes = [f"on {' and '.join(held)} alone"] if 0 < len(held) < len(found) else []
    notes += lacking(bar, found)
    if _is_short(found, full):
        notes.append("schedule shortened")
    if any(_has_fewer_draws(bar, run) for run in found):
        notes.append("fewer importance samples")
    return f"{words} ({'; '.join(notes)})" if notes else words
