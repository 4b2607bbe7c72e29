"""Bars: published numbers, and how near to them ours have to come.

A script of published results names its bars beside its cases, and `python -m benchmarks.papers`
compares its records with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import ge, gt, le, lt
from statistics import fmean
from typing import Any, Literal

Results = Mapping[str, Mapping[str, float]]
"""Case → what was found, on one backend, at one length and seed."""
Verdict = Literal["holds", "holds in part", "does not hold", "none set", "not run"]


@dataclass(frozen=True)
class Measure:
    """A number made of the results of cases.

    Attributes:
        cases: Those that it is made of.
        of: Their results → the number.
    """

    cases: tuple[str, ...]
    of: Callable[[Results], float]


def measure(case: str, name: str) -> Measure:
    """A number of a case's result."""
    return Measure((case,), lambda results: results[case][name])


def difference(first: Measure, second: Measure) -> Measure:
    """The first number less the second one."""
    return Measure(
        (*first.cases, *second.cases), lambda results: first.of(results) - second.of(results)
    )


def mean(measures: Iterable[Measure]) -> Measure:
    """The mean of several numbers."""
    several = tuple(measures)
    cases = tuple(case for one in several for case in one.cases)
    return Measure(cases, lambda results: fmean(one.of(results) for one in several))


@dataclass(frozen=True)
class Limit:
    """The bounds of one of a bar's numbers, of its mean over the seeds.

    Attributes:
        name: Of the number.
        at_least: The lower bound.
        at_most: The upper bound.
        above: A lower bound that the number exceeds.
        below: An upper bound that the number stays under.
        every: Whether each seed keeps the bounds, and not the mean alone.
    """

    name: str
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None
    every: bool = False

    def holds(self, values: Sequence[float]) -> bool:
        """Whether the values of the seeds keep the bounds."""
        return all(
            compare(value, bound)
            for value in (values if self.every else [fmean(values)])
            for _, compare, bound in self._bounds()
        )

    def __str__(self) -> str:
        bounds = " and ".join(f"{sign} {bound:,.5g}" for sign, _, bound in self._bounds())
        return f"{self.name} {bounds}{' in every seed' if self.every else ''}"

    def _bounds(self) -> list[tuple[str, Callable[[float, float], bool], float]]:
        """Sign, comparison and number of each bound that is set."""
        bounds = [
            ("≥", ge, self.at_least),
            (">", gt, self.above),
            ("≤", le, self.at_most),
            ("<", lt, self.below),
        ]
        return [(sign, compare, bound) for sign, compare, bound in bounds if bound is not None]


@dataclass(frozen=True)
class Bar:
    """A published result, and the limits that ours has to keep.

    Attributes:
        what: Data, model and numbers, in words.
        published: What was published.
        source: By whom: a link in Markdown.
        ours: Our numbers, by name.
        control: The numbers beside them, by name.
        limits: The bounds of ours; none where nothing but the number was published.
        inputs: The options of the script that name what it reads.
        length: Of the published schedule, in the unit of the cases; by default their full length.
        draws: Importance samples of the published likelihood; None where there are none.
        seeds: How many the limits are for.
        backends: Those that the limits are for; none for any one.
        differs: In what ours differs from the published protocol, beside the length.
        records: The name of the files of records; by default the script's.
    """

    what: str
    published: str
    source: str
    ours: Mapping[str, Measure]
    control: Mapping[str, Measure] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    inputs: str = ""
    length: int | None = None
    draws: int | None = None
    seeds: int = 1
    backends: tuple[str, ...] = ()
    differs: str = ""
    records: str | None = None

    @property
    def cases(self) -> list[str]:
        """The cases that our numbers are made of."""
        return list(dict.fromkeys(case for one in self.ours.values() for case in one.cases))


@dataclass(frozen=True)
class Run:
    """What was found on one backend, at one length.

    Attributes:
        backend: The backend.
        length: Epochs, or steps where the cases count steps.
        draws: Importance samples.
        results: Seed → results.
    """

    backend: str
    length: int
    draws: int
    results: Mapping[int, Results]

    def seeds(self, number: Measure) -> list[int]:
        """The seeds that have all the cases of a number."""
        return [
            seed
            for seed, results in self.results.items()
            if all(case in results for case in number.cases)
        ]

    def values(self, number: Measure) -> list[float]:
        """A number of each seed that has all its cases."""
        return [number.of(self.results[seed]) for seed in self.seeds(number)]


def runs(bar: Bar, records: Iterable[Mapping[str, Any]], longest: int, above: int = 0) -> list[Run]:
    """The longest run of each backend that has all the cases of a bar, by backend.

    Args:
        bar: The bar.
        records: Of its file; those of `--quick` do not count.
        longest: The greatest length that counts: that of the published schedule.
        above: Lengths up to this one do not count: a bar of the same cases has them.
    """
    found: dict[tuple[str, int, int], dict[int, dict[str, Mapping[str, float]]]] = {}
    for record in records:
        if above < record["length"] <= longest and not record.get("quick"):
            key = (record["backend"], record["length"], record["draws"])
            results = found.setdefault(key, {}).setdefault(record["seed"], {})
            results[record["case"]] = record["result"]
    longest_runs: dict[str, Run] = {}
    for backend, length, draws in sorted(found):
        seeds = {
            seed: results
            for seed, results in sorted(found[backend, length, draws].items())
            if all(case in results for case in bar.cases)
        }
        if seeds:
            longest_runs[backend] = Run(backend, length, draws, seeds)
    return list(longest_runs.values())


def verdict(bar: Bar, found: Sequence[Run]) -> Verdict:
    """Whether a bar's limits hold.

    They hold in part where backends or seeds that they are for are missing, or where they hold on
    some backends alone.
    """
    if not found:
        return "not run"
    if not bar.limits:
        return "none set"
    held = [holds(bar, run) for run in found]
    if not any(held):
        return "does not hold"
    return "holds" if all(held) and not lacking(bar, found) else "holds in part"


def holds(bar: Bar, run: Run) -> bool:
    """Whether a run keeps all limits of a bar."""
    return all(limit.holds(run.values(bar.ours[limit.name])) for limit in bar.limits)


def lacking(bar: Bar, found: Sequence[Run]) -> list[str]:
    """What of a bar's backends and seeds has not run, in words."""
    known = [run.backend for run in found]
    missing = [backend for backend in bar.backends if backend not in known]
    words = [f"not run on {' and '.join(missing)}"] if missing else []
    return words + [
        f"{len(run.results)} of {bar.seeds} seeds on {run.backend}"
        for run in found
        if len(run.results) < bar.seeds
    ]
